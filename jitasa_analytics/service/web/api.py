"""The JSON API: the same rules as the pages, for other systems. Described in ``docs/api.md``."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tornado.ioloop import IOLoop
from tornado.web import HTTPError

from jitasa_analytics import texts
from jitasa_analytics.errors import JitasaError, UnknownError
from jitasa_analytics.service.dispatch import Plan
from jitasa_analytics.service.life import ChangedError
from jitasa_analytics.service.queue import LONGEST_WAIT_HOURS
from jitasa_analytics.service.reports import Reports
from jitasa_analytics.service.requests import Requests
from jitasa_analytics.service.roles import NotAllowedError, User
from jitasa_analytics.service.web.base import Handler

_STATUS: tuple[tuple[type[JitasaError], int], ...] = (
    (NotAllowedError, 403), (UnknownError, 404), (ChangedError, 409))
# A whole queue that is assigned names at most so many pairs.
_MOST_PAIRS = 1000


class Api(Handler):
    """What every answer of the API shares."""

    def prepare(self) -> None:
        """Know who asks before anything else is looked at."""
        super().prepare()
        self.set_header("Content-Type", "application/json; charset=utf-8")
        if self.current_user is None:
            self.set_header("WWW-Authenticate", "Bearer")
            raise HTTPError(401)

    def get_current_user(self) -> User | None:
        """By token, else by the session of a page."""
        kind, _, secret = self.request.headers.get("Authorization", "").partition(" ")
        if kind:
            return self.house.gate.accounts.token(secret.strip()) if kind.lower() == "bearer" else None
        return self.house.gate.user(self.request)

    def check_xsrf_cookie(self) -> None:
        """A token is sent on purpose; a cookie is sent along by itself and needs the form token as a header."""
        if not self.request.headers.get("Authorization"):
            super().check_xsrf_cookie()

    @property
    def work(self) -> Requests:
        """The requests as the asker may see them."""
        return Requests(self.house.store, self.current_user, self.house.audit)

    def sent(self, known: set[str], needed: set[str]) -> dict[str, Any]:
        """The JSON body: an object whose fields are known; 400 with the fields' names else."""
        try:
            body = json.loads(self.request.body or b"{}")
        except ValueError:
            raise HTTPError(400, reason="the body is no JSON") from None
        if not isinstance(body, dict) or set(body) - known or needed - set(body):
            needs = f"; needed: {', '.join(sorted(needed))}" if needed else ""
            raise HTTPError(400, reason=f"fields are {', '.join(sorted(known))}{needs}")
        for name, value in body.items():
            if not isinstance(value, (str, int, float)) or len(str(value)) > 1000:
                raise HTTPError(400, reason=f"{name} must be a text or a number")
        return body

    async def answer(self, ask: Callable[[], Any], status: int = 200) -> None:
        """Do it beside the server's loop and answer with what it gives, or with the error in the asker's language."""
        try:
            found = await IOLoop.current().run_in_executor(None, ask)
        except JitasaError as error:
            status = next((code for kind, code in _STATUS if isinstance(error, kind)), 400)
            found = {"error": texts.of_error(error, self.lang)}
        self.set_status(status)
        self.finish(json.dumps(found, ensure_ascii=False))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """A fault without anything of the inside."""
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(json.dumps({"error": self._reason}, ensure_ascii=False))

    def number(self, name: str, default: float, low: float, high: float) -> float:
        """A number of the address within bounds."""
        given = _number(name, self.get_query_argument(name, ""))
        value = default if given is None else given
        if not low <= value <= high:
            raise HTTPError(400, reason=f"{name} must be from {low:g} to {high:g}")
        return value


class Listed(Api):
    """``/api/requests``."""

    async def get(self) -> None:
        """The queue of an area."""
        limit, hours = int(self.number("limit", 100, 1, 1000)), self.number("hours", 0, 0, LONGEST_WAIT_HOURS)
        area, status, urgency, category = (self.get_query_argument(n, d) for n, d in (
            ("area", "TH"), ("status", "open"), ("urgency", ""), ("category", "")))

        def found() -> dict[str, Any]:
            part = self.work.queue(area, status=status, urgency=urgency, category=category, hours=hours, limit=limit)
            return {"requests": part.rows, "found": part.found, "waiting": part.waiting,
                    "being_helped": part.being_helped, "critical": part.critical, "version": part.version}

        await self.answer(found)

    async def post(self) -> None:
        """A new request."""
        body = self.sent({"area_code", "category", "item", "urgency", "people", "lon", "lat"},
                         {"area_code", "category"})
        values = {n: str(v) for n, v in body.items() if n in ("area_code", "category", "item", "urgency")}
        people = int(_number("people", body.get("people", 1)) or 0)
        lon, lat = _number("lon", body.get("lon", "")), _number("lat", body.get("lat", ""))
        await self.answer(lambda: self.work.create(**values, people=people, lon=lon, lat=lat), 201)


class One(Api):
    """``/api/requests/ID``."""

    async def get(self, request_id: str) -> None:
        """A request with items and events."""
        await self.answer(lambda: self.work.one(request_id))


