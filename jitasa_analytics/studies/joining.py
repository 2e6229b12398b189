"""Answers for parts of an area become the answer for the whole.

Rows are put together. A figure is joined where that is certain: it adds up (it says so, or it is the
sum of a column of its own answer), or it is a mean that brings its weight. What can't be joined is
left out and said, never guessed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from jitasa_analytics import areas
from jitasa_analytics.errors import InputError
from jitasa_analytics.geo import WGS84
from jitasa_analytics.store import Snapshot
from jitasa_analytics.studies import frames
from jitasa_analytics.studies.answer import Answer, Figure, Note, Term
from jitasa_analytics.studies.base import Study

# Values of notes that count something, and so add up.
_COUNTS = {"areas", "places", "provinces", "count", "units", "steps", "sites", "requests", "facilities", "volunteers"}
# Units of figures that never add up.
_MEANS = {"share", "ratio", "minutes", "km", "doses_per_100", ""}


def join(kind: type[Study], snapshot: Snapshot, parts: Sequence[tuple[str, Answer]], missing: Sequence[str]) -> Answer:
    """The answer for the snapshot's scope from those for its parts, in the order of their codes.

    Parameters
    ----------
    kind : type of Study
    snapshot : Snapshot
        Of the whole scope, for the outlines of parts without an answer.
    parts : sequence of (code, Answer)
    missing : sequence of str
        Codes of the parts that have no data.
    """
    answers = [answer for _, answer in parts]
    first = answers[0]
    frame = _frame(kind, snapshot, answers, missing)
    figures, left = _figures(answers)
    notes = _notes(answers)
    if missing:
        notes.append(Note("by_area.missing", {"areas": len(missing), "names": frames.some_areas(missing)}))
    tables, lost = _tables(kind, answers)
    gone = [n for n in kind.scope_columns if n in first.frame]
    if left or lost or gone:
        names = tuple(Term("figure", name) for name in (*left, *gone)) + tuple(Term("table", name) for name in lost)
        notes.append(Note("by_area.left_out", {"names": names}))
    as_of = {name: max((at for a in answers if (at := a.as_of.get(name)) is not None), default=None)
             for name in first.as_of}
    return Answer(first.study, frame, first.measure, first.unit, figures, tuple(notes), first.params, first.version,
                  snapshot.scope, first.sample, as_of, tables)


def _frame(kind: type[Study], snapshot: Snapshot, answers: Sequence[Answer], missing: Sequence[str]) -> pd.DataFrame:
    tables = [a.frame.drop(columns=[n for n in kind.scope_columns if n in a.frame]) for a in answers]
    whole = {n for t in tables for n in t.columns if pd.api.types.is_integer_dtype(t[n].dtype)}
    tables = [t.astype({n: "Int64" for n in whole if n in t}) for t in tables]
    joined = pd.concat(tables)
    by_area = joined.index.name == "area_code"
    if by_area:
        joined = _with_missing(snapshot, joined, missing)
        joined = joined.sort_index(kind="stable")
    if kind.ranked_by and "rank" in joined:
        joined["rank"] = joined[kind.ranked_by].rank(method="min", ascending=False).astype("Int64")
        joined = joined.sort_values("rank", kind="stable", na_position="last")
    for name in joined.columns[[str(t) == "Int64" for t in joined.dtypes]]:
        if not joined[name].isna().any():
            joined[name] = joined[name].astype("int64")
    if isinstance(answers[0].frame, gpd.GeoDataFrame):
        shaped: pd.DataFrame = gpd.GeoDataFrame(joined, geometry="geometry", crs=WGS84)
        return shaped
    return joined


def _with_missing(snapshot: Snapshot, joined: pd.DataFrame, missing: Sequence[str]) -> pd.DataFrame:
    """Rows without values for the areas of parts that have no answer; refuses rows of several levels."""
    levels = {areas.level_of(str(c)) for c in joined.index if len(str(c)) > 2} or {"province"}
    if len(levels) > 1:
        raise InputError(f"the parts answered at several levels ({', '.join(sorted(levels))}), which can't be put into "
                         "one table; name the level", key="by_area.levels", levels=", ".join(sorted(levels)))
    level = levels.pop()
    rows = [snapshot.areas(level, within=code)[["name_th", "name_en", "geometry"]] for code in missing]
    rows = [r for r in rows if len(r)]
    if not rows or "geometry" not in joined:
        return joined
    more = pd.concat(rows)
    # A count that is known to be of nothing elsewhere is missing here: no data is no nought.
    extended: pd.DataFrame = pd.concat([joined, more.reindex(columns=joined.columns)])
    return extended


def _figures(answers: Sequence[Answer]) -> tuple[dict[str, Figure], list[str]]:
    """Figures that can be joined, and the names of the others."""
    names = list(dict.fromkeys(name for a in answers for name in a.figures))
    joined, left = {}, []
    for name in names:
        having = [(a, a.figures[name]) for a in answers if name in a.figures]
        first = having[0][1]
        if all(f.weight is not None for _, f in having):
            joined[name] = _mean([f for _, f in having])
        elif all(f.adds for _, f in having) or (first.adds is None and all(_is_sum(a, name, f) for a, f in having)):
            known = [f.value for _, f in having if not math.isnan(f.value)]
            joined[name] = Figure(sum(known) if known else float("nan"), first.unit, adds=first.adds)
        else:
            left.append(name)
    return joined, left


def _mean(figures: Sequence[Figure]) -> Figure:
    """The mean of means, each with its weight; parts without a value have none."""
    known = [(f.value, float(f.weight or 0.0)) for f in figures if not math.isnan(f.value) and f.weight]
    weight = sum(w for _, w in known)
    value = sum(v * w for v, w in known) / weight if weight else float("nan")
    return Figure(value, figures[0].unit, weight=weight)


def _is_sum(answer: Answer, name: str, figure: Figure) -> bool:
    """Whether a figure is the sum of the column of its name."""
    if figure.unit in _MEANS or name not in answer.frame or not pd.api.types.is_numeric_dtype(answer.frame[name]):
        return False
    total = float(pd.to_numeric(answer.frame[name]).sum())
    return bool(np.isclose(total, figure.value, rtol=1e-12, atol=1e-9))


def _tables(kind: type[Study], answers: Sequence[Answer]) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Tables whose rows are of single places, put together; the names of the others."""
    names = list(dict.fromkeys(name for a in answers for name in a.tables))
    joined = {n: pd.concat([a.tables[n] for a in answers if n in a.tables]) for n in names if n in kind.row_tables}
    return joined, [n for n in names if n not in joined]


