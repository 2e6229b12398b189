"""A sharper bound for covers: rows that follow from others and from columns being whole."""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass

import numpy as np

from jitasa_analytics.analysis.placement import covering_cut_kernels as kernels
from jitasa_analytics.analysis.placement.beside import all_of
from jitasa_analytics.analysis.placement.cover import Floats, Ints
from jitasa_analytics.analysis.placement.covering_kernels import transposed
from jitasa_analytics.analysis.placement.covering_system import System

_PARTS = 4  # of the seeds, for threads


@dataclass(frozen=True)
class Effort:
    """How hard odd sets are looked for.

    Attributes
    ----------
    longest, breadth : int
        Rows of a set; second rows that are tried for each first one.
    least, slack : float
        What a set has to leave below 1; slack of a row that may be in a set.
    most : int
        Planes at a time.
    """

    longest: int
    breadth: int
    least: float
    slack: float
    most: int


THOROUGH = Effort(12, 3, 0.02, 0.98, 2500)
QUICK = Effort(6, 2, 0.05, 0.02, 4000)  # of very many rows


def violated(system: System, x: Floats, effort: Effort, workers: int = 1) -> System:
    """Halves of sums of rows, rounded up, that a point of the relaxed problem doesn't keep to (Koster et al. 2009)."""
    slack = np.maximum(system.sums(x) - system.least, 0.0)
    tight = slack < effort.slack
    near = np.repeat(tight, np.diff(system.start)) & (x[system.index] > 1e-7) & (system.value % 2 == 1)
    name = np.cumsum(tight) - 1
    count = np.bincount(name[system.lines[near]], minlength=int(tight.sum()))
    start = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    index = system.index[near]
    back = np.flatnonzero(tight)
    seeds = np.flatnonzero(slack[tight] < 0.2)
    columns = transposed(start, index, system.m)

    def found(some: Ints) -> tuple[Ints, Ints, Floats]:
        return kernels.odd_sets(
            start, index, *columns, x, slack[tight], system.least[tight] % 2 == 1, some, effort.longest,
            effort.breadth, effort.least)

    # What is found from a seed doesn't depend on the others.
    parts = all_of([functools.partial(found, some) for some in np.array_split(seeds, _PARTS)], workers)
    sets = [members[a:b] for starts, members, _ in parts for a, b in itertools.pairwise(starts)]
    worth = np.concatenate([part[2] for part in parts])
    # The most violated come first, each set once.
    seen, chosen = set[bytes](), list[Ints]()
    for c in np.argsort(-worth, kind="stable"):
        own = np.sort(sets[c])
        if own.tobytes() not in seen and len(chosen) < effort.most:
            seen.add(own.tobytes())
            chosen.append(own)
    joined = np.concatenate(chosen) if chosen else np.zeros(0, np.int64)
    starts = np.concatenate([[0], np.cumsum([len(own) for own in chosen])]).astype(np.int64)
    return System(
        *kernels.halved(system.start, system.index, system.value, system.least, system.m, starts, back[joined]),
        system.m)
