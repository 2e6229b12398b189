"""What an officer does with data in the browser: map columns, try, import, correct. All of it is ``ingest``'s work.

Writing needs to be allowed where the server is started (``JITASA_DASHBOARD_IMPORT=1``), and then who is signed in has
to work with the whole country's requests: an import changes the whole store, and refused rows hold names and phones.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jitasa_analytics import areas, contracts, ingest
from jitasa_analytics.ingest import propose, quarantine
from jitasa_analytics.ingest import recipe as recipes
from jitasa_analytics.ingest.report import Report
from jitasa_analytics.service.roles import NotAllowedError, User
from jitasa_analytics.store import Store

# Bytes of a file that may be sent through the browser; larger ones are imported with the command.
LARGEST = 60_000_000
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
        return ingest.import_files(
            store, dataset, [self.path], recipe=recipe, dry_run=dry_run, accept_quarantine=reason or None
        )

    def resubmit(self, store: Store) -> quarantine.Resubmitted:
        """Import it as a corrected quarantine."""
        return quarantine.resubmit(store, self.path)


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
