"""The reader of sheets: what its quick way reads is what the XML parser hears, and what openpyxl says of a workbook."""

from __future__ import annotations

import datetime
import io
from collections.abc import Callable
from pathlib import Path
from xml.parsers import expat

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.reader.strings import read_string_table

from jitasa_analytics.ingest.apart import lines, plain, shared, sheet
from jitasa_analytics.ingest.apart.handover import text_of
from jitasa_analytics.ingest.apart.limits import BrokenError, TooMuchError
from tests.ingest.made_books import BEGIN, END, MAIN

NOUGHT = datetime.datetime.fromisoformat("1899-12-30")
BOOK = shared.Book(None, [], ["plain", "a & b", "", "ไทย"], {1, 2}, {2}, NOUGHT)  # type: ignore[arg-type]
ROW = '<row r="{n}"><c r="A{n}" t="s"><v>0</v></c><c r="B{n}"><v>{n}</v></c></row>'
USUAL = [
    '<row r="1" spans="1:3" ht="15.5" x:dyDescent="0.25"><c r="A1" t="s"><v>3</v></c>'
    '<c r="C1" s="1"><v>43914</v></c></row>',
    '<row r="7"><c r="B7" s="1"><v>43914.354166666664</v></c>'
    '<c r="C7" s="2"><v>1.5</v></c><c r="D7"><v>1e3</v></c></row>\n',
    '<row><c r="A2" t="b"><v>1</v></c><c r="B2" t="e"><v>#N/A</v></c><c r="D2" s="0"/><c r="E2"><v/></c></row>',
    '<row r="4"/><row r="5" hidden="1" />'
    '<row r="9"><c r="AB9" t="str"><f>A1&amp;"x"</f><v>a &lt;b&gt; &#10;c</v></c></row>',
    '<row r="3"><c r="A3" t="inlineStr"><is><t xml:space="preserve"> in ที่ &amp;amp; </t></is></c>'
    '<c r="B3"><v>007</v></c></row>',
    '<row r="3"><c r="C3"><v>3</v></c><c r="A3"><v>-0.0</v></c>'
    '<c r="A3" t="s"><v>1</v></c><c r="B3" t="s"><v>2</v></c></row>',
    '<row r="8"><c r="A8" t="n"><f t="shared" ref="A8:A9" si="0">B8</f><v>12345678901234567890</v></c>'
    '<c r="B8" s="1"><v>99999999999</v></c><c r="C8"><f>1+1</f><v></v></c></row>',
]
UNUSUAL = [
    '<row r="2"><c t="s" r="A2"><v>0</v></c></row>', '<row r="2"><c><v>5</v></c><c><v>6</v></c></row>',
    '<!-- </row></sheetData> --><row r="2"><c r="A2"><v>1</v></c></row>', "<row r='2'><c r='A2'><v>1</v></c></row>",
    '<row r="2"><c r="A2" t="inlineStr"><is><r><t>rich</t></r><r><t> text</t></r>'
    '<rPh><t>said</t></rPh></is></c></row>',
    '<row r="2"><c r="A2" t="str"><v><![CDATA[<b>]]></v></c></row>',
    '<row r="2"><c r="A2" t="d"><v>2020-03-24</v></c></row>',
    '<row r="2"><c r="A2"><v>\r\n 5 </v></c></row>', '<row r="2"><c r="A2" t="str"><v>&#3585;</v></c></row>',
    '<row r="2"><c r="A2"><extLst/><v>5</v></c></row>', '<row r="2"><c r="A2" t="s"><v> 1 </v></c></row>',
]
BROKEN = [
    '<row r="2"><c r="A2"><v>1</v></row>', '<row r="2"><c r="A2" t="str"><v>a & b</v></c></row>',
    '<row r="2"><c r="A2" t="str"><v>\x01</v></c></row>', '<row r="2"><c r="A2" t="str"><v>]]></v></c></row>', "<row",
    '<row r="2"></row></row>',
    '<row r="2"><c r="A2" t="s"><v>9</v></c></row>', '<row r="2"><c r="A2"><v>x</v></c></row>',
    '<row r="2"><c r="A2" t="str"><v>\ufffe</v></c></row>', '<row r="2"><c r="A2" t="str"><v>&no;</v></c></row>',
]


