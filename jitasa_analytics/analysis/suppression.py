"""Small counts are hidden, and enough others with them that nobody can work the small ones out.

A count below the threshold is hidden (primary suppression). Rows and columns that add up would
give it away, so further counts are hidden with it (complementary suppression): so many that, as
far as the published numbers tell, each hidden small count may be anything from 1 to the threshold
less one. That is checked by an attack: for each of them the least and the greatest value that
fits everything published is found by linear programming.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import optimize
from scipy.sparse import block_diag, csr_array, hstack

from jitasa_analytics.errors import InfeasibleError, InputError

THRESHOLD = 10
ALL = "all"

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

# The types of SciPy's stubs know no sparse equations.
_linprog: Any = optimize.linprog

# Hiding a total costs the reader more than hiding a part.
_TOTAL_WEIGHT = 4.0
_HIDDEN_WEIGHT = 1e-3
_EXACT = 1e-6


@dataclass(frozen=True, eq=False)
class Table:
    """Counts that add up in two directions: areas into larger areas, categories into ``all``.

    Attributes
    ----------
    counts : Series of int, index (area_code, category)
        Every area of every level with every category and ``all``.
    sums : sparse array, shape (equations, cells)
        One row an equation: 1 at the total, -1 at its parts; times the counts it is 0.
    """

    counts: pd.Series
    sums: csr_array


def table(leaves: pd.Series, parents: Mapping[str, str]) -> Table:
    """The table of all levels above some leaf counts.

    Parameters
    ----------
    leaves : Series of int, index (area_code, category)
        Counts of the finest level; a pair that is absent counts 0.
    parents : mapping of str to str
        Area to the area above; an area that is nobody's child is at the top.

    Raises
    ------
    InputError
        If a count is negative or no whole number, or a category is called ``all``.
    """
    values = leaves.to_numpy(float)
    if (values < 0).any() or (values != np.floor(values)).any():
        raise InputError("counts must be whole numbers of 0 or more")
    wide = leaves.unstack(fill_value=0).sort_index()
    if ALL in wide.columns:
        raise InputError(f"no category may be called {ALL!r}: it is the name of the total")
    level = wide
    frames = [wide]
    while True:
        above = level.index.map(lambda code: parents.get(code, ""))
        level = level[above != ""].groupby(above[above != ""]).sum()
        if not len(level):
            break
        frames.append(level)
    every = pd.concat(frames).groupby(level=0).sum()
    every[ALL] = every.sum(axis=1)
    every.index.name, every.columns.name = "area_code", "category"
    counts = pd.Series(every.stack()).astype(np.int64)
    return Table(counts, _sums(counts.index, parents))


def _sums(index: pd.Index, parents: Mapping[str, str]) -> csr_array:
    place = {key: i for i, key in enumerate(index)}
    codes = list(dict.fromkeys(a for a, _ in index))
    kinds = list(dict.fromkeys(c for _, c in index))
    children: dict[str, list[str]] = {}
    for code in codes:
        if parents.get(code):
            children.setdefault(parents[code], []).append(code)
    rows: list[dict[int, float]] = []
    for code in codes:
        rows.append({place[code, ALL]: 1.0, **{place[code, k]: -1.0 for k in kinds if k != ALL}})
        if code in children:
            rows += [{place[code, k]: 1.0, **{place[child, k]: -1.0 for child in children[code]}} for k in kinds]
    row = np.repeat(np.arange(len(rows)), [len(r) for r in rows])
    return csr_array((np.concatenate([list(r.values()) for r in rows]),
                      (row, np.concatenate([list(r) for r in rows]))), shape=(len(rows), len(index)))


def protect(given: Table, *, threshold: int = THRESHOLD) -> pd.Series:
    """Which counts are hidden.

    Each small count gets a change of the table that takes it to 1 and to ``threshold - 1`` and
    leaves everything published as it is; the cells that have to change are hidden too. That is the
    cheapest rectangle of four cells where one is enough, and the answer of a linear program else.
    Either is a proof that the cell is safe, and `attack` checks it again from the outside.

    Parameters
    ----------
    given : Table
    threshold : int
        Counts from 1 to ``threshold - 1`` are small; 0 is published.

    Returns
    -------
    Series of bool, on the index of ``given.counts``
        True where the count is hidden.

    Raises
    ------
    InfeasibleError
        If a small count can't be hidden whatever else is: the whole table holds too little.

    References
    ----------
    Giessing & Repsilber (2002), Tools and strategies, LNCS 2316, for the rectangles;
    Kelly, Golden & Assad (1992), Cell suppression, Networks 22(4), for the linear programs;
    Fischetti & Salazar (2001), Management Science 47(7), for what protects a cell.
    """
    counts = given.counts.to_numpy(float)
    small = (counts > 0) & (counts < threshold)
    hidden = small.copy()
    top = np.where(given.counts.index.get_level_values(1) == ALL, _TOTAL_WEIGHT, 1.0)
    price = top * (1.0 + np.log1p(counts))
    low, high = counts.copy(), counts.copy()
    near = _neighbourhoods(given)
    grid = _Grid(given)
    order = np.flatnonzero(small)
    for cell in order[np.argsort(-np.abs(counts[order] - threshold / 2), kind="stable")]:
        for goal in (1.0, threshold - 1.0):
            if low[cell] <= goal <= high[cell]:
                continue
            changed = grid.rectangle(int(cell), goal - counts[cell], counts, np.where(hidden, 0.0, price))
            if changed is None:
                changed = _move(given.sums, counts, cell, goal, price, hidden, near[cell])
            if changed is None:
                changed = _move(given.sums, counts, cell, goal, price, hidden, None)
            if changed is None:
                code, kind = given.counts.index[cell]
                raise InfeasibleError(f"the count of {kind} in {code} can't be hidden whatever else is; "
                                      "publish a longer period, or not this table")
            hidden |= np.abs(changed - counts) > _EXACT
            low, high = np.minimum(low, changed), np.maximum(high, changed)
    return pd.Series(hidden, index=given.counts.index, name="hidden")


class _Grid:
    """The finest areas of a table by the area above them, as rows and columns."""

    def __init__(self, given: Table) -> None:
        codes = np.array([a for a, _ in given.counts.index])
        heads = _above(given, codes)
        inner = set(heads.values())
        kinds = list(dict.fromkeys(k for _, k in given.counts.index))
        place = {key: i for i, key in enumerate(given.counts.index)}
        self.total = kinds.index(ALL)
        self._at: dict[int, tuple[npt.NDArray[np.int64], int, int]] = {}
        for head in inner:
            rows = [c for c in heads if heads[c] == head and c not in inner]
            block = np.array([[place[c, k] for k in kinds] for c in rows], np.int64).reshape(len(rows), len(kinds))
            for (i, j), cell in np.ndenumerate(block):
                self._at[int(cell)] = (block, i, j)

    def rectangle(self, cell: int, step: float, counts: Floats, price: Floats) -> Floats | None:
        """The table with the cheapest four cells of two sibling areas changed, one by ``step``; None where none fit.

        The cell and the one across change one way, the other two the other way; with a total in
        the place of a second category the two of an area change together.
        """
        if cell not in self._at:
            return None
        block, i, j = self._at[cell]
        values, cost = counts[block], price[block]
        most = abs(step)
        own, across = np.broadcast_to(values[i], values.shape), values
        same = np.broadcast_to(values[:, [j]], values.shape)
        # What has to give: going up, the sibling's cell and the own other category; going down, the one across.
        enough = (same >= most) & (own >= most) if step > 0 else across >= most
        flip = [self.total] if j != self.total else [k for k in range(values.shape[1]) if k != self.total]
        enough[:, flip] = ((same >= most) & (across >= most))[:, flip] if step > 0 else (own >= most)[:, flip]
        enough[i, :], enough[:, j] = False, False
        if not enough.any():
            return None
        paid = np.where(enough, cost[i][None, :] + cost[:, [j]] + cost, np.inf)
        b, e = np.unravel_index(int(np.argmin(paid)), paid.shape)
        changed, turn = counts.copy(), 1.0 if e in flip else -1.0
        changed[[cell, block[b, j]]] += step, -step
        changed[[block[i, e], block[b, e]]] += turn * step, -turn * step
        return changed


def _above(given: Table, codes: npt.NDArray[Any]) -> dict[str, str]:
    """Area to the area above it."""
    above: dict[str, str] = {}
    for row in range(given.sums.shape[0]):
        part = slice(given.sums.indptr[row], given.sums.indptr[row + 1])
        cells, signs = given.sums.indices[part], given.sums.data[part]
        head = str(codes[cells[signs > 0][0]])
        above.update({str(codes[c]): head for c in cells[signs < 0] if codes[c] != head})
    return above


def _neighbourhoods(given: Table) -> dict[int, npt.NDArray[np.int64]]:
    """For each cell the cells that a change is looked for among first: those of its area's siblings."""
    codes = np.array([a for a, _ in given.counts.index])
    above = _above(given, codes)
    groups: dict[str, npt.NDArray[np.int64]] = {}
    parent_of = np.array([above.get(c, "") for c in codes])
    for head in set(parent_of):
        groups[head] = np.flatnonzero(parent_of == head)
    return {i: groups[parent_of[i]] for i in range(len(codes))}