class Events(Api):
    """``/api/requests/ID/events``: what happens to a request."""

    async def post(self, request_id: str) -> None:
        """A step, a delivery, a promise or a referral."""
        body = self.sent({"status", "by", "note", "vehicle", "to_unit", "facility_id", "same_as", "item", "quantity",
                          "promised", "seen"}, set())
        given = {k: str(v) for k, v in body.items()}

        def text(*names: str) -> dict[str, str]:
            return {n: given[n] for n in names if n in given}

        if "status" in body:
            await self.answer(lambda: self.work.move(request_id, given["status"], **text(
                "by", "note", "vehicle", "to_unit", "facility_id", "same_as", "seen")))
        elif "item" in body and {"quantity", "promised"} & set(body):
            amount = "promised" if "promised" in body else "quantity"
            quantity = _number(amount, body[amount]) or 0.0
            write = self.work.promise if amount == "promised" else self.work.deliver
            await self.answer(lambda: write(request_id, given["item"], quantity, **text("by", "seen")))
        elif {"to_unit", "facility_id"} & set(body):
            await self.answer(lambda: self.work.refer(request_id, **text("to_unit", "facility_id", "note", "seen")))
        else:
            raise HTTPError(400, reason="give status, or item and quantity or promised, or to_unit, or facility_id")


class Suggestions(Api):
    """``/api/requests/ID/suggestions``."""

    async def get(self, request_id: str) -> None:
        """Volunteers for a request."""
        await self.answer(lambda: {"volunteers": self.work.suggest(request_id)})


class Beds(Api):
    """``/api/requests/ID/beds``."""

    async def get(self, request_id: str) -> None:
        """Facilities with a free bed."""
        await self.answer(lambda: {"facilities": self.work.beds(request_id)})


class Doubles(Api):
    """``/api/duplicates``."""

    async def get(self) -> None:
        """Pairs that may be one request."""
        area = self.get_query_argument("area", "TH")
        await self.answer(lambda: {"pairs": self.work.doubles(area)})


class Assignment(Api):
    """``/api/assignment``: a whole queue at once."""

    async def get(self) -> None:
        """The best plan; nothing is changed."""
        area, km = self.get_query_argument("area", "TH"), self.number("km", 30, 0.1, 200)
        await self.answer(lambda: told(self.work.plan(area, within_km=km)))

    async def post(self) -> None:
        """Assign the pairs of the body, or, where it names none, those of the best plan."""
        pairs = self.pairs()
        area, km = self.get_query_argument("area", "TH"), self.number("km", 30, 0.1, 200)
        await self.answer(lambda: {"assigned": self.work.assign(pairs) if pairs is not None
                                   else self.work.accept(self.work.plan(area, within_km=km))})

    def pairs(self) -> dict[str, str] | None:
        """The pairs of the body; None where there are none."""
        try:
            body = json.loads(self.request.body or b"{}")
            if body == {}:
                return None
            found = {str(p["request_id"]): str(p["volunteer_id"]) for p in body["pairs"]}
            if set(body) != {"pairs"} or len(found) != len(body["pairs"]) or len(found) > _MOST_PAIRS:
                raise ValueError
        except (ValueError, KeyError, TypeError):
            raise HTTPError(400, reason='give no body, or {"pairs": [{"request_id": …, "volunteer_id": …}, …]} with '
                                        f"each request once, at most {_MOST_PAIRS}") from None
        return found


class Observations(Api):
    """``/api/observations``: field reports."""

    async def get(self) -> None:
        """The newest of an area."""
        area, limit = self.get_query_argument("area", "TH"), int(self.number("limit", 50, 1, 1000))
        await self.answer(lambda: {"observations": self._reports().listed(area, limit=limit)})

    async def post(self) -> None:
        """Another one."""
        body = self.sent({"area_code", "what", "count"}, {"area_code", "what"})
        count = _number("count", body.get("count", ""))
        await self.answer(lambda: {"observation_id": self._reports().add(
            area_code=str(body["area_code"]), what=str(body["what"]),
            count=None if count is None else int(count))}, 201)

    def _reports(self) -> Reports:
        return Reports(self.house.store, self.current_user, self.house.audit)


def told(plan: Plan) -> dict[str, Any]:
    """A plan as JSON."""
    served = plan.table[plan.table["reason"] == ""]
    pairs = [{"request_id": str(i), "volunteer_id": str(v), "km": round(float(km), 2)}
             for i, v, km in zip(served.index, served["volunteer_id"], served["km"], strict=True)]
    nobody = {str(i): str(why) for i, why in plan.table["reason"].items() if why}
    others = {i: [{"volunteer_id": v, "km": km} for v, km in near] for i, near in plan.others.items()}
    return {"pairs": pairs, "others": others, "nobody": nobody, "total_km": round(plan.total_km, 2),
            "bound_km": round(plan.bound_km, 2), "status": plan.status, "version": plan.version}


def _number(name: str, value: Any) -> float | None:
    if value in (None, ""):
        return None
    try:
        found = float(str(value))
    except ValueError:
        raise HTTPError(400, reason=f"{name} must be a number") from None
    if found != found or abs(found) > 1e9:
        raise HTTPError(400, reason=f"{name} must be a number")
    return found


ROUTES: tuple[tuple[str, type[Api]], ...] = (
    (r"/api/requests", Listed), (r"/api/requests/([\w.-]{1,80})", One),
    (r"/api/requests/([\w.-]{1,80})/events", Events), (r"/api/requests/([\w.-]{1,80})/suggestions", Suggestions),
    (r"/api/requests/([\w.-]{1,80})/beds", Beds), (r"/api/observations", Observations),
    (r"/api/duplicates", Doubles), (r"/api/assignment", Assignment),
)
