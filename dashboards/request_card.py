"""The card of a request: what is asked for, what happened, and what the reader may do next."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui

from dashboards.desk import Desk
from dashboards.pages.base import bar, fields, folded
from jitasa_analytics import areas, texts
from jitasa_analytics.service.contacts import Contact
from jitasa_analytics.service.dispatch import VEHICLES
from jitasa_analytics.show import card, numbers, words

# Steps that are one press; the others need somebody or something to be named.
_PLAIN = ("confirmed", "on_the_way", "helped", "not_helped", "withdrawn")
_CLOSED = ("helped", "not_helped", "duplicate", "withdrawn")

Do = Callable[[Callable[[], Any], str], Awaitable[None]]


class RequestCard:
    """One request; made anew where it changed.

    Parameters
    ----------
    desk : Desk
    lang : {"th", "en"}
    mark : callable
        The symbol of a state as it is drawn on the map.
    do : callable
        Does a deed beside the server's loop and shows what became of it.
    open_ : callable
        Called with the id of another request, or ``""`` to close the card.
    """

    def __init__(self, desk: Desk, lang: str, mark: Callable[[str], str], do: Do, open_: Callable[[str], None]) -> None:
        self.desk, self.lang, self._mark, self._do, self._open = desk, lang, mark, do, open_
        self.panel = pn.Column(sizing_mode="stretch_width", margin=0, styles={"gap": "10px"})
        self.one: dict[str, Any] = {}
        self.helpers: list[dict[str, Any]] = []

    def say(self, key: str, **values: object) -> str:
        """A text of the card."""
        return texts.say(f"dashboard.coordination.{key}", self.lang, **values)

    def show(self, one: dict[str, Any], helpers: list[dict[str, Any]], beds: list[dict[str, Any]]) -> None:
        """Show a request with who could help and where a bed is free."""
        self.one, self.helpers, self.beds = one, helpers, beds
        self.note = pmui.TextInput(label=self.say("note"), size="small", margin=0, sizing_mode="stretch_width",
                                   max_length=500, css_classes=["note"])
        close = pmui.Button(label=self.say("close"), icon="close", variant="text", size="small", margin=0,
                            on_click=lambda _: self._open(""), css_classes=["close-card"],
                            styles={"position": "absolute", "right": "10px", "top": "10px", "z-index": "2"})
        parts: list[Any] = [close, card.piece(self._head()), *self._contacts(), card.piece(self._items())]
        if one["next"]:
            parts += [self._steps(), *self._people()]
            if one["status"] not in _CLOSED:
                parts += [folded(self.say("refer"), self._refer(), name="refer"),
                          folded(self.say("supplies"), self._supplies(), name="supplies")]
        elif one["doubles"]:
            parts.append(card.piece(self._hints()))
        parts.append(card.piece(self._events()))
        self.panel[:] = parts

    # -- what is known -------------------------------------------------------------------------

    def _head(self) -> str:
        one = self.one
        chips = [texts.label("urgency", one["urgency"], self.lang), self.say("people", n=numbers.number(one["people"]))]
        place = place_of(one["area_code"], self.lang)
        point = f'<br>{one["lat"]:.5f}, {one["lon"]:.5f}' if one.get("lon") is not None else ""
        state = words.value("status", one["status"], self.lang)
        return (f'<h2 class="title" style="font-size:17px"><span style="display:inline-block;width:18px;'
                f'vertical-align:-3px">{self._mark(one["status"])}</span> {escape(state)}</h2>'
                f'<p class="lead" style="overflow-wrap:anywhere">{escape(one["request_id"])} · '
                f'{escape(" · ".join(chips))}<br>{escape(place)}{point}<br>'
                f'{escape(self.say("asked_at", at=numbers.date(one["requested_at"], self.lang, time=True)))}</p>')

    def _items(self) -> str:
        heads = "".join(f'<th scope="col"{" class=n" if h != "item" else ""}>{escape(self.say(f"items.{h}"))}</th>'
                        for h in ("item", "quantity", "promised", "delivered"))
        rows = "".join(
            f'<tr><td>{escape(i["item"])}<br><small>{escape(texts.label("category", i["category"], self.lang))}</small>'
            f'</td>{"".join(f"<td class=n>{_amount(i[n])}</td>" for n in ("quantity", "promised", "delivered"))}</tr>'
            for i in self.one["items"])
        return f'<table class="plain"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'

    def _events(self) -> str:
        rows = "".join(
            f'<li><b>{escape(self._happened(e))}</b><br><small>{escape(numbers.date(e["at"], self.lang, time=True))}'
            f'{escape(self._by(e))}</small>{self._noted(e)}</li>' for e in reversed(self.one["events"]))
        return (f'<h3 class="title" style="font-size:15px">{escape(self.say("events"))}</h3>'
                f'<ol style="margin:4px 0 0;padding-left:18px;font-size:13.5px">{rows}</ol>')

    def _happened(self, e: dict[str, Any]) -> str:
        amount = _amount(e["quantity_promised"] or e["quantity_delivered"])
        if e["quantity_promised"]:
            return self.say("event.promised", item=e["item"], n=amount)
        if e["quantity_delivered"]:
            return self.say("event.delivered", item=e["item"], n=amount)
        where = e["facility"] or e["facility_id"] or e["to_unit"]
        if e["vehicle"]:
            return self.say("event.transport", vehicle=texts.label("equipment", e["vehicle"], self.lang), to=where)
        if where:
            return self.say("event.referred", to=where)
        if e["same_as"]:
            key = "event.duplicate_of" if e["status"] == "duplicate" else "event.merged"
            return self.say(key, request=e["same_as"])
        return words.value("status", e["status"], self.lang) if e["status"] else "–"

    def _by(self, e: dict[str, Any]) -> str:
        who = e.get("recorded_by") or ""
        helper = e.get("by") or ""
        return "".join([f" · {who}" if who else "", f" · {self.say('volunteer', id=helper)}"
                        if helper and helper != who else ""])

    def _noted(self, e: dict[str, Any]) -> str:
        return f'<br><span>“{escape(e["note"])}”</span>' if e.get("note") else ""

    def _hints(self) -> str:
        lines = "".join(f"<li>{escape(self._hint(d))}</li>" for d in self.one["doubles"])
        return f'<div class="card" role="note"><b>{escape(self.say("doubles"))}</b><ul>{lines}</ul></div>'

    def _hint(self, d: dict[str, Any]) -> str:
        mine = self.one["request_id"]
        other = d["first_id"] if d["later_id"] == mine else d["later_id"]
        apart = self.say("hint", request=other, minutes=numbers.number(d["minutes_apart"]),
                         metres=numbers.number(d["metres_apart"]) if d["metres_apart"] is not None else "–")
        return f"{apart} · {self.say('nothing_new')}" if d["nothing_new"] else apart

    # -- what may be done ------------------------------------------------------------------------

    def _seen(self) -> str:
        return str(self.one["revision"])

    def _button(self, label: str, work: Callable[[], Any], said: str, *, variant: str = "outlined", css: str = "",
                icon: str = "") -> Any:
        async def press(_: Any) -> None:
            await self._do(work, said)

        return pmui.Button(label=label, variant=variant, size="small", margin=0, on_click=press, css_classes=[css],
                           **({"icon": icon} if icon else {}))

    def _move(self, status: str, **values: str) -> Callable[[], Any]:
        work, one = self.desk.requests, self.one["request_id"]
        return lambda: work.move(one, status, note=self.note.value_input or self.note.value or "", seen=self._seen(),
                                 **values)

    def _steps(self) -> Any:
        """The steps that are one press, after the note that goes with them."""
        closed = self.one["status"] in _CLOSED
        buttons = []
        for step in [s for s in _PLAIN if s in self.one["next"]]:
            label = self.say("step.reopen") if closed else self.say(f"step.{step}")
            buttons.append(self._button(label, self._move(step), self.say("done"), css=f"step-{step}",
                                        variant="contained" if step in ("confirmed", "on_the_way", "helped")
                                        else "outlined"))
        doubles = []
        if "duplicate" in self.one["next"]:
            earlier = [d for d in self.one["doubles"] if d["later_id"] == self.one["request_id"]]
            doubles = [self._button(self.say("merge", request=d["first_id"]),
                                    self._move("duplicate", same_as=d["first_id"]), self.say("done"), css="merge")
                       for d in earlier]
            if not earlier:
                buttons.append(self._button(self.say("step.duplicate"), self._move("duplicate"), self.say("done"),
                                            css="step-duplicate"))
        hints = [card.piece(self._hints())] if self.one["doubles"] else []
        opens = [self._opener(d) for d in self.one["doubles"]]
        return pn.Column(*hints, *([bar(*doubles, *opens)] if hints else []), self.note, bar(*buttons),
                         sizing_mode="stretch_width", margin=0, styles={"gap": "8px"})

    def _opener(self, d: dict[str, Any]) -> Any:
        other = d["first_id"] if d["later_id"] == self.one["request_id"] else d["later_id"]
        return pmui.Button(label=self.say("look_at", request=other), variant="text", size="small", margin=0,
                           on_click=lambda _: self._open(other), css_classes=["look-at"])

    def _people(self) -> list[Any]:
        """The volunteers that are suggested, with a ride where somebody has to be brought."""
        if "assigned" not in self.one["next"]:
            return []
        if not self.helpers:
            return [card.piece(f'<p class="lead">{escape(self.say("nobody"))}</p>')]
        options = {self._helper(v): v["volunteer_id"] for v in self.helpers}
        chosen = pmui.RadioBoxGroup(options=options, value=self.helpers[0]["volunteer_id"],
                                    label=self.say("suggested"), margin=0, sizing_mode="stretch_width",
                                    css_classes=["helpers"])
        moved = any(i["category"] == "transport" for i in self.one["items"])
        ride = self._ride(chosen) if moved else None
        work, one = self.desk.requests, self.one["request_id"]

        def assign() -> Any:
            trip = ride[1]() if ride is not None else {}
            return work.move(one, "assigned", by=str(chosen.value), seen=self._seen(),
                             note=self.note.value_input or self.note.value or "", **trip)

        button = self._button(self.say("assign"), assign, self.say("done"), variant="contained", css="assign",
                              icon="person_add")
        return [pn.Column(chosen, *([ride[0]] if ride else []), bar(button), sizing_mode="stretch_width", margin=0,
                          styles={"gap": "8px"})]

    def _helper(self, v: dict[str, Any]) -> str:
        can = [can_do("skill", w, self.lang) for w in v["skills"]]
        can += [can_do("equipment", w, self.lang) for w in v["equipment"]]
        return self.say("helper", kind=texts.label("volunteer", v["kind"], self.lang), id=v["volunteer_id"],
                        km=f"{v['km']:.1f}", load=numbers.number(v["load"]), room=_amount(v["capacity"]),
                        can=", ".join(can) or "–")

    def _ride(self, chosen: Any) -> tuple[Any, Callable[[], dict[str, str]]]:
        """With what and where to somebody is brought."""
        theirs = {v["volunteer_id"]: [e for e in v["equipment"] if e in VEHICLES] for v in self.helpers}

        def vehicles(volunteer: str) -> dict[str, str]:
            return {texts.label("equipment", e, self.lang): e for e in theirs.get(volunteer, [])}

        vehicle = pmui.Select(label=self.say("vehicle"), size="small", margin=0, sizing_mode="stretch_width",
                              options=vehicles(chosen.value), css_classes=["vehicle"],
                              value=next(iter(vehicles(chosen.value).values()), None))

        def follow(volunteer: str) -> None:
            found = vehicles(volunteer)
            vehicle.param.update(options=found, value=next(iter(found.values()), None))

        pn.bind(follow, chosen.param.value, watch=True)
        to = pmui.Select(label=self.say("destination"), size="small", margin=0, sizing_mode="stretch_width",
                         options={self.say("elsewhere"): "", **self._bed_options()}, value="",
                         css_classes=["destination"])
        other = pmui.TextInput(label=self.say("elsewhere_where"), size="small", margin=0, sizing_mode="stretch_width",
                               max_length=200, css_classes=["elsewhere"])

        def trip() -> dict[str, str]:
            unit = "" if to.value else (other.value_input or other.value or "")
            if not (to.value or unit):
                return {}
            return {"vehicle": str(vehicle.value or ""), "facility_id": str(to.value or ""), "to_unit": unit}

        return fields(vehicle, to, other), trip

    def _bed_options(self) -> dict[str, str]:
        return {self.say("bed", name=b["name"], km=f"{b['km']:.1f}", beds=numbers.number(b["beds_left"])):
                b["facility_id"] for b in self.beds}

    def _refer(self) -> Any:
        """To a facility with a free bed, or to another unit."""
        to = pmui.Select(label=self.say("bed_free"), size="small", margin=0, sizing_mode="stretch_width",
                         options={"–": "", **self._bed_options()}, value="", css_classes=["bed"])
        unit = pmui.TextInput(label=self.say("unit"), size="small", margin=0, sizing_mode="stretch_width",
                              max_length=200, css_classes=["unit"])
        work, one = self.desk.requests, self.one["request_id"]
        button = self._button(
            self.say("refer"), lambda: work.refer(
                one, facility_id=str(to.value or ""), to_unit=unit.value_input or unit.value or "",
                note=self.note.value_input or self.note.value or "", seen=self._seen()),
            self.say("done"), css="refer", icon="send")
        return pn.Column(fields(to, unit), bar(button), sizing_mode="stretch_width", margin=0, styles={"gap": "8px"})

    def _supplies(self) -> Any:
        """What was promised and what was handed over."""
        names = [i["item"] for i in self.one["items"]]
        item = pmui.Select(label=self.say("items.item"), size="small", margin=0, sizing_mode="stretch_width",
                           options=names, value=names[0] if names else None, css_classes=["item"])
        n = pmui.TextInput(label=self.say("quantity"), value="1", size="small", margin=0, max_length=12,
                           sizing_mode="stretch_width", css_classes=["quantity"])
        work, one = self.desk.requests, self.one["request_id"]

        def supply(write: Callable[..., Any]) -> Callable[[], Any]:
            return lambda: write(one, str(item.value), _number(n.value_input or n.value), seen=self._seen())

        promise = self._button(self.say("promise"), supply(work.promise), self.say("done"), css="promise")
        deliver = self._button(self.say("deliver"), supply(work.deliver), self.say("done"), css="deliver")
        return pn.Column(fields(item, n), bar(promise, deliver), sizing_mode="stretch_width", margin=0,
                         styles={"gap": "8px"})

    def _contacts(self) -> list[Any]:
        """Name and phone of who asks and who helps, on a press by the entitled; each press stands in the log."""
        if not self.desk.user.may("contacts"):
            return []
        one = str(self.one["request_id"])
        given = [e["by"] for e in self.one["events"] if e["status"] == "assigned" and e["by"]]
        asked = [("contact", one, lambda: self.desk.contacts.of_request(one))]
        if given and self.one["status"] in ("assigned", "on_the_way"):
            asked.append(("contact_volunteer", given[-1], lambda: self.desk.contacts.of_volunteer(given[-1])))
        known = self.desk.contacts.known([who for _, who, _ in asked])
        return [self._contact(key, find) for key, who, find in asked if who in known]

    def _contact(self, key: str, find: Callable[[], Contact | None]) -> Any:
        told = card.piece("")

        def press(_: Any) -> None:
            found = find()
            if found is not None:
                lines = [f"<b>{escape(found.name)}</b>",
                         f'<a href="tel:{escape(found.phone, quote=True)}">{escape(found.phone)}</a>',
                         escape(found.address), escape(found.words)]
                told.object = f'<div class="card">{"<br>".join(line for line in lines if line)}</div>'

        button = pmui.Button(label=self.say(key), icon="call", variant="outlined", size="small", margin=0,
                             on_click=press, css_classes=[f"show-{key.replace('_', '-')}"])
        return pn.Column(button, told, sizing_mode="stretch_width", margin=0)


def place_of(code: str | None, lang: str, within: str = areas.COUNTRY) -> str:
    """An area with those around it, up to the one that is looked at."""
    if not code:
        return "–"
    around = [c for c in areas.path(code) if c != areas.COUNTRY and (c == code or not within.startswith(c))]
    return (", " if lang == "en" else " ").join(areas.full_name(c, lang) for c in reversed(around))


def can_do(kind: str, word: str, lang: str) -> str:
    """A skill or an equipment in words."""
    key = f"forms.{kind}.{word}"
    return texts.say(key, lang) if texts.has(key, lang) else texts.label(kind, word, lang)


def _number(text: str | None) -> float:
    """What somebody wrote as a number; 0, which no supply is, where it is none."""
    try:
        return float((text or "").replace(",", ""))
    except ValueError:
        return 0.0


def _amount(value: Any) -> str:
    return "–" if value is None else f"{value:,.10g}"