def _move(sums: csr_array, counts: Floats, cell: int, goal: float, price: Floats, hidden: Bools,
          among: npt.NDArray[np.int64] | None) -> Floats | None:
    """The cheapest table that adds up and holds ``goal`` in a cell; None where there is none."""
    free = np.arange(len(counts)) if among is None else among
    part = sums[:, free]
    part = part[np.flatnonzero(np.diff(part.indptr)), :]
    cost = np.where(hidden[free], _HIDDEN_WEIGHT, price[free])
    step = goal - counts[cell]
    up = [(step, step) if i == cell else (0.0, None) for i in free] if step > 0 else \
        [(0.0, 0.0) if i == cell else (0.0, None) for i in free]
    down = [(-step, -step) if i == cell else (0.0, counts[i]) for i in free] if step < 0 else \
        [(0.0, 0.0) if i == cell else (0.0, counts[i]) for i in free]
    found = _linprog(np.concatenate([cost, cost]), A_eq=_beside(part), b_eq=np.zeros(part.shape[0]),
                         bounds=up + down, method="highs")
    if found.status != 0:
        return None
    changed = counts.copy()
    changed[free] += np.round(found.x[: len(free)] - found.x[len(free):], 9)
    return changed


def _beside(part: csr_array) -> csr_array:
    return csr_array(hstack([part, -part]))


