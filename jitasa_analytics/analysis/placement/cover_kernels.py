"""The inner loops of maximal covering; columns are ``start, row``, rows weigh ``weight``."""

from __future__ import annotations

import heapq

import numpy as np

from jitasa_analytics.analysis.placement.cover import AnyInts, Floats, Ints
from jitasa_analytics.analysis.placement.jit import compiled


@compiled
def greedy(start: Ints, row: AnyInts, weight: Floats, most: int) -> Ints:
    """Columns that each add the most weight; what one adds is counted anew only when it leads."""
    m = len(start) - 1
    covered = np.zeros(len(weight), np.bool_)
    gain = np.zeros(m)
    for j in range(m):
        for k in range(start[j], start[j + 1]):
            gain[j] += weight[row[k]]
    current = np.zeros(m, np.int64)
    chosen = np.empty(min(most, m), np.int64)
    count = 0
    heap = [(-gain[j], j) for j in range(m)]
    heapq.heapify(heap)
    while count < len(chosen) and len(heap) > 0:
        known, j = heap[0]
        if known >= 0:
            break
        if current[j] < count:
            value = 0.0
            for k in range(start[j], start[j + 1]):
                if not covered[row[k]]:
                    value += weight[row[k]]
            current[j] = count
            heapq.heapreplace(heap, (-value, j))
            continue
        chosen[count] = j
        count += 1
        heapq.heappop(heap)
        for k in range(start[j], start[j + 1]):
            covered[row[k]] = True
    return chosen[:count].copy()


@compiled
def swap(start: Ints, row: AnyInts, weight: Floats, chosen: Ints, passes: int) -> None:
    """Exchange a chosen column for another one wherever that covers more; changes ``chosen``."""
    n, m, p = len(weight), len(start) - 1, len(chosen)
    hits = np.zeros(n, np.int64)
    owner = np.zeros(n, np.int64)  # sum of the positions that cover a row: the position where there is one
    loss = np.zeros(p)
    is_open = np.zeros(m, np.bool_)
    for r in range(p):
        is_open[chosen[r]] = True
        for k in range(start[chosen[r]], start[chosen[r] + 1]):
            hits[row[k]] += 1
            owner[row[k]] += r
    for i in range(n):
        if hits[i] == 1:
            loss[owner[i]] += weight[i]
    shared = np.zeros(p)
    touched = np.empty(p, np.int64)
    for _ in range(passes):
        changed = False
        for j in range(m):
            if is_open[j]:
                continue
            gain, n_touched = 0.0, 0
            for k in range(start[j], start[j + 1]):
                i = row[k]
                if hits[i] == 0:
                    gain += weight[i]
                elif hits[i] == 1 and weight[i] > 0:
                    if shared[owner[i]] == 0.0:
                        touched[n_touched] = owner[i]
                        n_touched += 1
                    shared[owner[i]] += weight[i]
            out = np.argmin(loss)
            best = gain - loss[out] + shared[out]
            for t in range(n_touched):
                value = gain - loss[touched[t]] + shared[touched[t]]
                if value > best:
                    best = value
                    out = touched[t]
            for t in range(n_touched):
                shared[touched[t]] = 0.0
            if best > 1e-9 * (1e-30 + loss[out]):
                changed = True
                old = chosen[out]
                for k in range(start[old], start[old + 1]):
                    i = row[k]
                    if hits[i] == 1:
                        loss[out] -= weight[i]
                    hits[i] -= 1
                    owner[i] -= out
                    if hits[i] == 1:
                        loss[owner[i]] += weight[i]
                for k in range(start[j], start[j + 1]):
                    i = row[k]
                    if hits[i] == 1:
                        loss[owner[i]] -= weight[i]
                    hits[i] += 1
                    owner[i] += out
                    if hits[i] == 1:
                        loss[out] += weight[i]
                chosen[out] = j
                is_open[old] = False
                is_open[j] = True
        if not changed:
            break


