"""``/call``: an officer writes down what somebody asks for on the phone. The same form, in the officer's name."""

from __future__ import annotations

from urllib.parse import urlencode

from tornado.web import HTTPError

from jitasa_analytics import areas
from jitasa_analytics.service import references
from jitasa_analytics.service.intake import Ask, Kept, Person, Place
from jitasa_analytics.service.roles import User
from jitasa_analytics.service.web.entered import Entered
from jitasa_analytics.service.web.public_forms import AskForm

SOURCE = "phone"


class CallForm(AskForm):
    """A new request, for who may change those of the place it comes from."""

    slug = "call"
    public = False
    on_the_spot = False

    def prepare(self) -> None:
        """Know who writes before anything else is looked at."""
        super().prepare()
        if self.current_user is None or not self.current_user.may("change"):
            raise HTTPError(403)

    @property
    def officer(self) -> User:
        """Who writes it down."""
        found: User = self.current_user
        return found

    def empty(self) -> Entered:
        """As `AskForm`, beginning with the area that the officer looks at, or with their own."""
        entered, asked = super().empty(), self.get_query_argument("area", "")
        own = asked if areas.exists(asked) and self.officer.holds(asked) else self.officer.scope
        if own != areas.COUNTRY and areas.exists(own):
            for level, digits in (("province", 2), ("district", 4), ("tambon", 6)):
                if len(own) >= digits:
                    entered.put(level, own[:digits])
        return entered

    def place(self, entered: Entered) -> Place | None:
        """As `AskForm`, for places of the officer's area only."""
        found = super().place(entered)
        if found is not None and not self.officer.holds(found.area_code):
            entered.wrong("place", "not_yours", own=areas.full_name(self.officer.scope, self.lang))
        return found

    def keep(self, person: Person, place: Place, ask: Ask, seed: str) -> Kept:
        """Keep it in the officer's name, so that the queue holds it when the answer comes."""
        kept = self.intake.ask(person, place, ask, seed=seed, by=self.officer.name, source=SOURCE)
        self.house.store.settle()
        return kept

    def done(self, kept: Kept) -> None:
        """Say the number, and lead to the request."""
        query = urlencode({"lang": self.lang, "request": kept.reference})
        self.page("taken", self.tell("call.sent"), status=201, tell=self.tell, again=kept.again,
                  number=references.shown(kept.reference), onward=f"/coordination?{query}")
