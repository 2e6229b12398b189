"""The forms that anybody may use: ask for help, volunteer, and look up how it stands."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from typing import Any

from tornado.ioloop import IOLoop
from tornado.web import HTTPError

from jitasa_analytics import areas, contracts, texts
from jitasa_analytics.errors import JitasaError
from jitasa_analytics.service import references
from jitasa_analytics.service.intake import (
    CATEGORY_OF,
    EQUIPMENT,
    ITEMS,
    SKILLS,
    Ask,
    Intake,
    Kept,
    Offer,
    Person,
    Place,
)
from jitasa_analytics.service.web import robots
from jitasa_analytics.service.web.base import Handler
from jitasa_analytics.service.web.entered import Entered
from jitasa_analytics.show import numbers


class Form(Handler):
    """What the forms share: their words, their tickets, and what was typed shown again."""

    slug = ""

    @property
    def intake(self) -> Intake:
        """The forms of the store, made once a server."""
        if "intake" not in self.house.memory:
            self.house.memory["intake"] = Intake.of(self.house.store, self.house.audit)
        found: Intake = self.house.memory["intake"]
        return found

    def tell(self, key: str, **values: object) -> str:
        """A text of the forms in the visitor's language."""
        return texts.say(f"forms.{key}", self.lang, **values)

    def check_xsrf_cookie(self) -> None:
        """Tickets do it: they also know when a form lay open too long, and then nothing typed is lost."""

    def show(self, entered: Entered, *, status: int = 200, notice: str = "", seed: str = "",
             done: str = "") -> None:
        """The form, with what was typed and what is wrong with it; ``done`` says what was just kept."""
        wrong = {n: self.tell(f"error.{rule}", **values) for n, (rule, values) in entered.errors.items()}
        self.page(self.slug, self.say(f"{self.slug}.title"), status=status, tell=self.tell, typed=entered, wrong=wrong,
                  notice=notice, done=done, ticket=self._ticket(seed), trap=robots.TRAP, places=self._places(entered),
                  **self.given())

    def page(self, template: str, title: str, *, status: int = 200, **values: Any) -> None:
        """Answer with a page; it says where the store holds sample data."""
        super().page(template, title, status=status, sample=bool(self.house.store.manifest().sample), **values)

    def given(self) -> dict[str, Any]:
        """What the page of this form needs beside."""
        return {}

    def get(self) -> None:
        """Show the empty form."""
        self.show(self.empty())

    def empty(self) -> Entered:
        """The form as it is first shown."""
        return Entered()

    def sent(self) -> tuple[Entered, robots.Ticket]:
        """What was sent, with the ticket of the form that it was typed into.

        Raises
        ------
        HTTPError
            If it is no form (400), or not one that this server gave to this visitor (403).
        """
        try:
            entered = Entered.sent(self.request.body)
        except (ValueError, UnicodeError):
            raise HTTPError(400) from None
        ticket = robots.read_ticket(self.house.gate.secret, self.slug, entered["ticket"], self._cookie())
        if ticket is None:
            raise HTTPError(403)
        return entered, ticket

    def _ticket(self, seed: str) -> str:
        text = robots.ticket_text(self._cookie(), seed=seed)
        return self.create_signed_value(robots.name_of(self.slug), text).decode()

    def _cookie(self) -> bytes:
        """The visitor's own random bytes; the cookie is set where there is none yet."""
        assert self.xsrf_token
        return bytes(self._get_raw_xsrf_token()[1])

    def _places(self, entered: Entered) -> list[tuple[str, list[tuple[str, str]], str]]:
        """The three lists of places with what is chosen: name, (code, name), chosen."""
        found, above = [], areas.COUNTRY
        for level in ("province", "district", "tambon"):
            chosen = entered[level]
            rows = sorted(((c, areas.name(c, self.lang)) for c in areas.children(above)), key=lambda r: r[1]) \
                if above else []
            chosen = chosen if chosen in {c for c, _ in rows} else ""
            found.append((level, rows, chosen))
            above = chosen
        return found