def read(xml: bytes) -> list[tuple[int, list[str]]] | str:
    """The rows, or of what kind the refusal is."""
    try:
        return list(sheet.rows(BOOK, io.BytesIO(xml)))
    except (expat.ExpatError, BrokenError, IndexError, ValueError, TooMuchError) as error:
        return type(error).__name__


@pytest.fixture
def slowly(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], object]:
    """Reads by the XML parser alone."""
    def heard(xml: bytes) -> object:
        with monkeypatch.context() as patch:
            patch.setattr(plain, "tokens", lambda text: None)
            return read(xml)
    return heard


def of(*rows: str) -> bytes:
    return f"{BEGIN}{''.join(rows)}{END}".encode()


@pytest.mark.parametrize("row", USUAL)
def test_usual_rows_are_read_the_quick_way(row: str, slowly: Callable[[bytes], object]) -> None:
    assert plain.tokens(row) is not None
    xml = of(row, ROW.format(n=20)).replace(b"<worksheet", b'<worksheet xmlns:x="x"')
    found = read(xml)
    assert isinstance(found, list) and found[-1][1] == ["plain", "20"]
    assert found == slowly(xml)


@pytest.mark.parametrize("row", UNUSUAL)
@pytest.mark.parametrize("size", [40, 1 << 18])
def test_unusual_rows_are_left_to_the_xml_parser(row: str, size: int, slowly: Callable[[bytes], object],
                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet, "_BLOCK", size)
    xml = of(ROW.format(n=1), row, ROW.format(n=20), USUAL[4])
    found = read(xml)
    assert isinstance(found, list) and [n for n, _ in found] == [1, 2, 20, 21]
    assert found == slowly(xml)


@pytest.mark.parametrize("row", BROKEN)
def test_what_is_no_xml_is_refused_alike(row: str, slowly: Callable[[bytes], object]) -> None:
    xml = of(ROW.format(n=1), row, ROW.format(n=20))
    found = read(xml)
    assert isinstance(found, str)
    assert found == slowly(xml)


@pytest.mark.parametrize("xml", [
    of(ROW.format(n=1))[:-30], of(ROW.format(n=1)) + b"<more/>", f"<worksheet {MAIN}><sheetData/></worksheet>".encode(),
    of(ROW.format(n=1)).replace(b"UTF-8", b"ISO-8859-1").replace(b"<v>1</v>", b"<v>1</v><v>\xe9</v>"),
    of(USUAL[4]).decode().replace("UTF-8", "UTF-16").encode("utf-16"), b"",
    of(ROW.format(n=1)).replace(b"sheetData>", b"x:sheetData>").replace(b"<worksheet", b'<worksheet xmlns:x="x"'),
    b"<!DOCTYPE a [<!ENTITY e 'ha'>]>" + of(ROW.format(n=1)).split(b"\r\n")[1],
    f"<worksheet {MAIN}><!-- <sheetData> --><sheetData>{ROW.format(n=1)}</sheetData></worksheet>".encode(),
])
def test_the_file_around_the_rows(xml: bytes, slowly: Callable[[bytes], object]) -> None:
    assert read(xml) == slowly(xml)


@given(st.lists(st.sampled_from([*USUAL[:1], *USUAL[2:], *UNUSUAL, *BROKEN[:2]]), max_size=6), st.integers(1, 300))
def test_any_mixture(rows: list[str], size: int) -> None:
    xml = of(*rows).replace(b"<worksheet", b'<worksheet xmlns:x="x"')
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sheet, "_BLOCK", size)
        found = read(xml)
        patch.setattr(plain, "tokens", lambda text: None)
        assert found == read(xml)


