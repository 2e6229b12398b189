"""The life of a request, who may touch it, and the API with the same rules."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from scipy.optimize import linear_sum_assignment

from jitasa_analytics.contracts import STATUSES
from jitasa_analytics.errors import InputError, UnknownError
from jitasa_analytics.geo import geodesic_km
from jitasa_analytics.service import life
from jitasa_analytics.service.accounts import Accounts
from jitasa_analytics.service.audit import Audit
from jitasa_analytics.service.requests import Requests
from jitasa_analytics.service.roles import ROLES, NotAllowedError, User
from jitasa_analytics.store import Store
from tests.service.conftest import Served

COORDINATOR = User("coord", "coordinator", "20")
AT = pd.Timestamp("2021-07-01 03:00")


def small(folder: Path) -> Store:
    """Seven requests and four volunteers in two provinces, and one hospital with one free bed."""
    store = Store(folder)
    places = [("A", "200101", 100.97, 13.36, "critical", "new", "p1"), ("B", "200101", 100.98, 13.36, "normal", "new",
              "p2"), ("C", "200102", 100.99, 13.37, "high", "confirmed", "p3"), ("D", "200701", 100.93, 13.17, "low",
              "helped", "p4"), ("E", "100101", 100.49, 13.75, "normal", "new", "p5"),
              ("F", "200101", 100.9701, 13.3601, "normal", "new", "p1"),
              ("G", "200101", None, None, "low", "new", "p6")]
    requests = pd.DataFrame(places, columns=["request_id", "area_code", "lon", "lat", "urgency", "status", "requester"])
    requests["requested_at"] = [AT + pd.Timedelta(hours=h) for h in range(7)]
    requests["people"] = 1
    helpers = pd.DataFrame([
        ("v1", "200101", 100.975, 13.361, "driving", "car", 1.0), ("v2", "200102", 100.991, 13.372, None, None, 1.0),
        ("v3", "100101", 100.491, 13.751, None, "car", 5.0), ("v4", "200101", 100.971, 13.3602, None, None, 0.0)],
        columns=["volunteer_id", "area_code", "lon", "lat", "skills", "equipment", "capacity_per_day"])
    with store.transaction(create=True) as tx:
        tx.insert("requests", requests)
        tx.insert("request_items", pd.DataFrame({"request_id": list("ABCDEFG"), "item": "x", "delivered": 0.0,
                                                 "category": ["food", "transport", *["food"] * 5]}))
        tx.insert("volunteers", helpers.assign(kind="other"))
        tx.insert("facilities", pd.DataFrame({
            "facility_id": ["H", "I"], "name": ["โรงพยาบาล", "คลินิก"], "kind": "hospital", "lon": 100.98, "lat": 13.36,
            "beds_free": [1, 0], "status": "open"}))
    return store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return small(tmp_path / "store")


@pytest.fixture
def work(store: Store) -> Requests:
    return Requests(store, COORDINATOR, Audit(store.folder))


def test_every_step_that_is_not_in_the_life_of_a_request_is_refused() -> None:
    """From each state to each: exactly the arrows of the diagram, and every closed state opens again."""
    arrows = {(a, b) for a, b in itertools.product(STATUSES, [*STATUSES, "eaten"]) if b in life.NEXT[a]}
    for now, then in itertools.product(STATUSES, [*STATUSES, "eaten"]):
        if (now, then) in arrows:
            life.check(now, then)
        else:
            with pytest.raises(InputError, match="may become"):
                life.check(now, then)
    for closed in ("helped", "not_helped", "duplicate", "withdrawn"):
        assert life.NEXT[closed] == ("confirmed",)
    reached, todo = set(), ["new"]
    while todo:
        state = todo.pop()
        if state not in reached:
            reached.add(state)
            todo += life.NEXT[state]
    assert reached == set(STATUSES)


def test_a_whole_life_with_its_events(work: Requests) -> None:
    work.move("A", "confirmed")
    work.move("A", "assigned", by="v1", note="โทรก่อนเข้า")
    work.move("A", "on_the_way")
    work.deliver("A", "x", 2)
    found = work.move("A", "helped")
    assert [e["status"] for e in found["events"]] == ["confirmed", "assigned", "on_the_way", "on_the_way", "helped"]
    assert found["events"][1]["by"] == "v1" and found["events"][0]["by"] == "coord"
    assert found["items"][0]["delivered"] == 2 and found["next"] == ["confirmed"]
    again = work.move("A", "confirmed")
    assert again["status"] == "confirmed" and len(again["events"]) == 6
    with pytest.raises(InputError):
        work.move("A", "helped")
    assert len(work.one("A")["events"]) == 6, "a refused step leaves no event"
    audit = Audit(work.store.folder)
    assert audit.verify().whole and sum(r["what"] == "change" for r in audit.rows()) == 6
    assert "โทรก่อนเข้า" not in (audit.folder / "audit.log").read_text("utf-8")


def test_what_no_request_takes_is_refused(work: Requests) -> None:
    for bad in ("nobody", "", "v3"):
        with pytest.raises(UnknownError):
            work.move("A", "assigned", by=bad)
    for facility in ("I", "none", "' OR 1=1 --"):
        with pytest.raises(InputError, match="no free bed"):
            work.refer("A", facility_id=facility)
    with pytest.raises(InputError):
        work.refer("A")
    with pytest.raises(InputError):
        work.deliver("A", "y", 1)
    for quantity in (0, -1, float("nan"), 1e9):
        with pytest.raises(InputError):
            work.deliver("A", "x", quantity)
    for evil in ("A' OR '1'='1", "'; DROP TABLE requests; --", "A\x00", "../A"):
        with pytest.raises(UnknownError):
            work.move(evil, "confirmed")
        with pytest.raises(UnknownError):
            work.one(evil)


def test_a_bed_is_given_away_once(work: Requests) -> None:
    """The free bed goes to A; B gets it when A is closed."""
    found = work.refer("A", facility_id="H")
    assert found["events"][-1]["facility_id"] == "H"
    with pytest.raises(InputError, match="no free bed"):
        work.refer("B", facility_id="H")
    work.move("A", "withdrawn")
    work.refer("B", facility_id="H")
    assert work.refer("C", to_unit="รพ.สต. บางปลาสร้อย")["events"][-1]["to_unit"] == "รพ.สต. บางปลาสร้อย"


def test_a_request_of_another_area_does_not_exist(work: Requests) -> None:
    for touch in (lambda: work.one("E"), lambda: work.move("E", "confirmed"), lambda: work.suggest("E"),
                  lambda: work.refer("E", to_unit="x"), lambda: work.deliver("E", "x", 1)):
        with pytest.raises(UnknownError, match="in your area"):
            touch()
    with pytest.raises(NotAllowedError):
        work.listed("10")
    with pytest.raises(NotAllowedError):
        work.create(area_code="100101", category="food")
    with pytest.raises(NotAllowedError):
        work.create(area_code="TH", category="food")


def test_the_nearest_with_room_are_suggested(work: Requests) -> None:
    """v4 is nearest to A but has no room; v3 lies in another area; B needs a vehicle, which v1 has."""
    assert [v["volunteer_id"] for v in work.suggest("A")] == ["v1", "v2"]
    assert [v["volunteer_id"] for v in work.suggest("B")] == ["v1"]
    work.move("A", "assigned", by="v1")
    assert [v["volunteer_id"] for v in work.suggest("C")] == ["v2"]
    assert work.suggest("B") == []


def test_doubles_are_one_requester_near_in_place_and_time(work: Requests) -> None:
    assert [(d["first_id"], d["later_id"], d["minutes_apart"]) for d in work.doubles()] == [("A", "F", 300)]
    work.move("F", "duplicate")
    assert work.doubles() == []


def test_a_plan_is_the_best_there_is_and_is_accepted_whole(work: Requests) -> None:
    """B alone needs the vehicle of v1; the most urgent of the others gets v2: by hand, and by SciPy's assignment."""
    plan = work.plan("20", within_km=30)
    got = plan.table["volunteer_id"].dropna().to_dict()
    with work.store.snapshot("20") as s:
        requests = s.frame("requests").set_index("request_id").loc[list("ABCF")]
        helpers = s.frame("volunteers").set_index("volunteer_id").loc[["v1", "v2"]]
    weight = {"critical": 8, "high": 4, "normal": 2, "low": 1}
    cost = np.array([[geodesic_km(r.lon, r.lat, h.lon, h.lat).item() if i != "B" or n == "v1" else 1e6
                      for n, h in helpers.iterrows()] for i, r in requests.iterrows()])
    priced = cost - 1000 * np.array([weight[u] for u in requests["urgency"]])[:, None]
    rows, columns = linear_sum_assignment(priced)
    assert got == {requests.index[i]: helpers.index[j] for i, j in zip(rows, columns, strict=True)} == \
        {"A": "v1", "C": "v2"}
    assert plan.status == "optimal" and plan.total_km == pytest.approx(plan.bound_km)
    assert plan.total_km == pytest.approx(cost[rows, columns].sum())
    assert work.accept(plan) == 2
    assert {r["request_id"]: r["status"] for r in work.listed()} == {
        "A": "assigned", "C": "assigned", "B": "new", "F": "new", "G": "new"}
    with pytest.raises(InputError):
        work.accept(plan)
    assert len(work.one("A")["events"]) == 1, "a plan that went stale changed nothing"


