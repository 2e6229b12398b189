"""An answer as a workbook that can be laid on a desk as it is.

The first sheet is the verdict card: the finding, the figures, the conditions, the date of each
dataset. Then the areas with their names, and each further table. Numbers stay numbers, with the
format of their unit; dates are dates; heads stay in view and are printed on each page.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

from jitasa_analytics import texts
from jitasa_analytics.contracts import DATASETS
from jitasa_analytics.show import card, numbers, words
from jitasa_analytics.show.cells import as_text, named_areas, plain_frame, without_formula

_EPOCH = datetime(2000, 1, 1)  # noqa: DTZ001 -- workbooks hold times without a zone
_NAME = 31
_LONGEST = 48
_HEAD = PatternFill("solid", fgColor="E9EFF4")
_SAMPLE = PatternFill("solid", fgColor="FFF4D6")
_LINE = Border(bottom=Side(style="thin", color="5B6B7B"))
_FONT = "TH Sarabun New"
_FORMATS = {"share": "0.0%", "persons": "#,##0", "minutes": "#,##0.0", "km": "#,##0.0", "ratio": "#,##0.00"}
# Western figures, Buddhist calendar, Thai months; and the plain form.
_DATES = {"th": "[$-107041E]d mmm yyyy;@", "en": "d mmm yyyy"}
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
# Columns that say nothing to a reader of the sheet.
_LEFT_OUT = {"geometry", "name_th", "name_en"}


def xlsx(answer: Any, lang: str) -> bytes:
    """An answer as the content of an .xlsx file; the same answer gives the same bytes."""
    book = Workbook()
    book.properties.created = book.properties.modified = _EPOCH
    book.properties.creator = "jitasa_analytics"
    book.properties.title = card.finding(answer, lang)
    summary = book.active
    summary.title = texts.say("print.sheet.summary", lang)
    listed = []
    tables = {"answer": answer.frame, **answer.tables}
    for name, frame in tables.items():
        called = texts.say("print.sheet.answer", lang) if name == "answer" else words.table(name, lang, answer.study)
        title = _title(called, book.sheetnames)
        _sheet(book.create_sheet(title), frame, answer, lang)
        listed.append((title, len(frame)))
    _summary(summary, answer, lang, listed)
    buffer = io.BytesIO()
    book.save(buffer)
    return _same_times(buffer.getvalue())


def _title(name: str, taken: Iterable[str]) -> str:
    """A sheet's name as spreadsheets allow it, used once."""
    plain = "".join("_" if c in "[]:*?/\\" else c for c in name).strip("'")[:_NAME] or "_"
    used = {t.lower() for t in taken}
    return plain if plain.lower() not in used else f"{plain[: _NAME - 3]}_{len(used)}"


# -- the verdict card ---------------------------------------------------------------------------

