"""Points in the order of a tree, which the loops over straight lines walk."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from jitasa_analytics.analysis.placement.cover import Floats, Ints

Arrays = tuple[Any, Any, Any, Any, Any, Any, Ints, Ints]
"""x, y, z and people of the points; low and high corners, first and last point of the nodes."""

_LEAF = 48  # points that are looked at one by one


@dataclass(frozen=True, eq=False)
class Tree:
    """n points (km) with people, neighbours next to each other.

    Attributes
    ----------
    points : float array, shape (n, 3)
    people : float array, shape (n,)
    names : int array, shape (n,)
        Which point of the caller each one is.
    begin, end : int arrays, shape (2 ** k - 1,)
        First point of a node, and the one after its last; node i is halved by 2i + 1 and 2i + 2.
    """

    points: Floats
    people: Floats
    names: Ints
    begin: Ints
    end: Ints

    @cached_property
    def fine(self) -> Arrays:
        """Coordinates, people and tree in float64."""
        return self._arrays(self.points, self.people)

    @cached_property
    def rough(self) -> Arrays:
        """The same in float32, from the middle of all points, so that few digits are lost."""
        return self._arrays((self.points - self.middle).astype(np.float32), self.people.astype(np.float32))

    @property
    def located(self) -> tuple[Any, Any, Any, Any]:
        """Coordinates and people in float32."""
        x, y, z, people, *_ = self.rough
        return x, y, z, people

    @cached_property
    def middle(self) -> Floats:
        """The middle of all points, shape (3,)."""
        return np.asarray((self.points.min(axis=0) + self.points.max(axis=0)) / 2)

    def rough_sites(self, ends: Floats) -> tuple[Any, Any, Any]:
        """Other points in the coordinates of `rough`."""
        x, y, z = np.ascontiguousarray((ends - self.middle).astype(np.float32).T)
        return x, y, z

    def _arrays(self, points: Any, people: Any) -> Arrays:
        low = np.empty((len(self.begin), 3), points.dtype)
        high = np.empty_like(low)
        leaves = len(self.begin) // 2
        low[leaves:] = np.minimum.reduceat(points, self.begin[leaves:], axis=0)
        high[leaves:] = np.maximum.reduceat(points, self.begin[leaves:], axis=0)
        for k in range(leaves - 1, -1, -1):
            low[k] = np.minimum(low[2 * k + 1], low[2 * k + 2])
            high[k] = np.maximum(high[2 * k + 1], high[2 * k + 2])
        x, y, z = np.ascontiguousarray(points.T)
        return x, y, z, people, low, high, self.begin, self.end


def tree_of(points: Floats, people: Floats) -> Tree:
    """Halve the points by their widest direction, the halves by theirs, and so on."""
    n = len(points)
    depth = 0
    while n >> depth > _LEAF:
        depth += 1
    order = np.arange(n)
    begin, end = np.zeros(2 ** (depth + 1) - 1, np.int64), np.full(2 ** (depth + 1) - 1, n)
    for k in range(2**depth - 1):
        own = order[begin[k] : end[k]]
        here = points[own]
        half = len(own) // 2
        wide = int(np.argmax(np.ptp(here, axis=0)))
        # Sorted, not only parted: equal points keep their order on every machine.
        order[begin[k] : end[k]] = own[np.argsort(here[:, wide], kind="stable")]
        for child, first, last in ((2 * k + 1, begin[k], begin[k] + half), (2 * k + 2, begin[k] + half, end[k])):
            begin[child], end[child] = first, last
    return Tree(points[order], people[order], order, begin, end)


def gathered(tree: Tree, size: int) -> tuple[Tree, Ints]:
    """About so many neighbours in one point at their middle; and which point each of the tree is in."""
    n = len(tree.people)
    group = np.arange(n) // size
    people = np.bincount(group, tree.people)
    middle = np.column_stack([np.bincount(group, tree.people * tree.points[:, axis]) for axis in range(3)])
    small = tree_of(middle / people[:, None], np.asarray(people, np.float64))
    place = np.empty(len(people), np.int64)
    place[small.names] = np.arange(len(people))
    return small, place[group]