def test_an_analyst_sees_no_house_and_no_note(store: Store, work: Requests) -> None:
    work.move("A", "assigned", by="v1", note="ประตูสีแดง")
    seen = Requests(store, User("ana", "analyst", "20"), Audit(store.folder))
    one = seen.one("A")
    assert "lon" not in one and "note" not in one["events"][0] and "by" not in one["events"][0]
    assert all("lat" not in r for r in seen.listed())
    for touch in (lambda: seen.move("A", "on_the_way"), lambda: seen.suggest("A"), lambda: seen.plan()):
        with pytest.raises(NotAllowedError):
            touch()


_SHARED: dict[str, Store] = {}


@settings(max_examples=40)
@given(role=st.sampled_from(ROLES), scope=st.sampled_from(["TH", "20", "2001", "200101", "10", "100101", "50"]),
       call=st.sampled_from(["listed", "one", "doubles", "suggest", "plan", "study", "sql"]),
       area=st.sampled_from(["TH", "20", "2001", "10", "100101"]), which=st.sampled_from("ABCDEFG"))
def test_nothing_from_outside_the_area_whoever_asks_for_whatever(
        tmp_path_factory: pytest.TempPathFactory, role: str, scope: str, call: str, area: str, which: str) -> None:
    """Random accounts × calls × areas: no row of a request outside the account's area, or a refusal."""
    if "store" not in _SHARED:
        _SHARED["store"] = small(tmp_path_factory.mktemp("scope") / "store")
    store = _SHARED["store"]
    with store.snapshot() as s:
        where = dict(s.frame("requests", columns=["request_id", "area_code"]).itertuples(index=False))
        base = dict(s.frame("volunteers", columns=["volunteer_id", "area_code"]).itertuples(index=False))
    head = "" if scope == "TH" else scope
    user = User("x", role, scope)
    work = Requests(store, user, Audit(store.folder))
    seen: set[str] = set()
    helpers: set[str] = set()
    try:
        if call == "listed":
            seen = {r["request_id"] for r in work.listed(area, status="all")}
        elif call == "one":
            seen = {work.one(which)["request_id"]}
        elif call == "doubles":
            seen = {d[k] for d in work.doubles(area) for k in ("first_id", "later_id")}
        elif call == "suggest":
            helpers = {v["volunteer_id"] for v in work.suggest(which)}
        elif call == "plan":
            plan = work.plan(area)
            seen, helpers = set(plan.table.index), set(plan.table["volunteer_id"].dropna())
        else:
            user.require("see")
            with store.snapshot(user.within(area)) as s:
                seen = set(s.sql("SELECT request_id FROM requests")["request_id"])
                seen |= set(s.sql("SELECT request_id FROM request_items")["request_id"])
    except (NotAllowedError, UnknownError):
        return
    assert role != "public"
    assert all(where[i].startswith(head) for i in seen) and all(base[v].startswith(head) for v in helpers)


