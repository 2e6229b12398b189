"""Radii that are too small for p sites along straight lines, whatever their plan: relaxed problems over few places.

A radius that doesn't do for some places does for all even less. Which places matter shows where the fractions of
sites that the relaxed problem opens leave a place short.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from jitasa_analytics.analysis.placement import center_kernels, covering_kernels, exact
from jitasa_analytics.analysis.placement.cover import Floats, Ints
from jitasa_analytics.analysis.placement.covering import Rows
from jitasa_analytics.analysis.placement.covering_solver import least_number, within_number
from jitasa_analytics.analysis.placement.covering_system import System, program, proven
from jitasa_analytics.analysis.placement.line_tree import Tree

_SHORT = 1e-3  # of what a place needs
_TAKEN = 1000  # places that come to the others after a relaxed problem, at most
_APART = 0.04  # of the radius, between two of them
_MANY, _SPARE = 2500, 1.03  # places, above which those may go that have so much of what they need
_AHEAD = 1.002  # by what a radius is larger than the last problem says, for the places that have come since
_SURE = 0.999  # by what it is smaller where none have
_MARGIN = 0.02  # of what is between the bounds, that a radius keeps from either
_WHOLE = 60_000  # pairs up to which the whole problem is tried
_NODES = 500


class Proof:
    """Which radii are too small, told in turns.

    ``needy`` gives those of some places (positions) that no fixed site serves within a radius, ``rows`` the
    candidates within a radius of each; ``tree`` has the places that are to be served.
    """

    def __init__(
        self, needy: Callable[[Ints, float], Ints], rows: Callable[[Ints, float], Rows], tree: Tree, ends: Floats,
        places: Ints, p: int, seed: int, left: Callable[[], float],
    ) -> None:
        self.needy, self.rows, self.tree, self.ends = needy, rows, tree, ends
        self.places, self.p, self.seed, self.left = places, p, seed, left
        self.radius, self.nodes, self.pairs = 0.0, _NODES, 0
        self.failed = np.inf  # the least radius that the whole problem was too hard for
        self.n = int(tree.names.max()) + 1

    def turn(self, low: float, high: float) -> tuple[float, Ints | None]:
        """One relaxed problem: the largest radius shown to be too small, and sites that do for one, if any were met."""
        high = min(high, self.failed)
        margin = _MARGIN * (high - low)
        radius = min(max(self.radius or low + 0.75 * (high - low), low + margin), high - margin)
        places = self.needy(self.places, radius)
        rows = self.rows(places, radius)
        if (np.diff(rows.start) == 0).any():
            self.radius = 0.0
            return radius, None
        solved = self._relaxed(rows)
        if solved is None:
            return low, None
        bound, dual, value = solved
        short = self._extend(places, dual, value, radius)
        # The number of sites that are needed falls with the square of the radius.
        enough = radius * float(np.sqrt(max(bound, 0.5) / max(self.p, 0.5)))
        self.radius = enough * _AHEAD if short else max(enough, radius + 0.5 * (high - radius))
        if bound > self.p:
            return radius, None
        if not short and bound < self.p * _SURE and enough * _SURE > low * (1 + 1e-3) + margin:
            self.radius = enough * _SURE
        return (low, None) if short or self.radius < radius else self._whole(rows, places, low, radius, high)

    def _relaxed(self, rows: Rows) -> tuple[float, Floats, Floats] | None:
        """What the relaxed problem proves, its duals and the fractions of the columns; None where time ran out."""
        value, dual = np.zeros(rows.m), np.zeros(rows.n)
        if rows.n == 0:
            return 0.0, dual, value
        order = np.argsort(np.diff(rows.start), kind="stable")
        live = ~covering_kernels.dominated(rows.start, rows.index, *rows.columns, order, True)
        small = rows.keep(live)
        columns = small.columns
        order = np.argsort(np.diff(columns[0]), kind="stable")
        used = ~covering_kernels.dominated(*columns, small.start, small.index, order, False)
        small = small.keep(np.ones(small.n, bool), used)
        self.pairs = len(small.index)
        # Without a limit of 1 no column is overspent, which those left out as needless would be as well.
        relaxed = replace(program(System.of(small), np.ones(small.m)), upper=np.full(small.m, np.inf))
        solved = exact.relaxed_duals(relaxed, time_limit=self.left())
        if solved is None:
            return None
        value[used], dual[live] = solved[0], np.abs(solved[1])
        bound, _, dual = proven(System.of(rows), dual)
        return bound, dual, value

    def _extend(self, places: Ints, dual: Floats, value: Floats, radius: float) -> bool:
        """Take in places that fractions of sites leave short, let go of some that have enough; whether any came."""
        covered = np.zeros(len(self.tree.people))
        taken = np.flatnonzero(value > 1e-9)
        x, y, z, _, low, high, begin, end = self.tree.fine
        sx, sy, sz = np.ascontiguousarray(self.ends[taken].T)
        center_kernels.line_covered(
            x, y, z, low, high, begin, end, sx, sy, sz, value[taken], radius, covered)
        names = self.tree.names
        enough = np.full(self.n, np.inf)
        enough[names] = covered
        short = np.zeros(self.n, bool)
        short[self.needy(names[covered < 1 - _SHORT], radius)] = True
        short[self.places] = False
        order = np.flatnonzero(short[names])
        order = order[np.argsort(covered[order], kind="stable")]
        cell = np.floor(self.tree.points[order] / max(_APART * radius, 1e-9))
        _, first = np.unique(cell, axis=0, return_index=True)
        fresh = names[order[np.sort(first)[:_TAKEN]]]
        weight = np.zeros(self.n)
        weight[places] = dual
        if len(self.places) > _MANY:
            self.places = self.places[(weight[self.places] > 1e-9) | (enough[self.places] < _SPARE)]
        self.places = np.union1d(self.places, fresh)
        return len(fresh) > 0

    def _whole(
        self, rows: Rows, places: Ints, low: float, radius: float, high: float
    ) -> tuple[float, Ints | None]:
        """What whole sites say of a radius that fractions of sites are enough for."""
        sites, none = None, False
        if len(rows.index) <= _WHOLE:
            sites, none = within_number(rows, self.p, left=self.left, work=0.0, seed=self.seed, nodes=self.nodes)
        else:
            none = least_number(rows, self.p, left=self.left, nodes=self.nodes, seed=self.seed) > self.p
        if none:
            return radius, None
        if sites is not None:
            open_sites = np.isin(np.arange(rows.m), sites).astype(np.float64)
            short = self._extend(places, np.ones(len(places)), open_sites, radius)
            self.radius = radius if short else low + 0.5 * (radius - low)
            return low, sites
        self.failed, self.radius = radius, low + 0.5 * (radius - low)
        if radius - low <= 1e-3 * radius:
            self.failed, self.nodes, self.radius = np.inf, 4 * self.nodes, radius + 0.5 * (high - radius)
        return low, None
