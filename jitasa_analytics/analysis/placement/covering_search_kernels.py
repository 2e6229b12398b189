"""The inner loop of the search for small covers: row weighting.

``start, index`` are compressed rows (the columns that cover a row, ascending); ``column_start,
column_row`` are the same by column.
"""

from __future__ import annotations

import numpy as np

from jitasa_analytics.analysis.placement.cover import Bools, Ints
from jitasa_analytics.analysis.placement.jit import compiled, part


@part
def _listed(at: Ints, rows: Ints, i: int, count: int) -> None:
    """Write a row at the end of a list."""
    rows[count] = i
    at[i] = count


@part
def _unlisted(at: Ints, rows: Ints, i: int, last: int) -> None:
    """Take a row out of a list whose last place is given."""
    rows[at[i]] = rows[last]
    at[rows[last]] = at[i]


@part
def _scored(start: Ints, index: Ints, i: int, score: Ints, weight: int) -> None:
    """Add something to the score of all columns of a row."""
    for k in range(start[i], start[i + 1]):
        score[index[k]] += weight


@part
def _least(chosen: Ints, count: int, score: Ints, stamp: Ints, tabu: int) -> int:
    """The chosen column whose loss is the least, of equal ones the one that was not moved for longest; or -1."""
    out = -1
    for z in range(count):
        j = chosen[z]
        if j != tabu and (out < 0 or score[j] < score[out] or (score[j] == score[out] and stamp[j] < stamp[out])):
            out = j
    return out


@part
def _most(columns: Ints, score: Ints, stamp: Ints, step: int) -> int:
    """The column with the greatest gain that was not taken out in this step; a random one where there is none."""
    into = -1
    for j in columns:
        if stamp[j] < step and (
            into < 0 or score[j] > score[into] or (score[j] == score[into] and stamp[j] < stamp[into])
        ):
            into = j
    return into if into >= 0 else columns[np.random.randint(len(columns))]


@part
def _out(
    start: Ints, index: Ints, column_start: Ints, column_row: Ints, j: int, weight: Ints, cover: Ints, owner: Ints,
    score: Ints, bare: Ints, at: Ints, n_bare: int,
) -> int:
    """Take a column out; how many rows are bare then."""
    gain = 0
    for k in range(column_start[j], column_start[j + 1]):
        i = column_row[k]
        cover[i] -= 1
        owner[i] -= j
        if cover[i] == 0:
            _listed(at, bare, i, n_bare)
            n_bare += 1
            gain += weight[i]
            _scored(start, index, i, score, weight[i])
        elif cover[i] == 1:
            score[owner[i]] += weight[i]
    score[j] = gain
    return n_bare


@part
def _into(
    start: Ints, index: Ints, column_start: Ints, column_row: Ints, j: int, weight: Ints, cover: Ints, owner: Ints,
    score: Ints, bare: Ints, at: Ints, n_bare: int,
) -> int:
    """Put a column in; how many rows are bare then."""
    loss = 0
    for k in range(column_start[j], column_start[j + 1]):
        i = column_row[k]
        cover[i] += 1
        if cover[i] == 2:
            score[owner[i]] -= weight[i]
        owner[i] += j
        if cover[i] == 1:
            n_bare -= 1
            _unlisted(at, bare, i, n_bare)
            loss += weight[i]
            _scored(start, index, i, score, -weight[i])
    score[j] = loss
    return n_bare


@compiled
def weigh_rows(
    start: Ints, index: Ints, column_start: Ints, column_row: Ints, begin: Bools, weight: Ints, steps: int,
    target: int, seed: int,
) -> tuple[Bools, int]:
    """Row-weighting local search: the smallest cover met and its size, m + 1 where none was.

    Two columns go, a column that covers a random uncovered row comes, and rows that stay uncovered
    weigh more (Gao, Weise & Li 2015). ``weight`` is changed and
    can be passed to the next call.
    """
    n, m = len(start) - 1, len(column_start) - 1
    np.random.seed(seed)
    cover, owner = np.zeros(n, np.int64), np.zeros(n, np.int64)
    score = np.zeros(m, np.int64)  # loss of an open column, gain of a shut one
    chosen, position = np.empty(m, np.int64), np.full(m, -1, np.int64)
    stamp = np.full(m, -1, np.int64)
    bare, at = np.empty(n, np.int64), np.zeros(n, np.int64)
    count, n_bare = 0, 0
    for j in range(m):
        if begin[j]:
            chosen[count] = j
            position[j] = count
            count += 1
            for k in range(column_start[j], column_start[j + 1]):
                cover[column_row[k]] += 1
                owner[column_row[k]] += j  # the sum of owners is the owner where there is one
    for i in range(n):
        if cover[i] == 0:
            _listed(at, bare, i, n_bare)
            n_bare += 1
            _scored(start, index, i, score, weight[i])
        elif cover[i] == 1:
            score[owner[i]] += weight[i]
    best, size, tabu = begin.copy(), m + 1, -1
    for step in range(steps):
        removed = False
        while n_bare == 0 or not removed:
            complete = n_bare == 0
            if complete and count < size:
                size = count
                best[:] = False
                best[chosen[:count]] = True
                if count <= target:
                    return best, size
            removed = removed or not complete
            out = _least(chosen, count, score, stamp, -1 if complete else tabu)
            if out < 0:
                break
            count -= 1
            chosen[position[out]] = chosen[count]
            position[chosen[count]] = position[out]
            stamp[out] = step
            n_bare = _out(
                start, index, column_start, column_row, out, weight, cover, owner, score, bare, at, n_bare)
        if n_bare == 0:
            break
        row = bare[np.random.randint(n_bare)]
        tabu = _most(index[start[row] : start[row + 1]], score, stamp, step)
        chosen[count] = tabu
        position[tabu] = count
        count += 1
        stamp[tabu] = step
        n_bare = _into(
            start, index, column_start, column_row, tabu, weight, cover, owner, score, bare, at, n_bare)
        for z in range(n_bare):
            weight[bare[z]] += 1
            _scored(start, index, bare[z], score, 1)
    return best, size
