"""The inner loops of cutting planes for set cover: odd sets of rows, and the rows that follow from them."""

from __future__ import annotations

import numpy as np

from jitasa_analytics.analysis.placement.cover import Bools, Floats, Ints
from jitasa_analytics.analysis.placement.jit import compiled, part


@part
def _next_row(
    start: Ints, index: Ints, column_start: Ints, column_row: Ints, x: Floats, slack: Floats, is_odd: Bools,
    member: Bools, mark: Ints, marked: int, current: Ints, skipped: Ints,
) -> tuple[int, float]:
    """The row that shares an odd column with a set and leaves the most with it, and by how much less; or -1.

    Of equal rows it is the first.
    """
    chosen, least = -1, 0.0
    for i in current:
        for k in range(start[i], start[i + 1]):
            if not is_odd[index[k]]:
                continue
            for t in range(column_start[index[k]], column_start[index[k] + 1]):
                c = column_row[t]
                if mark[c] == marked or member[c]:
                    continue
                mark[c] = marked
                known = False
                for other in skipped:
                    known = known or other == c
                if known:
                    continue
                delta = slack[c]
                for q in range(start[c], start[c + 1]):
                    delta += -x[index[q]] if is_odd[index[q]] else x[index[q]]
                if chosen < 0 or delta < least or (delta == least and c < chosen):
                    chosen, least = c, delta
    return chosen, least


@compiled
def odd_sets(
    start: Ints, index: Ints, column_start: Ints, column_row: Ints, x: Floats, slack: Floats, odd: Bools,
    seeds: Ints, longest: int, breadth: int, least: float,
) -> tuple[Ints, Ints, Floats]:
    """Sets of rows whose halved sum, rounded up, cuts the point ``x`` off; the best from each seed.

    ``start, index`` are the columns with an odd coefficient, and ``odd`` says whether what a row asks for
    is odd. A set with an odd sum is violated by half of what slack and odd columns leave below 1; sets
    grow by the row that leaves the most, from ``breadth`` first choices. Returns where each set starts,
    its rows, and what is left below 1, where that is at least ``least``.
    """
    n, m = len(start) - 1, len(column_start) - 1
    is_odd, member = np.zeros(m, np.bool_), np.zeros(n, np.bool_)
    mark = np.zeros(n, np.int64)
    marked = 0
    current = np.empty(longest + 1, np.int64)
    best_set = np.empty(longest + 1, np.int64)
    first, tried = np.empty(breadth, np.int64), 0
    found_start = np.zeros(len(seeds) + 1, np.int64)
    found = np.empty(len(seeds) * (longest + 1), np.int64)
    worth = np.empty(len(seeds))
    sets, filled = 0, 0
    for s in seeds:
        best, best_size = 1.0 - least, 0
        tried = 0
        for _attempt in range(breadth):
            # Begin with the seed alone.
            size = 1
            current[0] = s
            member[s] = True
            parity = odd[s]
            left = slack[s]
            for k in range(start[s], start[s + 1]):
                is_odd[index[k]] = True
                left += x[index[k]]
            while True:
                if parity and left < best:
                    best, best_size = left, size
                    best_set[:size] = current[:size]
                if size > longest or left < 1e-9:
                    break
                marked += 1
                c, delta = _next_row(
                    start, index, column_start, column_row, x, slack, is_odd, member, mark, marked, current[:size],
                    first[: tried if size == 1 else 0])
                if c < 0:
                    break
                if size == 1:
                    first[tried] = c
                    tried += 1
                left += delta
                if left > 2.0:
                    break
                current[size] = c
                size += 1
                member[c] = True
                parity = parity != odd[c]
                for q in range(start[c], start[c + 1]):
                    is_odd[index[q]] = not is_odd[index[q]]
            for z in range(size):
                member[current[z]] = False
                for k in range(start[current[z]], start[current[z] + 1]):
                    is_odd[index[k]] = False
        if best_size > 1:
            found[filled : filled + best_size] = best_set[:best_size]
            filled += best_size
            worth[sets] = 1.0 - best
            sets += 1
            found_start[sets] = filled
    return found_start[: sets + 1].copy(), found[:filled].copy(), worth[:sets].copy()


@compiled
def halved(
    start: Ints, index: Ints, value: Ints, least: Ints, m: int, set_start: Ints, members: Ints
) -> tuple[Ints, Ints, Ints, Ints]:
    """Half of the sum of each set's rows with every number rounded up: start, index, value, least.

    Whole numbers of columns that keep to the rows keep to it: the left side is rounded up coefficient
    by coefficient, which it can only gain by, and is whole then.
    """
    sets = len(set_start) - 1
    total = np.zeros(m, np.int64)
    touched = np.empty(m, np.int64)
    new_start, new_least = np.zeros(sets + 1, np.int64), np.empty(sets, np.int64)
    room = 0
    for c in range(sets):
        for z in range(set_start[c], set_start[c + 1]):
            room += start[members[z] + 1] - start[members[z]]
    new_index, new_value = np.empty(room, np.int64), np.empty(room, np.int64)
    filled = 0
    for c in range(sets):
        count, asked = 0, 0
        for z in range(set_start[c], set_start[c + 1]):
            i = members[z]
            asked += least[i]
            for k in range(start[i], start[i + 1]):
                if total[index[k]] == 0:
                    touched[count] = index[k]
                    count += 1
                total[index[k]] += value[k]
        asked = (asked + 1) // 2
        mine = np.sort(touched[:count])
        for z in range(count):
            # More than what is asked for is no more than that: the column alone is enough then.
            new_index[filled], new_value[filled] = mine[z], min((total[mine[z]] + 1) // 2, asked)
            total[mine[z]] = 0
            filled += 1
        new_start[c + 1], new_least[c] = filled, asked
    return new_start, new_index[:filled].copy(), new_value[:filled].copy(), new_least


@compiled
def polished(
    start: Ints, index: Ints, value: Ints, least: Ints, m: int, dual: Floats, rounds: int
) -> Floats:
    """Multipliers that prove more, one row after another: up to where a column is spent, down while that pays.

    What multipliers prove is ``Σ least · dual + Σ min(0, 1 - spent)``, in which each row's own multiplier
    is moved to the next corner in the direction that raises it.
    """
    n = len(least)
    dual = dual.copy()
    spent = np.zeros(m)
    for i in range(n):
        for k in range(start[i], start[i + 1]):
            spent[index[k]] += dual[i] * value[k]
    for _ in range(rounds):
        moved = 0.0
        for i in range(n):
            up, down = float(least[i]), -float(least[i])  # slopes to either side
            room, back = np.inf, dual[i]
            for k in range(start[i], start[i + 1]):
                over = spent[index[k]] - 1.0
                if over > -1e-12:
                    up -= value[k]
                else:
                    room = min(room, -over / value[k])
                if over > 1e-12:
                    down += value[k]
                    back = min(back, over / value[k])
            step = 0.0
            if up > 0 and np.isfinite(room):
                step = room
            elif down > 0 and back > 0:
                step = -back
            if step != 0.0:
                dual[i] += step
                moved += abs(step)
                for k in range(start[i], start[i + 1]):
                    spent[index[k]] += step * value[k]
        if moved < 1e-6:
            break
    return dual
