"""Work on requests: every write passes the account's area and rights, and is logged.

A write is one transaction of the store: the state is read, checked and changed under the writer's
lock, the event is appended beside it, and both are on the disk before anybody is told. Who says
which revision they had seen (``seen``) writes nothing where somebody else was faster.
"""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pandas as pd
import pyarrow as pa

from jitasa_analytics import areas
from jitasa_analytics.contracts import CATEGORIES, URGENCIES
from jitasa_analytics.errors import InputError, UnknownError
from jitasa_analytics.geo import in_thailand
from jitasa_analytics.service import dispatch, life
from jitasa_analytics.service.dispatch import Plan
from jitasa_analytics.service.queue import LIST_COLUMNS, Queue, clock, now, unknown
from jitasa_analytics.store import WORK, Transaction

__all__ = ["LIST_COLUMNS", "Requests", "now"]

LONGEST_TEXT = 500
_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


class Requests(Queue):
    """The requests of a store as one account may see and change them."""

    def move(self, request_id: str, status: str, *, by: str = "", note: str = "", vehicle: str = "",
             facility_id: str = "", to_unit: str = "", same_as: str = "", seen: str = "") -> dict[str, Any]:
        """Take a request to its next state.

        Parameters
        ----------
        by : str
            The volunteer, where it is ``assigned``.
        vehicle : str
            With what the volunteer brings somebody, one of their vehicles; then the destination is
            ``facility_id`` or ``to_unit``.
        same_as : str
            The earlier request, where it is a ``duplicate``: what only the later asks for is added to that one.
        seen : str
            The revision that was looked at.

        Raises
        ------
        InputError
            If no request takes this step, or what is given does not belong to it.
        ChangedError
            If the request was changed after ``seen``.
        """
        self.user.require("change")
        if (vehicle or facility_id or to_unit) and status != "assigned":
            raise InputError("a vehicle and a destination belong to an assignment",
                             key="service.requests.trip_assigned")
        if same_as and status != "duplicate":
            raise InputError("another request is named for a duplicate only", key="service.requests.same_duplicate")
        with self.store.transaction(note=WORK) as tx:
            row = self._row(tx, request_id, seen)
            more = self._trip(tx, by, vehicle, facility_id, to_unit)
            if same_as:
                self._merge(tx, request_id, same_as)
                more["same_as"] = same_as
            self._step(tx, row, status, by, note, more)
        return self._done(request_id, status=status, **({"same_as": same_as} if same_as else {}))

    def accept(self, plan: Plan) -> int:
        """Assign a plan's pairs, all or none."""
        return self.assign({str(r): str(v) for r, v in plan.table["volunteer_id"].dropna().items()})

    def assign(self, pairs: Mapping[str, str]) -> int:
        """Assign volunteers to requests, all or none: a line that somebody else overtook stops them all.

        Parameters
        ----------
        pairs : mapping of request to volunteer

        Raises
        ------
        InputError
            If a request went on meanwhile, or a volunteer has no room left for what they would get.
        """
        self.user.require("change")
        with self.store.transaction(note=WORK) as tx:
            self._room(tx, pairs)
            for request_id, volunteer in pairs.items():
                row = self._row(tx, request_id)
                if row["status"] not in ("new", "confirmed"):
                    raise life.ChangedError(f"the request {request_id} is {row['status']} meanwhile",
                                            key="service.requests.overtaken", request=request_id,
                                            status=row["status"])
                self._step(tx, row, "assigned", volunteer, "", {})
        self._audit.record(self.user.name, "change", scope=self.user.scope, assigned=len(pairs))
        return len(pairs)

    def refer(self, request_id: str, *, to_unit: str = "", facility_id: str = "", note: str = "",
              seen: str = "") -> dict[str, Any]:
        """Hand a request to another unit, or to a facility that has a bed free.

        Raises
        ------
        InputError
            If neither or both are named, or every free bed of the facility was given away before.
        """
        self.user.require("change")
        if bool(to_unit) == bool(facility_id):
            raise InputError("name either a unit or a facility", key="service.requests.refer_one")
        with self.store.transaction(note=WORK) as tx:
            row = self._row(tx, request_id, seen)
            if row["status"] not in life.OPEN:
                raise InputError(f"a request that is {row['status']} is referred nowhere; open it again first",
                                 key="service.requests.closed", now=row["status"])
            if facility_id:
                _bed(tx, facility_id, request_id)
            self._event(tx, request_id, status=str(row["status"]), by=self.user.name, to_unit=_said(to_unit),
                        facility_id=facility_id or None, note=_said(note))
        return self._done(request_id, referred=True)

    def deliver(self, request_id: str, item: str, quantity: float, *, by: str = "", seen: str = "") -> dict[str, Any]:
        """Write down what was handed over of an item, and by which volunteer where one is named."""
        with_items = self._supply(request_id, item, quantity, by, seen, promised=False)
        return self._done(with_items, delivered=True)

    def promise(self, request_id: str, item: str, quantity: float, *, by: str = "", seen: str = "") -> dict[str, Any]:
        """Write down what somebody promised to bring of an item; ``by`` is a volunteer where one is named."""
        with_items = self._supply(request_id, item, quantity, by, seen, promised=True)
        return self._done(with_items, promised=True)

    def create(self, *, area_code: str, category: str, item: str = "", urgency: str = "normal", people: int = 1,
               lon: float | None = None, lat: float | None = None) -> dict[str, Any]:
        """A new request, written down by an officer; its number can't be guessed."""
        self.user.require("change")
        code = areas.resolve(area_code)
        if not self.user.holds(code):
            raise self.user.outside(code)
        if urgency not in URGENCIES or category not in CATEGORIES or not 1 <= people <= 10_000:
            raise InputError("urgency, category or people are none that a request has", key="service.requests.bad")
        if (lon is None) != (lat is None) or (lon is not None and not bool(in_thailand([lon], [lat or 0.0])[0])):
            raise InputError("the place lies outside Thailand", key="service.requests.outside")
        request_id = "W" + "".join(secrets.choice(_LETTERS) for _ in range(11))
        with self.store.transaction(note=WORK) as tx:
            tx.insert("requests", pd.DataFrame([{
                "request_id": request_id, "requested_at": now(), "urgency": urgency, "status": "new", "people": people,
                "lon": lon, "lat": lat, "area_code": code, "source": "api"}]))
            tx.insert("request_items", pd.DataFrame([{"request_id": request_id, "item": (item or category)[:200],
                                                      "category": category, "delivered": 0.0}]))
            self._event(tx, request_id, status="new", by=self.user.name)
        return self._done(request_id, created=True)

    # -- inside ---------------------------------------------------------------------------------------

    def _step(self, tx: Transaction, row: pd.Series, status: str, by: str, note: str, more: Mapping[str, Any]) -> None:
        life.check(str(row["status"]), status)
        if status == "assigned":
            self._volunteer(tx, by)
        tx.update("requests", pd.DataFrame([row.to_dict() | {"status": status}]))
        self._event(tx, str(row["request_id"]), status=status, by=by or self.user.name, note=_said(note), **more)

    def _volunteer(self, tx: Transaction, by: str) -> pd.Series:
        """A volunteer of the account's area."""
        known = _ask(tx, "SELECT v.area_code, v.equipment FROM g_live.volunteers v JOIN wanted w "
                         "ON v.volunteer_id = w.key", by)
        if not len(known) or not self.user.holds(_text(known["area_code"].iloc[0])):
            raise UnknownError(f"there is no volunteer {by!r} in your area; an assignment names one",
                               key="service.requests.no_volunteer", value=by)
        return known.iloc[0]

    def _trip(self, tx: Transaction, by: str, vehicle: str, facility_id: str, to_unit: str) -> dict[str, Any]:
        """With what somebody is brought where."""
        if not (vehicle or facility_id or to_unit):
            return {}
        if not vehicle or bool(facility_id) == bool(to_unit):
            raise InputError("transport needs a vehicle and one destination, a facility or a unit",
                             key="service.requests.trip")
        theirs = set((_text(self._volunteer(tx, by)["equipment"]) or "").split(";")) & dispatch.VEHICLES
        if vehicle not in theirs:
            raise InputError(f"the volunteer {by} has no {vehicle}", key="service.requests.no_vehicle", value=by,
                             vehicle=vehicle, known=", ".join(sorted(theirs)) or "–")
        if facility_id and not len(_facility(tx, facility_id).query("status == 'open'")):
            raise InputError(f"the facility {facility_id} is not open", key="service.requests.no_facility",
                             value=facility_id)
        return {"vehicle": vehicle, "facility_id": facility_id or None, "to_unit": _said(to_unit)}

    def _merge(self, tx: Transaction, later: str, first: str) -> None:
        """Add to the earlier request what only the later one asks for."""
        kept = self._row(tx, first)
        if first == later or kept["status"] in ("duplicate", "withdrawn"):
            raise InputError(f"{later} can't be a duplicate of {first}", key="service.requests.no_double",
                             value=first)
        items = _ask(tx, "SELECT t.* FROM g_live.request_items t JOIN wanted w ON t.request_id = w.key", later)
        known = _ask(tx, "SELECT t.item FROM g_live.request_items t JOIN wanted w ON t.request_id = w.key", first)
        new = items[~items["item"].isin(known["item"])]
        if len(new):
            tx.insert("request_items", new.assign(request_id=first))
        self._event(tx, first, status=str(kept["status"]), by=self.user.name, same_as=later)

    def _room(self, tx: Transaction, pairs: Mapping[str, str]) -> None:
        """Refuse to give a volunteer more than they have room for."""
        with self.store.snapshot(self.user.scope) as snapshot:
            able = dispatch.helpers(snapshot, clock(snapshot).date().isoformat())["capacity"]
        for volunteer, n in Counter(pairs.values()).items():
            if volunteer in able.index and float(able.loc[volunteer]) < n:
                raise InputError(f"the volunteer {volunteer} has no room for {n} requests",
                                 key="service.requests.no_room", value=volunteer, n=n)

    def _supply(self, request_id: str, item: str, quantity: float, by: str, seen: str, *, promised: bool) -> str:
        self.user.require("change")
        if not 0 < quantity < 1e6:
            raise InputError(f"a delivery of {quantity:g} is none", key="service.requests.quantity", value=quantity)
        with self.store.transaction(note=WORK) as tx:
            row = self._row(tx, request_id, seen)
            items = _ask(tx, "SELECT t.* FROM g_live.request_items t JOIN wanted w ON t.request_id = w.key", request_id)
            mine = items[items["item"] == item]
            if not len(mine):
                raise InputError(f"the request {request_id} does not ask for {item!r}", key="service.requests.no_item",
                                 item=item, known=", ".join(items["item"]))
            if by:
                self._volunteer(tx, by)
            if not promised:
                tx.update("request_items", mine.assign(delivered=mine["delivered"].fillna(0) + quantity))
            how = {"quantity_promised" if promised else "quantity_delivered": quantity}
            self._event(tx, request_id, status=str(row["status"]), by=by or self.user.name, item=item, **how)
        return request_id

    def _row(self, tx: Transaction, request_id: str, seen: str = "") -> pd.Series:
        found = _ask(tx, "SELECT t.* FROM g_live.requests t JOIN wanted w ON t.request_id = w.key", request_id)
        if not len(found) or not self.user.holds(_text(found["area_code"].iloc[0])):
            raise unknown(request_id)
        row = found.iloc[0]
        if seen:
            events = _ask(tx, 'SELECT t.event_id, t."at" FROM g_live.request_events t JOIN wanted w '
                              'ON t.request_id = w.key ORDER BY t."at"', request_id)
            if seen != life.revision(row.to_dict(), events["event_id"]):
                at = events["at"].iloc[-1].strftime("%Y-%m-%d %H:%M UTC") if len(events) else "–"
                raise life.ChangedError(f"{request_id} was changed meanwhile and is now {row['status']}",
                                        key="service.requests.changed", request=request_id, at=at,
                                        status=row["status"])
        return row

    def _event(self, tx: Transaction, request_id: str, **values: Any) -> None:
        """Append an event; events are never changed."""
        tx.insert("request_events", pd.DataFrame([{
            "event_id": f"e-{time.time_ns():x}-{secrets.token_hex(4)}", "request_id": request_id, "at": now(),
            "recorded_by": self.user.name, **values}]))

    def _done(self, request_id: str, **detail: Any) -> dict[str, Any]:
        self._audit.record(self.user.name, "change", scope=self.user.scope, request=request_id, **detail)
        return self.one(request_id, again=True)