# -- the API ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def api(open_server: Any, quick_hashes: None,
        tmp_path_factory: pytest.TempPathFactory) -> tuple[Served, dict[str, str]]:
    """A server on the small store, and tokens of four accounts."""
    from jitasa_analytics.service.web.doors import Doors

    store = small(tmp_path_factory.mktemp("api") / "store")
    accounts = Accounts(store.folder)
    tokens = {}
    for name, role, area in (("coord", "coordinator", "20"), ("bangkok", "province", "10"), ("ana", "analyst", "TH"),
                             ("viewer", "public", "TH")):
        accounts.add(name, role, area, "ดาวเรือง-2564-กลางแจ้ง")
        tokens[name] = accounts.make_token(name, "test")
    return open_server(store.folder, Doors("accounts")), tokens


def test_the_api_works_with_a_token_and_without_none(api: tuple[Served, dict[str, str]]) -> None:
    served, tokens = api
    visitor = served.visitor()
    paths = [("GET", "/api/requests"), ("POST", "/api/requests"), ("GET", "/api/requests/A"),
             ("POST", "/api/requests/A/events"), ("GET", "/api/requests/A/suggestions"), ("GET", "/api/duplicates"),
             ("GET", "/api/assignment"), ("POST", "/api/assignment")]
    for method, path in paths:
        for token in ("", "jt_forged", tokens["coord"][:-1], tokens["coord"] + "x"):
            status, found = visitor.api(method, path, token, {} if method == "POST" else None)
            assert status in (401, 403) and set(found) == {"error"}, (method, path)
        status, _ = visitor.api(method, path, tokens["viewer"], {} if method == "POST" else None)
        assert status in (400, 403), (method, path)
    status, found = visitor.api("GET", "/api/requests?status=all", tokens["coord"])
    assert status == 200 and {r["request_id"] for r in found["requests"]} == set("ABCDFG")
    assert {r["request_id"] for r in visitor.api("GET", "/api/requests", tokens["bangkok"])[1]["requests"]} == {"E"}
    assert visitor.api("GET", "/api/requests/E", tokens["coord"])[0] == 404
    assert visitor.api("GET", "/api/requests?area=10", tokens["coord"])[0] == 403
    assert visitor.api("POST", "/api/requests/C/events", tokens["ana"], {"status": "withdrawn"})[0] == 403


