"""From a covering problem to a plan and its bound: reduce, search, certify, then branch and bound."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import block_array, csr_array, eye_array

from jitasa_analytics.analysis.placement import exact, search
from jitasa_analytics.analysis.placement.cover import Bools, Cover, Floats, Ints
from jitasa_analytics.analysis.placement.result import relative_gap
from jitasa_analytics.analysis.placement.watch import Watch

_EPS = float(np.finfo(np.float64).eps)

# The value that a plan with fractions of people is scaled to, so that the solver's absolute
# tolerances are small against it.
_SCALE = 1e4


@dataclass(eq=False)
class Solution:
    """The best plan so far and what is proven about it.

    Attributes
    ----------
    chosen : int array
        Names (`Cover.columns`) of the chosen columns.
    value, bound : float
    finished : bool
        Whether it stopped because it was good enough and not for lack of time.
    method : str
    watch : Watch
    """

    chosen: Ints
    value: float
    bound: float
    watch: Watch
    finished: bool = False
    method: str = "greedy and swaps"

    def note(self) -> None:
        """Write down where the search stands."""
        self.watch.tell(self.value, self.bound)


def solve(cover: Cover, *, whole: bool, seed: int, watch: Watch) -> Solution:
    """Solve a covering problem to a gap, or until the time is up.

    Parameters
    ----------
    cover : Cover
    whole : bool
        All weights are whole numbers, so that a bound may be rounded down.
    seed : int
    watch : Watch
        Says when it is good enough and when the time is up.
    """
    everything = cover.base + float(cover.weights.sum())
    best = Solution(np.zeros(0, np.int64), cover.base, everything, watch)
    small = cover.reduced()
    if len(small.columns) <= small.n_open:
        value = small.value(range(len(small.columns)))
        return _settle(best, small.columns, value, "every useful site opened")
    if small.n_open <= 0:
        return _settle(best, best.chosen, cover.base, "fixed sites only")

    def enough(value: float, bound: float) -> bool:
        watch.tell(value, bound)
        return bound <= value or relative_gap(value, bound) <= watch.gap

    longest = int(np.diff(small.by_column_arrays[0]).max()) + 64

    def tighten(bound: float) -> float:
        # Twice the error that summing so many float64 numbers can have.
        return _rounded(bound, 4 * _EPS * longest * everything, whole)

    first = search.swapped(small, search.greedy(small))
    best.chosen, best.value = small.columns[first], small.value(first)
    best.note()
    proof = search.certify(small, first, tighten=tighten, enough=enough, seconds_left=watch.left)
    best.chosen, best.value = small.columns[proof.chosen], proof.value
    best.bound = max(min(best.bound, proof.bound), best.value)
    best.method = "greedy and swaps, Lagrangian bound"
    best.note()
    if enough(best.value, best.bound):
        best.finished = True
        return best
    if watch.left() <= 0:
        return best
    if proof.near is not None:  # too large to branch: better plans are all that may still be found
        best.method = "greedy, swaps and shaken plans, Lagrangian bound"
        found, best.value = search.shake_on(
            small, proof, lambda value: enough(value, best.bound) or watch.left() <= 0)
        best.chosen, best.bound = small.columns[found], max(best.bound, best.value)
        best.finished = enough(best.value, best.bound)
        best.note()
        return best
    return _branch(best, small, proof, whole=whole, seed=seed)


def _settle(best: Solution, chosen: Ints, value: float, method: str) -> Solution:
    best.chosen, best.value, best.bound, best.finished, best.method = chosen, value, value, True, method
    best.note()
    return best


def _rounded(bound: float, error: float, whole: bool) -> float:
    """A bound that holds in spite of an error, rounded down where that is safe."""
    return float(np.floor(bound + error)) if whole and error < 0.25 else bound + error


def _branch(
    best: Solution, cover: Cover, proof: search.Certificate, *, whole: bool, seed: int
) -> Solution:
    """Close the gap by branch and bound over what the multipliers left undecided."""
    best.method = "reduction, Lagrangian bound, branch and bound (HiGHS)"
    needed = np.flatnonzero(proof.needed)
    rest = cover.opened(needed)
    rest = rest.keep(~np.isin(rest.columns, cover.columns[proof.useless])).reduced()
    if len(rest.columns) <= max(rest.n_open, 0):
        # Nothing is left to decide: the only plan that might be better is this one.
        value = rest.value(range(len(rest.columns)))
        if value > best.value:
            best.chosen, best.value = np.concatenate([cover.columns[needed], rest.columns]), value
        best.bound, best.finished = best.value, True
        best.note()
        return best
    start = search.swapped(rest, search.greedy(rest))
    scale = 1.0 if whole or best.value <= 0 else _SCALE / best.value
    tolerance = 1e-7 if whole else 1e-9
    program, lifted = _program(rest, scale)

    def safe(bound: float) -> float:
        unscaled = bound / scale
        error = 1e-3 + 1e-9 * abs(unscaled) if whole else 2e-9 * abs(unscaled)
        return _rounded(unscaled, error, whole)

    def proven(bound: float) -> float:
        # Plans outside the remaining problem are no better than the plan the multipliers were judged by.
        return max(min(best.bound, max(safe(bound), proof.value)), best.value)

    def heed(_: float, bound: float) -> bool:
        best.watch.tell(bound=proven(bound))
        return best.watch.left() <= 0.0

    outcome = exact.maximise(
        program, gap=best.watch.gap, absolute_gap=0.99 if whole else 1e-9 * _SCALE * 0.1, tolerance=tolerance,
        time_limit=best.watch.left(), seed=seed, start=lifted(start), heed=heed,
    )
    if outcome.values is not None:
        opened = np.flatnonzero(outcome.values[: len(rest.columns)] > 0.5)[: rest.n_open]
        value = rest.value(opened)
        if value > best.value:
            best.chosen, best.value = np.concatenate([cover.columns[needed], rest.columns[opened]]), value
    best.bound = proven(outcome.bound)
    best.finished = outcome.finished
    best.note()
    return best


def _program(cover: Cover, scale: float) -> tuple[exact.Program, Lift]:
    """Variables: a site each, then a share for each row that several sites cover."""
    n_columns = len(cover.columns)
    degree = np.diff(cover.reach.indptr)
    single = degree == 1  # its share equals the site, so that it needs no variable of its own
    shared: Bools = ~single
    rows = csr_array(cover.reach[np.flatnonzero(shared)].astype(np.float64))
    alone = cover.reach[np.flatnonzero(single)].indices
    by_site = np.bincount(alone, cover.weights[single], minlength=n_columns)
    k = rows.shape[0]
    count = csr_array(np.ones((1, n_columns)))
    matrix = csr_array(block_array([[-rows, eye_array(k, format="csr")], [count, None]], format="csr"))
    program = exact.Program(
        gain=np.concatenate([by_site, cover.weights[shared]]) * scale,
        whole=np.arange(n_columns + k) < n_columns,
        matrix=matrix,
        row_lower=np.full(k + 1, -np.inf),
        row_upper=np.concatenate([np.zeros(k), [float(cover.n_open)]]),
        offset=cover.base * scale,
    )
    return program, Lift(n_columns, rows)


@dataclass(frozen=True, eq=False)
class Lift:
    """Writes a plan as a solution of the program."""

    n_columns: int
    rows: csr_array

    def __call__(self, chosen: Ints) -> Floats:
        """Site and share variables for these open columns (positions)."""
        sites = np.zeros(self.n_columns)
        sites[chosen] = 1.0
        return np.concatenate([sites, np.minimum(self.rows @ sites, 1.0)])
