"""From files to a published version: read, map, clean, check, locate, plan, commit.

A dry run is the same without the commit. Every row read ends as accepted, quarantined or
duplicate; nothing is published unless the whole import went through.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Collection, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import cast

from jitasa_analytics import privacy, texts
from jitasa_analytics.contracts import DATASETS, Dataset, dataset
from jitasa_analytics.errors import InputError, JitasaError
from jitasa_analytics.ingest import careful, commit, derive, notes, settled, workbook
from jitasa_analytics.ingest import read as reading
from jitasa_analytics.ingest import recipe as recipes
from jitasa_analytics.ingest.bulk import run as bulk
from jitasa_analytics.ingest.bulk.opened import Opened
from jitasa_analytics.ingest.bulk.sheet import read_apart
from jitasa_analytics.ingest.findings import Findings
from jitasa_analytics.ingest.job import Job, Progress, Run, advance
from jitasa_analytics.ingest.mapping import ROW
from jitasa_analytics.ingest.plausible import Days
from jitasa_analytics.ingest.report import FileReport, Report
from jitasa_analytics.ingest.table import Noted, Table
from jitasa_analytics.store import Store, Transaction
from jitasa_analytics.store.staging import Authority

# Above this share of refused rows nothing is published without a reason; below this many rows
# the share says little.
MAX_QUARANTINED = 0.5
FEW_ROWS = 20


def import_files(store: Store, dataset_name: str, files: Sequence[Path], *, recipe: str | None = None,
                 dry_run: bool = False, accept_quarantine: str | None = None, sample: bool = False,
                 progress: Progress | None = None, sheet: str = "", large: int | None = None) -> Report:
    """Import files into one dataset, all of them or none.

    Parameters
    ----------
    store : Store
        Where to; made where none is.
    dataset_name : str
        The dataset (``requests``, ``facilities`` …).
    files : sequence of Path
        The files.
    recipe : str, optional
        A recipe by name or path; by default it is recognised by the headers, and a file with the
        contract's own column names needs none.
    dry_run : bool
        Say what would happen and write nothing.
    accept_quarantine : str, optional
        The reason for publishing although more than half of the rows were refused.
    sample : bool
        The rows are sample data.
    progress : callable, optional
        Called with a file's name and a stage.
    sheet : str
        Only the sheet or layer of this name; by default every one whose headers fit.
    large : int, optional
        Bytes of text from which on a file, or a sheet of a workbook, is read block by block, so that memory does not
        grow with it; 4 MB by default.

    Returns
    -------
    Report

    Raises
    ------
    InputError
        If a file can't be read, has no rows, or no recipe fits. Nothing is changed then.
    """
    contract = dataset(dataset_name)
    told = progress or _nobody
    with ExitStack() as held:
        jobs = [job for f in files for job in _jobs(Path(f), contract, recipe, sheet, held, large, told)]
        return _run(store, jobs, Report(dry_run=dry_run, accepted_because=accept_quarantine or ""), sample=sample,
                    progress=told, note=f"import {dataset_name}")


def import_folder(store: Store, folder: Path, *, dry_run: bool = False, accept_quarantine: str | None = None,
                  sample: bool = False, progress: Progress | None = None) -> Report:
    """Import what is recognised in a folder and its subfolders, as one version.

    Files that no recipe knows are listed in the report; a recognised file that can't be read is
    listed with the reason and left out.
    """
    if not folder.is_dir():
        raise InputError(f"there is no folder {folder}; check the name", key="error.no_folder", file=str(folder))
    report = Report(dry_run=dry_run, accepted_because=accept_quarantine or "")
    told = progress or _nobody
    jobs = []
    with ExitStack() as held:
        for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix.lower() in reading.KINDS):
            name = str(path.relative_to(folder))
            try:
                parts = _parts(path, (), "", held, None, told)
            except InputError:
                report.unrecognised.append(name)
                continue
            known = [(t, recipes.recognise(h) or recipes.own_dataset(path.stem, h)) for t, h in (
                (t, reading.headers_of(t)) for t in parts)]
            # One table of a file is read again when its turn comes; several are kept.
            jobs += [Job(path, found, *_kept(part, alone=len(parts) == 1)) for part, found in known if found]
            if not any(found for _, found in known):
                report.unrecognised.append(name)
        if not jobs:
            raise InputError(f"no file in {folder} is of a known kind; import single files with 'jitasa import "
                             "DATASET FILE'", key="error.folder_unknown", file=str(folder))
        order = list(DATASETS)
        jobs.sort(key=lambda j: (order.index(j.recipe.dataset), str(j.path)))
        note = "sample" if sample else f"import folder {folder.name}"
        return _run(store, jobs, report, sample=sample, progress=told, note=note, lenient=True)


def import_table(store: Store, dataset_name: str, table: Table, *, recipe: str | None = None,
                 accept_quarantine: str | None = None) -> Report:
    """Import rows that were read before, for instance corrected ones; they keep their numbers and their file."""
    report = Report(accepted_because=accept_quarantine or "")
    job = Job(table.path, _recipe(table.path, reading.headers_of(table), dataset(dataset_name), recipe), table)
    return _run(store, [job], report, sample=False, progress=None, note=f"import {dataset_name}")


def _jobs(path: Path, contract: Dataset, recipe: str | None, sheet: str, held: ExitStack, large: int | None,
          told: Progress) -> list[Job]:
    """A file, or each sheet of a workbook whose headers fit; sheets that don't are named in the report."""
    given = recipes.named(recipe) if recipe else None
    parts = [p for p in _parts(path, given.columns_used() if given else (), sheet, held, large, told)
             if isinstance(p, Opened) or p.rows]
    if not parts:
        raise InputError(f"{path.name} has headers but no rows; check the export it came from",
                         key="error.file_no_rows", file=path.name)
    fitting, others, refusals = [], [], []
    for part in parts:
        try:
            fitting.append((part, _recipe(path, reading.headers_of(part), contract, recipe)))
        except InputError as error:
            others.append(part)
            refusals.append(error)
    if not fitting:
        raise refusals[0]
    aside = [Noted(1, "", f"{p.sheet} ({p.rows})", "sheet_not_read", "warning") for p in others]
    first, found = fitting[0]
    fitting[0] = (workbook.also_noted(first, aside), found)
    return [Job(path, known, *_kept(part)) for part, known in fitting]


