"""What every measure asks of the frames it is given, and how it says no.

A measure calls these before it computes, so that a missing column, a negative number or a
label that nobody knows is named in the same words everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from jitasa_analytics.errors import InputError

if TYPE_CHECKING:
    from jitasa_analytics.analysis.costs import Travel

Floats = npt.NDArray[np.float64]


def some(labels: Iterable[object], limit: int = 5) -> str:
    """The first labels in words, and how many more there are.

    >>> some(["A", "B", "C"], limit=2)
    "'A', 'B' and 1 more"
    """
    every = [x.item() if isinstance(x, np.generic) else x for x in labels]
    shown = ", ".join(repr(label) for label in every[:limit])
    return shown if len(every) <= limit else f"{shown} and {len(every) - limit} more"


def labels_of(what: Any, name: str) -> pd.Index:
    """The labels of a frame, Series, Index or sequence; each must occur once.

    Raises
    ------
    InputError
        If labels are repeated, missing or of several levels, or ``what`` is a bare string.
    """
    if isinstance(what, str):
        raise InputError(f"{name} must be a list of labels, not the text {what!r}; write [{what!r}]")
    if isinstance(what, pd.DataFrame | pd.Series):
        index = what.index
    elif isinstance(what, pd.Index):
        index = what
    elif isinstance(what, Iterable):
        index = pd.Index(list(what))
    else:
        raise InputError(f"{name} must be a frame, a Series or a list of labels, not {type(what).__name__}")
    if index.nlevels > 1:
        raise InputError(f"{name} has an index of {index.nlevels} levels; labels must be one level")
    if index.hasnans:
        raise InputError(f"{name} has a missing label; every row needs one")
    if not index.is_unique:
        repeated = index[index.duplicated()].unique()
        raise InputError(f"{name} has repeated labels: {some(repeated)}; each may occur once")
    return index


def number(value: Any, name: str, *, minimum: float = 0.0, infinite: bool = False) -> float:
    """A finite number of at least ``minimum``, for an option of a measure.

    Raises
    ------
    InputError
        If it is no number, NaN, below ``minimum``, or infinite where that has no meaning.
    """
    try:
        result = float(value)
    except (TypeError, ValueError):
        raise InputError(f"{name} must be a number, not {value!r}") from None
    if math.isnan(result) or result < minimum or (math.isinf(result) and not infinite):
        raise InputError(f"{name} is {result:g}; it must be a number of at least {minimum:g}")
    return result


def numbers(values: pd.Series, name: str) -> Floats:
    """A Series as float64, missing values as NaN, shape (n,).

    Raises
    ------
    InputError
        If a value is not a number.
    """
    if not isinstance(values, pd.Series):
        raise InputError(f"{name} must be a Series, not {type(values).__name__}")
    try:
        array = values.to_numpy(dtype=np.float64, na_value=np.nan, copy=True)
    except (TypeError, ValueError):
        raise InputError(f"{name} holds {_not_a_number(values)}, which is not a number; convert it first") from None
    if np.iscomplexobj(values.to_numpy()) or values.dtype.kind in "mM":
        raise InputError(f"{name} must hold plain numbers, not {values.dtype}")
    return np.asarray(array, np.float64)


def _not_a_number(values: pd.Series) -> str:
    """The first value that is none, and where it stands."""
    for label, value in values.items():
        try:
            float(value)
        except (TypeError, ValueError):
            if value is not None and value is not pd.NA:
                return f"{value!r} at {some([label])}"
    return "something"


def framed(frame: Any, name: str, *, labelled: bool = True) -> pd.DataFrame:
    """A frame; where its labels count, each occurs once.

    Raises
    ------
    InputError
        If it is something else, or as in `labels_of`.
    """
    if not isinstance(frame, pd.DataFrame):
        raise InputError(f"{name} must be a DataFrame, not {type(frame).__name__}")
    if labelled:
        labels_of(frame, name)
    return frame


def travelled(travel: Any) -> Travel:
    """A travel.

    Raises
    ------
    InputError
        If it is something else, for instance a bare matrix.
    """
    from jitasa_analytics.analysis.costs import Travel  # which reads this module

    if not isinstance(travel, Travel):
        raise InputError(
            f"travel must be a Travel, not {type(travel).__name__}; make one with travel.straight_line(...), "
            "travel.on_network(...) or travel.from_matrix(...)"
        )
    return travel


def quantity(frame: pd.DataFrame, column: str, name: str) -> Floats:
    """A column of amounts: present, finite, not negative; shape (n,).

    Raises
    ------
    InputError
        Naming the column, the first rows that break the rule, and the way out.
    """
    if not isinstance(frame, pd.DataFrame):
        raise InputError(f"{name} must be a DataFrame with a column {column!r}, not {type(frame).__name__}")
    labels_of(frame, name)
    if column not in frame.columns:
        has = some(frame.columns, 8) or "no columns"
        raise InputError(f"{name} has no column {column!r}; it has {has}. Rename the column that holds it")
    if list(frame.columns).count(column) > 1:
        raise InputError(f"{name} has several columns named {column!r}; keep one")
    values = numbers(frame[column], f"{name}[{column!r}]")
    absent = ~np.isfinite(values)
    if absent.any():
        raise InputError(
            f"{name}[{column!r}] is missing or infinite at {some(frame.index[absent])}; "
            "fill it with a known number or leave those rows out"
        )
    if (values < 0).any():
        bad = values < 0
        raise InputError(
            f"{name}[{column!r}] is negative at {some(frame.index[bad])} "
            f"({values[bad][0]:g}); it must be 0 or more"
        )
    return values


def same_labels(given: pd.Index, known: pd.Index, given_name: str, known_name: str) -> bool:
    """Whether the labels are equal in order too; unequal sets of labels are refused.

    Raises
    ------
    InputError
        Naming the labels that are on one side only.
    """
    if len(given) == len(known) and bool((given == known).all()):
        return True
    missing, extra = given.difference(known, sort=False), known.difference(given, sort=False)
    if len(missing):
        raise InputError(
            f"{given_name} has labels that {known_name} lacks: {some(missing)}; "
            "both must carry the same labels, in any order"
        )
    if len(extra):
        raise InputError(
            f"{known_name} has labels that {given_name} lacks: {some(extra)}; "
            "both must carry the same labels; leave some out on purpose with restrict(...) or .loc"
        )
    return False


def counts(values: pd.Series, name: str) -> Floats:
    """A Series of counts as floats, missing as NaN; shape (n,).

    Raises
    ------
    InputError
        If a count is negative, infinite or no number.
    """
    array = numbers(values, name)
    wrong = (array < 0) | np.isinf(array)
    if wrong.any():
        raise InputError(
            f"{name} is negative or infinite at {some(values.index[wrong])} ({array[wrong][0]:g}); counts are 0 or more"
        )
    return array


def paired_counts(left: pd.Series, right: pd.Series, left_name: str, right_name: str) -> tuple[Floats, Floats]:
    """Two Series of counts in the order of the left one, missing as NaN; both (n,).

    Raises
    ------
    InputError
        As in `counts`, or if labels differ or repeat.
    """
    for values, name in ((left, left_name), (right, right_name)):
        counts(values, name)
        labels_of(values, name)
    if not same_labels(left.index, right.index, left_name, right_name):
        right = right.reindex(left.index)
    return numbers(left, left_name), numbers(right, right_name)


def aligned(
    demand: pd.DataFrame, supply: pd.DataFrame, travel: Travel
) -> tuple[Floats, Floats, Travel]:
    """People (n,), capacity (m,), and the travel with its rows and columns in their order.

    Raises
    ------
    InputError
        If a column is absent, missing or negative, or labels differ.
    """
    people = quantity(demand, "people", "demand")
    capacity = quantity(supply, "capacity", "supply")
    travel = travelled(travel)
    rows = same_labels(demand.index, travel.origins, "demand", "travel.origins")
    columns = same_labels(supply.index, travel.destinations, "supply", "travel.destinations")
    if not (rows and columns):
        travel = travel.restrict(demand.index, supply.index)
    return people, capacity, travel


def coordinates(points: pd.DataFrame, name: str) -> tuple[Floats, Floats]:
    """Longitudes and latitudes in degrees, both (n,).

    Raises
    ------
    InputError
        If a column is absent, or a coordinate missing or out of range.
    """
    if not isinstance(points, pd.DataFrame):
        raise InputError(f"{name} must be a DataFrame with columns 'lon' and 'lat', not {type(points).__name__}")
    labels_of(points, name)
    result = []
    for column, most in (("lon", 180.0), ("lat", 90.0)):
        if column not in points.columns:
            raise InputError(
                f"{name} has no column {column!r}; it has {some(points.columns, 8) or 'none'}. "
                f"Points need 'lon' and 'lat' in degrees{_from_geometry(points, name)}"
            )
        try:
            values = points[column].to_numpy(dtype=np.float64, na_value=np.nan)
        except (TypeError, ValueError):
            raise InputError(f"{name}[{column!r}] holds something that is not a number") from None
        wrong = ~(np.abs(values) <= most)
        if wrong.any():
            raise InputError(
                f"{name}[{column!r}] is missing or beyond ±{most:g} degrees at {some(points.index[wrong])}; "
                "leave those rows out, or check whether lon and lat are swapped or projected"
            )
        result.append(values)
    return result[0], result[1]


def _from_geometry(points: pd.DataFrame, name: str) -> str:
    """How a frame with a geometry comes to degrees."""
    if not hasattr(points, "to_crs"):
        return ""
    system = getattr(points, "crs", None)
    if system is None:
        return f"; its geometry has no reference system: say which with {name}.set_crs(...), then take them from it"
    return f"; its geometry is in {system}: take them from {name}.to_crs('EPSG:4326').geometry.x and .y"
