"""Good plans quickly, and a bound for them: greedy, swaps and Lagrangian multipliers."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from jitasa_analytics.analysis.placement import cover_kernels as kernels
from jitasa_analytics.analysis.placement.cover import AnyInts, Bools, Cover, Floats, Ints
from jitasa_analytics.analysis.placement.median_lists import LARGE, together

_PATIENCE = 12
_PARTS = 4
_EVERY = 40  # rounds between two plans
_EVERY_LARGE = 25  # where plans are looked for beside
_EVERY_NEAR = 20  # where most rounds look at few columns and cost little beside a plan
_NEAR = 20  # times as many columns as are opened are looked at most often, where there are many pairs
_MANY = 4_000_000  # pairs above which few columns are looked at most often
_SHAKEN = 16  # one of so many columns of the best plan gives way
_LOOKS = 9  # rounds with those alone before all are looked at again


def greedy(cover: Cover) -> Ints:
    """Positions of columns, each adding the most weight that is still uncovered."""
    return kernels.greedy(*cover.by_column_arrays, cover.weights, max(cover.n_open, 0))


def swapped(cover: Cover, chosen: Ints, *, rounds: int = 200) -> Ints:
    """Exchange one column for another as long as that covers more."""
    chosen = np.array(chosen, np.int64)
    if len(chosen):
        kernels.swap(*cover.by_column_arrays, cover.weights, chosen, rounds)
    return chosen


def shaken(best: Ints, others: Ints, random: np.random.Generator) -> Ints:
    """A plan some of whose columns gave way to others at random."""
    count = min(len(others), max(2, len(best) // _SHAKEN))
    changed = np.array(best, np.int64)
    changed[random.permutation(len(best))[:count]] = random.permutation(others)[:count]
    return changed


def shake_on(cover: Cover, proof: Certificate, heed: Callable[[float], bool]) -> tuple[Ints, float]:
    """Better plans for as long as ``heed`` (value) lets it, by shaking the best one and mending it; its value."""
    random, near = np.random.default_rng(1), proof.near
    best = swapped(cover, proof.chosen)  # a column that is out of sight may be worth more all the same
    value = cover.value(best)
    while near is not None and not heed(value):
        trial = _swapped_near(cover, shaken(best, np.setdiff1d(near, best), random), near)
        if (worth := cover.value(trial)) > value:
            best, value = trial, worth
    return best, value


def _swapped_near(cover: Cover, chosen: Ints, near: Ints) -> Ints:
    """The same among some columns, which takes a fraction of the time."""
    some = np.union1d(near, chosen)
    places = np.searchsorted(some, chosen)
    kernels.swap(*kernels.columns_of(*cover.by_column_arrays, some), cover.weights, places, 20)
    return some[places]


@dataclass(frozen=True, eq=False)
class Certificate:
    """What the multipliers prove: a plan, a bound, and columns that are settled.

    Attributes
    ----------
    chosen : int array
        Positions of the best plan.
    value, bound : float
        Of that plan, and of any plan; both with the base.
    useless : bool array, shape (m,)
        No plan that is better than ``value`` opens these.
    needed : bool array, shape (m,)
        Every plan that is better than ``value`` opens these.
    near : int array, optional
        Of a large problem the columns that the multipliers like most.
    """

    chosen: Ints
    value: float
    bound: float
    useless: Bools
    needed: Bools
    near: Ints | None = None


def certify(
    cover: Cover,
    start: Ints,
    *,
    tighten: Callable[[float], float],
    enough: Callable[[float, float], bool],
    seconds_left: Callable[[], float],
    rounds: int = 1000,
) -> Certificate:
    """Lagrangian relaxation of "a row counts only if a column covers it", by subgradients.

    For multipliers 0 ≤ λ ≤ w no plan is worth more than ``Σ (w - λ) + the n_open largest column
    sums of λ``. Every bound is computed anew from its multipliers, so that it holds whatever
    the path to them was.

    Parameters
    ----------
    cover : Cover
        With fewer columns to open than there are.
    start : int array
        Positions of a first plan.
    tighten : callable
        Makes a computed bound safe against rounding, and whole where weights are.
    enough : callable (value, bound) -> bool
        Whether to stop.
    seconds_left : callable
    rounds : int

    References
    ----------
    Galvão & ReVelle (1996), European Journal of Operational Research 88(1).
    """
    w = cover.weights
    chosen, value = start, cover.value(start)
    multipliers = best_multipliers = np.where((c := cover.hits(start)) > 0, w / np.maximum(c, 1), w)
    guess, limit, theta, stale = np.inf, np.inf, 1.0, 0
    direction = np.zeros(len(w))
    plans, largest = _Plans(cover), _Largest(cover)
    shrink = 0.6 if largest.all_always else 0.85
    every = _EVERY if plans.pool is None else _EVERY_LARGE if largest.all_always else _EVERY_NEAR
    for round_ in range(rounds if largest.all_always else 4 * rounds):
        top, sums, certain = largest.of(multipliers)
        raw = cover.base + float((w - multipliers).sum() + sums)
        if raw < guess * (1 - 1e-7) or not np.isfinite(guess):
            stale = 0
        else:
            stale += 1
        if certain:
            limit = min(limit, tighten(raw))
            if multipliers is best_multipliers:  # what was guessed too low is put right
                guess = raw
        if raw < guess:
            guess, best_multipliers = raw, multipliers
        if round_ % every == 0 or round_ == 2:
            trial = plans.exchange(top, chosen, largest.near)
            if trial is not None and (worth := cover.value(trial)) > value:
                chosen, value = trial, worth
        if enough(value, limit) or seconds_left() <= 0 or theta < 1e-3:
            break
        if stale >= _PATIENCE:
            theta, stale, multipliers = theta * shrink, 0, best_multipliers
            direction[:] = 0.0
            largest.look_at_all()
            continue
        length = kernels.turn(*cover.by_column_arrays, w, multipliers, top, direction)
        if length <= 0:
            break
        multipliers = kernels.moved(w, multipliers, direction, theta * (raw - value) / length)
    plans.close()
    useless, needed = _settled(cover, best_multipliers, value, tighten)
    return Certificate(chosen, value, limit, useless, needed, largest.near)


class _Largest:
    """The columns with the largest sums of multipliers: all are summed, or of large problems most often the near ones.

    Between two looks at all of them only the columns that were largest at the last look are summed. What comes
    out then is a guess that can be too low, and no bound; a look at all columns is one.
    """

    def __init__(self, cover: Cover) -> None:
        self.cover, self.p = cover, cover.n_open
        self.near: Ints | None = None
        self.start, self.row = cover.by_column_arrays
        self.all_always = len(self.row) <= _MANY or _NEAR * self.p >= len(cover.columns)
        self.left = 0

    def look_at_all(self) -> None:
        """Sum all columns next time."""
        self.left = 0

    def of(self, multipliers: Floats) -> tuple[Ints, float, bool]:
        """Positions of the largest columns, ascending; their sum; whether that holds for all columns."""
        if self.near is None or self.left <= 0:
            sums = _sums(self.cover, multipliers)
            top = np.sort(np.argpartition(-sums, self.p - 1)[: self.p])
            if not self.all_always:
                self._keep(sums)
            return top, float(sums[top].sum()), True
        self.left -= 1
        sums = _summed(self.start, self.row, multipliers)
        top = np.sort(np.argpartition(-sums, self.p - 1)[: self.p])
        return self.near[top], float(sums[top].sum()), False

    def _keep(self, sums: Floats) -> None:
        """Take the columns with the largest sums out of the table."""
        self.near, self.left = np.sort(np.argpartition(-sums, _NEAR * self.p - 1)[: _NEAR * self.p]), _LOOKS
        self.start, self.row = kernels.columns_of(*self.cover.by_column_arrays, self.near)


class _Plans:
    """Swaps from the columns that multipliers open; of large problems while the next rounds run.

    A plan is handed over at the next exchange and not as soon as it is there, so that every run is
    the same.
    """

    def __init__(self, cover: Cover) -> None:
        self.cover = cover
        self.pool = ThreadPoolExecutor(1) if cover.reach.nnz > LARGE else None
        self.waiting: Future[Ints] | None = None
        self.turn, self.random = 0, np.random.default_rng(0)

    def exchange(self, top: Ints, best: Ints, near: Ints | None) -> Ints | None:
        """Begin with the columns that multipliers open, or with the best plan shaken; the plan that is ready."""
        if self.pool is None:
            return swapped(self.cover, top, rounds=20)
        ready = None if self.waiting is None else self.waiting.result()
        self.turn += 1
        if near is None:
            self.waiting = self.pool.submit(swapped, self.cover, top, rounds=20)
        else:
            begin = self._shaken(top, best) if self.turn % 3 == 0 else top
            self.waiting = self.pool.submit(_swapped_near, self.cover, begin, near)
        return ready

    def _shaken(self, top: Ints, best: Ints) -> Ints:
        """The best plan, some of whose columns gave way to others that the multipliers open."""
        return shaken(best, np.setdiff1d(top, best), self.random)

    def close(self) -> None:
        """Let go of the thread."""
        if self.pool is not None:
            self.pool.shutdown(wait=False, cancel_futures=True)


def _sums(cover: Cover, multipliers: Floats) -> Floats:
    """Sum of multipliers of each column; in parts side by side where there are many pairs. Shape (m,)."""
    return _summed(*cover.by_column_arrays, multipliers)


def _summed(start: Ints, row: AnyInts, multipliers: Floats) -> Floats:
    sums = np.empty(len(start) - 1)
    parts = _PARTS if len(row) > LARGE else 1
    edges = np.searchsorted(start, np.linspace(0, len(row), parts + 1)).tolist()
    edges[0], edges[-1] = 0, len(sums)
    together([functools.partial(kernels.column_sums, start, row, multipliers, first, last, sums)
              for first, last in itertools.pairwise(edges)])
    return sums


def _settled(
    cover: Cover, multipliers: Floats, value: float, tighten: Callable[[float], float]
) -> tuple[Bools, Bools]:
    """Columns that no better plan opens, and columns that every better plan opens."""
    p, m = cover.n_open, len(cover.columns)
    sums = _sums(cover, multipliers)
    order = np.argsort(-sums, kind="stable")
    rank = np.empty(m, np.int64)
    rank[order] = np.arange(m)
    raw = cover.base + float((cover.weights - multipliers).sum() + sums[order[:p]].sum())
    inside = rank < p
    # Forcing a column in pushes out the least of the top; forcing one out lets the next in.
    if_opened = raw + np.where(inside, 0.0, sums - sums[order[p - 1]])
    if_closed = raw - np.where(inside, sums - sums[order[p]], 0.0)
    useless = ~inside & _at_most(if_opened, value, tighten)
    needed = inside & _at_most(if_closed, value, tighten)
    return useless, needed


def _at_most(bounds: Floats, value: float, tighten: Callable[[float], float]) -> npt.NDArray[np.bool_]:
    return np.array([tighten(float(bound)) <= value for bound in bounds], bool)