def _summary(sheet: Any, answer: Any, lang: str, listed: list[tuple[str, int]]) -> None:
    """The card: one column of labels, one of values, one of units."""
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 38, 60
    sheet.column_dimensions["C"].width = 22
    sheet.append([without_formula(card.finding(answer, lang))])
    sheet["A1"].font = Font(name=_FONT, size=20, bold=True)
    sheet.append([without_formula(words.question(answer.study, lang))])
    sheet["A2"].font = Font(name=_FONT, size=15, color="5B6B7B")
    if answer.sample:
        sheet.append([texts.say("show.sample_long", lang)])
        for letter in "ABC":
            sheet[f"{letter}3"].fill = _SAMPLE
    _part(sheet, texts.say("print.figures", lang))
    for name, figure in answer.figures.items():
        known = not numbers.is_missing(figure.value)
        unit = "" if figure.unit in {"share", "", "count"} else texts.label("unit", figure.unit, lang)
        value = _cell(float(figure.value)) if known else numbers.MISSING
        _line(sheet, words.figure(name, lang, answer.study), value, unit,
              form=_FORMATS.get(figure.unit, _format(pd.Series([figure.value]))) if known else "")
    _part(sheet, texts.say("show.card.params", lang))
    _line(sheet, texts.say("show.card.study", lang), words.title(answer.study, lang))
    _line(sheet, texts.say("show.card.area", lang), f"{words.place(answer.scope, lang)} ({answer.scope})")
    for name, value in answer.params.items():
        if value is not None:
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            _line(sheet, words.parameter(name, lang, answer.study), value if number else words.value(name, value, lang))
    _part(sheet, texts.say("show.card.data", lang))
    for label, text in sources(answer, lang):
        _line(sheet, label, text)
    if answer.notes:
        _part(sheet, texts.say("show.card.notes", lang))
        for note in answer.notes:
            sheet.append([f"• {note.text(lang)}"])
            row = sheet.max_row
            sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=3)
            sheet.cell(row, 1).alignment = Alignment(wrap_text=True, vertical="top")
            sheet.cell(row, 1).font = Font(name=_FONT, size=15)
            sheet.row_dimensions[row].height = 21 * (1 + len(note.text(lang)) // 105)
    _part(sheet, texts.say("print.sheet.sheets", lang))
    for title, rows in listed:
        _line(sheet, title, texts.say("print.sheet.rows", lang, n=f"{rows:,}"))
        sheet.cell(sheet.max_row, 1).hyperlink = f"#'{title}'!A1"
    sheet.sheet_view.showGridLines = False
    _paper(sheet, answer, lang, landscape=False)


def sources(answer: Any, lang: str) -> list[tuple[str, str]]:
    """The store's version and the date of each dataset, as label and text."""
    rows = [(texts.say("show.card.version", lang), str(answer.version))]
    if answer.sample:
        rows.append((texts.say("show.card.kind", lang), texts.say("show.sample", lang)))
    for name, at in answer.as_of.items():
        label = getattr(DATASETS[name], lang) if name in DATASETS else name
        rows.append((label, numbers.date(at, lang)))
    return rows


def _part(sheet: Any, title: str) -> None:
    sheet.append([])
    sheet.append([title])
    for column in (1, 2, 3):
        cell = sheet.cell(sheet.max_row, column)
        cell.font, cell.fill, cell.border = Font(name=_FONT, size=15, bold=True), _HEAD, _LINE


def _line(sheet: Any, label: str, value: Any, unit: str = "", *, form: str = "") -> None:
    sheet.append([without_formula(label), without_formula(value), without_formula(unit)])
    row = sheet.max_row
    for column in (1, 2, 3):
        cell = sheet.cell(row, column)
        cell.font = Font(name=_FONT, size=15, color="5B6B7B" if column == 1 else None)
        cell.alignment = Alignment(wrap_text=True, vertical="top", horizontal="left")
    if form:
        sheet.cell(row, 2).number_format = form


# -- tables -------------------------------------------------------------------------------------

def _sheet(sheet: Any, frame: pd.DataFrame, answer: Any, lang: str) -> None:
    """A table: heads in the reader's words, names beside codes, numbers in the format of their unit."""
    table, labels = _readable(frame, answer, lang)
    sheet.append(_unique(labels))
    for cell in sheet[1]:
        cell.font, cell.fill, cell.border = Font(name=_FONT, size=15, bold=True), _HEAD, _LINE
        cell.alignment = Alignment(wrap_text=True, vertical="center", horizontal="center")
    columns = [[without_formula(_cell(v)) for v in table[n]] for n in table.columns]
    for row in zip(*columns, strict=True):
        sheet.append(row)
    for place, (name, label) in enumerate(zip(table.columns, labels, strict=True), start=1):
        form = _form(str(name), table[name], answer, lang)
        shown = [_shown(v, form) for v in columns[place - 1][:300]]
        width = max([_wide(label) * 0.62, *(_wide(s) for s in shown)], default=8) + 3
        sheet.column_dimensions[get_column_letter(place)].width = min(_LONGEST, max(9.0, width))
        if form and len(table):
            for (cell,) in sheet.iter_rows(min_row=2, min_col=place, max_col=place):
                cell.number_format = form
    names = sum(str(n) in {"area_code", "area", "district", "province", "rank", "name"} for n in table.columns[:4])
    sheet.freeze_panes = sheet.cell(2, max(1, min(names, 2)) + 1)
    if len(table):
        sheet.auto_filter.ref = sheet.dimensions
    sheet.print_title_rows = "1:1"
    _paper(sheet, answer, lang, landscape=True)


def _readable(frame: pd.DataFrame, answer: Any, lang: str) -> tuple[pd.DataFrame, list[str]]:
    """The table with names beside the codes, words for values, and its heads."""
    plain = named_areas(plain_frame(frame), lang)
    plain = plain[[c for c in plain.columns if c not in _LEFT_OUT]]
    labels = []
    for name in plain.columns:
        if pd.api.types.is_datetime64_any_dtype(plain[name]):
            plain[name] = _days(plain[name])
        if not pd.api.types.is_numeric_dtype(plain[name]) or pd.api.types.is_bool_dtype(plain[name]):
            plain[name] = [_word(str(name), v, lang) for v in plain[name]]
        found = words.first([f"print.sheet.{name}"], lang) if name in {"district", "province"} else None
        labels.append(found or words.column(str(name), lang, answer.study))
    return plain, labels


def _days(values: pd.Series) -> pd.Series:
    """Days without a time as dates; times stay what they are."""
    known = values.dropna()
    if not bool((known == known.dt.normalize()).all()):
        return values.astype(object)
    return pd.Series([None if pd.isna(v) else v.date() for v in values], index=values.index, dtype=object)


def _word(name: str, value: Any, lang: str) -> Any:
    """A cell in words; dates and what has none as they are."""
    if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)):
        return None
    if isinstance(value, (bool, np.bool_)):
        return texts.say(f"print.sheet.{'yes' if value else 'no'}", lang)
    if isinstance(value, str):
        if _ISO.fullmatch(value):
            return date.fromisoformat(value)
        return value if name in {"area_code", "area", "name"} else words.value(name, value, lang)
    return value


