"""The queue of requests as one account may see it: every read passes the account's area and is logged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd

from jitasa_analytics import areas
from jitasa_analytics.contracts import CATEGORIES, OPEN_STATUSES, STATUSES, URGENCIES
from jitasa_analytics.errors import InputError, UnknownError
from jitasa_analytics.geo import geodesic_km
from jitasa_analytics.service import dispatch, life
from jitasa_analytics.service.audit import Audit
from jitasa_analytics.service.dispatch import Plan
from jitasa_analytics.service.roles import User
from jitasa_analytics.store import Snapshot, Store

LIST_COLUMNS = ("request_id", "requested_at", "urgency", "status", "people", "lon", "lat", "area_code")
# What may be asked for as a state of the queue, beside each single state.
STATES = {"open": OPEN_STATUSES, "waiting": ("new", "confirmed"), "being_helped": ("assigned", "on_the_way"),
          "closed": tuple(s for s in STATUSES if s not in OPEN_STATUSES), "all": STATUSES}
MOST_LISTED = 1000
LONGEST_WAIT_HOURS = 24 * 366 * 10
_DOUBLE_HOURS = 48


@dataclass(frozen=True)
class Listed:
    """A part of the queue.

    Attributes
    ----------
    rows : list of dict
        The most urgent and oldest first.
    found, waiting, being_helped, critical : int
        How many requests pass the filters, also where not all of them are among the rows; ``critical`` are those
        that still wait.
    version : int
        The store's version that was read.
    at : datetime
        Until when waiting times are counted.
    """

    rows: list[dict[str, Any]]
    found: int
    waiting: int
    being_helped: int
    critical: int
    version: int
    at: datetime


class Queue:
    """The requests of a store as one account may see them."""

    def __init__(self, store: Store, user: User, audit: Audit) -> None:
        self.store, self.user, self._audit = store, user, audit

    def listed(self, area: str = "TH", **filters: Any) -> list[dict[str, Any]]:
        """Requests of an area, the most urgent and oldest first; the filters are those of `queue`."""
        return self.queue(area, **filters).rows

    def queue(self, area: str = "TH", *, status: str = "open", urgency: str = "", category: str = "",
              hours: float = 0, limit: int = 100, again: bool = False) -> Listed:
        """A part of the queue, with the numbers of all that pass.

        Parameters
        ----------
        status : str
            open, waiting, being_helped, closed, all, or one state.
        hours : float
            Only what has waited at least so long.
        again : bool
            The same reader looks again at what they look at already: not written to the log a second time.

        Raises
        ------
        InputError
            If a filter is none.
        """
        self.user.require("see")
        for value, known in ((status, (*STATES, *STATUSES)), (urgency, ("", *URGENCIES)),
                             (category, ("", *CATEGORIES))):
            if value not in known:
                raise InputError(f"{value!r} is none of {', '.join(known)}", key="service.requests.no_choice",
                                 value=value, known=", ".join(k for k in known if k))
        if not 0 <= hours <= LONGEST_WAIT_HOURS:
            raise InputError(f"{hours} is no number of hours to wait", key="service.requests.no_choice", value=hours,
                             known=f"0 … {LONGEST_WAIT_HOURS}")
        with self.store.snapshot(self.user.within(areas.resolve(area))) as snapshot:
            at = clock(snapshot)
            frame = snapshot.query("work_queue", wanted=list(STATES.get(status, (status,))), urgency=urgency,
                                   category=category, hours=float(hours), now=at.isoformat(),
                                   most=max(1, min(limit, MOST_LISTED)))
            version = snapshot.version
        found, waiting, helped, critical = (int(frame[f"n_{n}"].iloc[0]) if len(frame) else 0
                                            for n in ("found", "waiting", "being_helped", "critical"))
        frame = frame.drop(columns=[c for c in frame.columns if c.startswith("n_")])
        if not again:
            self._audit.record(self.user.name, "read", scope=self.user.scope, dataset="requests", rows=len(frame))
        return Listed(records(self._masked(frame)), found, waiting, helped, critical, version, at)

    def one(self, request_id: str, *, again: bool = False) -> dict[str, Any]:
        """A request with what it asks for, what happened to it, and what may happen next.

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
                raise unknown(request_id)
            items = snapshot.sql(
                "SELECT i.item, i.category, i.quantity, (SELECT coalesce(sum(e.quantity_promised), 0) FROM "
                "request_events e WHERE e.request_id = i.request_id AND e.item = i.item) AS promised, i.delivered "
                "FROM request_items i WHERE i.request_id = $id ORDER BY i.item", id=request_id)
            events = snapshot.sql(
                'SELECT event_id, "at", e.status, "by", item, quantity_delivered, quantity_promised, vehicle, '
                "e.facility_id, f.name AS facility, to_unit, same_as, note, recorded_by FROM request_events e "
                'LEFT JOIN facilities f USING (facility_id) WHERE request_id = $id ORDER BY "at", event_id',
                id=request_id)
            doubles = snapshot.query("request_doubles", hours=_DOUBLE_HOURS, only=request_id, most=20)
        revision = life.revision(found.iloc[0].to_dict(), events["event_id"])
        if not self.user.may("contacts"):
            events = events.drop(columns=["note", "by", "recorded_by"])
        if not again:
            self._audit.record(self.user.name, "read", scope=self.user.scope, request=request_id)
        steps = list(life.NEXT[str(found["status"].iloc[0])]) if self.user.may("change") else []
        return {**records(self._masked(found))[0], "items": records(items), "events": records(events), "next": steps,
                "doubles": records(doubles), "revision": revision}

    def doubles(self, area: str = "TH", *, limit: int = 100) -> list[dict[str, Any]]:
        """Open requests that may be one with an earlier one: the same requester, near in place, within two days.

        A hint, no verdict; one row for each later request, those first that ask for nothing new.
        """
        self.user.require("see")
        with self.store.snapshot(self.user.within(areas.resolve(area))) as snapshot:
            return records(snapshot.query("request_doubles", hours=_DOUBLE_HOURS, only="",
                                          most=max(1, min(limit, MOST_LISTED))))

    def suggest(self, request_id: str, *, limit: int = 5) -> list[dict[str, Any]]:
        """Volunteers for a request, the nearest that have room first."""
        self.user.require("change")
        with self.store.snapshot(self.user.scope) as snapshot:
            found = dispatch.suggested(snapshot, request_id, clock(snapshot).date().isoformat(), limit=limit)
        if found is None:
            raise unknown(request_id)
        return records(found)

    def beds(self, request_id: str, *, limit: int = 5) -> list[dict[str, Any]]:
        """Facilities with a bed that is free and was not given away, the nearest to a request first."""
        self.user.require("change")
        with self.store.snapshot(self.user.scope) as snapshot:
            found = snapshot.sql("SELECT lon, lat, area_code FROM requests WHERE request_id = $id", id=request_id)
        if not len(found):
            raise unknown(request_id)
        # A bed across the border may be given away by the neighbours: of their requests only the number is read.
        with self.store.snapshot() as snapshot:
            lon, lat = (float(found["lon"].iloc[0]), float(found["lat"].iloc[0])) if found["lon"].notna().iloc[0] \
                else _middle(snapshot, str(found["area_code"].iloc[0]))
            beds = snapshot.query("request_beds", lon=lon, lat=lat, most=max(1, min(limit, MOST_LISTED)))
        km = geodesic_km(np.full(len(beds), lon), np.full(len(beds), lat), beds["lon"], beds["lat"])
        return records(beds.assign(km=np.round(km, 2))[["facility_id", "name", "kind", "area_code", "km", "beds_left"]])

    def plan(self, area: str = "TH", *, within_km: float = 30.0) -> Plan:
        """The best assignment of the whole queue of an area; nothing is changed."""
        self.user.require("change")
        with self.store.snapshot(self.user.within(areas.resolve(area))) as snapshot:
            return dispatch.plan(snapshot, clock(snapshot).date().isoformat(), within_km=within_km)

    def _masked(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Points as the role may see them: who need not find a house sees none."""
        return frame if self.user.may("exact") else frame.drop(columns=["lon", "lat"])


def now() -> datetime:
    """The time as the store keeps it: UTC, without a zone."""
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)


def clock(snapshot: Snapshot) -> datetime:
    """Until when waiting is counted: now; in the sample the time of its newest request, since its year is 2021."""
    if not snapshot.sample:
        return now()
    newest = snapshot.sql("SELECT max(requested_at) AS at FROM requests "
                          "WHERE coalesce(source, '') NOT IN ('api', 'form')")
    at = newest["at"].iloc[0]
    return now() if pd.isna(at) else pd.Timestamp(at).to_pydatetime()


def unknown(request_id: str) -> UnknownError:
    """The error that says that there is no such request in the account's area."""
    return UnknownError(f"there is no request {request_id!r} in your area", key="service.requests.unknown",
                        value=request_id)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows in Python's and JSON's types."""
    return [{str(k): plain(v) for k, v in row.items()} for row in frame.to_dict("records")]


def plain(value: Any) -> Any:
    """A value in JSON's types; what is missing is None."""
    if isinstance(value, (list, np.ndarray)):
        return [plain(v) for v in value]
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, pd.Timestamp):
        return value.isoformat() + "Z"
    return value.item() if isinstance(value, np.generic) else value


def _middle(snapshot: Snapshot, area: str) -> tuple[float, float]:
    """A point inside an area, for a request without a place of its own."""
    level = areas.level_of(area)
    shapes = snapshot.areas(level, within=area)
    if not len(shapes):
        raise InputError("the request has no place and its area no outline", key="service.requests.no_place")
    point = shapes.geometry.iloc[0].representative_point()
    return float(point.x), float(point.y)