def test_a_workbook_as_openpyxl_says_it(tmp_path: Path) -> None:
    """Peer: every kind of cell that openpyxl writes, through openpyxl's own reader."""
    path = tmp_path / "a.xlsx"
    made = openpyxl.Workbook()
    values = [1, -2.5, 1e-7, 12345678901234567, True, "x", " y ", "a\nb", "<&>", "ไทย", "_x005F_", "=1+1", 0.1, 3.0,
              datetime.date(2020, 3, 24), datetime.datetime.fromisoformat("2020-03-24 08:30:15"), datetime.time(8, 30),
              datetime.timedelta(hours=30), CellRichText("a ", TextBlock(InlineFont(b=True), "bold"), " end")]
    for n in range(30):
        made.active.append([*values[n % 7:], None, n])
    made.save(path)
    said = openpyxl.load_workbook(path, data_only=True, read_only=True)
    theirs = [[text_of(v) for v in row] for row in said.active.iter_rows(values_only=True)]
    said.close()
    book = shared.opened(str(path))
    with book.archive, book.archive.open(book.sheets[0].member) as source:
        ours = [row for _, row in sheet.rows(book, source)]
    assert len(ours) == 30
    assert [row[:len(our)] for row, our in zip(theirs, ours, strict=True)] == ours
    assert not any(cell for row, our in zip(theirs, ours, strict=True) for cell in row[len(our):])


@pytest.mark.parametrize("item", [
    "<si><t>a</t></si>", "<si/>", "<si><t/></si>", '<si><t xml:space="preserve"> a </t></si>',
    "<si><r><t>a</t></r><r><rPr><b/></rPr><t xml:space='preserve'> b</t></r></si>",
    "<si><t>&lt;&amp;\n&#3585;</t></si>",
    "<si><t>東京</t><rPh sb='0' eb='2'><t>とうきょう</t></rPh><phoneticPr fontId='1'/></si>",
    "<si><t>_x005F_x</t></si>",
])
def test_shared_texts_as_openpyxl_reads_them(item: str) -> None:
    xml = f"<sst {MAIN}><si><t>first</t></si>{item}<si><t>last</t></si></sst>".encode()
    assert shared.texts(io.BytesIO(xml)) == read_string_table(io.BytesIO(xml))


def test_shared_texts_declare_nothing() -> None:
    with pytest.raises(BrokenError):
        shared.texts(io.BytesIO(f"<!DOCTYPE a [<!ENTITY e 'ha'>]><sst {MAIN}><si><t>&e;</t></si></sst>".encode()))


@pytest.mark.parametrize("held", [1, 3, 100])
def test_lines_have_the_numbers_of_rows(held: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "_HELD", held)
    rows = [(2, ["a"]), (5, ["", 'q"1', "x\ny\r"]), (6, ["  ", ""]), (7, ["E: b", "", "", "z"]), (9, ["", "", "c"])]
    path = tmp_path / "0.csv"
    told = lines.write(path, iter([(n, list(c)) for n, c in rows]), "E: ")
    found = lines.read(path)
    assert found == [[], ["a"], [], [], ["", 'q"1', "x\ny\r"], [], ["E: b", "", "", "z"], [], ["", "", "c"]]
    assert (told.rows, told.wide, told.last[:5]) == (4, 4, [2, 5, 9, 0, 0])
    assert [n for n, one in enumerate(told.seen) if one] == [2, 5, 9]
    assert lines.read(path, 2) == [[], ["a"]]
    # Every line that holds anything has as many cells as the widest.
    assert path.read_text("utf-8").splitlines()[1] == "a,,,"


def test_a_wide_table_of_blanks_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MAX_CELLS", 100)
    with pytest.raises(TooMuchError):
        lines.write(tmp_path / "0.csv", ((n, ["a"] if n else [""] * 40 + ["a"]) for n in range(5)), "")
