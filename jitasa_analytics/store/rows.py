"""One row, checked by its contract before it is promised a place.

The import reads what people typed into files and repairs it; here a program hands over values, and
what does not fit is refused with the column, the value and the way out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from numbers import Integral, Real
from typing import Any

from jitasa_analytics import areas, geo, privacy
from jitasa_analytics.contracts import Column, Dataset
from jitasa_analytics.errors import InputError, JitasaError

Row = Mapping[str, Any]

_LARGEST = 2**63 - 1
_LONGEST = 20_000
_YEARS = (1900, 2200)


def checked(contract: Dataset, row: Row, *, partial: bool = False) -> dict[str, Any]:
    """The row in the form that the journal keeps: texts, numbers, ISO dates and times in UTC.

    Parameters
    ----------
    contract : Dataset
        What the row has to satisfy.
    row : mapping
        Values by column. Times carry their offset; dates and times may be ISO text.
    partial : bool
        Only the key is required: the row changes one that is known. A column given as None is cleared.

    Raises
    ------
    InputError
        If a column is unknown or missing, or a value breaks its rule.
    """
    for name in row:
        column = contract.column(name)
        if column in contract.derived:
            raise _refused(contract, column, row[name], "derived", "the store computes it; leave it out")
    out = {c.name: _value(contract, c, row[c.name]) for c in contract.columns if c.name in row}
    needed = [c.name for c in contract.columns
              if c.name in contract.key or (c.required and c.default is None and not partial)]
    if contract.scoped_by == "area_code" and not partial and "area_code" not in needed:
        needed.append("area_code")  # a row without an area would be in nobody's scope
    for column in contract.columns:
        missing = out.get(column.name) is None
        if missing and (column.name in needed or (column.required and column.name in out)):
            raise _refused(contract, column, None, "required",
                           "a value is needed" if column.kind != "area" else "the code of the tambon is needed")
    if (out.get("lon") is None) != (out.get("lat") is None):
        raise _refused(contract, contract.column("lon"), row.get("lon"), "both", "longitude and latitude go together")
    return out


def stored(contract: Dataset, row: Row) -> dict[str, Any]:
    """A row of the journal in the types of the table; only the columns that it gives."""
    out: dict[str, Any] = {}
    for name, value in row.items():
        kind = contract.column(name).kind
        if value is not None and kind == "date":
            value = date.fromisoformat(value)
        elif value is not None and kind == "datetime":
            value = datetime.fromisoformat(value).replace(tzinfo=None)
        out[name] = value
    return out


def with_defaults(contract: Dataset, row: Row) -> dict[str, Any]:
    """A new row with every column, defaults filled in."""
    return {c.name: _default(c) if row.get(c.name) is None else row[c.name] for c in contract.columns}


def _default(column: Column) -> Any:
    if column.default is None:
        return None
    kinds: dict[str, Callable[[str], Any]] = {
        "int": int, "float": float, "date": date.fromisoformat, "datetime": datetime.fromisoformat}
    return kinds.get(column.kind, str)(column.default)


def _value(contract: Dataset, column: Column, value: Any) -> Any:
    if value is None or value != value or (isinstance(value, str) and not value.strip()):
        return None
    kind = column.kind
    if kind == "geometry":
        raise _refused(contract, column, "…", "geometry", "outlines are imported from files")
    if kind in ("int", "float", "lon", "lat"):
        return _number(contract, column, value)
    if kind in ("date", "datetime"):
        return _time(contract, column, value)
    if kind == "list":
        parts = value.split(";") if isinstance(value, str) else list(value)
        value = ";".join(dict.fromkeys(_choice(contract, column, _text(contract, column, p)) for p in parts))
        return value or None
    text = _text(contract, column, value)
    if kind == "choice":
        return _choice(contract, column, text)
    if kind == "token" and not privacy.is_token(text):
        raise _refused(contract, column, text, "token", "identities become tokens first: Store.token(identity)")
    if kind == "area" and text != areas.COUNTRY and not areas.exists(text, abolished=True):
        raise _refused(contract, column, text, "area", "it is no area code of 2, 4 or 6 digits")
    return text


def _text(contract: Dataset, column: Column, value: Any) -> str:
    if not isinstance(value, str):
        raise _refused(contract, column, value, "text", "it is no text")
    text = value.strip()
    if len(text) > _LONGEST:
        raise _refused(contract, column, text[:20], "long", f"it is longer than {_LONGEST:,} characters")
    if "\x00" in text or any("\ud800" <= c <= "\udfff" for c in text):
        raise _refused(contract, column, "…", "text", "it holds characters that are none")
    return text


def _choice(contract: Dataset, column: Column, text: str) -> str:
    if column.choices and text not in column.choices:
        raise _refused(contract, column, text, "choice", f"use one of {', '.join(column.choices)}",
                       choices=", ".join(column.choices))
    return text


def _number(contract: Dataset, column: Column, value: Any) -> int | float:
    whole = column.kind == "int"
    if isinstance(value, bool) or not isinstance(value, Real) or (
            whole and not isinstance(value, Integral) and not float(value).is_integer()):
        raise _refused(contract, column, value, "whole" if whole else "number",
                       "it is no whole number" if whole else "it is no number")
    number = float(value)
    if not math.isfinite(number) or abs(number) >= _LARGEST:
        raise _refused(contract, column, value, "number", "it is no finite number")
    low, high = {"lon": geo.LON_RANGE, "lat": geo.LAT_RANGE}.get(column.kind, (column.minimum, column.maximum))
    if (low is not None and number < low) or (high is not None and number > high):
        bounds = f"{'' if low is None else low:} – {'' if high is None else high:}".strip()
        raise _refused(contract, column, value, "range", f"allowed: {bounds}", bounds=bounds)
    return int(str(value)) if whole and isinstance(value, Integral) else int(number) if whole else number


def _time(contract: Dataset, column: Column, value: Any) -> str:
    try:
        if isinstance(value, str):
            value = datetime.fromisoformat(value) if column.kind == "datetime" else date.fromisoformat(value)
    except ValueError:
        raise _refused(contract, column, value, "date", "it is no date of the form 2021-06-30, or time of the form "
                                                        "2021-06-30T14:05:00+07:00") from None
    if not isinstance(value, date) or not _YEARS[0] <= value.year <= _YEARS[1]:
        raise _refused(contract, column, value, "date", f"it is no date of the years {_YEARS[0]} to {_YEARS[1]} CE")
    if column.kind == "date":
        if isinstance(value, datetime):
            raise _refused(contract, column, value, "date", "it is a time, not a date")
        return value.isoformat()
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise _refused(contract, column, value, "offset", "the time needs its offset, for instance +07:00")
    return value.astimezone(UTC).replace(tzinfo=None).isoformat()


def _refused(contract: Dataset, column: Column, value: Any, rule: str, why: str, **values: object) -> JitasaError:
    shown = "" if value is None else str(value)[:80]
    if column.personal or column.kind == "token":
        shown = privacy.mask(shown)
    return InputError(f"{contract.name}.{column.name} can't be {shown!r}: {why}", key=f"store.row.{rule}",
                      dataset=contract.name, column=column.name, value=shown, **values)
