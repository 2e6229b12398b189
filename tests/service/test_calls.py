"""An officer takes a call: the same form in the officer's name, for the officer's own area, and for nobody else."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest

from jitasa_analytics.service import references
from jitasa_analytics.service.audit import Audit
from jitasa_analytics.service.contacts import Contacts
from jitasa_analytics.service.requests import Requests
from jitasa_analytics.service.roles import User
from jitasa_analytics.store import Store
from tests.service.conftest import Served, Visitor
from tests.service.test_forms import ASK, EVIL, NAME, PHONE, clean, count, ticket


def send(visitor: Visitor, fields: dict[str, str], with_ticket: str = "") -> tuple[int, dict[str, str], str]:
    fields = {"ticket": with_ticket or ticket(visitor, "/call"), **fields}
    return visitor.ask("POST", "/call?lang=en", urlencode(fields),
                       headers={"Content-Type": "application/x-www-form-urlencoded"})


def test_a_call_is_in_the_queue_in_the_officer_s_name(served: Served) -> None:
    """At once, without the three seconds of the public form, and with the contact apart from the store."""
    visitor = served.visitor("coord")
    _, _, page = visitor.get("/call?area=2001")
    assert '<option value="20" selected' in page and '<option value="2001" selected' in page
    # The officer's own position is not where the caller is.
    assert 'id="here"' not in page and 'id="place-map"' in page
    same = ticket(visitor, "/call")
    status, _, page = send(visitor, ASK, same)
    assert status == 201 and f"lang=en&amp;request={'R'}" in page
    reference = references.read(re.search(r'id="reference">([^<]+)<', page)[1])  # type: ignore[index]
    assert reference and f"request={reference}" in page
    assert send(visitor, ASK, same)[0] == 201, "pressed twice"
    work = Requests(Store(served.store), User("coord", "coordinator", "20"), Audit(served.store))
    one = work.one(reference)
    assert [(e["status"], e["by"], e["recorded_by"]) for e in one["events"]] == [("new", "coord", "coord")]
    assert reference in {r["request_id"] for r in work.listed("200104", limit=1000)}
    with Store(served.store).snapshot() as s:
        rows = s.sql("SELECT source FROM requests WHERE request_id = $id", id=reference)
    assert rows["source"].tolist() == ["phone"]
    contact = Contacts(work.store, work.user, Audit(served.store)).of_request(reference)
    assert contact and (contact.name, contact.phone) == (NAME, PHONE)
    changes = [r for r in Audit(served.store).rows(what="change") if reference in r["detail"].values()]
    assert [(r["who"], r["detail"]["created"]) for r in changes] == [("coord", True)]
    log = (Audit(served.store).folder / "audit.log").read_text("utf-8")
    assert NAME not in log and PHONE not in log


def test_who_may_write_a_call_down_and_where(served: Served) -> None:
    before = count(served)
    assert served.visitor().get("/call")[0] == 302
    for name in ("ana", "minister"):
        visitor = served.visitor(name)
        assert visitor.get("/call")[0] == 403
        assert send(visitor, ASK, "x")[0] == 403
    visitor = served.visitor("bangkok")
    status, _, page = send(visitor, ASK)
    assert status == 400 and "outside your area" in page and f'value="{NAME}"' in page
    mine = ticket(visitor, "/call")
    coord = served.visitor("coord")
    for text in (mine, "forged", ticket(coord, "/ask"), ticket(coord, "/report")):
        assert send(coord, ASK, text)[0] == 403, "a ticket of another visitor or form"
    same = ticket(coord, "/call")
    assert coord.ask("POST", "/call", urlencode({"ticket": same, **ASK}), headers={
        "Content-Type": "application/x-www-form-urlencoded", "Origin": "https://evil.example"})[0] == 403
    assert count(served) == before


@pytest.mark.parametrize("evil", EVIL)
def test_what_a_caller_says_stays_text(served: Served, evil: str) -> None:
    visitor = served.visitor("coord")
    status, _, page = send(visitor, ASK | {"name": evil, "words": evil, "address": evil, "phone": ""})
    assert status == 400
    clean(page)
    for name in ("people", "urgency", "item", "tambon"):
        status, _, page = send(visitor, ASK | {name: evil})
        assert status == 400, name
        clean(page)
