"""The desk and the scope: nothing old is ever shown, and the address says everything."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pandas as pd
import panel as pn
import pytest

from dashboards import discreet, forms, frame, officer, places
from dashboards.desk import Desk
from dashboards.pages import routes
from dashboards.scope import Scope, area, language
from jitasa_analytics import areas, studies
from jitasa_analytics.service.roles import LOCAL, NotAllowedError, User
from jitasa_analytics.show import answers, colours
from jitasa_analytics.store import Store


def _asked(search: str) -> dict[str, str]:
    return dict(parse_qsl(search.lstrip("?")))


def test_address_goes_there_and_back() -> None:
    question = studies.make(studies.get("coverage_gaps"))
    scope = Scope(lang="en")
    scope.include(question, list(question.options()), {})
    assert scope.query() == "?lang=en"
    scope.area, question.minutes, question.km, question.service = "2001", 45, 12.5, "hospital"
    search = scope.query()
    other = studies.make(studies.get("coverage_gaps"))
    again = Scope(lang="en")
    again.include(other, list(other.options()), _asked(search))
    again.read(_asked(search))
    assert (again.area, other.minutes, other.km, other.service) == ("2001", 45, 12.5, "hospital")
    again.read({})
    assert (again.area, other.minutes, other.km, other.service) == ("TH", 30, None, "vaccination_point")


@pytest.mark.parametrize("text", ["minutes=abc", "minutes=-5", "service=nothing", "dose=99"])
def test_nonsense_in_the_address_leaves_the_default(text: str) -> None:
    question = studies.make(studies.get("coverage_gaps"))
    Scope().include(question, list(question.options()), _asked(text))
    assert (question.minutes, question.service) == (30, "vaccination_point")


def test_unknown_area_and_language() -> None:
    assert area({"area": "99"})[0] == "TH" and area({"area": "99"})[1] is not None
    assert area({"area": "Chonburi"}) == ("20", None)
    assert language({"lang": "xx"}) == language({})


def test_an_answer_is_made_once_and_a_new_version_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path / "store")
    with store.transaction(create=True) as tx:
        tx.insert("population", pd.DataFrame({"area_code": ["20"], "year": [2021], "group": ["all"],
                                              "basis": ["registered"], "people": [100]}))
    desk = Desk(tmp_path / "store")
    made: list[Any] = []
    ask = studies.run
    monkeypatch.setattr("dashboards.desk.studies.run", lambda *a, **k: made.append(a) or ask(*a, **k))
    assert desk.query("page_figures", "TH")["people"].tolist() == [100]
    first = desk.query("page_figures", "TH")
    first["people"] = 0
    assert desk.query("page_figures", "TH")["people"].tolist() == [100], "a reader can't spoil what is kept"
    with store.transaction() as tx:
        tx.replace("population", pd.DataFrame({"area_code": ["20"], "year": [2021], "group": ["all"],
                                               "basis": ["registered"], "people": [150]}))
    assert desk.query("page_figures", "TH")["people"].tolist() == [150]


def test_many_readers_at_once_cost_one_answer(ui_store: Path) -> None:
    desk = Desk(ui_store, keep=3)
    seen: list[Any] = []
    readers = [threading.Thread(target=lambda: seen.append(desk.ask("coverage_gaps", "20"))) for _ in range(6)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert len(seen) == 6 and len({id(answer) for answer in seen}) == 1
    for minutes in (10, 20, 40, 50):
        desk.ask("coverage_gaps", "20", minutes=minutes)
    assert len(desk._kept) == 3


def test_figures_add_up_over_the_areas_below(ui_store: Path) -> None:
    """The country's requests are those of its provinces, a province's those of its districts."""
    desk = Desk(ui_store)
    for place, digits in (("TH", 2), ("20", 4), ("2001", 6)):
        whole = desk.query("page_figures", place).iloc[0]
        parts = desk.query("page_areas", place, digits=digits)
        for name in ("volunteers", "people"):
            assert parts[name].sum() == whole[name], (place, name)
        for name in ("waiting", "being_helped"):
            if digits < 6:
                assert parts[name].sum() == whole[name], (place, name)


def test_small_counts_below_the_district_are_hidden_and_cannot_be_worked_out(ui_store: Path) -> None:
    """No tambon shows 1 to 9, and no district has a single hidden one, which its sum would give away."""
    parts = Desk(ui_store).query("page_areas", "20", digits=6)
    shown = parts[~parts["hidden"]]
    assert not shown["waiting"].between(1, 9).any() and not shown["being_helped"].between(1, 9).any()
    hidden = parts[parts["hidden"]]
    assert len(hidden)
    assert hidden[["waiting", "being_helped", "open_requests", "requests_per_1000"]].isna().all(axis=None)
    of_district = parts.assign(district=parts["area_code"].str[:4]).groupby("district")["hidden"].agg(["sum", "size"])
    assert not ((of_district["sum"] == 1) & (of_district["size"] > 1)).any()
    assert not Desk(ui_store).query("page_areas", "TH", digits=2)["hidden"].any()


def test_the_week_is_held_against_the_one_before(ui_store: Path) -> None:
    desk = Desk(ui_store)
    week = desk.query("page_week", "20").iloc[0]
    days = desk.query("page_days", "20").set_index("day")["requests"]
    assert week["week"] == days.iloc[-7:].sum() and week["week_before"] == days.iloc[-14:-7].sum()


def test_outlines_are_served_by_their_content(ui_store: Path) -> None:
    """Another process behind the same proxy serves them too; an unknown name is no outline."""
    made = Desk(ui_store).outline("tambon", "20")
    name = made.url.removeprefix("outlines/")
    assert len(made.codes) == 92
    assert Desk(ui_store).served(name) == made.content
    assert Desk(ui_store).served(name.replace(name.split(".")[2], "0" * 20)) is None
    answer = Desk(ui_store).ask("coverage_gaps", "20")
    assert Desk(ui_store).outline_of(answer).codes == made.codes


def test_a_file_goes_through_the_browser_as_through_the_command(tmp_path: Path) -> None:
    """Mapping is proposed and taken, a dry run writes nothing, refused rows come back corrected."""
    store = Store(tmp_path / "store")
    rows = [f"R{i},2021-08-0{i},new,13.3{i},100.98,{i}" for i in range(1, 9)]
    content = "\n".join(["เลขที่,วันที่ขอ,สถานะคำขอ,lat,lon,คน", *rows, "R9,2021-08-09,new,หาย,100.98,2"]).encode()
    sent = officer.Sent("../../คำขอ.csv", content)
    assert sent.path.parent.name.startswith("jitasa-")
    fit = sent.mapping("requests")
    assert set(fit.headers) >= {"เลขที่", "สถานะคำขอ"} and fit.known == ""
    chosen = {"request_id": "เลขที่", "requested_at": "วันที่ขอ", "status": "สถานะคำขอ", "lat": "lat", "lon": "lon",
              "people": "คน"}
    tried = sent.bring(store, "requests", chosen, dry_run=True)
    assert (tried.read, tried.accepted, tried.quarantined) == (9, 8, 1) and not store.exists
    done = sent.bring(store, "requests", chosen, dry_run=False)
    assert done.version == 1 and officer.refused(store)[0]["rows"] == 1
    assert officer.quarantined(store, "th")[:2] == b"PK"
    part = officer.to_correct(store, "th")[0]
    assert not set(part.fixed) & {"เลขที่", "คน"} and len(part.frame) == 1
    wrong = next(c for c in part.frame.columns if part.frame[c].iloc[0] == "หาย")
    done_again = officer.send_again(store, "th", part.sheet, part.frame[[wrong]].assign(**{wrong: "13.39"}))
    assert (done_again.settled, done_again.left) == (1, 0), "the mapping that was confirmed reads corrected rows too"
    assert officer.to_correct(store, "th") == []
    sent.close()
    assert not sent.path.exists()


def test_who_may_write_from_the_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only where the administrator says so, and then only who works with the requests of the whole country."""
    clerk, province = User("c", "coordinator"), User("p", "province", "20")
    monkeypatch.delenv("JITASA_DASHBOARD_IMPORT", raising=False)
    assert not officer.allowed(clerk) and not officer.allowed(LOCAL)
    monkeypatch.setenv("JITASA_DASHBOARD_IMPORT", "1")
    assert officer.allowed(clerk) and officer.allowed(LOCAL)
    for other in (province, User("a", "analyst"), User("t", "tambon", "200701"), User("m", "ministry")):
        assert not officer.allowed(other)
        with pytest.raises(NotAllowedError):
            officer.require(other)


