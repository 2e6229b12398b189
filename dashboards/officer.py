"""What an officer does with data in the browser: map columns, try, import, correct. All of it is ``ingest``'s work.

Writing needs to be allowed where the server is started (``JITASA_DASHBOARD_IMPORT=1``), and then who is signed in has
to work with the whole country's requests: an import changes the whole store, and refused rows hold names and phones.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd

from jitasa_analytics import areas, contracts, ingest
from jitasa_analytics.errors import InputError
from jitasa_analytics.ingest import correction, propose, quarantine
from jitasa_analytics.ingest import recipe as recipes
from jitasa_analytics.ingest.report import Report
from jitasa_analytics.service.roles import NotAllowedError, User
from jitasa_analytics.store import Store

# Bytes of a file that may be sent through the browser; larger ones are imported with the command.
LARGEST = 60_000_000
# Folder of the store with mappings that officers confirmed.
_MAPPINGS = "mappings"
KINDS = (".csv", ".xlsx", ".xls", ".parquet", ".geojson", ".gpkg", ".gz", ".zip")


def allowed(user: User) -> bool:
    """Whether somebody may write data from the browser."""
    return switched_on() and works_with_all(user)


def works_with_all(user: User) -> bool:
    """Whether somebody works with the requests of the whole country, and so may see the rows that were refused."""
    return user.scope == areas.COUNTRY and user.may("contacts")


def require(user: User) -> None:
    """Refuse who may not write data: asked again with each deed, as a session may have ended meanwhile.

    Raises
    ------
    NotAllowedError
    """
    if not allowed(user):
        raise NotAllowedError(f"{user.name} may not import data through the browser", key="service.denied.right",
                              role=user.role)


def switched_on() -> bool:
    """Whether this server lets data be written from the browser at all."""
    return os.environ.get("JITASA_DASHBOARD_IMPORT", "").strip().lower() in {"1", "true", "yes"}


@dataclass(frozen=True)
class Fit:
    """What the columns of a sent file seem to mean.

    Attributes
    ----------
    proposal : Proposal
        The mapping that the headers suggest.
    known : str
        The recipe that knows such files; empty where none does.
    headers : tuple of str
    """

    proposal: propose.Proposal
    known: str
    headers: tuple[str, ...]


class Sent:
    """A file that came through the browser, kept in a folder of its own until it is closed."""

    def __init__(self, name: str, content: bytes) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="jitasa-")
        # Only the name's last part, so that no file is written elsewhere.
        self.path = Path(self._folder.name) / (Path(name.replace("\\", "/")).name or "file")
        self.path.write_bytes(content)

    def close(self) -> None:
        """Forget the file."""
        self._folder.cleanup()

    def mapping(self, dataset: str) -> Fit:
        """Propose how its columns become those of a dataset.

        Raises
        ------
        InputError
            If it can't be read.
        """
        proposal = propose.propose(self.path, dataset)
        headers = [
            *proposal.certain.values(),
            *proposal.address.values(),
            *(h for h, _ in proposal.likely.values()),
            *proposal.unused,
        ]
        known = recipes.recognise(headers, None)
        return Fit(
            proposal,
            known.name if known is not None and known.dataset == dataset else "",
            tuple(dict.fromkeys(headers)),
        )

    def bring(
        self, store: Store, dataset: str, chosen: Mapping[str, str] | None, *, dry_run: bool, reason: str = ""
    ) -> Report:
        """Import it, or say what an import would do.

        Parameters
        ----------
        chosen : mapping of our column to their header, optional
            A mapping that a person confirmed; the file's own or its recipe's by default.
        dry_run : bool
        reason : str
            Why to publish although most rows were refused.
        """
        recipe = None
        if chosen is not None:
            proposal = propose.propose(self.path, dataset)
            confirmed = replace(proposal, certain={c: h for c, h in chosen.items() if h}, likely={}, missing=())
            file = self.path.with_name("chosen_in_the_browser.toml")
            file.write_text(confirmed.to_toml(self.path.name), "utf-8")
            recipe = str(file)
        report = ingest.import_files(
            store, dataset, [self.path], recipe=recipe, dry_run=dry_run, accept_quarantine=reason or None
        )
        if recipe is not None and not dry_run and report.quarantined:
            _keep(store, Path(recipe))
        return report

    def resubmit(self, store: Store) -> quarantine.Resubmitted:
        """Import it as a corrected quarantine."""
        return _resubmit(store, self.path)


def _keep(store: Store, recipe: Path) -> None:
    """Keep a confirmed mapping beside the versions, so that rows refused under it can be read once corrected."""
    content = recipe.read_bytes()
    kept = store.folder / _MAPPINGS / f"{hashlib.sha256(content).hexdigest()[:16]}.toml"
    kept.parent.mkdir(exist_ok=True)
    kept.write_bytes(content)


def _resubmit(store: Store, path: Path) -> quarantine.Resubmitted:
    """Import a corrected quarantine; where its headers say nothing, by the mapping that was confirmed for them."""
    try:
        return quarantine.resubmit(store, path)
    except InputError as unread:
        folder = store.folder / _MAPPINGS
        found = sorted(folder.glob("*.toml"), key=lambda f: f.stat().st_mtime, reverse=True) if folder.is_dir() else []
        for recipe in found:
            try:
                return quarantine.resubmit(store, path, recipe=str(recipe))
            except InputError:
                continue
        raise unread


def refused(store: Store) -> list[dict[str, Any]]:
    """How many rows each rule refused: dataset, file, code, rows."""
    return [{str(k): v for k, v in row.items()} for row in quarantine.summary(store).to_dict("records")]


def quarantined(store: Store, lang: str) -> bytes:
    """The refused rows as a workbook to be corrected."""
    with tempfile.TemporaryDirectory(prefix="jitasa-") as folder:
        path = Path(folder) / "quarantine.xlsx"
        quarantine.export(store, path, lang=lang)
        return path.read_bytes() if path.exists() else b""


def wanted(dataset: str) -> list[Any]:
    """The columns of a dataset that a file may fill."""
    return [c for c in contracts.dataset(dataset).columns if c.kind != "geometry" and c.name != "source"]


@dataclass(frozen=True)
class Refused:
    """Refused rows of one sheet, as a person corrects them.

    Attributes
    ----------
    sheet : str
    frame : DataFrame of str
        On the rows' ids: what is wrong, what to do, and the cells as they were read.
    fixed : tuple of str
        Columns that say where a row comes from or what is wrong with it; the others may be changed.
    """

    sheet: str
    frame: pd.DataFrame
    fixed: tuple[str, ...]


def to_correct(store: Store, lang: str) -> list[Refused]:
    """The rows that were refused, sheet by sheet as they are written out."""
    with tempfile.TemporaryDirectory(prefix="jitasa-") as folder:
        path = Path(folder) / "quarantine.xlsx"
        if not quarantine.export(store, path, lang=lang):
            return []
        sheets = pd.read_excel(path, sheet_name=None, dtype=str, keep_default_na=False)
    key = correction.label(correction.ID)
    told = {correction.label(name) for name in correction.TOLD}
    return [Refused(name, frame.set_index(key), tuple(c for c in frame.columns if c in told and c != key))
            for name, frame in sheets.items() if key in frame.columns]


def send_again(store: Store, lang: str, sheet: str, frame: pd.DataFrame) -> quarantine.Resubmitted:
    """Import rows of a sheet as they were corrected on the page: the same as sending the workbook back."""
    with tempfile.TemporaryDirectory(prefix="jitasa-") as folder:
        path = Path(folder) / "quarantine.xlsx"
        quarantine.export(store, path, lang=lang)
        book = openpyxl.load_workbook(path)
        page = book[sheet]
        heads = [cell.value for cell in page[1]]
        key = heads.index(correction.label(correction.ID))
        for row in page.iter_rows(min_row=2):
            if row[key].value in frame.index:
                for name, value in frame.loc[row[key].value].items():
                    cell = row[heads.index(name)]
                    cell.value = str(value) or None
                    if str(value):
                        cell.data_type = "s"  # what looks like a formula is text too
        book.save(path)
        return _resubmit(store, path)
