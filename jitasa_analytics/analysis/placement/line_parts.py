"""What the loops over straight lines have in common: walks through a tree of points, and sums over its leaves.

Points stand in the order of a tree: node k has those from ``begin[k]`` to before ``end[k]`` inside the box from
``low[k]`` to ``high[k]``, and the nodes 2k + 1 and 2k + 2 halve it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from jitasa_analytics.analysis.placement.cover import Bools, Floats, Ints
from jitasa_analytics.analysis.placement.jit import part


@part
def most_of_nodes(value: Any, begin: Ints, end: Ints, most: Any) -> None:
    """Writes the greatest value (at least 0) of the points of each node."""
    first_leaf = len(begin) // 2
    for k in range(len(begin) - 1, -1, -1):
        if k >= first_leaf:
            top = value.dtype.type(0)
            for i in range(begin[k], end[k]):
                top = max(top, value[i])
            most[k] = top
        else:
            most[k] = max(most[2 * k + 1], most[2 * k + 2])


@part
def leaves_near(low: Any, high: Any, far: Any, ax: Any, ay: Any, az: Any, stack: Ints, leaves: Ints) -> int:
    """Writes the leaves whose boxes are at most ``far`` (per node) from a point, as are all nodes above; how many."""
    first_leaf = len(far) // 2
    zero = low.dtype.type(0)
    count, size = 0, 1
    stack[0] = 0
    while size > 0:
        size -= 1
        k = stack[size]
        dx = max(low[k, 0] - ax, ax - high[k, 0], zero)
        dy = max(low[k, 1] - ay, ay - high[k, 1], zero)
        dz = max(low[k, 2] - az, az - high[k, 2], zero)
        if dx * dx + dy * dy + dz * dz > far[k] * far[k]:
            continue
        if k < first_leaf:
            stack[size] = 2 * k + 1
            stack[size + 1] = 2 * k + 2
            size += 2
        else:
            leaves[count] = k
            count += 1
    return count


@part
def saved(
    x: Any, y: Any, z: Any, people: Any, mu: Any, begin: Ints, end: Ints, leaves: Ints, count: int,
    blur: Any, ax: Any, ay: Any, az: Any, parts: Any,
) -> float:
    """Σ people × min(0, length - blur - mu) over the points of so many leaves.

    Sums run in eight parts that are always the same, so that machines with other vectors give the same.
    """
    zero = parts.dtype.type(0)
    total = 0.0
    for t in range(count):
        k = leaves[t]
        px, py, pz = x[begin[k] : end[k]], y[begin[k] : end[k]], z[begin[k] : end[k]]
        pm, pw = mu[begin[k] : end[k]], people[begin[k] : end[k]]
        for q in range(len(px)):
            ex, ey, ez = px[q] - ax, py[q] - ay, pz[q] - az
            v = pw[q] * (np.sqrt(ex * ex + ey * ey + ez * ez) - blur - pm[q])
            parts[q] = v if v < zero else zero
        t0, t1, t2, t3, t4, t5, t6, t7 = zero, zero, zero, zero, zero, zero, zero, zero
        whole = len(px) // 8 * 8
        for q in range(0, whole, 8):
            t0 += parts[q]
            t1 += parts[q + 1]
            t2 += parts[q + 2]
            t3 += parts[q + 3]
            t4 += parts[q + 4]
            t5 += parts[q + 5]
            t6 += parts[q + 6]
            t7 += parts[q + 7]
        for q in range(whole, len(px)):
            t0 += parts[q]
        total += ((t0 + t1) + (t2 + t3)) + ((t4 + t5) + (t6 + t7))
    return total


@part
def gained(
    x: Any, y: Any, z: Any, people: Any, low: Any, high: Any, begin: Ints, end: Ints, far: Any,
    ax: Any, ay: Any, az: Any, one: Any, near: Any, second: Any, change: Floats, touched: Ints, is_touched: Bools,
    stack: Ints, leaves: Ints,
) -> tuple[float, int]:
    """What a site at a would save those who are nearer to it than to any other, and how many sites lose somebody.

    Points have their nearest site ``one`` and the ways to the two nearest, ``near`` and ``second``. Takes from
    ``change``, what closing a site would cost, what the new one would make cheaper; lists those sites in
    ``touched`` and marks them.
    """
    gain, n_touched = 0.0, 0
    for t in range(leaves_near(low, high, far, ax, ay, az, stack, leaves)):
        for i in range(begin[leaves[t]], end[leaves[t]]):
            ex, ey, ez = x[i] - ax, y[i] - ay, z[i] - az
            d = np.sqrt(ex * ex + ey * ey + ez * ez)
            if d < second[i]:
                if d < near[i]:
                    gain += people[i] * (float(near[i]) - float(d))
                    d = near[i]
                f = one[i]
                change[f] -= people[i] * (float(second[i]) - float(d))
                if not is_touched[f]:
                    is_touched[f] = True
                    touched[n_touched] = f
                    n_touched += 1
    return gain, n_touched
