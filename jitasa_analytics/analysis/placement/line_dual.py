"""Multipliers of a p-median problem along straight lines on their way up, and what they prove."""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from jitasa_analytics.analysis.placement import line_kernels as kernels
from jitasa_analytics.analysis.placement.cover import Bools, Floats, Ints
from jitasa_analytics.analysis.placement.line_tree import Tree, tree_of
from jitasa_analytics.analysis.placement.median_lists import together

_STEP, _SETTLED, _AGAIN = 0.5, 1e-3, 0.05  # of an ascent at first; at which it has arrived; with which it goes on
_PATIENCE = 0.25  # of the rounds, without gain before steps shrink
_FORGOTTEN = 0.4  # of a direction, in as many rounds: less than half, or ascents stop at an edge too soon
_SWEEP, _SWEPT, _SLOWER = 0.12, 1e-3, 0.75  # steps of sweeps at first, at last, and of one after another
_FROM, _SLOWEST = 0.25, 0.5  # where sweeps begin once more; how much slower their steps shrink then
_CARRIED = 0.98  # of a direction, from one round of a sweep to the next
_FADING = 0.95  # of how often a candidate was among the open ones, in a round
_PARTS = 16
_AROUND = 4  # places of a coarser problem that a place takes its multiplier from


@dataclass(frozen=True, eq=False)
class Choice:
    """Whom to choose from: m candidates (km), those that are open anyway, and how many are open in the end.

    ``blur`` is by how much a computed length may be longer than the way that it stands for, km.
    """

    ends: Floats
    fixed: Bools
    p: int
    blur: float

    def spread(self, wanted: int) -> Ints:
        """About so many of the candidates, everywhere as dense as all of them; the fixed ones too."""
        m = len(self.ends)
        order = tree_of(self.ends, np.ones(m)).names
        return np.union1d(order[:: max(1, m // max(wanted, 1))], np.flatnonzero(self.fixed))


class Ascent:
    """Multipliers of the places of a tree, for one of their people, in km.

    Only the candidates that are ``active`` raise them. What they prove is worked out with all, and those that
    turn out to matter become active.

    Attributes
    ----------
    mu : float array, shape (n,)
        The multipliers that prove most.
    bound : float
        What they prove, Σ people × km.
    usage : float array, shape (m,)
        How often each candidate was among the open ones lately.

    References
    ----------
    Goffin & Kiwiel (1999), Mathematical Programming 85(1).
    """

    def __init__(self, tree: Tree, choice: Choice, mu: Floats, active: Ints, slack: float) -> None:
        self.tree, self.choice, self.slack = tree, choice, slack
        self.mu, self.now = mu, mu
        self.usage: Floats = np.zeros(len(choice.ends))
        self.direction: Floats = np.zeros(len(mu))
        self.theta = _STEP
        self.sweeping, self.first, self.slower = _SWEEP, _SWEEP, _SLOWER
        self.active = active
        self.rho = self._sums(mu)
        self.bound = self._proven(mu, self.rho)

    def climb(self, rounds: int, km: float, enough: float) -> None:
        """Some rounds of multipliers towards ``km``, which a plan takes, until they seem to prove ``enough``.

        The more rounds at a time, the longer a direction is kept: slower at first, and higher in the end.
        """
        patience = max(5, int(_PATIENCE * rounds))
        if self.theta < _SETTLED:
            self.theta = _AGAIN
        self.theta = self._climbed(rounds, km, enough, self.theta, 1 - _FORGOTTEN / patience, patience)

    def sweep(self, rounds: int, km: float, enough: float) -> None:
        """The same by steps that don't depend on what is gained: later at their best, and then better by far.

        Steps get smaller from sweep to sweep; where they are too small to matter they begin anew, and shrink slower.
        """
        self._climbed(rounds, km, enough, self.sweeping, _CARRIED, rounds + 1)
        self.sweeping *= self.slower
        if self.sweeping < _SWEPT:
            self.first, self.slower = self.first * _FROM, self.slower**_SLOWEST
            self.sweeping = self.first = max(self.first, 4 * _SWEPT)

    def _climbed(
        self, rounds: int, km: float, enough: float, theta: float, momentum: float, patience: int
    ) -> float:
        """Rounds of the active candidates, and what they prove with all of them; the step size left."""
        choice, active = self.choice, self.active
        best, used = self.now.copy(), self.usage[active]
        _, theta, done = kernels.line_ascent(
            *self.tree.rough, *self.tree.rough_sites(choice.ends[active]), choice.fixed[active], choice.p, km, enough,
            self.now.copy(), self.direction, theta, momentum, patience, rounds, best, used)
        self.usage *= _FADING**done
        self.usage[active] = used
        rho = self._sums(best)
        proven = self._proven(best, rho)
        self.now = best
        if proven > self.bound:
            self.bound, self.mu, self.rho = proven, best, rho
        self._choose(rho)
        return float(theta)

    def often(self) -> Ints:
        """The candidates that were open most often."""
        choice = self.choice
        return np.argsort(-(self.usage + 2.0 * choice.fixed), kind="stable")[: choice.p].astype(np.int64)

    def best(self, wanted: int) -> Ints:
        """So many of the candidates that save most against the multipliers, and the fixed ones first."""
        return np.argsort(np.where(self.choice.fixed, -np.inf, self.rho), kind="stable")[:wanted]

    def at(self, points: Floats) -> Floats:
        """Multipliers of other places, from those around them."""
        k = min(_AROUND, len(self.mu))
        way, place = cKDTree(self.tree.points).query(points, k=np.arange(1, k + 1))
        weight: Floats = 1.0 / (np.asarray(way) + 0.3)
        return np.asarray((self.mu[place] * weight).sum(axis=1) / weight.sum(axis=1))

    def _choose(self, rho: Floats) -> None:
        """Keep the active candidates that may be open, and take in the others that would be."""
        least = np.where(self.choice.fixed, -np.inf, rho)
        own = least[self.active]
        edge = np.partition(own, self.choice.p - 1)[self.choice.p - 1] if len(own) >= self.choice.p else 0.0
        kept = least < edge
        kept[self.active] |= own < min(edge, 0.0) * (1 - self.slack)
        kept[np.argsort(least, kind="stable")[: self.choice.p + 1]] = True
        self.active = np.flatnonzero(kept)

    def _sums(self, mu: Floats) -> Floats:
        """Of every candidate: what it saves at most, against the multipliers."""
        m = len(self.choice.ends)
        rho = np.empty(m)
        x, y, z = np.ascontiguousarray(self.choice.ends.T)
        edges = np.linspace(0, m, _PARTS + 1).astype(int).tolist()
        together([
            functools.partial(kernels.line_sums, *self.tree.fine, mu, self.choice.blur, x, y, z, first, last, rho)
            for first, last in itertools.pairwise(edges) if last > first])
        return rho

    def _proven(self, mu: Floats, rho: Floats) -> float:
        """What multipliers prove, rounded down for all that float64 may have lost."""
        fixed, p = self.choice.fixed, self.choice.p
        free = np.sort(rho[~fixed])
        taken = np.concatenate([rho[fixed], free[: p - int(fixed.sum())]])
        total = float(self.tree.people @ mu)
        size = total - float(taken.sum())
        lost = 4.5e-16 * (2 * len(mu) + 10 * p + 64) * size
        return (total + float(taken.sum()) - lost) * (1 - 1e-15)
