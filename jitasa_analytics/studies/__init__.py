"""Questions a planner asks; each is a study that any interface can run.

Built-in studies and those of other packages come in by the same door, the entry-point group
``jitasa_analytics.studies``.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.metadata import entry_points
from typing import Any

from jitasa_analytics.errors import InputError, JitasaError, UnknownError
from jitasa_analytics.store import Snapshot
from jitasa_analytics.studies.answer import Answer, Figure, Note, Term
from jitasa_analytics.studies.base import Study, make

ENTRY_POINTS = "jitasa_analytics.studies"

__all__ = ["Answer", "Figure", "Note", "Study", "Term", "get", "known", "make", "run"]


@lru_cache(maxsize=1)
def known() -> dict[str, type[Study]]:
    """Every installed study by name.

    Raises
    ------
    JitasaError
        If an installed package declares a study that can't be loaded, naming the package.
    """
    found: dict[str, type[Study]] = {}
    for point in sorted(entry_points(group=ENTRY_POINTS), key=lambda p: p.name):
        try:
            study = point.load()
        except Exception as error:
            package = point.dist.name if point.dist else point.value
            raise JitasaError(f"the study {point.name} of the package {package} can't be loaded: {error}; "
                              "update or remove the package", key="error.study_broken", name=point.name,
                              package=package, why=str(error)) from error
        if not (isinstance(study, type) and issubclass(study, Study)):
            raise JitasaError(f"{point.value} is declared as a study but is no subclass of Study; correct the package",
                              key="error.study_broken", name=point.name, package=point.value, why="no Study")
        if not study.slug:
            study.slug = point.name
        found[study.slug] = study
    return found


def get(name: str) -> type[Study]:
    """The study of that name.

    Raises
    ------
    UnknownError
        If there is none; the message lists those that are installed.
    """
    try:
        return known()[name]
    except KeyError:
        raise UnknownError(f"there is no study {name!r}; studies are {', '.join(known())}",
                           key="error.unknown_study", name=name, known=", ".join(known())) from None


def run(name: str, snapshot: Snapshot, **params: Any) -> Answer:
    """Run a study on a snapshot.

    Parameters
    ----------
    name : str
        The study, for instance ``coverage_gaps``.
    snapshot : Snapshot
        An open snapshot; its scope limits the answer.
    **params
        The study's parameters.
    """
    if not isinstance(snapshot, Snapshot):
        raise InputError("a study runs on a snapshot: ja.run(name, snapshot, ...) inside "
                         "'with store.snapshot(scope=...) as snapshot:'", key="error.no_snapshot")
    study = make(get(name), **params)
    study.require(snapshot)
    return study.run(snapshot)
