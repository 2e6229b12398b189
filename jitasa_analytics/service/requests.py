"""Work on requests: every read and every write passes the account's area and rights, and is logged.

A write is one transaction of the store: the state is read, checked and changed under the writer's
lock, the event is appended beside it, and both are on the disk before anybody is told.
"""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from jitasa_analytics import areas
from jitasa_analytics.contracts import CATEGORIES, OPEN_STATUSES, STATUSES, URGENCIES
from jitasa_analytics.errors import InputError, UnknownError
from jitasa_analytics.geo import in_thailand
from jitasa_analytics.service import dispatch, life
from jitasa_analytics.service.audit import Audit
from jitasa_analytics.service.dispatch import Plan
from jitasa_analytics.service.roles import NotAllowedError, User
from jitasa_analytics.store import Store, Transaction

LIST_COLUMNS = ("request_id", "requested_at", "urgency", "status", "people", "lon", "lat", "area_code")
MOST_LISTED = 1000
_DOUBLE_HOURS = 48
_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


class Requests:
    """The requests of a store as one account may see and change them."""

    def __init__(self, store: Store, user: User, audit: Audit) -> None:
        self.store, self.user, self._audit = store, user, audit

    # -- reading ---------------------------------------------------------------------------------

    def listed(self, area: str = "TH", *, status: str = "open", urgency: str = "", limit: int = 100
               ) -> list[dict[str, Any]]:
        """Requests of an area, the most urgent and oldest first."""
        self.user.require("see")
        for value, known in ((status, ("open", "all", *STATUSES)), (urgency, ("", *URGENCIES))):
            if value not in known:
                raise InputError(f"{value!r} is none of {', '.join(known)}", key="service.requests.no_choice",
                                 value=value, known=", ".join(k for k in known if k))
        wanted = list(OPEN_STATUSES) if status == "open" else list(STATUSES) if status == "all" else [status]
        with self.store.snapshot(self.user.within(areas.resolve(area))) as snapshot:
            frame = snapshot.sql(
                f"SELECT {', '.join(LIST_COLUMNS)} FROM requests WHERE list_contains($wanted, status) "
                "AND ($urgency = '' OR urgency = $urgency) "
                "ORDER BY CASE urgency WHEN 'critical' THEN 0 WHEN 'high' THEN 1 WHEN 'normal' THEN 2 ELSE 3 END, "
                "requested_at, request_id LIMIT $most",
                wanted=wanted, urgency=urgency, most=max(1, min(limit, MOST_LISTED)))
        self._audit.record(self.user.name, "read", scope=self.user.scope, dataset="requests", rows=len(frame))
        return _rows(self._masked(frame))

    def one(self, request_id: str) -> dict[str, Any]:
        """A request with what it asks for and what happened to it.

        Raises
        ------
        UnknownError
            If there is none in the account's area: whether it exists elsewhere is not told.
        """
        self.user.require("see")
        with self.store.snapshot(self.user.scope) as snapshot:
            found = snapshot.sql(f"SELECT {', '.join(LIST_COLUMNS)} FROM requests WHERE request_id = $id",
                                 id=request_id)
            if not len(found):
                raise _unknown(request_id)
            items = snapshot.sql("SELECT item, category, quantity, delivered FROM request_items "
                                 "WHERE request_id = $id ORDER BY item", id=request_id)
            events = snapshot.sql('SELECT event_id, "at", status, "by", item, quantity_delivered, facility_id, '
                                  'to_unit, note FROM request_events WHERE request_id = $id ORDER BY "at", event_id',
                                  id=request_id)
        if not self.user.may("contacts"):
            events = events.drop(columns=["note", "by"])
        self._audit.record(self.user.name, "read", scope=self.user.scope, request=request_id)
        return {**_rows(self._masked(found))[0], "items": _rows(items), "events": _rows(events),
                "next": list(life.NEXT[str(found["status"].iloc[0])])}

    def doubles(self, area: str = "TH", *, limit: int = 100) -> list[dict[str, Any]]:
        """Requests that may be duplicates: the same requester, near in place, within two days. A hint, no verdict."""
        self.user.require("see")
        with self.store.snapshot(self.user.within(areas.resolve(area))) as snapshot:
            return _rows(snapshot.query("request_doubles", hours=_DOUBLE_HOURS, most=max(1, min(limit, MOST_LISTED))))

    def suggest(self, request_id: str, *, limit: int = 5) -> list[dict[str, Any]]:
        """Volunteers for a request, the nearest that have room first."""
        self.user.require("change")
        with self.store.snapshot(self.user.scope) as snapshot:
            found = dispatch.suggested(snapshot, request_id, now().date().isoformat(), limit=limit)
        if found is None:
            raise _unknown(request_id)
        return _rows(found)

    def plan(self, area: str = "TH", *, within_km: float = 30.0) -> Plan:
        """The best assignment of the whole queue of an area; nothing is changed."""
        self.user.require("change")
        with self.store.snapshot(self.user.within(areas.resolve(area))) as snapshot:
            return dispatch.plan(snapshot, now().date().isoformat(), within_km=within_km)

    # -- writing -----------------------------------------------------------------------------------

    def move(self, request_id: str, status: str, *, by: str = "", note: str = "") -> dict[str, Any]:
        """Take a request to its next state; ``by`` is the volunteer where it is ``assigned``."""
        self.user.require("change")
        with self.store.transaction(note="request") as tx:
            self._step(tx, request_id, status, by, note)
        return self._done(request_id, status=status)

    def accept(self, plan: Plan) -> int:
        """Assign a plan's pairs, all or none; a request that went on meanwhile is refused by its state."""
        self.user.require("change")
        pairs = plan.table["volunteer_id"].dropna()
        with self.store.transaction(note="requests assigned") as tx:
            for request_id, volunteer in pairs.items():
                self._step(tx, str(request_id), "assigned", str(volunteer), "")
        self._audit.record(self.user.name, "change", scope=self.user.scope, assigned=len(pairs))
        return len(pairs)

    def refer(self, request_id: str, *, to_unit: str = "", facility_id: str = "", note: str = "") -> dict[str, Any]:
        """Hand a request to another unit, or to a facility that has a bed free.

        Raises
        ------
        InputError
            If neither or both are named, or every free bed of the facility was given away before.
        """
        self.user.require("change")
        if bool(to_unit) == bool(facility_id):
            raise InputError("name either a unit or a facility", key="service.requests.refer_one")
        with self.store.transaction(note="referral") as tx:
            row = self._row(tx, request_id)
            if facility_id:
                _bed(tx, facility_id)
            _event(tx, request_id, status=str(row["status"]), by=self.user.name, to_unit=to_unit or None,
                   facility_id=facility_id or None, note=note or None)
        return self._done(request_id, referred=True)

    def deliver(self, request_id: str, item: str, quantity: float) -> dict[str, Any]:
        """Write down what was handed over of an item."""
        self.user.require("change")
        if not 0 < quantity < 1e6:
            raise InputError(f"a delivery of {quantity:g} is none", key="service.requests.quantity", value=quantity)
        with self.store.transaction(note="delivery") as tx:
            row = self._row(tx, request_id)
            items = _ask(tx, "SELECT t.* FROM g_live.request_items t JOIN wanted w ON t.request_id = w.key", request_id)
            mine = items[items["item"] == item]
            if not len(mine):
                raise InputError(f"the request {request_id} does not ask for {item!r}", key="service.requests.no_item",
                                 item=item, known=", ".join(items["item"]))
            tx.update("request_items", mine.assign(delivered=mine["delivered"].fillna(0) + quantity))
            _event(tx, request_id, status=str(row["status"]), by=self.user.name, item=item, quantity_delivered=quantity)
        return self._done(request_id, delivered=True)

    def create(self, *, area_code: str, category: str, item: str = "", urgency: str = "normal", people: int = 1,
               lon: float | None = None, lat: float | None = None) -> dict[str, Any]:
        """A new request, written down by an officer; its number can't be guessed."""
        self.user.require("change")
        code = areas.resolve(area_code)
        if not self.user.holds(code):
            raise NotAllowedError(f"{code} lies outside the area of {self.user.name}", key="service.denied.area",
                                  area=areas.name(code), own=areas.name(self.user.scope))
        if urgency not in URGENCIES or category not in CATEGORIES or not 1 <= people <= 10_000:
            raise InputError("urgency, category or people are none that a request has", key="service.requests.bad")
        if (lon is None) != (lat is None) or (lon is not None and not bool(in_thailand([lon], [lat or 0.0])[0])):
            raise InputError("the place lies outside Thailand", key="service.requests.outside")
        request_id = "W" + "".join(secrets.choice(_LETTERS) for _ in range(11))
        with self.store.transaction(note="request") as tx:
            tx.insert("requests", pd.DataFrame([{
                "request_id": request_id, "requested_at": now(), "urgency": urgency, "status": "new", "people": people,
                "lon": lon, "lat": lat, "area_code": code, "source": "api"}]))
            tx.insert("request_items", pd.DataFrame([{"request_id": request_id, "item": (item or category)[:200],
                                                      "category": category, "delivered": 0.0}]))
            _event(tx, request_id, status="new", by=self.user.name)
        return self._done(request_id, created=True)

    # -- inside ---------------------------------------------------------------------------------------

    def _step(self, tx: Transaction, request_id: str, status: str, by: str, note: str) -> None:
        row = self._row(tx, request_id)
        life.check(str(row["status"]), status)
        if status == "assigned":
            known = _ask(tx, "SELECT v.area_code FROM g_live.volunteers v JOIN wanted w ON v.volunteer_id = w.key", by)
            if not len(known) or not self.user.holds(_text(known["area_code"].iloc[0])):
                raise UnknownError(f"there is no volunteer {by!r} in your area; an assignment names one",
                                   key="service.requests.no_volunteer", value=by)
        tx.update("requests", pd.DataFrame([row.to_dict() | {"status": status}]))
        _event(tx, request_id, status=status, by=by or self.user.name, note=note or None)

    def _row(self, tx: Transaction, request_id: str) -> pd.Series:
        found = _ask(tx, "SELECT t.* FROM g_live.requests t JOIN wanted w ON t.request_id = w.key", request_id)
        if not len(found) or not self.user.holds(_text(found["area_code"].iloc[0])):
            raise _unknown(request_id)
        return found.iloc[0]

    def _done(self, request_id: str, **detail: Any) -> dict[str, Any]:
        self._audit.record(self.user.name, "change", scope=self.user.scope, request=request_id, **detail)
        return self.one(request_id)

    def _masked(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Points as the role may see them: who need not find a house sees none."""
        return frame if self.user.may("exact") else frame.drop(columns=["lon", "lat"])


def now() -> datetime:
    """The time as the store keeps it: UTC, without a zone."""
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)


def _bed(tx: Transaction, facility_id: str) -> None:
    """Refuse a facility without a bed that was not given away before."""
    found = tx.ask("reference", "SELECT f.beds_free, f.status FROM g_reference.facilities f "
                                "JOIN wanted w ON f.facility_id = w.key", wanted=pa.table({"key": [facility_id]}))
    given = _ask(tx, "SELECT count(DISTINCT e.request_id) AS n FROM g_live.request_events e "
                     "JOIN wanted w ON e.facility_id = w.key JOIN g_live.requests r ON r.request_id = e.request_id "
                     "WHERE r.status IN ('new', 'confirmed', 'assigned', 'on_the_way')", facility_id)
    free = found["beds_free"].fillna(0).iloc[0] if len(found) and found["status"].iloc[0] == "open" else 0
    if free - given["n"].iloc[0] < 1:
        raise InputError(f"the facility {facility_id} has no free bed; choose another",
                         key="service.requests.no_bed", value=facility_id)


def _event(tx: Transaction, request_id: str, **values: Any) -> None:
    """Append an event; events are never changed."""
    tx.insert("request_events", pd.DataFrame([{
        "event_id": f"e-{time.time_ns():x}-{secrets.token_hex(4)}", "request_id": request_id, "at": now(), **values}]))


def _ask(tx: Transaction, query: str, key: str) -> pd.DataFrame:
    """A query over the live tables with one key, which travels as data and never as SQL."""
    return tx.ask("live", query, wanted=pa.table({"key": [key]}))


def _unknown(request_id: str) -> UnknownError:
    return UnknownError(f"there is no request {request_id!r} in your area", key="service.requests.unknown",
                        value=request_id)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """A frame as JSON takes it: times in UTC with their zone, what is missing as None."""
    return [{str(k): _plain(v) for k, v in row.items()} for row in frame.to_dict("records")]


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return value
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, pd.Timestamp):
        return value.isoformat() + "Z"
    return value.item() if isinstance(value, np.generic) else value