def _parts(path: Path, expect: Collection[str], sheet: str, held: ExitStack, large: int | None, told: Progress
           ) -> Sequence[Table | Opened]:
    """A file's tables, and of its large ones the beginnings."""
    told(path.name, "read")
    return reading.parts(path, expect, sheet, held=held, large=large, watch=lambda done, total, rows: advance(
        told, path.name, read_apart(done, total), total, rows))


def _kept(part: Table | Opened, *, alone: bool = False) -> tuple[Table | None, Opened | None]:
    """What a job keeps of a part of a file."""
    if isinstance(part, Opened):
        return None, part
    return None if alone else part, None


def _nobody(file: str, stage: str) -> None:
    """Watches nothing."""


def _recipe(path: Path, have: list[str], contract: Dataset, recipe: str | None) -> recipes.Recipe:
    """The recipe that reads a table with some headers."""
    given = recipes.named(recipe) if recipe else None
    found = given or recipes.recognise(have, contract.name)
    if found is None:
        need = [c.name for c in contract.columns if c.required and c.default is None]
        raise InputError(
            f"the headers of {path.name} ({', '.join(have[:12])}) fit neither a recipe nor the dataset "
            f"{contract.name}, which needs {', '.join(need)}; rename or add the columns that are missing, "
            "or give --recipe",
            key="error.no_recipe", file=path.name, have=", ".join(have[:12]), dataset=contract.name,
            need=", ".join(need))
    if found.dataset != contract.name:
        raise InputError(f"the recipe {found.name} makes {found.dataset}, not {contract.name}",
                         key="error.recipe_dataset", name=found.name, makes=found.dataset, wanted=contract.name)
    missing = [h for h in found.recognise if h not in have]
    if recipe and missing:
        raise InputError(f"{path.name} lacks the column {missing[0]!r} that the recipe {found.name} reads",
                         key="error.recipe_column", file=path.name, column=missing[0], name=found.name)
    return found


def _run(store: Store, jobs: list[Job], report: Report, *, sample: bool, progress: Progress | None, note: str,
         lenient: bool = False) -> Report:
    if report.dry_run and not store.exists:
        with tempfile.TemporaryDirectory(prefix="jitasa-") as folder:
            return _transact(Store(Path(folder) / "store"), jobs, report, sample=sample, progress=progress, note=note,
                             lenient=lenient)
    return _transact(store, jobs, report, sample=sample, progress=progress, note=note, lenient=lenient)


