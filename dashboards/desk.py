"""The one place where data is asked for: snapshots, studies, queries and outlines, each kept for a while.

What is kept belongs to the store's files that it was made from, so that a new version is seen
at once and an old answer never is. No widgets here.
"""

from __future__ import annotations

import copy
import gzip
import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from jitasa_analytics import areas, studies
from jitasa_analytics.errors import JitasaError, NoDataError
from jitasa_analytics.service.accounts import Accounts
from jitasa_analytics.service.audit import Audit
from jitasa_analytics.service.contacts import Contacts
from jitasa_analytics.service.requests import Requests
from jitasa_analytics.service.roles import LOCAL, NotAllowedError, User
from jitasa_analytics.show import outlines
from jitasa_analytics.store import Snapshot, Store
from jitasa_analytics.store.manifest import Manifest
from jitasa_analytics.store.pool import Pool
from jitasa_analytics.studies import progress

Key = tuple[Any, ...]


@dataclass(frozen=True)
class Outline:
    """Outlines ready for the browser.

    Attributes
    ----------
    url : str
        Where the browser fetches them; another content has another address.
    codes : tuple of str
        The areas in their order.
    bounds : tuple of float
        West, south, east, north, metres (EPSG:3857).
    content : bytes
        Gzipped JSON, see ``show.outlines``.
    """

    url: str
    codes: tuple[str, ...]
    bounds: tuple[float, float, float, float]
    content: bytes