class KeptForm(Form, ABC):
    """A form that is written to the store before it is acknowledged."""

    # Whether anybody may send it: then programs and floods are kept out.
    public = True

    async def post(self) -> None:
        """Check what was sent; keep it, or show it again with what is wrong."""
        entered, ticket = self.sent()
        if entered["more"]:  # a browser without scripts asks for the next list of places
            self.show(entered, seed=ticket.seed)
            return
        if self.public and robots.too_many(self.intake.file, self.request.remote_ip or "", "form",
                                           self.house.gate.secret):
            self.show(entered, status=429, notice=self.tell("error.too_many"), seed=ticket.seed)
            return
        doubt = "expired" if ticket.expired else "" if not self.public else \
            "trap" if entered[robots.TRAP] else "hasty" if ticket.hasty else ""
        if doubt:
            entered.put(robots.TRAP, "")
            self.show(entered, status=400, notice=self.tell(f"error.{doubt}"),
                      seed="" if ticket.expired else ticket.seed)
            return
        keep = self.checked(entered, ticket.seed)
        if entered.errors or keep is None:
            self.show(entered, status=400, notice=self.tell("error.some", count=len(entered.errors)), seed=ticket.seed)
            return
        try:
            kept = await IOLoop.current().run_in_executor(None, keep)
        except JitasaError:
            # The kind of the fault is in the log; what was typed is on the page and can be sent again.
            self.show(entered, status=503, notice=self.tell("error.not_kept"), seed=ticket.seed)
            return
        self.done(kept)

    @abstractmethod
    def checked(self, entered: Entered, seed: str) -> Callable[[], Kept] | None:
        """What keeps the form; None, with errors in ``entered``, where something is wrong with it."""

    def done(self, kept: Kept) -> None:
        """Say the number and what happens next."""
        self.page("sent", self.tell(f"{self.slug}.sent"), status=201, tell=self.tell, slug=self.slug, again=kept.again,
                  number=references.shown(kept.reference))

    def person(self, entered: Entered) -> Person:
        """Who sends it, and their agreement."""
        if entered["consent"] != "yes":
            entered.wrong("consent", "consent")
        return Person(entered.text("name", longest=100, needed=True), entered.phone("phone"),
                      entered.text("address", longest=300), entered.text("words", longest=1000), self.lang)


class AskForm(KeptForm):
    """``/ask``."""

    slug = "ask"

    def empty(self) -> Entered:
        """One person, with normal urgency."""
        return Entered({"people": ["1"], "urgency": ["normal"]})

    def given(self) -> dict[str, Any]:
        """What can be asked for."""
        return {"slug": self.slug, "items": ITEMS, "urgencies": contracts.URGENCIES}

    def checked(self, entered: Entered, seed: str) -> Callable[[], Kept] | None:
        """Check a request for help."""
        person = self.person(entered)
        wanted = entered.choices("item", list(CATEGORY_OF), needed=True)
        if "anything" in wanted and not person.words:
            entered.wrong("words", "words")
        items = [(item, entered.whole(f"many-{item}", 1, 100_000)) for item in wanted]
        ask = Ask([(item, None if many is None else float(many)) for item, many in items],
                  entered.choice("urgency", contracts.URGENCIES),
                  entered.whole("people", 1, 10_000, 1) or 1)
        place = self.place(entered)
        return partial(self.keep, person, place, ask, seed) if place and not entered.errors else None

    def place(self, entered: Entered) -> Place | None:
        """Where help is needed; None, with an error in ``entered``, where that is not said."""
        return entered.place(self.intake, self.lang)

    def keep(self, person: Person, place: Place, ask: Ask, seed: str) -> Kept:
        """Keep it."""
        return self.intake.ask(person, place, ask, seed=seed)


class VolunteerForm(KeptForm):
    """``/volunteer``."""

    slug = "volunteer"

    def empty(self) -> Entered:
        """Two requests a day."""
        return Entered({"capacity": ["2"]})

    def given(self) -> dict[str, Any]:
        """Kinds of helpers, and what they can do and bring."""
        return {"kinds": contracts.VOLUNTEER_KINDS, "skills": SKILLS, "equipment": EQUIPMENT}

    def checked(self, entered: Entered, seed: str) -> Callable[[], Kept] | None:
        """Check an offer to help."""
        person = self.person(entered)
        begin, end = entered.day("from"), entered.day("to")
        if begin and end and begin > end:
            entered.wrong("to", "turned")
        offer = Offer(entered.choice("kind", contracts.VOLUNTEER_KINDS), entered.choices("skill", SKILLS),
                      entered.choices("equipment", EQUIPMENT), float(entered.whole("capacity", 1, 50, 1) or 1),
                      begin, end)
        place = entered.place(self.intake, self.lang)
        return partial(self.intake.volunteer, person, place, offer, seed=seed) if place and not entered.errors else None


class Status(Form):
    """``/status``: how something stands. The number travels in the body, so that no log of addresses holds it."""

    slug = "status"

    async def post(self) -> None:
        """Look it up."""
        entered, _ = self.sent()
        if robots.too_many(self.intake.file, self.request.remote_ip or "", "status", self.house.gate.secret):
            self.show(entered, status=429, notice=self.tell("error.too_many"))
            return
        number = references.read(entered["number"])
        found = await IOLoop.current().run_in_executor(None, self.intake.standing, number) if number else None
        if number is None or found is None:
            entered.wrong("number", "number_form" if number is None else "number_unknown")
            self.show(entered, status=404 if number else 400)
            return
        self.page("standing", self.say("status.title"), tell=self.tell, number=references.shown(number), found=found,
                  moment=self._moment)

    def _moment(self, at: Any) -> str:
        return numbers.date(at, self.lang, time=True) if at is not None else ""


ROUTES: tuple[tuple[str, type[Form]], ...] = (
    (r"/ask", AskForm), (r"/volunteer", VolunteerForm), (r"/status", Status),
)
