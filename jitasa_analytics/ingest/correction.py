"""The file in which a person corrects refused rows: what is wrong stands beside each row, cells in question are marked.

A workbook has one sheet for each sheet the rows came from, and behind them the rows as they were sent.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

from jitasa_analytics import texts
from jitasa_analytics.contracts import DATASETS
from jitasa_analytics.ingest import recipe as recipes
from jitasa_analytics.ingest.table import Table

ID = "quarantine_id"
TOLD = ("reason", "suggestion", "file", "sheet", "row", "dataset", ID)
# What a spreadsheet would take for a formula.
_FORMULA = re.compile(r"^[=+\-@\t\r]")
_TITLE = re.compile(r"[\[\]:*?/\\]")
_HEAD, _TOLD_HEAD = PatternFill("solid", fgColor="1F4E79"), PatternFill("solid", fgColor="7F7F7F")
_WRONG, _QUIET = PatternFill("solid", fgColor="FFE699"), PatternFill("solid", fgColor="F2F2F2")
_EDGE = Border(bottom=Side(style="thin", color="BFBFBF"))
_WIDTHS = {"reason": 44, "suggestion": 44, "file": 22, "sheet": 14, "row": 9, "dataset": 20, ID: 20}
_MOST_WIDE = 40


def label(name: str) -> str:
    """The header of what the export itself tells, in both languages."""
    return f"{texts.say(f'quarantine.column.{name}', 'th')} / {texts.say(f'quarantine.column.{name}', 'en')}"


HEADERS = (*(label(n) for n in TOLD), *TOLD)


def write(found: pd.DataFrame, path: Path, lang: str) -> int:
    """Write refused rows, one a finding, to a workbook or a CSV file; says how many rows."""
    sheets = [(str(file), str(sheet), _told(part, lang))
              for (file, sheet), part in found.groupby(["file", "sheet"], sort=False)]
    if path.suffix.lower() != ".xlsx":
        frame = pd.concat([f for _, _, f in sheets]).drop(columns=["_wrong", "_original"]).fillna("")
        frame = frame.rename(columns={n: label(n) for n in TOLD}).map(_quoted)
        frame.to_csv(path, index=False, encoding="utf-8-sig", quoting=csv.QUOTE_MINIMAL)
        return len(frame)
    book = Workbook()
    book.remove(book.active)
    for file, sheet, frame in sheets:
        _sheet(book, _free(book, f"{Path(file).stem} {sheet}".strip()), frame, lang)
    for file, sheet, frame in sheets:
        _originals(book, _free(book, f"{texts.say('quarantine.originals', lang)} {Path(file).stem} {sheet}".strip()),
                   frame)
    book.save(path)
    return sum(len(f) for _, _, f in sheets)


def _told(part: pd.DataFrame, lang: str) -> pd.DataFrame:
    """One line a row: what is wrong, where it came from, and its cells under readable headers."""
    told = []
    for row_id, rules in part.groupby("id", sort=False):
        first = rules.iloc[0]
        words = [{"column": _readable(str(r.column), str(first["dataset"])), "value": str(r.value), "after": "",
                  "row": r.row, "file": str(r.file)} for r in rules.itertuples()]
        codes = [str(c) for c in rules["code"]]
        original = {k: str(v) for k, v in json.loads(first["original"]).items()}
        told.append({
            "reason": "\n".join(texts.say(f"rule.{c}.message", lang, **w) for c, w in zip(codes, words, strict=True)),
            "suggestion": "\n".join(dict.fromkeys(texts.say(f"rule.{c}.fix", lang, **w)
                                                  for c, w in zip(codes, words, strict=True))),
            "file": first["file"], "sheet": first["sheet"], "row": str(first["row"]), "dataset": first["dataset"],
            ID: row_id, "_wrong": [_place(str(c), list(original), str(first["dataset"])) for c in rules["column"]],
            "_original": original,
            **{header(k, list(original), str(first["dataset"])): v for k, v in original.items()}})
    return pd.DataFrame(told)


def header(name: str, headers: list[str], dataset: str) -> str:
    """The header under which an original cell is shown: both languages where it was a code name."""
    column = next((c for c in DATASETS[dataset].columns if c.name == name), None) if dataset in DATASETS else None
    shown = f"{column.th} / {column.en}" if column is not None else name
    if shown != name and shown in headers:
        shown = name
    return f"{shown} *" if shown in HEADERS else shown


def _readable(name: str, dataset: str) -> str:
    return header(name, [name], dataset)


def _place(column: str, headers: list[str], dataset: str) -> str:
    """The shown header of the cell that a finding is about; empty where it is about the row."""
    if column in headers:
        return header(column, headers, dataset)
    contract = DATASETS.get(dataset)
    if contract is not None and column in contract.names:
        found = recipes.columns_for(contract, headers).get(column)
        return header(found, headers, dataset) if found else ""
    return ""


def cells(part: pd.DataFrame, headers: list[str], dataset: str) -> pd.DataFrame:
    """The corrected cells under their original headers."""
    return pd.DataFrame({h: part[shown] if (shown := header(h, headers, dataset)) in part else "" for h in headers},
                        index=part.index, dtype="str").fillna("")


def understood(table: Table) -> pd.DataFrame:
    """The rows of a corrected sheet, with the export's own columns under their code names and cells as they were."""
    names = {label(n): n for n in TOLD}
    return table.frame.rename(columns=names).map(_unquoted)


