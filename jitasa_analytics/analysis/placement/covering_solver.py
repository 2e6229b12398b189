"""Set cover at any size, and the question that p-center asks of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from jitasa_analytics.analysis.placement import exact
from jitasa_analytics.analysis.placement.answer import Plan
from jitasa_analytics.analysis.placement.cover import Bools, Ints
from jitasa_analytics.analysis.placement.covering import (
    Rows,
    Searcher,
    components,
    lp_bound,
    program,
    reduced,
    rows_of,
    whole,
)
from jitasa_analytics.analysis.placement.covering_blocks import block_bound, split
from jitasa_analytics.analysis.placement.task import Task
from jitasa_analytics.analysis.placement.watch import Watch

METHOD = "reduction, row weighting, linear program, blocks and branch and bound (HiGHS)"

_SMALL = 60_000  # pairs up to which a part is given to the solver whole
_BLOCKS = (150, 300, 600, 1200)
_NODES = 500  # of branch and bound for a block
MANY = 100_000  # for a part of the problem that others come after


def solve(task: Task) -> tuple[Plan, bool]:
    """The best plan of a set cover without further limits, and whether the search finished."""
    model, watch = task.model, task.watch
    place, site, _ = model.pairs(task.within)
    fixed = np.flatnonzero(model.fixed)
    # What fixed sites cover needs nothing more.
    open_rows = task.must.copy()
    open_rows[place[model.fixed[site]]] = False
    rows = rows_of(place, site, len(task.must), len(model.fixed)).keep(open_rows)
    small = reduced(rows)
    base = len(fixed) + len(small.forced)
    watch.tell(bound=float(base))
    chosen, finished = _parts(small.rows, watch, base, task.seed)
    plan = np.concatenate([fixed, small.forced, small.names[chosen]])
    return Plan(np.unique(plan)), finished


def _parts(rows: Rows, watch: Watch, base: int, seed: int) -> tuple[Ints, bool]:
    """The parts that share no column, the small ones first."""
    count, part = components(rows)
    if count == 0:
        watch.tell(float(base), float(base))
        return np.zeros(0, np.int64), True
    pieces = []
    for p in range(count):
        own = part == p
        used = np.zeros(rows.m, bool)
        used[rows.index[np.repeat(own, np.diff(rows.start))]] = True
        pieces.append((rows.keep(own, used), np.flatnonzero(used)))
    pieces.sort(key=lambda piece: len(piece[0].index))
    searchers = [Searcher(piece, seed) for piece, _ in pieces]
    bounds = [1] * count

    def tell() -> None:
        watch.tell(float(base + sum(s.size for s in searchers)), float(base + sum(bounds)))

    for s in searchers:
        s.run(min(0.1 * watch.work / count, 2e-5 * len(s.rows.index)), 1, lambda: watch.left() <= 0)
    tell()
    for p, s in enumerate(searchers):
        if watch.over():
            break

        def proven(bound: int, p: int = p) -> None:
            bounds[p] = max(bounds[p], min(bound, searchers[p].size))
            tell()

        _prove(s, watch, proven, seed, last=p == count - 1)
    tell()
    chosen = np.concatenate([names[s.best] for (_, names), s in zip(pieces, searchers, strict=True)])
    return chosen, bounds == [s.size for s in searchers] or watch.enough()


def _prove(s: Searcher, watch: Watch, proven: Callable[[int], None], seed: int, *, last: bool) -> None:
    """Search and bound in turns until they meet; parts that aren't the last end after some work.

    What each turn does is counted in steps and nodes, so that it is the same on any machine.
    """
    state = {"bound": 1}

    def offer(bound: int) -> None:
        state["bound"] = max(state["bound"], bound)
        proven(state["bound"])

    def over() -> bool:
        return s.size <= state["bound"] or watch.over()

    def search(share: float) -> None:
        s.run(share * watch.work, state["bound"], lambda: watch.left() <= 0)
        offer(0)

    linear, dual = lp_bound(s.rows, watch.left)
    offer(whole(linear))
    if over():
        return
    small = len(s.rows.index) <= _SMALL
    s.run(min(0.1 * watch.work, 5e-5 * len(s.rows.index)), state["bound"], lambda: watch.left() <= 0)
    offer(0)
    for size in () if small else _BLOCKS:
        if over():
            break
        label, count = split(s.rows, size)
        bound, union = block_bound(s.rows, dual, label, count, left=watch.left, nodes=_NODES, seed=seed)
        offer(whole(bound))
        _offer_union(s, union)
        search(0.1)
    if not over() and small:
        best, bound = _branch(s, None if last else MANY, seed, watch, state["bound"])
        if best is not None:
            s.offer(best)
        offer(bound)
    while not over() and last:
        search(0.03)


def _offer_union(s: Searcher, union: Bools) -> None:
    """Columns that blocks chose are a cover where every block was solved; greedy adds what is missing."""
    if union.any():
        s.offer(union)


def _branch(s: Searcher, nodes: int | None, seed: int, watch: Watch, known: int) -> tuple[Bools | None, int]:
    """The whole part as an integer program, with the cover as its start."""
    state = {"bound": known}

    def heed(_: float, bound: float) -> bool:
        if np.isfinite(bound):
            state["bound"] = max(state["bound"], whole(-bound - 1e-4))
        return watch.left() <= 0 or state["bound"] >= s.size

    outcome = exact.maximise(
        program(s.rows, np.ones(s.rows.m)), gap=0.0, absolute_gap=0.99, tolerance=1e-7, time_limit=watch.left(),
        seed=seed, nodes=nodes, start=s.best.astype(np.float64), heed=heed,
    )
    if np.isfinite(outcome.bound):
        state["bound"] = max(state["bound"], whole(-outcome.bound - 1e-4))
    return None if outcome.values is None else outcome.values > 0.5, state["bound"]


def within_number(
    rows: Rows, most: int, *, left: Callable[[], float], work: float, seed: int, nodes: int | None,
) -> tuple[Ints | None, bool]:
    """A cover of at most so many columns, or None; and whether it is proven that there is none.

    ``work`` is what row weighting may do before anything is proven. ``nodes`` are those of branch and
    bound, in blocks where that is too large; None proves nothing at all, 0 by the relaxed problem only.
    """
    if (np.diff(rows.start) == 0).any() or (most < 0 and rows.n):
        return None, True
    small = reduced(rows)
    target = most - len(small.forced)
    if target < 0 or (target == 0 and small.rows.n):
        return None, True
    if small.rows.n == 0:
        return small.forced, False
    found = None
    if work > 0:
        s = Searcher(small.rows, seed)
        s.run(work, target, lambda: left() <= 0)
        if s.size <= target:
            return np.concatenate([small.forced, small.names[s.best]]), False
    if left() <= 0 or nodes is None:
        return None, False
    bound, dual = lp_bound(small.rows, left, enough=target + 1e-6)
    if whole(bound) > target:
        return None, True
    if nodes == 0 or left() <= 0:
        return None, False
    if len(small.rows.index) <= _SMALL:
        outcome = exact.maximise(
            program(small.rows, np.zeros(small.rows.m), cap=float(target)), gap=0.0, absolute_gap=0.5, tolerance=1e-7,
            time_limit=left(), seed=seed, heed=lambda *_: left() <= 0, nodes=nodes,
        )
        if outcome.values is not None:
            found = np.concatenate([small.forced, small.names[outcome.values > 0.5]])
        return found, outcome.infeasible
    if bound > 0.97 * target:
        label, count = split(small.rows, 200)
        bound, _ = block_bound(small.rows, dual, label, count, left=left, nodes=nodes, seed=seed)
        return None, whole(bound) > target
    return None, False
