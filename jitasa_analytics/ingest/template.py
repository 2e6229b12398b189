"""A workbook that a person fills in: one dataset, headers in both languages, lists to choose from.

The first sheet is the table, the second explains each column, a third (hidden) holds the lists.
The example row begins with a mark and is skipped when the workbook is imported.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from jitasa_analytics import texts
from jitasa_analytics.contracts import Column, Dataset, dataset
from jitasa_analytics.ingest import check
from jitasa_analytics.ingest.headers import EXAMPLE
from jitasa_analytics.ingest.workbook import LISTS

_ROWS = 5000
_EXAMPLES = {
    "area": "200104", "date": "24/03/2563", "datetime": "24/03/2563 08:30", "lon": 100.9293, "lat": 13.2848,
    "int": 10, "float": 1.5, "token": "P001",
}


def write(dataset_name: str, path: Path) -> None:
    """Write the template of a dataset.

    Raises
    ------
    UnknownError
        If there is no such dataset.
    """
    contract = dataset(dataset_name)
    columns = [c for c in contract.columns if c.kind != "geometry" and c.name != "source"]
    book = Workbook()
    sheet = book.active
    sheet.title = contract.th[:31].replace("/", " ")
    lists = book.create_sheet(LISTS)
    for number, column in enumerate(columns, 1):
        head = sheet.cell(1, number, f"{column.th} / {column.en}")
        head.font = Font(bold=True, color="FFFFFF")
        head.fill = PatternFill("solid", fgColor="1F4E79" if column.required else "7F7F7F")
        head.alignment = Alignment(wrap_text=True, vertical="top")
        example = sheet.cell(2, number, _example(column, first=number == 1))
        example.font = Font(italic=True, color="7F7F7F")
        letter = get_column_letter(number)
        sheet.column_dimensions[letter].width = 24
        if column.kind not in ("int", "float", "lon", "lat"):
            # Text, so that a spreadsheet keeps leading zeros and turns no date into a number.
            for row in range(2, 202):
                sheet.cell(row, number).number_format = "@"
        _validate(sheet, lists, contract, column, letter, number)
    sheet.freeze_panes = "A2"
    _explain(book, contract, columns)
    book.move_sheet(LISTS, 1)
    lists.sheet_state = "hidden"
    book.save(path)


def _example(column: Column, *, first: bool) -> Any:
    kinds: dict[str, Any] = _EXAMPLES
    value: Any = column.choices[0] if column.choices else kinds.get(column.kind, column.default or column.th)
    if column.minimum is not None and column.maximum is not None and column.kind == "int":
        value = int(column.default or (1 if column.maximum < 100 else 2020))
    return f"{EXAMPLE}{value}" if first else value


def _validate(sheet: Any, lists: Any, contract: Dataset, column: Column, letter: str, number: int) -> None:
    """A list to choose from, or the bounds of a number; a wrong date is told by the import, in words."""
    rule = None
    if column.kind == "choice":
        labels = [_label(contract, column, c) for c in column.choices]
        for row, label in enumerate(labels, 1):
            lists.cell(row, number, label)
        rule = DataValidation(type="list", formula1=f"={LISTS}!${letter}$1:${letter}${len(labels)}", allow_blank=True)
    elif column.kind in ("int", "float") and column.minimum is not None:
        rule = DataValidation(type="whole" if column.kind == "int" else "decimal", operator="greaterThanOrEqual",
                              formula1=str(column.minimum), allow_blank=True)
    if rule is not None:
        rule.errorTitle, rule.error = column.th[:30], texts.say("import.template.wrong", "th")
        rule.add(f"{letter}3:{letter}{_ROWS}")
        sheet.add_data_validation(rule)


def _label(contract: Dataset, column: Column, choice: str) -> str:
    return texts.label(check.label_kind(contract, column), choice, "th")


def _explain(book: Any, contract: Dataset, columns: list[Column]) -> None:
    """The sheet that says what each column is, in both languages."""
    sheet = book.create_sheet(texts.say("import.template.sheet", "th"))
    heads = ("column", "th", "en", "required", "kind", "unit", "rule", "values")
    for number, head in enumerate(heads, 1):
        cell = sheet.cell(1, number, f"{texts.say(f'import.template.{head}', 'th')} / "
                                     f"{texts.say(f'import.template.{head}', 'en')}")
        cell.font = Font(bold=True)
        sheet.column_dimensions[get_column_letter(number)].width = 30
    for row, column in enumerate(columns, 2):
        values = "\n".join(f"{_label(contract, column, c)} / {texts.label(check.label_kind(contract, column), c, 'en')}"
                           f" ({c})" for c in column.choices)
        told = (column.name, column.th, column.en, _both("required" if column.required else "optional"),
                _both(f"kind_{column.kind}"), column.unit, _bounds(column), values)
        for number, text in enumerate(told, 1):
            sheet.cell(row, number, text).alignment = Alignment(wrap_text=True, vertical="top")
    sheet.cell(len(columns) + 3, 1, _both("example"))


def _both(key: str) -> str:
    return f"{texts.say(f'import.template.{key}', 'th')} / {texts.say(f'import.template.{key}', 'en')}"


def _bounds(column: Column) -> str:
    told = [f"≥ {column.minimum:g}"] if column.minimum is not None else []
    told += [f"≤ {column.maximum:g}"] if column.maximum is not None else []
    told += [f"{_both('default')}: {column.default}"] if column.default is not None else []
    return "; ".join(told)