def _quoted(text: Any) -> str:
    return f"'{text}" if _FORMULA.match(str(text)) else str(text)


def _unquoted(text: str) -> str:
    return text[1:] if text.startswith("'") and _FORMULA.match(text[1:]) else text


def _free(book: Workbook, name: str) -> str:
    """A title of a sheet that is not taken yet."""
    name = _TITLE.sub(" ", name).strip()[:31] or "1"
    taken = {t.lower() for t in book.sheetnames}
    for number in range(2, 1000):
        if name.lower() not in taken:
            break
        name = f"{name[:27]} {number}"
    return name


def _sheet(book: Workbook, title: str, frame: pd.DataFrame, lang: str) -> None:
    """Reason and suggestion first, then the cells to correct, then where the row came from."""
    sheet = book.create_sheet(title)
    own = [c for c in frame.columns if c not in (*TOLD, "_wrong", "_original")]
    columns = [*TOLD[:2], *own, *TOLD[2:]]
    for number, name in enumerate(columns, 1):
        told = name in TOLD
        cell = sheet.cell(1, number, label(name) if told else name)
        cell.font, cell.fill = Font(bold=True, color="FFFFFF"), _TOLD_HEAD if told else _HEAD
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        if name == ID:
            cell.comment = Comment(texts.say("quarantine.keep_id", lang), "jitasa")
        wide = _WIDTHS.get(name) or min(_MOST_WIDE, max([14, *(len(str(v)) + 2 for v in frame[name].fillna(""))]))
        sheet.column_dimensions[get_column_letter(number)].width = wide
    for row, record in enumerate(frame.to_dict("records"), 2):
        for number, name in enumerate(columns, 1):
            value = record[name]
            cell = sheet.cell(row, number, _quoted("" if pd.isna(value) else value))
            cell.number_format = "@"  # text, so that a code keeps its zeros
            cell.border = _EDGE
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            if name in TOLD:
                cell.fill = _QUIET
            elif name in record["_wrong"]:
                cell.fill = _WRONG
        lines = max(str(record[n]).count("\n") + 1 + len(str(record[n])) // _WIDTHS[n] for n in TOLD[:2])
        sheet.row_dimensions[row].height = 15 * min(lines + 1, 12)
    sheet.freeze_panes = "C2"


def _originals(book: Workbook, title: str, frame: pd.DataFrame) -> None:
    """The rows as they were sent, to compare with; nothing in this sheet is read back."""
    sheet = book.create_sheet(title)
    heads = list(dict.fromkeys(k for original in frame["_original"] for k in original))
    for number, name in enumerate([label("row"), *heads], 1):
        sheet.cell(1, number, _quoted(name)).font = Font(bold=True)
        sheet.column_dimensions[get_column_letter(number)].width = 18
    for row, (at, original) in enumerate(zip(frame["row"], frame["_original"], strict=True), 2):
        for number, value in enumerate([at, *(original.get(h, "") for h in heads)], 1):
            sheet.cell(row, number, _quoted(value)).number_format = "@"
    sheet.freeze_panes = "A2"


def sentences(told: list[dict[str, Any]], lang: str) -> Iterator[str]:
    """What is still wrong, one sentence a finding."""
    for one in told:
        proposal = texts.say("quarantine.proposal", lang, proposal=one["proposal"]) if one["proposal"] else ""
        yield f"{one['message']} {one['suggestion']} {proposal}".strip()