class Desk:
    """Asks a store, and remembers the last answers.

    Parameters
    ----------
    folder : Path
        The store.
    keep : int
        How many answers are kept, over all sessions of this process.
    tiles : tuple of str
        Address of map tiles with ``{z}``, ``{x}``, ``{y}``, and whose they are; none by default.
    """

    def __init__(self, folder: Path, *, keep: int = 200, tiles: tuple[str, str] = ("", "")) -> None:
        self._store = Store(folder)
        self._pool = Pool(self._store.folder)
        self.tiles = tiles
        self._keep = keep
        self._kept: OrderedDict[Key, Any] = OrderedDict()
        self._lock = threading.Lock()
        self._making: dict[Key, threading.Lock] = {}
        self._content: OrderedDict[str, bytes] = OrderedDict()
        self._who: Callable[[], User | None] = lambda: LOCAL
        # Long searches have hands of their own, so that quick questions never wait for them.
        self.slow = ThreadPoolExecutor(2, thread_name_prefix="search")
        self._seen: set[Key] = set()

    # -- who asks ----------------------------------------------------------------------------

    def seen_by(self, who: Callable[[], User | None]) -> Desk:
        """The same desk for one visitor, who gets only what lies in their area.

        Parameters
        ----------
        who : callable
            Asked each time, so that what is read ends with the session.
        """
        own = copy.copy(self)
        own._who, own._seen = who, set()
        return own

    @property
    def user(self) -> User:
        """Who asks.

        Raises
        ------
        NotAllowedError
            If nobody is signed in any more.
        """
        user = self._who()
        if user is None or not user.may("see"):
            raise NotAllowedError("the session has ended; sign in again", key="service.denied.ended")
        return user

    @property
    def store(self) -> Store:
        """The whole store, past every area: for importing and for rows that were refused.

        Raises
        ------
        NotAllowedError
            Unless the visitor works with the whole country's requests.
        """
        user = self.user
        if user.scope != areas.COUNTRY or not user.may("contacts"):
            raise NotAllowedError(f"the role {user.role} may not do this", key="service.denied.right", role=user.role)
        return self._store

    def note(self, what: str, **detail: Any) -> None:
        """Write what the visitor did to the audit log; it is on the disk when this returns."""
        user = self.user
        self.audit.record(user.name, what, scope=user.scope, **detail)

    @property
    def audit(self) -> Audit:
        """The log of the store."""
        return Audit(self._store.folder)

    def staff(self) -> set[str]:
        """The names of all accounts, for who reads the log."""
        self.user.require("audit")
        return {a.user.name for a in Accounts(self._store.folder).listed()}

    @property
    def requests(self) -> Requests:
        """The requests as the visitor may see and change them, by the rules of the API and the command line."""
        return Requests(self._store, self.user, self.audit)

    @property
    def contacts(self) -> Contacts:
        """Names and phones, one at a time and each time written to the log."""
        return Contacts(self._store, self.user, self.audit)

    def _looked_at(self, key: Key, rows: int) -> None:
        """Note that rows about persons were read: once for each question of a page, not for each newer version."""
        if key not in self._seen:
            self.note("read", dataset=str(key[0]), area=str(key[1]), rows=rows)
            self._seen.add(key)

    # -- asking ------------------------------------------------------------------------------

    def manifest(self) -> Manifest:
        """What the current version holds.

        Raises
        ------
        StoreError
            If the store is missing or damaged.
        """
        return self._store.manifest()

    def ask(self, study: str, area: str, **params: Any) -> studies.Answer:
        """The answer of a study for an area."""
        answer: studies.Answer = self._once(
            ("study", area, study, _frozen(params)), area, lambda s: studies.run(study, s, **params))
        people = [t for t in (answer.frame, *getattr(answer, "tables", {}).values()) if _of_persons(t)]
        if people:
            self._looked_at((study, area, _frozen(params)), max(len(t) for t in people))
        return answer

    def search(self, study: str, area: str, heard_by: progress.Listener, **params: Any) -> studies.Answer:
        """As `ask`, while somebody hears how far it is and may stop it; what was stopped is not kept."""
        key: Key = ("study", area, study, _frozen(params))
        stopped = False

        def hear(step: progress.Step) -> bool:
            nonlocal stopped
            stopped = stopped or heard_by(step) is False
            return not stopped

        kept = self._held(self._whole(key, area))
        if kept is not None:
            found: studies.Answer = kept
            return found
        hear(progress.Step())
        with progress.heard_by(hear), self.snapshot(area) as snapshot:
            answer = studies.run(study, snapshot, **params)
        return answer if stopped else self._once(key, area, lambda _: answer)

    def query(self, name: str, area: str, **params: Any) -> pd.DataFrame:
        """The answer of a named query for an area; the query gets ``$head`` where it asks for it."""
        frame: pd.DataFrame = self._once(
            ("query", area, name, _frozen(params)), area, lambda s: s.query(name, head=head(area), **params))
        if _of_persons(frame):
            self._looked_at((name, area, _frozen(params)), len(frame))
        return frame.copy()

    def groups(self) -> pd.DataFrame:
        """The groups of areas that the visitor may look at: all for who sees the country, none else."""
        found: pd.DataFrame = self._once(("groups",), self.user.scope, lambda s: s.groups())
        return found if self.user.scope == areas.COUNTRY else found.iloc[:0]

    def level_below(self, area: str) -> str:
        """The finest level right below an area of which the store has outlines; the area's own else."""
        level: str = self._once(("level", area), area, lambda s: _level_below(s, area))
        return level

    def outline(self, level: str, within: str) -> Outline:
        """Outlines of one level inside an area."""
        # Outlines are public: those of neighbours stand around the account's own area.
        found: Outline = self._once(("outline", level, within), self.user.scope,
                                    lambda s: self._served(s.areas(level, within=within), f"{level}.{within}"))
        return found

    def outline_of(self, answer: studies.Answer) -> Outline:
        """The outlines of an answer: those of the store where it has the same areas, else its own."""
        codes = [str(code) for code in answer.frame.index]
        if codes and areas.exists(codes[0], abolished=True):
            shared = self.outline(areas.level_of(codes[0]), answer.scope)
            if sorted(codes) == sorted(shared.codes):
                return shared
        shapes = answer.frame if isinstance(answer.frame, gpd.GeoDataFrame) else gpd.GeoDataFrame(
            geometry=gpd.GeoSeries([], crs="EPSG:4326"))
        key = hashlib.sha256(repr((answer.study, answer.scope, answer.version, codes)).encode()).hexdigest()
        found: Outline = self._once(("outline-of", key), answer.scope,
                                    lambda _: self._served(shapes, f"own.{answer.scope}"))
        return found

    def served(self, name: str) -> bytes | None:
        """What the browser fetches under a name, also where another process behind the same proxy made the page."""
        with self._lock:
            found = self._content.get(name)
        if found is None and name.split(".")[0] in ("province", "district", "tambon"):
            level, rest = name.split(".", 1)
            within = rest.rsplit(".", 2)[0]
            made = self.outline(level, within)
            return made.content if made.url.endswith(name) else None
        return found

    def _served(self, shapes: gpd.GeoDataFrame, what: str) -> Outline:
        content = outlines.encoded(shapes)
        name = f"{what}.{hashlib.sha256(content).hexdigest()[:20]}.json"
        with self._lock:
            self._content[name] = content
            while len(self._content) > 4 * self._keep:
                self._content.popitem(last=False)
        held = json.loads(gzip.decompress(content))
        west, south, east, north = held["bounds"]
        return Outline(f"outlines/{name}", tuple(held["codes"]), (west, south, east, north), content)

    def versions(self, last: int = 20) -> list[Manifest]:
        """The newest versions that the store still has, newest first."""
        found = []
        for version in range(self.manifest().version, 0, -1):
            try:
                found.append(self._store.manifest(version))
            except JitasaError:
                continue
            if len(found) == last:
                break
        return found

    def sources(self) -> list[dict[str, Any]]:
        """Where the rows come from: source, datasets, n."""
        rows = self.query("page_sources", areas.COUNTRY).to_dict("records")
        return [{str(k): v for k, v in row.items()} for row in rows]

    def held(self) -> dict[str, str | None]:
        """Date of the data by dataset (import date where rows carry none)."""
        return {n: h.as_of or h.imported_at for n, h in self.manifest().datasets.items() if h.rows}

    @contextmanager
    def snapshot(self, area: str) -> Iterator[Snapshot]:
        """An open snapshot limited to an area."""
        with self._store.snapshot(self.user.within(area)) as snapshot:
            yield snapshot

    # -- remembering -------------------------------------------------------------------------

    def _whole(self, key: Key, area: str, manifest: Manifest | None = None) -> Key:
        """Under what an answer is kept: who may see it, the files that it was made from, and the question."""
        return (self.user.within(area), tuple(sorted((manifest or self.manifest()).files.items())), *key)

    def _held(self, whole: Key) -> Any:
        with self._lock:
            return self._kept.get(whole)

    def _once(self, key: Key, area: str, make: Callable[[Snapshot], Any]) -> Any:
        """What ``make`` gives for the current version, made once however many sessions of one area ask."""
        area = self.user.within(area)
        manifest = self.manifest()
        whole = self._whole(key, area, manifest)
        with self._lock:
            if whole in self._kept:
                self._kept.move_to_end(whole)
                return _given(self._kept[whole])
            making = self._making.setdefault(whole, threading.Lock())
        try:
            with making:
                with self._lock:
                    if whole in self._kept:
                        return _given(self._kept[whole])
                with self._pool.snapshot(manifest, area) as snapshot:
                    made = _made(make, snapshot)
                with self._lock:
                    self._kept[whole] = made
                    while len(self._kept) > self._keep:
                        self._kept.popitem(last=False)
                return _given(made)
        finally:
            with self._lock:
                self._making.pop(whole, None)


def head(area: str) -> str:
    """What the codes of areas inside an area start with."""
    return "" if area == areas.COUNTRY else area


@dataclass(frozen=True)
class _Nothing:
    """That there are no data is an answer too, and as slow to find out as any."""

    error: NoDataError


def _made(make: Callable[[Snapshot], Any], snapshot: Snapshot) -> Any:
    try:
        return make(snapshot)
    except NoDataError as error:
        return _Nothing(error)


def _given(made: Any) -> Any:
    if isinstance(made, _Nothing):
        raise made.error.with_traceback(None)
    return made


def _level_below(snapshot: Snapshot, area: str) -> str:
    own = areas.level_of(area)
    below = areas.below(own)
    return below if len(snapshot.areas(below, within=area)) else own


def _of_persons(table: pd.DataFrame) -> bool:
    """Whether rows stand for single persons who ask for help or offer it."""
    return bool({"request_id", "volunteer_id"} & {*map(str, table.columns), str(table.index.name)})


def _frozen(params: dict[str, Any]) -> Key:
    return tuple(sorted((n, tuple(v) if isinstance(v, list) else v) for n, v in params.items()))
