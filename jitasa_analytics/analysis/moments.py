"""Times as every measure reads them: UTC, to the microsecond; a time without a zone is UTC."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from jitasa_analytics.analysis.inputs import framed, some
from jitasa_analytics.errors import InputError


def times_of(frame: pd.DataFrame, column: str, name: str) -> npt.NDArray[np.datetime64]:
    """A column of times, missing as NaT, shape (n,).

    Raises
    ------
    InputError
        If the column is absent or holds something else, or a label is repeated.
    """
    framed(frame, name)
    if column not in frame.columns:
        raise InputError(f"{name} has no column {column!r}; it has {some(frame.columns, 8) or 'none'}")
    try:
        times = pd.to_datetime(frame[column], utc=True)
    except (TypeError, ValueError):
        raise InputError(f"{name}[{column!r}] holds something that is not a time; convert it first") from None
    return np.asarray(times.dt.tz_localize(None).to_numpy(), "datetime64[us]")


def moment(value: Any, name: str) -> np.datetime64:
    """One time.

    Raises
    ------
    InputError
        If it is none.
    """
    try:
        found = pd.to_datetime(value, utc=True)
    except (TypeError, ValueError):
        found = None
    if not isinstance(found, pd.Timestamp):
        raise InputError(f"{name} must be one time, not {value!r}")
    return np.datetime64(found.tz_localize(None).isoformat(), "us")