def _transact(store: Store, jobs: list[Job], report: Report, *, sample: bool, progress: Progress | None, note: str,
              lenient: bool) -> Report:
    try:
        with store.transaction(note=note, sample=sample, create=True) as tx:
            key = secrets.token_bytes(32) if report.dry_run else privacy.load_key(store.folder)
            run = Run(key, sample, progress or (lambda file, stage: None), report)
            for job in jobs:
                run.last = job is jobs[-1]
                _import(tx, job, run, lenient=lenient)
                job.forget()
            commit.say_without_items(tx, run)
            derive.after(tx, run.changed)
            _refuse_too_many(report)
            if report.dry_run:
                raise _DryRunError
            if tx.changed:
                report.version = tx.version
    except _DryRunError:
        report.version = None
    return report


class _DryRunError(Exception):
    """Ends a transaction without publishing it."""


def _import(tx: Transaction, job: Job, run: Run, *, lenient: bool) -> None:
    run.progress(job.path.name, "read")
    if job.large is not None and (large := bulk.import_large(tx, job, run)) is not None:
        large.sha256 = large.sha256 or reading.digest(job.path)
        commit.log(tx, large, run)
        run.report.files.append(large)
        return
    try:
        table = job.table or (job.large.whole() if job.large else None) or reading.read(job.path)
    except JitasaError as error:
        if not lenient:
            raise
        run.report.failed.append({"file": job.path.name, "message_th": texts.of_error(error, "th"),
                                  "message_en": texts.of_error(error, "en")})
        return
    contract = job.contract
    file_report = FileReport(job.path.name, contract.name, job.recipe.name, reading.digest(job.path), table.sheet)
    findings = Findings(job.path.name, table.sheet, job.recipe.headers())
    notes.say(table, job.recipe, findings)
    outcome = dict.fromkeys([*map(int, table.frame.index), *table.ragged], "quarantined")
    for row, cells in table.ragged.items():
        if row not in table.not_data:
            findings.add(row, "", len(cells), "ragged_row", "error")
    run.progress(job.path.name, "check")
    frame = careful.checked(tx, job, table, findings, run)
    good = frame[~frame[ROW].isin(findings.refused())]
    days = Days(contract)
    days.add(good)
    days.say(lambda row, column, day, meant: findings.add(row, column, day, "year_far", "warning", proposal=meant))
    good, copies = commit.resent(tx, job, table, good)
    outcome.update(dict.fromkeys(copies, "duplicate"))
    run.progress(job.path.name, "plan")
    states = commit.write(tx, contract, good, cast(Authority, job.recipe.authority), findings, run)
    for row, state in states.items():
        outcome[row] = state
    if contract.name == "requests":
        commit.store_items(tx, job, table, good, states, findings, run)
        run.new_requests.append((file_report, good[good[ROW].isin([r for r, s in states.items() if s == "accepted"])]
                                 .set_index(ROW)["request_id"]))
    outcome.update(dict.fromkeys(settled.corrected(tx, contract.name, table, findings), "duplicate"))
    file_report.count(outcome)
    file_report.rules = findings.rules()
    file_report.findings = findings.of("repair", "warning", "error")
    commit.set_aside(tx, job, table, findings)
    commit.log(tx, file_report, run)
    run.report.files.append(file_report)


def _refuse_too_many(report: Report) -> None:
    """Publish nothing when most rows of a file were refused, unless somebody gives a reason."""
    for file in report.files:
        share = file.quarantined / file.read if file.read else 0
        if share > MAX_QUARANTINED and file.read >= FEW_ROWS and not report.accepted_because and not report.dry_run:
            rule = max(file.rules, key=lambda r: file.rules[r])
            raise TooManyRefusedError(
                report, f"{file.file}: {file.quarantined} of {file.read} rows were refused, most by the rule "
                f"{rule}; nothing was published. Look at --dry-run --report FILE.json, correct the file or the "
                "recipe, or publish all the same with --accept-quarantine 'REASON'",
                key="error.too_many_refused", file=file.file, quarantined=file.quarantined, read=file.read,
                rule=texts.say(f"rule.{rule}.name", texts.preferred()))


class TooManyRefusedError(InputError):
    """Most rows of a file were refused; carries the report."""

    def __init__(self, report: Report, message: str, *, key: str, **values: object) -> None:
        super().__init__(message, key=key, **values)
        self.report = report
