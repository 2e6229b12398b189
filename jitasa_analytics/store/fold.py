"""What the journal holds becomes the next version.

Rows of the same key are put together in the order of the journal: what a later one gives takes the
place of what an earlier one gave, what it does not give stays. Nothing that was acknowledged is lost:
a row that can't be taken after all is kept aside in the restricted file, like a refused row of a file.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from jitasa_analytics.contracts import DATASETS, Dataset, dataset
from jitasa_analytics.errors import JitasaError, StoreError
from jitasa_analytics.store import journal, sweep
from jitasa_analytics.store import manifest as files
from jitasa_analytics.store.journal import Entry
from jitasa_analytics.store.manifest import Manifest
from jitasa_analytics.store.rows import checked, stored, with_defaults
from jitasa_analytics.store.transaction import Transaction

NOTE = "journal"
# The note of versions that hold one step of somebody's work.
WORK = "work"
# Versions made each second would fill any disk: of those only the newest and the last of a day stay.
KEEP = 20
_EVERY = 20
_BANGKOK = timedelta(hours=7)


def fold(folder: Path, base: Manifest, number: int) -> Manifest:
    """Publish a version that holds the whole journal; call under the writer's lock.

    Returns
    -------
    Manifest
        The new version, or ``base`` where nothing was pending.
    """
    if not base.version or not journal.pending(folder, base.journal):
        return base
    entries, reached = journal.read(folder, base.journal)
    if not entries:
        return base
    tx = Transaction(folder, base, number, threads=1)  # few rows: more threads only wait for each other
    try:
        _apply(tx, entries)
        made = replace(tx.seal(note=NOTE, sample=base.sample), journal=reached)
        files.publish(folder, made, base)
    except BaseException:
        if files.points_at(folder, number):
            tx.abandon()
        else:
            tx.discard()
        raise
    journal.remove_folded(folder, reached)
    if reached.offset > journal.SEGMENT_BYTES:
        journal.journal_of(folder).rotate()
    now_and_then(folder, made)
    return made


def now_and_then(folder: Path, made: Manifest) -> None:
    """Thin the versions after every so many small writes; call under the writer's lock."""
    if made.version % _EVERY == 0 and made.note in (NOTE, WORK):
        thin(folder, made)


def thin(folder: Path, base: Manifest) -> None:
    """Remove versions that hold small writes only, but the newest ones and the last of each day (Bangkok's)."""
    last_of_day: dict[str, int] = {}
    folded = []
    for number in files.numbers(folder):
        try:
            manifest = files.read(files.path_of(folder, number))
        except StoreError:
            continue
        day = (datetime.fromisoformat(manifest.created_at) + _BANGKOK).date().isoformat()
        last_of_day[day] = number
        if manifest.note in (NOTE, WORK):
            folded.append(number)
    sweep.versions(folder, base, set(folded[:-KEEP]) - set(last_of_day.values()))


def _apply(tx: Transaction, entries: list[Entry]) -> None:
    for contract in DATASETS.values():
        if contract.group == journal.GROUP:
            rows = [(e, row, partial) for e in entries for name, row, partial in e.rows if name == contract.name]
            if rows:
                _put(tx, contract, rows)
    unknown = [(e, name, row) for e in entries for name, row, _ in e.rows if name not in DATASETS]
    for entry, name, row in unknown:
        _set_aside(tx, entry, name, row, "unknown_dataset")


def _put(tx: Transaction, contract: Dataset, rows: list[tuple[Entry, dict[str, Any], bool]]) -> None:
    """Put the rows of one dataset together with what is known, and write what changed."""
    good, form = [], journal.form()
    for entry, row, partial in rows:
        try:
            sound = row if entry.form == form else _again(contract, row, partial)
            good.append((entry, stored(contract, sound), partial))
        except (JitasaError, ValueError):  # the contract changed since it was written
            _set_aside(tx, entry, contract.name, row, "contract")
    keys = [tuple(row.get(k) for k in contract.key) for _, row, _ in good]
    known = {tuple(r[k] for k in contract.key): r for r in tx.known(contract.name, keys)} if keys else {}
    now: dict[tuple[Any, ...], dict[str, Any]] = {}
    for key, (entry, row, partial) in zip(keys, good, strict=True):
        before = now.get(key) or known.get(key)
        if before is None and partial:
            _set_aside(tx, entry, contract.name, row, "unknown_key")
        elif before is None:
            now[key] = with_defaults(contract, row)
        elif contract.on_known == "update" or partial:
            now[key] = {**before, **row}
        elif any(before[name] != value for name, value in row.items()):
            _set_aside(tx, entry, contract.name, row, "known_key_differs")
    new = [row for key, row in now.items() if key not in known]
    changed = [row for key, row in now.items() if key in known and row != known[key]]
    for write, part in ((tx.insert, new), (tx.update, changed)):
        if part:
            write(contract.name, pd.DataFrame(part, columns=list(contract.names), dtype="object"))


def _again(contract: Dataset, row: dict[str, Any], partial: bool) -> dict[str, Any]:
    """Check a row of the journal once more: it may have been written by another version of this program."""
    given = {**row}
    for column in contract.columns:
        if column.kind == "datetime" and given.get(column.name) is not None:
            given[column.name] = datetime.fromisoformat(given[column.name]).replace(tzinfo=UTC)
    return checked(contract, given, partial=partial)


def _set_aside(tx: Transaction, entry: Entry, name: str, row: dict[str, Any], code: str) -> None:
    key = ", ".join(dataset(name).key) if name in DATASETS else ""
    tx.keep_aside("quarantine", pd.DataFrame([{
        "dataset": name, "file": f"{NOTE} {entry.id}", "sheet": "", "row": 1, "column": key, "code": code, "value": "",
        "original": json.dumps(row, ensure_ascii=False, sort_keys=True, default=str),
        "at": datetime.fromisoformat(entry.at).replace(tzinfo=None)}]))