def attack(given: Table, hidden: pd.Series, *, threshold: int = THRESHOLD) -> pd.DataFrame:
    """What everything published tells about each hidden small count.

    Parameters
    ----------
    given : Table
    hidden : Series of bool
        As `protect` returns it; the attacker sees all other counts, and which are hidden.
    threshold : int

    Returns
    -------
    DataFrame, one row a hidden small count
        Columns low, high (least and greatest value that fits) and safe (they leave 1 to
        ``threshold - 1`` open).
    """
    counts = given.counts.to_numpy(float)
    unknown = np.flatnonzero(hidden.to_numpy(bool))
    seen = ~hidden.to_numpy(bool)
    small = [int(np.flatnonzero(unknown == i)[0]) for i in unknown if 0 < counts[i] < threshold]
    label = given.counts.index[unknown[small]] if small else given.counts.index[:0]
    part = given.sums[:, unknown]
    rows = np.flatnonzero(np.diff(part.indptr))
    part = part[rows, :]
    right = -(given.sums[rows, :][:, np.flatnonzero(seen)] @ counts[seen])
    low, high = _extremes(part, right, small, counts[unknown])
    safe = (low <= 1 + _EXACT) & (high >= threshold - 1 - _EXACT)
    return pd.DataFrame({"low": low, "high": high, "safe": safe}, index=label)


def _extremes(part: csr_array, right: Floats, cells: Sequence[int], counts: Floats,
              together: int = 40) -> tuple[Floats, Floats]:
    """Least and greatest value of some unknowns of ``part @ x = right, x >= 0``; many programs in one."""
    low, high = np.zeros(len(cells)), np.zeros(len(cells))
    n = part.shape[1]
    # A count in the millions is as good as no limit, and keeps every program bounded.
    ceiling = float(counts.sum()) + 1e6
    for start in range(0, len(cells), together):
        batch = cells[start:start + together]
        copies = 2 * len(batch)
        aim = np.zeros(copies * n)
        for k, cell in enumerate(batch):
            aim[2 * k * n + cell], aim[(2 * k + 1) * n + cell] = 1.0, -1.0
        found = _linprog(aim, A_eq=block_diag([part] * copies, format="csr"), b_eq=np.tile(right, copies),
                             bounds=(0, ceiling), method="highs")
        if found.status != 0:
            raise InputError(f"the counts of the table don't add up: {found.message}")
        for k, cell in enumerate(batch):
            low[start + k] = found.x[2 * k * n + cell]
            high[start + k] = found.x[(2 * k + 1) * n + cell]
    return low, high
