"""Where a table begins and ends: titles above the header, headers of two rows, totals below.

Spreadsheets are made to be printed. The header is the row that holds most of the headers that are
known; what stands above it is a title and no row of the table.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import lru_cache
from pathlib import Path

import pandas as pd

from jitasa_analytics.contracts import DATASETS
from jitasa_analytics.errors import InputError
from jitasa_analytics.ingest import items
from jitasa_analytics.ingest import recipe as recipes
from jitasa_analytics.ingest.table import Table

# How far down a header is looked for.
LOOKED_AT = 30
# Files with more rows than this are made by programs: only their ends are searched for totals.
MANY_ROWS = 200_000
END = 20
EXAMPLE = "ตัวอย่าง/Example: "

_NUMERIC = re.compile(r"^[\d๐-๙.,/\-:% ]+$")
_TOTAL = re.compile(
    r"^(?:รวม|รวมทั้งหมด|รวมทั้งสิ้น|ยอดรวม|ผลรวม|รวมทั้งประเทศ|รวมทุกจังหวัด|เฉลี่ย|ค่าเฉลี่ย|ค่าเฉลี่ยทั้งประเทศ|เฉลี่ยทั้งประเทศ|"
    r"grand total|totals?|sub-?total|sum|average|national average)"
    r"(?:\s*(?:จังหวัด|อำเภอ)[ก-๙]*)?[\s:]*[\d๐-๙,.]*\s*(?:จังหวัด|อำเภอ|ตำบล|แห่ง|ราย|คน|รายการ)?$", re.IGNORECASE)
_NOTE = re.compile(r"^(?:หมายเหตุ|ที่มา|แหล่งข้อมูล|ข้อมูล ณ|note|source|\*)", re.IGNORECASE)

Merge = tuple[int, int, int, int]


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    """Every header that a contract, an address or a recipe of the package knows, folded."""
    found = {a for d in DATASETS.values() for c in d.columns for a in recipes.spellings(c)}
    found |= {w for words in recipes.ADDRESS_WORDS.values() for w in words} | set(items.HEADERS)
    for known in recipes.known().values():
        found |= known.columns_used() | set(known.recognise)
    return frozenset(recipes.fold(w) for w in found)


def to_table(path: Path, rows: list[list[str]], *, sheet: str = "", remarks: tuple[tuple[int, str, str], ...] = (),
             square: bool = False, merges: Sequence[Merge] = (), expect: Collection[str] = ()) -> Table:
    """The table in some rows of text.

    Parameters
    ----------
    rows : list of list of str
        All rows of the file or sheet, empty ones included.
    square : bool
        Short rows are rows with empty cells (a workbook), not broken ones (CSV).
    merges : sequence of (row, column, last row, last column)
        Merged cells, counted from 0.
    expect : collection of str
        Further headers to look for (those of a recipe in hand).

    Raises
    ------
    InputError
        If there are no rows, or a header stands twice.
    """
    last, head, found = begin(path, rows, merges, expect)
    remarks = (*remarks, *found)
    body = rows[last + 1:]
    wide = max([len(head), *(len(r) for r in body)]) if square else len(head)
    head = head + [""] * (wide - len(head))
    kept: dict[int, list[str]] = {}
    ragged: dict[int, list[str]] = {}
    for number, row in enumerate(body, last + 2):
        if not any(c.strip() for c in row):
            continue
        if row[0].startswith(EXAMPLE):
            remarks = (*remarks, (number, "example_skipped", ""))
            continue
        cells = row[:wide] + [""] * (wide - len(row)) if square else row
        (kept if len(cells) == wide else ragged)[number] = cells
    used = [i for i in range(wide) if head[i] or any(cells[i].strip() for cells in kept.values())]
    names = [head[i] or f"column {i + 1}" for i in used]
    doubled = sorted({n for n in names if names.count(n) > 1})
    if doubled:
        raise stands_twice(path, doubled[0])
    frame = pd.DataFrame.from_dict({n: [cells[i] for i in used] for n, cells in kept.items()}, orient="index",
                                   columns=names, dtype="str")
    return mark(Table(path, frame, sheet=sheet, ragged=ragged, remarks=remarks, header_row=last + 1,
                      places=dict(zip(used, names, strict=True))))


def begin(path: Path, rows: list[list[str]], merges: Sequence[Merge] = (), expect: Collection[str] = ()
          ) -> tuple[int, list[str], list[tuple[int, str, str]]]:
    """Where the header of some rows ends, counted from 0, its names, and what there is to say of it.

    Raises
    ------
    InputError
        If there are no rows.
    """
    first = next((i for i, row in enumerate(rows) if any(c.strip() for c in row)), None)
    if first is None:
        raise InputError(f"{path.name} holds no rows; check the export it came from", key="error.file_empty",
                         file=path.name)
    at, last, head = _find(rows, merges, _known() | {recipes.fold(e) for e in expect})
    remarks = [(at + 1, "header_found", str(at + 1))] if at > first else []
    return last, head, [*remarks, (at + 1, "header_joined", "")] if last > at else remarks


def stands_twice(path: Path, header: str) -> InputError:
    """What is said of a file with two columns of one name: nobody can tell which of them is meant."""
    return InputError(f"{path.name} has the header {header!r} more than once; rename one of the columns",
                      key="error.file_headers", file=path.name, column=header)


def find(rows: list[list[str]], expect: Collection[str] = ()) -> list[str] | None:
    """The header of some rows where it is the first of them, else None."""
    first, last, head = _find(rows, (), _known() | {recipes.fold(e) for e in expect})
    return head if first == last == 0 else None


def mark(table: Table) -> Table:
    """Mark the rows of totals and of notes below a table (changes and returns ``table``)."""
    frame = table.frame if len(table.frame) <= MANY_ROWS else table.frame.tail(END)
    if len(frame.columns):
        first = frame.iloc[:, 0].astype("str").str.strip()
        # A total may stand in any column where those before it are empty.
        blank = first == ""
        for row, text in first[~blank & (first.str.match(_TOTAL) | first.str.match(_NOTE))].items():
            _mark(table, int(str(row)), text)
        rest = frame.loc[blank]
        for row, *cells in rest.itertuples(name=None):
            text = next((str(c).strip() for c in cells if str(c).strip()), "")
            if _TOTAL.match(text) or _NOTE.match(text):
                _mark(table, int(row), text)
    for row in table.ragged:
        _mark(table, row, table.first_cell(row))
    return table


def is_remark(text: str) -> bool:
    """Whether the first words of a row read like a total or a note."""
    return bool(_TOTAL.match(text) or _NOTE.match(text))


def _mark(table: Table, row: int, text: str) -> None:
    cells = table.ragged[row] if row in table.ragged else list(table.frame.loc[row])
    if _TOTAL.match(text):
        table.not_data[row] = "totals_row"
    elif _NOTE.match(text) and sum(bool(c.strip()) for c in cells) == 1:
        table.not_data[row] = "footnote_row"


def _find(rows: list[list[str]], merges: Sequence[Merge], known: Collection[str]) -> tuple[int, int, list[str]]:
    """First and last row of the header, and its names."""
    top = [[c.strip() for c in row] for row in rows[:LOOKED_AT]]
    candidates = []
    for i, row in enumerate(top):
        filled = sum(bool(c) for c in row)
        if not filled:
            continue
        candidates.append((_score(row, known), filled, i, i, row))
        joined = _joined(i, top, merges, known)
        if joined is not None:
            candidates.append((_score(joined, known), sum(map(bool, joined)), i, i + 1, joined))
    first = candidates[0]
    best = max(candidates, key=lambda c: (c[0], -c[2], c[3]))
    if best[0] > first[0] and (first[0] == 0 or best[1] > first[1] or best[2] == first[2]):
        return best[2], best[3], best[4]
    if first[0] == 0 and best[0] == 0:
        # Nothing is known: a title fills a cell or two, a header as many as the rows below it.
        width = max(c[1] for c in candidates)
        first = next(c for c in candidates if 2 * c[1] > width)
    return first[2], first[3], first[4]


def _score(row: Sequence[str], known: Collection[str]) -> int:
    return sum(recipes.fold(c) in known for c in row if c)


def _joined(i: int, top: list[list[str]], merges: Sequence[Merge], known: Collection[str]) -> list[str] | None:
    """The names of a header whose upper row spans several columns of its lower row, or None where it is none."""
    if i + 1 >= len(top):
        return None
    upper, lower = top[i], top[i + 1]
    wide = max(len(upper), len(lower))
    upper, lower = upper + [""] * (wide - len(upper)), lower + [""] * (wide - len(lower))
    spans = {c for r, c0, r1, c1 in merges if r <= i <= r1 and c1 > c0 for c in range(c0, min(c1, wide - 1) + 1)}
    filled = [c for c in range(wide) if lower[c]]
    if not spans and upper[0] and sum(map(bool, upper)) == 1 and len(filled) > 2:
        # One cell above a whole row is a title.
        return None
    if not filled or any(_NUMERIC.match(lower[c]) for c in filled):
        return None
    group = list(upper)
    for c in range(1, wide):
        if not group[c] and lower[c]:
            group[c] = group[c - 1] if lower[c - 1] or c in spans else ""
    for c in filled:
        spanning = c in spans or not upper[c] or (c + 1 < wide and not upper[c + 1] and bool(lower[c + 1]))
        if not spanning:
            return None
    if all(upper[c] for c in filled) and not spans:
        return None
    if not spans and not any(recipes.fold(lower[c]) in known for c in filled):
        return None
    plain = [lower[c] or upper[c] for c in range(wide)]
    return [f"{group[c]} {lower[c]}".strip() if lower[c] and plain.count(lower[c]) > 1 else plain[c]
            for c in range(wide)]