def test_a_request_made_and_followed_over_the_api(api: tuple[Served, dict[str, str]]) -> None:
    served, tokens = api
    visitor, token = served.visitor(), tokens["coord"]
    status, made = visitor.api("POST", "/api/requests", token, {
        "area_code": "200101", "category": "oxygen", "item": "=HYPERLINK(\"x\")", "urgency": "high", "people": 2,
        "lon": 100.97, "lat": 13.36})
    assert status == 201 and made["status"] == "new" and made["items"][0]["category"] == "oxygen"
    path = f"/api/requests/{made['request_id']}"
    assert visitor.api("POST", f"{path}/events", token, {"status": "helped"})[0] == 400
    assert visitor.api("POST", f"{path}/events", token, {"status": "assigned", "by": "v2"})[1]["status"] == "assigned"
    assert visitor.api("GET", path, token)[1]["events"][-1]["by"] == "v2"
    for body in ({"area_code": "200101"}, {"area_code": "200101", "category": "king"}, {"x": 1}, [1], "x",
                 {"area_code": "200101", "category": "food", "people": "many"},
                 {"area_code": "200101", "category": "food", "lon": 0, "lat": 0},
                 {"area_code": "200101", "category": "food", "item": "x" * 2000},
                 {"area_code": "200101", "category": "food", "people": 1e99},
                 {"area_code": {"$ne": 1}, "category": "food"}):
        assert visitor.api("POST", "/api/requests", token, body)[0] == 400, body
    assert visitor.ask("POST", "/api/requests", b"{broken", headers={"Authorization": f"Bearer {token}"})[0] == 400


def test_a_cookie_alone_changes_nothing_over_the_api(api: tuple[Served, dict[str, str]]) -> None:
    """Another site can make a browser send the cookie along, but not the form token as a header."""
    served, _ = api
    visitor = served.visitor("coord")
    assert visitor.api("GET", "/api/requests")[0] == 200
    assert visitor.api("POST", "/api/requests/C/events", body={"status": "withdrawn"})[0] == 403
    assert visitor.api("GET", "/api/requests/C")[1]["status"] == "confirmed"


def test_the_api_s_manual_names_every_address() -> None:
    from jitasa_analytics.service.web import api as addresses

    manual = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text("utf-8")
    for pattern, _ in addresses.ROUTES:
        assert pattern.replace(r"([\w.-]{1,80})", "ID") in manual, pattern