def test_a_single_tambon_tells_no_more_than_map_and_table(ui_store: Path) -> None:
    """What is hidden among its neighbours is hidden too when it is looked at alone; small parts of a count as well."""
    desk = Desk(ui_store)
    parts = desk.query("page_areas", "20", digits=6).set_index("area_code")
    assert parts["hidden"].any() and not parts["hidden"].all()
    for code, row in parts.iterrows():
        alone = desk.query("page_areas", str(code), digits=6).set_index("area_code")
        assert list(alone.index) == [code] and bool(alone["hidden"].iloc[0]) == bool(row["hidden"])
        now, week = discreet.figures(desk, str(code)), discreet.week(desk, str(code))
        shown = [now[n] for n in ("waiting", "being_helped", "critical") if not pd.isna(now[n])]
        shown += [v for n in week.columns if n != "last_day" for v in week[n] if not pd.isna(v)]
        assert not any(0 < v < 10 for v in shown), code
        assert pd.isna(now["waiting"]) == bool(row["hidden"])
        assert not row["hidden"] or pd.isna(now[["requests", "helped", "critical"]]).all()
    assert discreet.figures(desk, "20")["waiting"] == desk.query("page_figures", "20")["waiting"].iloc[0]


def test_the_change_between_two_dates(ui_store: Path) -> None:
    desk = Desk(ui_store)
    after = desk.ask("vaccination", "20", dose=1, level="district")
    last, before = answers.ends(after, days=28)
    assert last is not None and before is not None and (last[0] - before[0]).days >= 28
    earlier = desk.ask("vaccination", "20", dose=1, level="district", date=before[0])
    frame = answers.moved(earlier, after)
    assert frame["gained"].is_monotonic_decreasing
    code = frame.index[0]
    assert frame.loc[code, "gained"] == pytest.approx(
        after.frame.loc[code, after.measure] - earlier.frame.loc[code, earlier.measure])