def _notes(answers: Sequence[Answer]) -> list[Note]:
    """Each note once: counts are added, lists of areas go on, what differs otherwise is told for each part."""
    by_key: dict[str, list[Note]] = {}
    for answer in answers:
        for note in answer.notes:
            by_key.setdefault(note.key, []).append(note)
    found: list[Note] = []
    for key, notes in by_key.items():
        steady = [{n: v for n, v in note.values.items() if not _adds(n, v)} for note in notes]
        if all(values == steady[0] for values in steady):
            values: dict[str, Any] = {n: _added([note.values[n] for note in notes]) if _adds(n, v) else v
                                      for n, v in notes[0].values.items()}
            found.append(Note(key, values))
        else:
            found += list({repr(note): note for note in notes}.values())[:3]
    return found


def _adds(name: str, value: Any) -> bool:
    return isinstance(value, tuple) or (name in _COUNTS and isinstance(value, (int, np.integer)))


def _added(values: Sequence[Any]) -> Any:
    if not isinstance(values[0], tuple):
        return int(sum(values))
    parts = [part for value in values for part in value if part != Term("", "…")]
    unique = list(dict.fromkeys(parts))
    cut = len(unique) > 6 or any(Term("", "…") in value for value in values)
    return (*unique[:6], Term("", "…")) if cut else tuple(unique)
