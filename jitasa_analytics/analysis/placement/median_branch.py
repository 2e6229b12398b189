"""Sites of a p-median problem decided one by one, the weakest bound first."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from jitasa_analytics.analysis.placement import median_kernels as kernels
from jitasa_analytics.analysis.placement.cover import Floats, Ints
from jitasa_analytics.analysis.placement.median_cuts import Relaxed, suits
from jitasa_analytics.analysis.placement.median_kernels import FREE, OPEN, SHUT
from jitasa_analytics.analysis.placement.median_lists import Lists
from jitasa_analytics.analysis.placement.result import SAME
from jitasa_analytics.analysis.placement.watch import Watch

_ROUNDS = 80  # of multipliers for a node
_FEW = 20  # nodes that multipliers alone bound, before the relaxed problem does
_ARRIVED = 1e-6  # of its value, by which the relaxed problem may be too low
_NEARLY = 0.05  # of what a node is below the goal, by which its relaxed problem may be too low
_REBUILT = 0.7  # of the candidates of a relaxed problem that are left, so that a smaller one pays


@dataclass(frozen=True)
class Target:
    """What a bound has to reach.

    Attributes
    ----------
    watch : Watch
    whole : bool
        Whether totals are whole numbers.
    """

    watch: Watch
    whole: bool

    def goal(self) -> float:
        """The bound at which nothing better is left, or that is good enough."""
        value = self.watch.value
        if self.whole:
            exact = np.ceil(value) - 1 + 1e-6 * min(1.0, abs(value))
            return float(min(exact, value * (1 - self.watch.gap)))
        return float(value * (1 - max(self.watch.gap, SAME / 10)))

    def tell(self, bound: float) -> None:
        """Pass a bound on, rounded up where totals are whole."""
        if self.whole and np.isfinite(bound):
            bound = float(np.ceil(bound))  # it has been rounded down for what float64 may have lost
        self.watch.tell(bound=bound)


@dataclass(order=True)
class Node:
    """What is decided, what that proves, and by which multipliers.

    ``usage`` says how far each candidate is open there, or how often it was.
    """

    bound: float
    order: int
    state: Ints = field(compare=False)
    multiplier: Floats = field(compare=False)
    usage: Floats = field(compare=False)


class Branching:
    """Branch and bound, with multipliers for the bound at first and the relaxed problem where these don't do.

    Parameters
    ----------
    lists : Lists
    p : int
    target : Target
    offer : callable
        Takes a plan over if it is better.
    mend : callable
        Makes a plan better.
    """

    def __init__(
        self, lists: Lists, p: int, target: Target, offer: Callable[[Ints], None], mend: Callable[[Ints], Ints]
    ) -> None:
        self.lists, self.p, self.target, self.offer, self.mend = lists, p, target, offer, mend
        self.m, self.watch = len(lists.site_start) - 1, target.watch
        self.order = itertools.count(1)
        self.relaxed: Relaxed | None = None
        self.seen = set[bytes]()

    def run(self, root: Node) -> bool:
        """Decide sites until it is proven, good enough, or over; whether it is."""
        heap = self._decide([root], _FEW)
        if heap and not self.watch.over() and heap[0].bound < self.target.goal():
            # What is left begins anew from where nothing was decided, with what is known by now.
            root.bound = max(root.bound, heap[0].bound)
            root.state = self._fixed(root)
            if suits(self.lists, root.state, root.multiplier):
                self._relax(root)
                heap = [root]
            heap = self._decide(heap)
        if not heap:  # whatever was dropped is no better than this
            self.target.tell(self.target.goal())
        return self.watch.enough() or not heap

    def _decide(self, heap: list[Node], most: float = np.inf) -> list[Node]:
        """Decide sites in so many nodes; those that are left undecided."""
        count = 0
        while heap and not self.watch.over() and count < most:
            self.target.tell(heap[0].bound)
            if heap[0].bound >= self.target.goal() or self.watch.over():
                break
            count += 1
            node = heapq.heappop(heap)
            for child in self._children(node):
                if child.bound < self.target.goal():
                    heapq.heappush(heap, child)
        return heap

    def _relax(self, root: Node) -> None:
        """The relaxed problem of the root, once more where few candidates are left."""
        while True:
            self.relaxed = Relaxed(self.lists, root.state, self.p, root.multiplier)
            self._solve(root, _ARRIVED * abs(self.watch.value), tell=True)
            if self.watch.over() or root.bound >= self.target.goal():
                return
            self._round(root)
            root.state = self._fixed(root)
            left = int((root.state != SHUT).sum())
            if left > _REBUILT * len(self.relaxed.names):
                return

    def _solve(self, node: Node, slack: float, *, tell: bool = False) -> None:
        """The bound of a node by the relaxed problem, with more and more rows until it is good enough."""
        assert self.relaxed is not None
        relaxed = self.relaxed
        relaxed.settle(node.state)
        while relaxed.solve(self.watch.left):
            node.usage = relaxed.share.copy()
            multiplier = relaxed.multipliers()
            bound = self._proven(node.state, multiplier)[0]
            if bound > node.bound:
                node.bound, node.multiplier = bound, multiplier
            if tell:
                self.target.tell(node.bound)
            rows, short = relaxed.lacking()
            if rows == 0 or short < slack or node.bound >= self.target.goal():
                break

    def _proven(self, state: Ints, multiplier: Floats) -> tuple[float, Floats]:
        """What multipliers prove, and what each candidate saves against them."""
        reduced = np.zeros(self.m)
        bound, _, _ = kernels.ascend(
            *self.lists.rows, *self.lists.sites, self.lists.people, self.lists.cap, state, self.p,
            self.watch.value, np.inf, multiplier.copy(), 1.0, 0.5, 8, 1, np.empty_like(multiplier), reduced,
            np.zeros(self.m),
        )
        return bound, reduced

    def _round(self, node: Node) -> None:
        """A plan of the candidates that are open most, if it is a new one."""
        usage = node.usage + 2.0 * (node.state == OPEN) - 2.0 * (node.state == SHUT)
        chosen = np.argsort(-usage, kind="stable")[: self.p]
        key = np.sort(chosen).tobytes()
        if key not in self.seen:
            self.seen.add(key)
            self.offer(self.mend(chosen))

    def _children(self, node: Node) -> list[Node]:
        """Settle what the bound settles, then open and shut the most doubtful site."""
        state = self._fixed(node)
        free = np.flatnonzero(state == FREE)
        wanted = self.p - int((state == OPEN).sum())
        if wanted < 0 or wanted > len(free):
            return []
        if wanted in (0, len(free)):
            self.offer(np.flatnonzero((state == OPEN) | ((state == FREE) & (wanted > 0))))
            return []
        j = int(free[np.argmin(np.abs(node.usage[free] - 0.5))])
        children = []
        for decision in (OPEN, SHUT):
            if decision == SHUT and wanted > len(free) - 1:
                continue
            child_state = state.copy()
            child_state[j] = decision
            child = Node(node.bound, next(self.order), child_state, node.multiplier, node.usage.copy())
            if self.relaxed is None:
                self._ascend(child)
            else:
                self._solve(child, _NEARLY * max(self.target.goal() - child.bound, 0.0))
                if child.bound < self.target.goal():
                    self._round(child)
            children.append(child)
        return children

    def _ascend(self, node: Node) -> None:
        """Raise the bound of a node by multipliers."""
        best = np.empty_like(node.multiplier)
        bound, _, _ = kernels.ascend(
            *self.lists.rows, *self.lists.sites, self.lists.people, self.lists.cap, node.state, self.p,
            1.02 * self.watch.value, self.target.goal(), node.multiplier.copy(), 0.5, 0.5, 8, _ROUNDS,
            best, np.zeros(self.m), node.usage,
        )
        if bound > node.bound:
            node.bound, node.multiplier = bound, best

    def _fixed(self, node: Node) -> Ints:
        """States after the sites are settled that no better plan would open, or would leave out."""
        state = node.state.copy()
        bound, reduced = self._proven(state, node.multiplier)
        free = np.flatnonzero(state == FREE)
        wanted = self.p - int((state == OPEN).sum())
        if not 0 < wanted < len(free):
            return state
        order = free[np.argsort(reduced[free], kind="stable")]
        last, following = reduced[order[wanted - 1]], reduced[order[wanted]]
        slack = 1e-12 * (abs(bound) + float(np.abs(reduced).sum()))
        goal = self.target.goal() + slack
        shut = order[wanted:][bound + reduced[order[wanted:]] - last >= goal]
        needed = order[:wanted][bound - reduced[order[:wanted]] + following >= goal]
        state[shut], state[needed] = SHUT, OPEN
        return state