def _cell(value: Any) -> Any:
    """A value that a cell can hold: no NA, no zones, no infinities, no control characters."""
    if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)):
        return None
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and value in {float("inf"), float("-inf")}:
        return "∞" if value > 0 else "-∞"
    if isinstance(value, pd.Timestamp):
        local = (value if value.tzinfo is None else value.tz_convert("UTC").tz_localize(None)) + numbers.BANGKOK
        return local.to_pydatetime()
    if isinstance(value, str):
        return ILLEGAL_CHARACTERS_RE.sub("", value)
    return value if isinstance(value, (bool, int, float, date)) else as_text(value)


def _form(name: str, values: pd.Series, answer: Any, lang: str) -> str:
    """The number format of a column."""
    known = values.dropna()
    if len(known) and all(isinstance(v, date) for v in known):
        return _DATES[lang] + (" hh:mm" if all(isinstance(v, datetime) for v in known) and lang == "en" else "")
    if not pd.api.types.is_numeric_dtype(values):
        return ""
    if name in {"lon", "lat"}:
        return "0.00000"
    return _FORMATS.get(words.unit_of(name, answer.measure, answer.unit), "") or _format(known)


def _format(values: pd.Series) -> str:
    known = pd.to_numeric(values, errors="coerce").dropna().astype(float)
    return "#,##0" if bool((known == known.round()).all()) else "#,##0.00"


def _shown(value: Any, form: str) -> str:
    """About what a cell shows, for its width."""
    if isinstance(value, float):
        return f"{100 * value:.1f}%" if form == "0.0%" else f"{value:,.2f}"
    return "00 mmm 0000" if isinstance(value, date) else f"{value:,}" if isinstance(value, int) else str(value or "")


def _wide(text: str) -> float:
    """About how wide a text is, in figures: marks above and below take no room."""
    return sum(not (c == "\u0e31" or "\u0e34" <= c <= "\u0e3a" or "\u0e47" <= c <= "\u0e4e") for c in text) * 1.05


def _unique(labels: list[str]) -> list[str]:
    """Heads that differ, as filters and pivot tables want them."""
    seen: dict[str, int] = {}
    found = []
    for label in labels:
        seen[label] = seen.get(label, 0) + 1
        found.append(label if seen[label] == 1 else f"{label} ({seen[label]})")
    return [without_formula(label) for label in found]


def _paper(sheet: Any, answer: Any, lang: str, *, landscape: bool) -> None:
    """How it comes out of a printer: A4, as wide as the page, head and foot on each."""
    sheet.page_setup.paperSize = 9
    sheet.page_setup.orientation = "landscape" if landscape else "portrait"
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    source = f"{words.place(answer.scope, lang)} · {texts.say('print.source', lang, version=answer.version)}"
    sheet.oddFooter.left.text = source.replace("&", "&&")
    sheet.oddFooter.right.text = "&P / &N"
    if answer.sample:
        sheet.oddHeader.center.text = texts.say("show.sample", lang)


# -- the same bytes -----------------------------------------------------------------------------

def _same_times(content: bytes) -> bytes:
    """The workbook with one fixed time on every part, so that the same answer gives the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            part = old.read(item)
            if item.filename == "docProps/core.xml":
                stamp = _EPOCH.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
                part = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + stamp, part)
            new.writestr(zipfile.ZipInfo(item.filename, (2000, 1, 1, 0, 0, 0)), part, zipfile.ZIP_DEFLATED)
    return out.getvalue()
