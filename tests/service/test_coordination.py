"""What coordination needs beyond single steps: who was faster, merging, transport, promises, changed plans, hints."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from jitasa_analytics import ingest, texts
from jitasa_analytics.cli import main
from jitasa_analytics.errors import InputError, JitasaError, UnknownError
from jitasa_analytics.service import life
from jitasa_analytics.service.accounts import Accounts
from jitasa_analytics.service.audit import Audit
from jitasa_analytics.service.requests import Requests
from jitasa_analytics.service.roles import NotAllowedError, User
from jitasa_analytics.service.web.doors import Doors
from jitasa_analytics.store import Store, fold
from tests.service.conftest import Visitor
from tests.service.test_requests import COORDINATOR, small

FIELDS = ("status", "by", "vehicle", "facility_id", "to_unit", "same_as", "item", "quantity_promised",
          "quantity_delivered")


@pytest.fixture
def work(tmp_path: Path) -> Requests:
    store = small(tmp_path / "store")
    return Requests(store, COORDINATOR, Audit(store.folder))


def test_who_was_slower_overwrites_nothing(work: Requests) -> None:
    """Two officers look at A; the second to write is told and nothing of theirs is kept."""
    seen = work.one("A")["revision"]
    work.move("A", "confirmed", seen=seen)
    for late in (lambda: work.move("A", "withdrawn", seen=seen), lambda: work.refer("A", to_unit="x", seen=seen),
                 lambda: work.deliver("A", "x", 1, seen=seen), lambda: work.promise("A", "x", 1, seen=seen)):
        with pytest.raises(life.ChangedError, match="changed meanwhile") as told:
            late()
        assert "ยืนยันแล้ว" in texts.of_error(told.value, "th")
    now = work.one("A")
    assert now["status"] == "confirmed" and [e["status"] for e in now["events"]] == ["confirmed"]
    work.deliver("A", "x", 1, seen=now["revision"])
    assert work.one("A")["revision"] != now["revision"], "a delivery is a change as well"


def test_events_say_who_wrote_them_also_where_a_volunteer_acts(work: Requests) -> None:
    found = work.move("A", "assigned", by="v1")["events"][-1]
    assert (found["by"], found["recorded_by"]) == ("v1", "coord")


def test_a_duplicate_is_merged_and_nothing_asked_for_is_lost(work: Requests) -> None:
    with work.store.transaction() as tx:
        tx.insert("request_items", pd.DataFrame([{"request_id": "F", "item": "oxygen", "category": "oxygen",
                                                  "quantity": 2.0, "delivered": 0.0}]))
    assert work.doubles()[0]["nothing_new"] is False
    later = work.move("F", "duplicate", same_as="A")
    assert later["events"][-1]["same_as"] == "A"
    first = work.one("A")
    assert [i["item"] for i in first["items"]] == ["oxygen", "x"] and first["events"][-1]["same_as"] == "F"
    assert first["status"] == "new" and work.doubles() == []
    for bad in ("F", "E", "nobody"):
        with pytest.raises((InputError, UnknownError)):
            work.move("B", "duplicate", same_as=bad)
    with pytest.raises(InputError, match="can't be a duplicate"):
        work.move("A", "duplicate", same_as="A")
    assert work.move("F", "confirmed")["status"] == "confirmed", "a wrong merge opens again"


def test_transport_names_a_vehicle_and_a_destination(work: Requests) -> None:
    """v1 drives a car. A ride to a hospital takes none of its beds."""
    for bad in ({"vehicle": "car"}, {"facility_id": "H"}, {"vehicle": "van", "facility_id": "H"},
                {"vehicle": "car", "facility_id": "none"}, {"vehicle": "car", "facility_id": "H", "to_unit": "x"}):
        with pytest.raises(InputError):
            work.move("B", "assigned", by="v1", **bad)
    with pytest.raises(InputError, match="belong to an assignment"):
        work.move("B", "confirmed", vehicle="car", to_unit="x")
    event = work.move("B", "assigned", by="v1", vehicle="car", facility_id="H")["events"][-1]
    assert (event["vehicle"], event["facility_id"], event["by"]) == ("car", "H", "v1")
    assert work.beds("A")[0]["beds_left"] == 1
    work.refer("A", facility_id="H")
    assert work.beds("C") == []
    assert work.refer("A", facility_id="H")["events"][-1]["facility_id"] == "H", "its own bed is no other's"


def test_promised_and_delivered_add_up(work: Requests) -> None:
    work.promise("A", "x", 3, by="v1")
    work.promise("A", "x", 2)
    found = work.deliver("A", "x", 4, by="v1")
    assert (found["items"][0]["promised"], found["items"][0]["delivered"]) == (5, 4)
    assert [(e["by"], e["quantity_promised"], e["quantity_delivered"]) for e in found["events"]] == [
        ("v1", 3, None), ("coord", 2, None), ("v1", None, 4)]
    for bad in ({"item": "y", "quantity": 1}, {"item": "x", "quantity": 0}):
        with pytest.raises(InputError):
            work.promise("A", **bad)
    with pytest.raises(UnknownError):
        work.promise("A", "x", 1, by="v3")


def test_a_changed_plan_is_assigned_whole_or_not_at_all(work: Requests) -> None:
    """The proposal offers v1 and v2 for A; the officer swaps; a line that went on meanwhile stops all lines."""
    plan = work.plan("20")
    assert [v for v, _ in plan.others["A"]] == ["v1", "v2"] and [v for v, _ in plan.others["B"]] == ["v1"]
    with pytest.raises(InputError, match="no room"):
        work.assign({"A": "v1", "B": "v1"})
    work.move("C", "withdrawn")
    with pytest.raises(life.ChangedError, match="meanwhile"):
        work.assign({"A": "v2", "C": "v1"})
    assert {r["status"] for r in work.listed(status="being_helped")} == set()
    assert work.assign({"A": "v2", "B": "v1"}) == 2
    assert {r["request_id"]: r["state"] for r in work.listed(status="being_helped")} == {
        "A": "being_helped", "B": "being_helped"}
    with pytest.raises(InputError, match="no room"):
        work.assign({"F": "v1"})


def test_who_asks_for_the_nearest_of_a_request_without_a_point_is_told_so(work: Requests) -> None:
    """It is there, and it is in the area: only nobody is nearest to it."""
    one = work.create(area_code="200104", category="food")["request_id"]
    with pytest.raises(InputError) as told:
        work.suggest(one)
    assert told.value.key == "service.requests.no_point" and one in texts.of_error(told.value, "th")
    with pytest.raises(UnknownError):
        work.suggest("nowhere")


def test_filters_of_the_queue(work: Requests) -> None:
    """Seven hours of requests on 1 July 2021, counted to now: all have waited; the numbers are those of all."""
    part = work.queue("20", limit=2)
    assert (part.found, part.waiting, part.being_helped, part.critical, len(part.rows)) == (5, 5, 0, 1, 2)
    assert [r["request_id"] for r in work.listed(category="transport")] == ["B"]
    assert {r["request_id"] for r in work.listed(status="closed")} == {"D"}
    age = part.rows[0]["minutes"] / 60  # A, the oldest
    assert [r["request_id"] for r in work.listed(hours=age - 0.5)] == ["A"]
    assert work.listed(hours=age + 1) == []
    for bad in ({"status": "eaten"}, {"category": "king"}, {"hours": -1}, {"hours": float("nan")}):
        with pytest.raises(InputError):
            work.listed(**bad)


def test_looking_again_is_no_second_read(work: Requests) -> None:
    audit = Audit(work.store.folder)
    work.queue("20")
    work.one("A")
    before = len(audit.rows(what="read"))
    work.queue("20", again=True)
    work.one("A", again=True)
    assert len(audit.rows(what="read")) == before == 2


def test_who_may_only_look_is_offered_no_step(work: Requests) -> None:
    for role, area in (("ministry", "TH"), ("analyst", "20")):
        seen = Requests(work.store, User("x", role, area), Audit(work.store.folder))
        assert seen.one("A")["next"] == []
        for what, values in (("beds", ("A",)), ("assign", ({"A": "v1"},)), ("promise", ("A", "x", 1)),
                             ("move", ("F", "duplicate"))):
            with pytest.raises(NotAllowedError):
                getattr(seen, what)(*values)


def test_a_store_from_before_there_were_vehicles_is_read_and_written(work: Requests) -> None:
    """The four newest columns of the events taken from the file, as an old program wrote it."""
    folder = work.store.folder
    work.move("A", "confirmed")
    live = folder / "files" / work.store.manifest().files["live"]
    assert live.exists()
    with duckdb.connect(str(live)) as file:
        for column in ("quantity_promised", "vehicle", "same_as", "recorded_by"):
            file.execute(f"ALTER TABLE request_events DROP COLUMN {column}")
    old = Requests(Store(folder), COORDINATOR, Audit(folder))
    assert old.one("A")["events"][0]["vehicle"] is None
    assert old.beds("A")[0]["facility_id"] == "H"
    old.refer("A", facility_id="H")
    assert old.move("B", "assigned", by="v1", vehicle="car", to_unit="x")["events"][-1]["vehicle"] == "car"


def test_work_leaves_no_version_a_step_behind(work: Requests, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve steps; of their versions the newest stay, and the rows of none are lost."""
    monkeypatch.setattr(fold, "KEEP", 2)
    monkeypatch.setattr(fold, "_EVERY", 4)
    for _ in range(12):
        work.promise("A", "x", 1)
    assert work.one("A")["items"][0]["promised"] == 12
    assert len(list((work.store.folder / "versions").glob("v*.json"))) <= 7


