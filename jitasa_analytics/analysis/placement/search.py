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
from jitasa_analytics.analysis.placement.cover import Bools, Cover, Floats, Ints
from jitasa_analytics.analysis.placement.median_lists import LARGE, together

_PATIENCE = 12
_PARTS = 4
_EVERY = 40  # rounds between two plans
_EVERY_LARGE = 25  # where plans are looked for beside


def greedy(cover: Cover) -> Ints:
    """Positions of columns, each adding the most weight that is still uncovered."""
    return kernels.greedy(*cover.by_column_arrays, cover.weights, max(cover.n_open, 0))


def swapped(cover: Cover, chosen: Ints, *, rounds: int = 200) -> Ints:
    """Exchange one column for another as long as that covers more."""
    chosen = np.array(chosen, np.int64)
    if len(chosen):
        kernels.swap(*cover.by_column_arrays, cover.weights, chosen, rounds)
    return chosen


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
    """

    chosen: Ints
    value: float
    bound: float
    useless: Bools
    needed: Bools


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
    w, p = cover.weights, cover.n_open
    chosen, value = start, cover.value(start)
    multipliers = best_multipliers = np.where((c := cover.hits(start)) > 0, w / np.maximum(c, 1), w)
    bound, limit, theta, stale = np.inf, np.inf, 1.0, 0
    direction = np.zeros(len(w))
    plans = _Plans(cover)
    every = _EVERY if plans.pool is None else _EVERY_LARGE
    for round_ in range(rounds):
        sums = _sums(cover, multipliers)
        top = np.sort(np.argpartition(-sums, p - 1)[:p])
        raw = cover.base + float((w - multipliers).sum() + sums[top].sum())
        if raw < bound * (1 - 1e-7) or not np.isfinite(bound):
            stale = 0
        else:
            stale += 1
        if raw < bound:
            bound, best_multipliers, limit = raw, multipliers, min(limit, tighten(raw))
        if round_ % every == 0 or round_ == 2:
            trial = plans.exchange(top)
            if trial is not None and (worth := cover.value(trial)) > value:
                chosen, value = trial, worth
        if enough(value, limit) or seconds_left() <= 0 or theta < 1e-3:
            break
        if stale >= _PATIENCE:
            theta, stale, multipliers = theta * 0.6, 0, best_multipliers
            direction[:] = 0.0
            continue
        length = kernels.turn(*cover.by_column_arrays, w, multipliers, top, direction)
        if length <= 0:
            break
        multipliers = kernels.moved(w, multipliers, direction, theta * (raw - value) / length)
    plans.close()
    useless, needed = _settled(cover, best_multipliers, value, tighten)
    return Certificate(chosen, value, limit, useless, needed)


class _Plans:
    """Swaps from the columns that multipliers open; of large problems while the next rounds run.

    A plan is handed over at the next exchange and not as soon as it is there, so that every run is
    the same.
    """

    def __init__(self, cover: Cover) -> None:
        self.cover = cover
        self.pool = ThreadPoolExecutor(1) if cover.reach.nnz > LARGE else None
        self.waiting: Future[Ints] | None = None

    def exchange(self, top: Ints) -> Ints | None:
        """Begin with these columns; the plan that is ready."""
        if self.pool is None:
            return swapped(self.cover, top, rounds=20)
        ready = None if self.waiting is None else self.waiting.result()
        self.waiting = self.pool.submit(swapped, self.cover, top, rounds=20)
        return ready

    def close(self) -> None:
        """Let go of the thread."""
        if self.pool is not None:
            self.pool.shutdown(wait=False, cancel_futures=True)


def _sums(cover: Cover, multipliers: Floats) -> Floats:
    """Sum of multipliers of each column; in parts side by side where there are many pairs. Shape (m,)."""
    start, row = cover.by_column_arrays
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