@compiled
def turn(start: Ints, row: AnyInts, weight: Floats, multiplier: Floats, chosen: Ints, direction: Floats) -> float:
    """Deflect the direction by the subgradient of these columns, in place; its length, by weight."""
    n = len(weight)
    hits = np.zeros(n)
    for j in chosen:
        for k in range(start[j], start[j + 1]):
            hits[row[k]] += 1.0
    length = 0.0
    for i in range(n):
        slope = hits[i] - (1.0 if multiplier[i] < weight[i] else min(hits[i], 1.0))
        if multiplier[i] <= 0 and slope > 0:
            slope = 0.0
        direction[i] = slope + 0.5 * direction[i]
        length += direction[i] * direction[i] * weight[i]
    return length


@compiled
def moved(weight: Floats, multiplier: Floats, direction: Floats, step: float) -> Floats:
    """The multipliers a step on, kept between 0 and the weights."""
    new = np.empty(len(weight))
    for i in range(len(weight)):
        new[i] = min(max(multiplier[i] - step * weight[i] * direction[i], 0.0), weight[i])
    return new


@compiled
def column_sums(start: Ints, row: AnyInts, multiplier: Floats, first: int, last: int, sums: Floats) -> None:
    """Sum of the multipliers of each column's rows, for the columns from ``first`` to before ``last``."""
    for j in range(first, last):
        value = 0.0
        for k in range(start[j], start[j + 1]):
            value += multiplier[row[k]]
        sums[j] = value


@compiled
def columns_of(start: Ints, row: AnyInts, take: Ints) -> tuple[Ints, AnyInts]:
    """Some of the columns in this order."""
    new = np.zeros(len(take) + 1, np.int64)
    for c in range(len(take)):
        new[c + 1] = new[c] + start[take[c] + 1] - start[take[c]]
    rows = np.empty(new[-1], np.int32)
    for c in range(len(take)):
        rows[new[c]:new[c + 1]] = row[start[take[c]]:start[take[c] + 1]]
    return new, rows


@compiled
def by_columns(start: AnyInts, index: AnyInts, m: int) -> tuple[Ints, AnyInts]:
    """Where the rows of each column begin, and the rows, ascending."""
    new = np.zeros(m + 1, np.int64)
    for k in range(len(index)):
        new[index[k] + 1] += 1
    for j in range(m):
        new[j + 1] += new[j]
    at = new[:-1].copy()
    rows = np.empty(len(index), np.int32)
    for i in range(len(start) - 1):
        for k in range(start[i], start[i + 1]):
            rows[at[index[k]]] = i
            at[index[k]] += 1
    return new, rows


@compiled
def picked(start: AnyInts, index: AnyInts, take: Ints, name: Ints) -> tuple[Ints, AnyInts]:
    """Rows in the order of ``take``, columns renamed in ascending order; a column named -1 goes."""
    new = np.zeros(len(take) + 1, np.int64)
    for r in range(len(take)):
        count = 0
        for k in range(start[take[r]], start[take[r] + 1]):
            count += name[index[k]] >= 0
        new[r + 1] = new[r] + count
    columns = np.empty(new[-1], np.int32)
    for r in range(len(take)):
        at = new[r]
        for k in range(start[take[r]], start[take[r] + 1]):
            if name[index[k]] >= 0:
                columns[at] = name[index[k]]
                at += 1
    return new, columns


@compiled
def marks(start: AnyInts, index: AnyInts, random: Ints) -> Ints:
    """The random numbers of each row's columns as one number: their exclusive or."""
    sums = np.zeros(len(start) - 1, np.int64)
    for i in range(len(sums)):
        value = 0
        for k in range(start[i], start[i + 1]):
            value ^= random[index[k]]
        sums[i] = value
    return sums


@compiled
def equal_rows(start: AnyInts, index: AnyInts, model: Ints) -> bool:
    """Whether each row has the columns of the row that is its model."""
    for i in range(len(model)):
        shift = start[model[i]] - start[i]
        if start[model[i] + 1] - start[i + 1] != shift:
            return False
        for k in range(start[i], start[i + 1]):
            if index[k] != index[k + shift]:
                return False
    return True
