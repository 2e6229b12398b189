"""The inner loops of set cover: dominance and greedy.

``start, index`` are compressed rows (the columns that cover a row, ascending); ``column_start,
column_row`` are the same by column.
"""

from __future__ import annotations

import numpy as np

from jitasa_analytics.analysis.placement.cover import AnyInts, Bools, Floats, Ints
from jitasa_analytics.analysis.placement.jit import compiled


@compiled
def transposed(start: Ints, index: Ints, m: int) -> tuple[Ints, Ints]:
    """Rows of each column, ascending."""
    new = np.zeros(m + 1, np.int64)
    for k in range(len(index)):
        new[index[k] + 1] += 1
    new = np.cumsum(new)
    at = new[:-1].copy()
    rows = np.empty(len(index), np.int64)
    for i in range(len(start) - 1):
        for k in range(start[i], start[i + 1]):
            rows[at[index[k]]] = i
            at[index[k]] += 1
    return new, rows


@compiled
def restricted(start: Ints, index: Ints, keep: Bools, name: Ints) -> tuple[Ints, Ints]:
    """Kept rows only, columns renamed; a column named -1 goes."""
    new = np.zeros(int(keep.sum()) + 1, np.int64)
    columns = np.empty(len(index), np.int64)
    row, count = 0, 0
    for i in range(len(start) - 1):
        if keep[i]:
            for k in range(start[i], start[i + 1]):
                if name[index[k]] >= 0:
                    columns[count] = name[index[k]]
                    count += 1
            row += 1
            new[row] = count
    return new, columns[:count].copy()


@compiled
def dominated(start: Ints, index: AnyInts, other_start: Ints, other_index: AnyInts, order: Ints, larger: bool) -> Bools:
    """Sets that are needless beside another one, and empty ones.

    ``larger`` drops sets that contain another one (rows: whoever covers the small one covers it),
    else sets inside another one go (columns). ``order`` lists small sets first; of equal ones the
    first in it stays where larger, the last where not.
    """
    n = len(start) - 1
    dead = np.zeros(n, np.bool_)
    rank = np.empty(n, np.int64)
    for q in range(n):
        rank[order[q]] = q
    for q in range(n):
        s = order[q]
        a, b = start[s], start[s + 1]
        if dead[s]:
            continue
        if a == b:
            dead[s] = True
            continue
        rare = index[a]  # only sets that share the rarest element can contain this one
        for k in range(a + 1, b):
            if other_start[index[k] + 1] - other_start[index[k]] < other_start[rare + 1] - other_start[rare]:
                rare = index[k]
        for t in range(other_start[rare], other_start[rare + 1]):
            i = other_index[t]
            y, e = start[i], start[i + 1]
            if dead[i] or rank[i] <= q or e - y < b - a:
                continue
            z = a
            while z < b:
                while y < e and index[y] < index[z]:
                    y += 1
                if y == e or index[y] != index[z]:
                    break
                z += 1
                y += 1
            if z == b:
                if larger:
                    dead[i] = True
                else:
                    dead[s] = True
                    break
    return dead


@compiled
def greedy(column_start: Ints, column_row: Ints, n: int, given: Bools, seed: int) -> Bools:
    """Columns that cover most of what is left, on top of those given; then needless ones out."""
    m = len(column_start) - 1
    np.random.seed(seed)
    cover = np.zeros(n, np.int64)
    chosen = given.copy()
    order = np.empty(m, np.int64)
    count, top = 0, 1
    for j in range(m):
        top = max(top, column_start[j + 1] - column_start[j])
        if given[j]:
            order[count] = j
            count += 1
            for k in range(column_start[j], column_start[j + 1]):
                cover[column_row[k]] += 1
    head = np.full(top + 1, -1, np.int64)
    following = np.empty(m, np.int64)
    for j in np.random.permutation(m):
        size = column_start[j + 1] - column_start[j]
        following[j] = head[size]
        head[size] = j
    for size in range(top, 0, -1):
        while head[size] >= 0:
            j = head[size]
            head[size] = following[j]
            fresh = 0
            for k in range(column_start[j], column_start[j + 1]):
                fresh += cover[column_row[k]] == 0
            if fresh < size:
                following[j] = head[fresh]
                head[fresh] = j
                continue
            order[count] = j
            count += 1
            chosen[j] = True
            for k in range(column_start[j], column_start[j + 1]):
                cover[column_row[k]] += 1
    for z in range(count):
        j = order[z]
        needless = True
        for k in range(column_start[j], column_start[j + 1]):
            needless = needless and cover[column_row[k]] > 1
        if needless:
            chosen[j] = False
            for k in range(column_start[j], column_start[j + 1]):
                cover[column_row[k]] -= 1
    return chosen


@compiled
def thinned(start: Ints, index: Ints, cost: Floats, apart: float, order: Ints) -> Ints:
    """Rows of which no two have a near column in common: within ``apart`` of the one, nearest of the other."""
    taken = np.zeros(int(index.max()) + 1 if len(index) else 1, np.bool_)
    kept = np.empty(len(order), np.int64)
    count = 0
    for z in range(len(order)):
        i = order[z]
        near = start[i]
        for k in range(start[i], start[i + 1]):
            if cost[k] < cost[near]:
                near = k
        if start[i] == start[i + 1] or taken[index[near]]:
            continue
        kept[count] = i
        count += 1
        for k in range(start[i], start[i + 1]):
            if cost[k] <= apart:
                taken[index[k]] = True
    return kept[:count].copy()
