"""``/report``: an officer in the field writes down what they see. Works on a phone, and without scripts."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd
from tornado.ioloop import IOLoop
from tornado.web import HTTPError

from jitasa_analytics import areas
from jitasa_analytics.errors import InputError, JitasaError
from jitasa_analytics.service.reports import MOST, Reports
from jitasa_analytics.service.web.entered import Entered
from jitasa_analytics.service.web.public_forms import Form
from jitasa_analytics.show import numbers

USUAL = ("quarantined_homes", "waiting_at_point", "oxygen_left", "kits_left", "unreached_homes", "elderly_alone")


class ReportForm(Form):
    """A field report with place and count, and the newest ones of the account's area."""

    slug = "report"

    @property
    def reports(self) -> Reports:
        """The reports as the visitor may see them."""
        if self.current_user is None or not self.current_user.may("change"):
            raise HTTPError(403)
        return Reports(self.house.store, self.current_user, self.house.audit)

    def get(self) -> None:
        """Show the empty form; it begins with the account's own area."""
        own = "" if self.reports.user.scope == areas.COUNTRY else self.reports.user.scope
        entered = Entered()
        if own and areas.exists(own):
            for level, digits in (("province", 2), ("district", 4), ("tambon", 6)):
                if len(own) >= digits:
                    entered.put(level, own[:digits])
        self.show(entered)

    def given(self) -> dict[str, Any]:
        """Usual words, and the newest reports."""
        rows = [(numbers.date(pd.Timestamp(r["at"]), self.lang, time=True), areas.full_name(r["area_code"], self.lang),
                 r["what"], "" if r["count"] is None else f"{r['count']:,}")
                for r in self.reports.listed(self.reports.user.scope, limit=10)]
        return {"usual": [self.tell(f"observed.{u}") for u in USUAL], "newest": rows}

    async def post(self) -> None:
        """Keep a report, or show it again with what is wrong."""
        reports = self.reports
        entered, ticket = self.sent()
        if entered["more"]:
            self.show(entered, seed=ticket.seed)
            return
        if ticket.expired:
            self.show(entered, status=400, notice=self.tell("error.expired"))
            return
        what, count = entered.text("what", longest=200, needed=True), entered.whole("count", 0, MOST)
        place = entered.place(self.intake, self.lang)
        if entered.errors or place is None:
            self.show(entered, status=400, notice=self.tell("error.some", count=len(entered.errors)), seed=ticket.seed)
            return
        keep = partial(reports.add, area_code=place.area_code, what=what, count=count, seed=ticket.seed)
        try:
            await IOLoop.current().run_in_executor(None, keep)
        except InputError as error:
            self.show(entered, status=400, notice=self.message(error), seed=ticket.seed)
            return
        except JitasaError as error:
            self.show(entered, status=403, notice=self.message(error), seed=ticket.seed)
            return
        again = Entered()
        for name in ("province", "district", "tambon"):
            again.put(name, entered[name])
        self.show(again, status=201, done=self.tell("report.done", area=areas.full_name(place.area_code, self.lang)))