# -- the same rules wherever they are asked ---------------------------------------------------------


class ByService:
    """Steps through the functions that the page calls."""

    def __init__(self, store: Store) -> None:
        self.work = Requests(store, User("someone", "local"), Audit(store.folder))

    def do(self, what: str, request: str, **values: Any) -> bool:
        try:
            if what == "assign":
                self.work.assign(values["pairs"])
            else:
                getattr(self.work, what)(request, **values)
        except JitasaError:
            return False
        return True


class ByApi:
    """Steps through the API."""

    def __init__(self, visitor: Visitor, token: str) -> None:
        self.visitor, self.token = visitor, token

    def do(self, what: str, request: str, **values: Any) -> bool:
        if what == "assign":
            pairs = [{"request_id": r, "volunteer_id": v} for r, v in values["pairs"].items()]
            return self.visitor.api("POST", "/api/assignment", self.token, {"pairs": pairs})[0] == 200
        if what == "promise":
            values["promised"] = values.pop("quantity")
        return self.visitor.api("POST", f"/api/requests/{request}/events", self.token, values)[0] == 200


class ByCommand:
    """Steps through the command line."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)

    def do(self, what: str, request: str, **values: Any) -> bool:
        words = ["requests", what]
        if what == "assign":
            words += [w for r, v in values["pairs"].items() for w in ("--pair", f"{r}={v}")]
        else:
            words += [request]
            words += [str(values.pop(n)) for n in ("status", "item", "quantity") if n in values]
            names = {"facility_id": "facility", "to_unit": "unit", "same_as": "same-as"}
            words += [w for n, v in values.items() for w in (f"--{names.get(n, n)}", str(v))]
        with pytest.raises(SystemExit) as end:
            main([*words, "--store", self.folder])
        assert end.value.code in (0, 2)
        return end.value.code == 0


STEPS: list[tuple[str, str, dict[str, Any]]] = [
    ("move", "A", {"status": "on_the_way"}), ("move", "A", {"status": "confirmed"}),
    ("move", "A", {"status": "assigned"}), ("move", "A", {"status": "assigned", "by": "nobody"}),
    ("move", "B", {"status": "assigned", "by": "v1", "vehicle": "van", "to_unit": "x"}),
    ("move", "B", {"status": "assigned", "by": "v1", "vehicle": "car", "facility_id": "H"}),
    ("move", "B", {"status": "on_the_way"}), ("move", "B", {"status": "helped"}),
    ("move", "B", {"status": "withdrawn"}), ("move", "B", {"status": "confirmed"}),
    ("promise", "A", {"item": "x", "quantity": 2}), ("promise", "A", {"item": "y", "quantity": 2}),
    ("deliver", "A", {"item": "x", "quantity": 1}), ("deliver", "A", {"item": "x", "quantity": -1}),
    ("refer", "C", {"facility_id": "I"}), ("refer", "C", {"facility_id": "H"}), ("refer", "A", {"facility_id": "H"}),
    ("refer", "A", {"to_unit": "unit", "note": "n"}), ("refer", "D", {"to_unit": "unit"}),
    ("move", "F", {"status": "duplicate", "same_as": "D" * 9}), ("move", "F", {"status": "duplicate", "same_as": "A"}),
    ("move", "A", {"status": "withdrawn", "seen": "0" * 12}), ("move", "Z", {"status": "confirmed"}),
    ("assign", "", {"pairs": {"A": "v2", "F": "v1"}}), ("assign", "", {"pairs": {"A": "v2", "G": "v1"}}),
    ("move", "G", {"status": "not_helped"}), ("move", "G", {"status": "confirmed"}),
]


def test_page_command_and_api_have_the_same_rules(tmp_path: Path, open_server: Any, quick_hashes: None) -> None:
    """The same 27 steps, good and bad, in three ways on three copies: the same are refused, the same is left."""
    stores = {}
    first = small(tmp_path / "service" / "store")
    for way in ("service", "api", "command"):
        if way != "service":
            shutil.copytree(first.folder, tmp_path / way / "store")
        stores[way] = Store(tmp_path / way / "store")
    accounts = Accounts(stores["api"].folder)
    accounts.add("someone", "coordinator", "TH", "ดาวเรือง-2564-กลางแจ้ง")
    served = open_server(stores["api"].folder, Doors("accounts"))
    ways = {"service": ByService(stores["service"]), "command": ByCommand(stores["command"].folder),
            "api": ByApi(served.visitor(), accounts.make_token("someone", "test"))}
    done = {name: [way.do(what, request, **dict(values)) for what, request, values in STEPS]
            for name, way in ways.items()}
    assert done["service"] == done["api"] == done["command"]
    assert 12 <= sum(done["service"]) < len(STEPS)
    left = {}
    for name, store in stores.items():
        with store.snapshot() as s:
            events = s.sql(f"SELECT request_id, {', '.join(chr(34) + f + chr(34) for f in FIELDS)} FROM request_events")
            who = {"someone", *[v for v in events["by"].dropna() if v.startswith("cli:")]}
            events["by"] = events["by"].map(lambda v, who=who: "someone" if v in who else v)
            left[name] = (Counter(map(str, events.astype(object).where(events.notna(), "").values.tolist())),
                          s.sql("SELECT request_id, status FROM requests ORDER BY 1").to_dict("records"),
                          s.sql("SELECT request_id, item, delivered FROM request_items ORDER BY ALL").values.tolist())
    assert left["service"] == left["api"] == left["command"]


# -- hints at duplicates on the real file -------------------------------------------------------------


def test_hints_on_the_real_requests_of_2020(real_data: Path, tmp_path: Path) -> None:
    """405 rows of March 2020, taken as they were sent, each with a number of its own.

    What is a duplicate is told by the file's own words, which no hint reads: the same requester, address and day, and
    the same or hardly other details. 251 rows are the same request sent again word for word.
    """
    source = real_data / "help_requests" / "thai_covid_requests_2020_a.csv"
    recipe = tmp_path / "each.toml"
    recipe.write_text((Path(__file__).resolve().parents[2] / "data" / "recipes" / "help_requests_2020.toml").read_text(
        "utf-8").replace('running_key = "request_no"\n', ""), "utf-8")
    store = Store(tmp_path / "store")
    ingest.import_files(store, "requests", [source], recipe=str(recipe))
    with source.open(encoding="utf-8-sig") as file:
        rows = {f"th2020-{r['request_no']}": r for r in csv.DictReader(file)}
    work = Requests(store, User("x", "local"), Audit(store.folder))
    hints = {d["later_id"]: d["first_id"] for d in work.doubles(limit=1000)}
    words = ("requester_id", "address_request", "details_request", "mask", "gel", "alcohol", "food", "medical_tools",
             "medicine", "lat", "lon", "donate_date", "status_request", "type_request")
    again, known = set(), set()
    for number, row in rows.items():
        said = tuple(row[w] for w in words)
        if said in known and row["status_request"] == "ร้องขอ":
            again.add(number)
        known.add(said)
    with store.snapshot() as s:
        held = set(s.sql("SELECT request_id FROM requests")["request_id"])
    again &= held
    assert len(again) > 200
    found = again & set(hints)
    assert len(found) / len(again) >= 0.99
    same = sum(rows[a]["address_request"] == rows[b]["address_request"] and rows[a]["requester_id"] ==
               rows[b]["requester_id"] for a, b in hints.items())
    assert same / len(hints) >= 0.95
    person = max(Counter(r["requester_id"] for r in rows.values()).items(), key=lambda p: p[1])
    theirs = {i for i in hints if rows[i]["requester_id"] == person[0]}
    assert person[1] == 142 and len(theirs) == 141 and len({hints[i] for i in theirs}) == 1