def _facility(tx: Transaction, facility_id: str) -> pd.DataFrame:
    return tx.ask("reference", "SELECT f.beds_free, f.status FROM g_reference.facilities f "
                               "JOIN wanted w ON f.facility_id = w.key", wanted=pa.table({"key": [facility_id]}))


def _bed(tx: Transaction, facility_id: str, request_id: str) -> None:
    """Refuse a facility without a bed that was not given away to others before."""
    found = _facility(tx, facility_id)
    tx.writable("request_events")  # a file from before there were vehicles gets the column
    given = tx.ask("live", "SELECT count(DISTINCT e.request_id) AS n FROM g_live.request_events e "
                           "JOIN wanted w ON e.facility_id = w.key JOIN g_live.requests r "
                           "ON r.request_id = e.request_id WHERE e.vehicle IS NULL AND e.request_id <> w.own "
                           "AND r.status IN ('new', 'confirmed', 'assigned', 'on_the_way')",
                   wanted=pa.table({"key": [facility_id], "own": [request_id]}))
    free = found["beds_free"].fillna(0).iloc[0] if len(found) and found["status"].iloc[0] == "open" else 0
    if free - given["n"].iloc[0] < 1:
        raise InputError(f"the facility {facility_id} has no free bed; choose another",
                         key="service.requests.no_bed", value=facility_id)


def _ask(tx: Transaction, query: str, key: str) -> pd.DataFrame:
    """A query over the live tables with one key, which travels as data and never as SQL."""
    return tx.ask("live", query, wanted=pa.table({"key": [key]}))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _said(text: str) -> str | None:
    """A text somebody wrote: None where there is none.

    Raises
    ------
    InputError
        If it is longer than a person writes here.
    """
    if len(text) > LONGEST_TEXT:
        raise InputError(f"the text is longer than {LONGEST_TEXT} letters", key="service.requests.too_long",
                         most=LONGEST_TEXT)
    return text.strip() or None
