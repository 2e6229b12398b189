"""Set cover at any size, and the question that p-center asks of it."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from jitasa_analytics.analysis.placement import exact
from jitasa_analytics.analysis.placement.answer import Plan
from jitasa_analytics.analysis.placement.beside import all_of, beside
from jitasa_analytics.analysis.placement.cover import Bools, Floats, Ints
from jitasa_analytics.analysis.placement.covering import Rows, components, reduced, rows_of, whole
from jitasa_analytics.analysis.placement.covering_blocks import block_bound, regions, split
from jitasa_analytics.analysis.placement.covering_relaxed import Relaxed
from jitasa_analytics.analysis.placement.covering_search import Searcher
from jitasa_analytics.analysis.placement.covering_system import System, program
from jitasa_analytics.analysis.placement.task import Task
from jitasa_analytics.analysis.placement.watch import Watch

METHOD = "reduction, row weighting, linear program with cutting planes, blocks and branch and bound (HiGHS)"

_SMALL = 60_000  # pairs up to which a part is given to the solver whole
_WORKERS = 2  # programs at a time
_LARGEST = 6  # regions that are halves or quarters of all
_BLOCKS = (200, 400, 800)
_SHARES = (0.12, 0.4, 0.4)  # of the search that runs beside each size of blocks
_RELAXED = 0.5  # of the work, for the relaxed problem at most
_CUTTING = 0.85  # of the work, until cutting planes end
_CUT_WORK = 3.0  # of a round of cutting planes, in solutions of the program
_HARDLY = 3e-4  # of the bound, that a round has to gain
_FEW = 3000  # pairs below which branch and bound is faster by itself
_LOOK, _HOPE = 6, 20.0  # rounds that are looked back on, and how many times their gain is hoped for
_TURN = 0.5  # work of a search between two reports
_NODES = 500  # of branch and bound for a block
_AT_ONCE = 500  # nodes up to which a limit of the number is looked at without cutting planes
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
        s.run(min(0.02 * watch.work / count, 2e-5 * len(s.rows.index)), 1, lambda: watch.left() <= 0)
    tell()
    for p, s in enumerate(searchers):
        if watch.over():
            break

        def proven(bound: int, p: int = p) -> None:
            bounds[p] = max(bounds[p], min(bound, searchers[p].size))
            tell()

        _prove(s, watch, proven, seed, last=p == count - 1, share=len(s.rows.index) / len(rows.index))
    tell()
    chosen = np.concatenate([names[s.best] for (_, names), s in zip(pieces, searchers, strict=True)])
    return chosen, bounds == [s.size for s in searchers] or watch.enough()


def _prove(
    s: Searcher, watch: Watch, proven: Callable[[int], None], seed: int, *, last: bool, share: float
) -> None:
    """Search and bound in turns until they meet; parts that aren't the last end after some work.

    ``share`` is the part's share of all pairs, and of the work where it is large. What each turn does is
    counted in steps and nodes, so that it is the same on any machine.
    """
    state = {"bound": 1}

    def offer(bound: int) -> None:
        state["bound"] = max(state["bound"], bound)
        proven(state["bound"])

    def over() -> bool:
        return s.size <= state["bound"] or watch.over()

    if len(s.rows.index) > _SMALL:
        _prove_beside(s, watch, offer, over, seed, share * watch.work, last)
    else:
        relaxed = Relaxed(s.rows, watch.left)
        relaxed.linear()
        offer(whole(relaxed.bound))
        if not over():
            s.run(min(0.1 * watch.work, 5e-5 * len(s.rows.index)), state["bound"], lambda: watch.left() <= 0)
            offer(0)
        sharpened(relaxed, lambda: s.size - 1.0, over, lambda: offer(whole(relaxed.bound)))
        if not over():
            best, known = _branch(s, None if last else MANY, seed, watch, state["bound"], relaxed.cuts)
            if best is not None:
                s.offer(best)
            offer(known)
    while not over() and last:
        s.run(0.03 * watch.work, state["bound"], lambda: watch.left() <= 0)
        offer(0)


def sharpened(
    relaxed: Relaxed, target: Callable[[], float], over: Callable[[], bool], tell: Callable[[], None] = lambda: None
) -> None:
    """Add cutting planes, round by round, until the bound is above the target or hardly moves.

    It is worth it as long as the gain of the last rounds, a few times over, would reach the next whole number.
    """
    if not relaxed.whole or len(relaxed.rows.index) < _FEW:
        return
    bounds = [relaxed.bound]
    while not over() and relaxed.bound <= target():
        if not relaxed.cut(_WORKERS) or not relaxed.solve():
            break
        tell()
        bounds.append(relaxed.bound)
        gain = bounds[-1] - bounds[max(0, len(bounds) - 1 - _LOOK)]
        if len(bounds) > _LOOK and _HOPE * gain < whole(relaxed.bound) - relaxed.bound:
            break


def _prove_beside(
    s: Searcher, watch: Watch, offer: Callable[[int], None], over: Callable[[], bool], seed: int, effort: float,
    last: bool,
) -> None:
    """A large part: this thread searches while another one proves; each tells the other at the end of a turn."""
    relaxed = Relaxed(s.rows, watch.left)

    def search(work: float) -> Callable[[], None]:
        def turns() -> None:
            left = work
            while left > 0 and not over():
                s.run(min(_TURN, left), 1, lambda: watch.left() <= 0)
                left -= _TURN
                offer(0)
        return turns

    def cut() -> bool:
        return relaxed.cut() and relaxed.solve()

    left, before = effort, 0.0
    while not over() and not relaxed.whole and left > (1.0 - _RELAXED) * effort:
        work = relaxed.work
        if not beside(search(work), relaxed.solve, watch.left):
            break
        left -= work
        offer(whole(relaxed.bound))
        if relaxed.bound - before < _HARDLY * relaxed.bound:
            break  # planes come on top of rows
        before = relaxed.bound
    before = 0.0
    while not over() and left > (1.0 - _CUTTING) * effort and relaxed.bound - before > _HARDLY * relaxed.bound:
        before, work = relaxed.bound, _CUT_WORK * relaxed.work
        if not beside(search(work), cut, watch.left):
            break
        left -= work
        offer(whole(relaxed.bound))

    if not last:
        return

    def in_blocks(size: int) -> tuple[float, Bools]:
        label, count = split(relaxed.system, size)
        return block_bound(relaxed.system, relaxed.dual, label, count, left=watch.left, nodes=_NODES, seed=seed)

    for size, share in zip(_BLOCKS, _SHARES, strict=True):
        if over():
            return
        bound, union = beside(search(share * left), functools.partial(in_blocks, size), watch.left)
        offer(whole(bound))
        _offer_union(s, union)
        offer(0)


def _offer_union(s: Searcher, union: Bools) -> None:
    """Columns that blocks chose are a cover where every block was solved; greedy adds what is missing."""
    if union.any():
        s.offer(union)


def _branch(
    s: Searcher, nodes: int | None, seed: int, watch: Watch, known: int, cuts: System | None = None
) -> tuple[Bools | None, int]:
    """A cover smaller than the one there is, or None, and what is proven of any cover.

    The whole part as integer programs: two that can be solved side by side, which differ in how many
    columns of a region they may take.
    """
    system = System.of(s.rows) if cuts is None else System.of(s.rows).more(cuts)
    areas = regions(s.rows)
    sizes = np.array([len(area) for area in areas], np.float64)
    limits = [(np.zeros(len(areas)), sizes)]
    if areas:
        at, number = _halfway(s.rows, areas, watch)
        below, above = sizes.copy(), np.zeros(len(areas))
        below[at], above[at] = number, number + 1
        limits = [(limits[0][0], below), (above, sizes)]
    cap = float(s.size - 1)

    def solved(least: Floats, most: Floats) -> tuple[Bools | None, int]:
        outcome = exact.maximise(
            program(system, np.ones(s.rows.m), cap, areas, least, most), gap=0.0, absolute_gap=0.99, tolerance=1e-7,
            time_limit=watch.left(), seed=seed, nodes=nodes, heed=lambda *_: watch.left() <= 0, proof_only=True,
        )
        if outcome.infeasible:
            return None, s.size
        proven = whole(-outcome.bound - 1e-4) if np.isfinite(outcome.bound) else known
        return None if outcome.values is None else outcome.values[: s.rows.m] > 0.5, proven

    found = all_of([functools.partial(solved, *limit) for limit in limits], _WORKERS)
    covers = [cover for cover, _ in found if cover is not None]
    best = min(covers, key=lambda cover: int(cover.sum()), default=None)
    return best, max(known, min(proven for _, proven in found))


def _halfway(rows: Rows, areas: list[Ints], watch: Watch) -> tuple[int, int]:
    """The large region whose number of columns in the relaxed problem is least like a whole one, rounded down."""
    solved = exact.relaxed_duals(program(System.of(rows), np.ones(rows.m)), time_limit=watch.left())
    if solved is None:
        return 0, len(areas[0]) // 2
    taken = np.array([solved[0][area].sum() for area in areas[:_LARGEST]])
    at = int(np.argmin(np.abs(taken - np.floor(taken) - 0.5)))
    return at, int(np.floor(taken[at]))


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
    if work > 0:
        s = Searcher(small.rows, seed)
        s.run(work, target, lambda: left() <= 0)
        if s.size <= target:
            return np.concatenate([small.forced, small.names[s.best]]), False
    if left() <= 0 or nodes is None:
        return None, False
    relaxed = Relaxed(small.rows, left)
    relaxed.linear(enough=target + 1e-6)
    if whole(relaxed.bound) > target:
        return None, True
    if nodes == 0 or left() <= 0:
        return None, False
    fits = len(small.rows.index) <= _SMALL
    if not fits or nodes > _AT_ONCE:
        sharpened(relaxed, lambda: float(target), lambda: left() <= 0)
        if whole(relaxed.bound) > target:
            return None, True
    if fits:
        # One more column, which does for all and costs too much, limits the number: a row that limits it would make
        # the programs infeasible one by one, and that is proven far later than a bound.
        system = System.of(small.rows).more(relaxed.cuts)
        outcome = exact.maximise(
            program(system, np.ones(small.rows.m), None, regions(small.rows), instead=target + 1.0), gap=0.0,
            absolute_gap=0.99, tolerance=1e-7, time_limit=left(), seed=seed, nodes=nodes,
            heed=lambda value, _: -target - 0.5 < value < -0.5 or left() <= 0, proof_only=nodes <= _AT_ONCE,
        )
        if outcome.values is not None and outcome.values[-1] < 0.5:
            found = np.concatenate([small.forced, small.names[outcome.values[: small.rows.m] > 0.5]])
            if len(found) <= most:
                return found, False
        return None, bool(np.isfinite(outcome.bound)) and whole(-outcome.bound - 1e-4) > target
    if relaxed.bound > 0.97 * target:
        label, count = split(relaxed.system, 200)
        bound, _ = block_bound(relaxed.system, relaxed.dual, label, count, left=left, nodes=nodes, seed=seed)
        return None, whole(bound) > target
    return None, False


def least_number(rows: Rows, most: int, *, left: Callable[[], float], nodes: int, seed: int) -> float:
    """A number of columns that no cover is below, as sharp as it takes to see that ``most`` won't do.

    By the relaxed problem; where that misses narrowly and ``nodes`` are given, by blocks as well.
    """
    if (np.diff(rows.start) == 0).any():
        return most + 1.0
    small = reduced(rows)
    base, target = len(small.forced), most - len(small.forced)
    if small.rows.n == 0 or target < 0:
        return float(base)
    relaxed = Relaxed(small.rows, left)
    relaxed.linear(enough=target + 1e-6)
    bound = relaxed.bound
    if nodes and 0.98 * target < bound <= target and left() > 0:
        label, count = split(relaxed.system, 200)
        blocks, _ = block_bound(relaxed.system, relaxed.dual, label, count, left=left, nodes=nodes, seed=seed)
        bound = max(bound, blocks)
    # Between whole numbers the relaxed one still says where to look next.
    return base + max(bound, 0.0) if bound > target else base + min(bound, float(target))
