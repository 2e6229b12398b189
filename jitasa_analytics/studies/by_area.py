"""A study area by area: in this process, or on a Dask cluster, with the same answer.

A study says how it splits. An *independent* one needs nothing from other areas; a *halo* one needs
what is public across the border (facilities, outlines), which every snapshot gives; a *national* one
weighs all areas against each other and is refused. Each part opens the same version of the store,
limited to its area, and the answers are joined (`jitasa_analytics.studies.joining`).
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jitasa_analytics import areas, studies
from jitasa_analytics.errors import InputError, JitasaError, NoDataError, StoreError
from jitasa_analytics.store import Store, bundle
from jitasa_analytics.studies import joining
from jitasa_analytics.studies.answer import Answer
from jitasa_analytics.studies.base import Study, make

# How often a part is tried again where its worker is lost or can't read the store.
_RETRIES = 3
_SECONDS = 30


@dataclass(frozen=True)
class _Job:
    """One area's part: all that another machine must know."""

    folder: str
    version: int
    study: str | type[Study]
    code: str
    params: Mapping[str, Any]


def run_by_area(study: str | type[Study], store: Store, *, by: str = "province", scheduler: Any = None,
                scope: str | None = None, send_files: bool = False, **params: Any) -> Answer:
    """Run a study for each area of a level and join the answers.

    Parameters
    ----------
    study : str or subclass of Study
        Its name, or the class itself, for instance one that a notebook defines.
    store : Store
        An open store; all parts read the version that is current when this is called.
    by : str
        The level of the parts: ``province`` or ``district``.
    scheduler : str or distributed.Client, optional
        Address of a Dask scheduler (``tcp://host:8786``); in this process where it is left out.
    scope : str, optional
        Code or name of the area that is split; the whole country by default.
    send_files : bool
        Send the version's files to the workers (each keeps them in a folder of its own) instead of
        having them open the store's folder, which they must see under the same path otherwise.
        What is restricted is never sent.
    **params
        The study's parameters.

    Returns
    -------
    Answer
        The rows of all parts; figures that add up or are means of known weight, the others left out
        and named in a note. An area without data has rows without values, and a note.

    Raises
    ------
    InputError
        If the study can't be split, with the reason; if ``by`` is no level below the scope.
    NoDataError
        If no area has data.
    JitasaError
        If the scheduler does not answer, or a worker is lost again and again.
    """
    kind = studies.get(study) if isinstance(study, str) else study
    _refuse_national(kind)
    make(kind, **params)
    version = store.manifest().version
    with store.snapshot(scope, version) as snapshot:
        codes = _codes(snapshot, by)
        whole = snapshot.scope
    jobs = [_Job(str(store.folder.resolve()), version, study, code, dict(params)) for code in codes]
    found = [_part(job) for job in jobs] if scheduler is None else _on_cluster(jobs, scheduler, store, send_files)
    answers = [(code, part) for code, part in zip(codes, found, strict=True) if isinstance(part, Answer)]
    missing = [(code, part) for code, part in zip(codes, found, strict=True) if not isinstance(part, Answer)]
    if not answers:
        raise missing[0][1]
    with store.snapshot(whole, version) as snapshot:
        return joining.join(kind, snapshot, answers, [code for code, _ in missing])


def _refuse_national(kind: type[Study]) -> None:
    if kind.splits == "national":
        raise InputError(f"the study {kind.slug} can't be run area by area: its answer for one area depends on all "
                         "others (what goes to one is missing in another); run it on the whole scope at once",
                         key="by_area.national", study=kind.slug)


def _codes(snapshot: Any, by: str) -> list[str]:
    """The areas of the parts."""
    level, own = areas.level_name(by), areas.level_of(snapshot.scope)
    order = ("country", "province", "district", "tambon")
    if level not in ("province", "district") or order.index(level) < order.index(own):
        raise InputError(f"{areas.name(snapshot.scope, 'en')} can't be split by {by}; split by province, or by "
                         "district inside a province", key="by_area.level", by=by, area=snapshot.scope)
    return [str(code) for code in snapshot.areas(level).index]


def _part(job: _Job) -> Answer | NoDataError:
    """The answer for one area, or that it has no data."""
    with Store(Path(job.folder)).snapshot(job.code, job.version) as snapshot:
        try:
            if isinstance(job.study, str):
                return studies.run(job.study, snapshot, **job.params)
            study = make(job.study, **job.params)
            study.require(snapshot)
            return study.run(snapshot)
        except NoDataError as error:
            return error


def _sent_part(job: _Job, files: Mapping[str, bytes]) -> Answer | NoDataError:
    """`_part` on a worker that got the files of the version."""
    name = hashlib.sha256(b"".join(v for n, v in sorted(files.items()) if n.endswith(".json"))).hexdigest()[:24]
    base = Path(os.environ.get("JITASA_CACHE") or Path(tempfile.gettempdir()) / f"jitasa-{os.getuid()}")
    folder = bundle.unpack(files, base / name)
    return _part(_Job(str(folder), job.version, job.study, job.code, job.params))


def _on_cluster(jobs: Sequence[_Job], scheduler: Any, store: Store, send_files: bool) -> list[Answer | NoDataError]:
    """The parts as tasks of a Dask cluster; a part whose worker is lost is done by another."""
    from distributed import Client

    if isinstance(scheduler, Client):
        return _gathered(jobs, scheduler, store, send_files)
    try:
        client = Client(scheduler, timeout=_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise JitasaError(f"no Dask scheduler answers at {scheduler}: {error}; start one with 'dask scheduler', or "
                          "leave the scheduler out to run in this process", key="by_area.no_scheduler",
                          address=scheduler, why=str(error)) from error
    with client:
        return _gathered(jobs, client, store, send_files)


def _gathered(jobs: Sequence[_Job], client: Any, store: Store, send_files: bool) -> list[Answer | NoDataError]:
    from distributed.scheduler import KilledWorker

    options = {"pure": False, "retries": _RETRIES}
    try:
        if send_files:
            # On every worker, so that none is the only one to hold them.
            files = client.scatter(bundle.pack(store, jobs[0].version), broadcast=True, hash=False)
            tasks = [client.submit(_sent_part, job, files, **options) for job in jobs]
        else:
            tasks = [client.submit(_part, job, **options) for job in jobs]
        found: list[Answer | NoDataError] = client.gather(tasks)
    except KilledWorker as error:
        raise JitasaError(f"the workers died while they answered ({error}); give them more memory, or run fewer at "
                          "once", key="by_area.killed", why=str(error)) from error
    except StoreError as error:
        if send_files:
            raise
        raise StoreError(f"a worker can't open the store at {jobs[0].folder} ({error}); give every worker that folder "
                         "under the same path, or use send_files", key="by_area.no_store", path=jobs[0].folder,
                         why=str(error)) from error
    return found