def test_filters_count_what_the_list_holds(ui_store: Path) -> None:
    desk = Desk(ui_store)
    for chosen in ({"state": "open", "category": "", "urgency": ""},
                   {"state": "waiting", "category": "oxygen", "urgency": "critical"},
                   {"state": "all", "category": "food", "urgency": ""}):
        rows = desk.query("page_requests", "20", **chosen)
        counts = desk.query("page_request_counts", "20", **chosen)
        assert counts["requests"].iloc[0] == len(rows)
        assert counts["waiting"].iloc[0] == (rows["state"] == "waiting").sum()
        assert counts["people_concerned"].iloc[0] == rows["people"].sum()


def test_a_field_is_as_wide_as_what_it_holds() -> None:
    """Several rules would be cut off in a column of the form; a word is not."""
    rules = forms.field(studies.make(studies.get("reopening")), "rules", "en")
    item = forms.field(studies.make(studies.get("supplies")), "item", "en")
    assert rules.styles == {"grid-column": "1 / -1"} and item.styles == {}


def test_every_study_has_a_page() -> None:
    assert {f"/{name}" for name in studies.known()} <= set(routes())


def test_an_account_s_address_without_an_area_means_its_own() -> None:
    """Walking back to an address that names none must not show "Thailand" over one province."""
    user = User("chonburi", "province", "20")
    scope = Scope(home=user.scope, own=user.within)
    assert scope.area == "20" and scope.query() == ""
    scope.read({"area": "2001"})
    assert (scope.area, scope.query()) == ("2001", "?area=2001")
    for back in ({}, {"area": "TH"}, {"area": "20"}):
        scope.read(back)
        assert (scope.area, scope.query()) == ("20", "")
    assert places.options("20", "province", "en", scope) == {"Chon Buri": "20"}
    assert set(places.options("20", "district", "en", scope).values()) == {"20", *areas.children("20")}
    below = Scope(home="2007", own=User("s", "district", "2007").within)
    assert [list(places.options("2007", level, "en", below).values())[:1] for level in ("province", "district")] == [
        ["20"], ["2007"]]
    path = places._path(scope, "2001")
    assert "ประเทศไทย" not in path and "จ.ชลบุรี" in path and "อ.เมืองชลบุรี" in path


def test_work_for_one_window_is_not_told_to_the_others() -> None:
    """Panel's sign of being busy belongs to the process: following it, each press would go to every open window."""
    shown = frame.shell("en", colours.LIGHT, "page")
    pn.state._add_busy_event("a press elsewhere")
    try:
        assert pn.state.busy and not shown.busy
    finally:
        pn.state._remove_busy_event("a press elsewhere")
