"""Cubes say what the rows say: at every level, for any rows, whichever way the rows came in."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jitasa_analytics.contracts import CATEGORIES, STATUSES, URGENCIES, dataset
from jitasa_analytics.ingest import import_files
from jitasa_analytics.store import Store, cubes, history, recount
from jitasa_analytics.store.erasure import erase

AREAS = ["200101", "200102", "200201", "2001", "20", "100101", "TH", "20010103"]
LEVELS = {"country": 0, "province": 2, "district": 4, "tambon": 6}
# Moments around midnight in Thailand and UTC, the end of a year and of a week.
MOMENTS = [pd.Timestamp(t) for t in (
    "2020-12-31 16:59:59", "2020-12-31 17:00:00", "2020-12-31 23:59:59", "2021-01-01 00:00:00", "2021-01-03 16:59:59",
    "2021-01-03 17:00:00", "2020-02-29 12:00:00")]
# Around the weeks of `doses_of`, in the middle and at the end of a span of sixteen weeks (from 14 September 2020,
# 4 January 2021 and 26 April 2021).
UNTIL = ["2020-12-20", "2020-12-21", "2020-12-27", "2020-12-28", "2021-01-03", "2021-01-04", "2021-01-11", "2021-04-18",
         "2021-04-19", "2021-04-26", "2022-12-31"]


def under(code: str, digits: int) -> str | None:
    """The area of a level that a code lies in, None where the code is coarser."""
    if digits == 0:
        return "TH"
    return code[:digits] if code != "TH" and len(code) >= digits else None


requests_of = st.lists(st.tuples(
    st.sampled_from(AREAS), st.sampled_from(MOMENTS), st.sampled_from(STATUSES[:3]),
    st.sampled_from([None, *URGENCIES[:2]]), st.one_of(st.none(), st.integers(1, 5)),
    st.lists(st.sampled_from(CATEGORIES[:3]), max_size=3)), max_size=25)
doses_of = st.lists(st.tuples(
    st.sampled_from(AREAS), st.dates(dt.date(2020, 12, 20), dt.date(2021, 1, 20)), st.integers(1, 3),
    st.sampled_from(["all", "60+"])), max_size=25)


def write(store: Store, requests: list[Any], doses: list[Any]) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    asked = pd.DataFrame([(f"r{i}", *r[:5]) for i, r in enumerate(requests)],
                         columns=["request_id", "area_code", "requested_at", "status", "urgency", "people"])
    items = pd.DataFrame([(f"r{i}", f"i{n}", c) for i, r in enumerate(requests) for n, c in enumerate(r[5])],
                         columns=["request_id", "item", "category"])
    given_ = pd.DataFrame([(f"p{i}", *d) for i, d in enumerate(doses)],
                          columns=["person_token", "area_code", "date", "dose_no", "group"])
    asked["requested_at"] = pd.to_datetime(asked["requested_at"])
    given_["date"] = pd.to_datetime(given_["date"])
    with store.transaction(create=True) as tx:
        tx.replace("requests", asked)
        tx.replace("request_items", items)
        tx.replace("doses", given_)
    return asked, items, given_


@settings(max_examples=25)
@given(requests=requests_of, doses=doses_of)
def test_the_cubes_say_what_the_rows_say(tmp_path_factory: pytest.TempPathFactory, requests: list[Any],
                                         doses: list[Any]) -> None:
    store = Store(tmp_path_factory.mktemp("cube") / "store")
    asked, items, given_ = write(store, requests, doses)
    with store.snapshot() as s:
        cube, shots = s.sql("SELECT * FROM request_cube"), s.sql("SELECT * FROM dose_cube")
        weeks = {level: s.query("doses_by_week", level=level, head="20", dose=2, group="all", since="2020-01-01",
                                upto="2022-01-01") for level in LEVELS}
        until = {(level, upto, group): s.query("doses_by_area", level=level, head="", group=group, upto=upto)
                 for level in LEVELS for upto in UNTIL for group in ("60+", "all")}
    expected: dict[tuple[Any, ...], list[Any]] = {}
    categories = items.groupby("request_id")["category"].agg(set).to_dict() if len(items) else {}
    for row in asked.itertuples(index=False):
        day = (row.requested_at + pd.Timedelta(hours=7)).date()
        for digits in LEVELS.values():
            area = under(row.area_code, digits)
            for category in ({""} | categories.get(row.request_id, set())) if area else ():
                key = (digits, area, day, category, row.status, row.urgency if isinstance(row.urgency, str) else None)
                known = expected.setdefault(key, [0, 0, pd.Timestamp.min])
                known[0] += 1
                known[1] += 0 if pd.isna(row.people) else int(row.people)
                known[2] = max(known[2], row.requested_at)
    found = {(r.digits, r.area_code, r.day.date(), r.category, r.status, r.urgency if isinstance(r.urgency, str)
              else None): [r.requests, 0 if pd.isna(r.people) else int(r.people), r.last_at]
             for r in cube.itertuples(index=False)}
    assert found == expected
    counts: dict[tuple[Any, ...], int] = {}
    for row in given_.itertuples(index=False):
        monday = (row.date - pd.Timedelta(days=row.date.weekday())).date()
        for digits in LEVELS.values():
            if area := under(row.area_code, digits):
                key = (digits, area, monday, row.dose_no, row.group)
                counts[key] = counts.get(key, 0) + 1
    assert {(r.digits, r.area_code, r.week.date(), r.dose_no, r.group): r.doses
            for r in shots.itertuples(index=False)} == counts
    for level, digits in LEVELS.items():
        assert weeks[level]["doses"].sum() == sum(n for (d, a, _, no, _), n in counts.items()
                                                  if d == digits and no == 2 and a.startswith("20"))
    for (level, upto, whom), answer in until.items():
        given_until: dict[tuple[str, int], int] = {}
        for (digits, area, monday, no, group), n in counts.items():
            if digits == LEVELS[level] and whom in (group, "all") and monday.isoformat() <= upto:
                given_until[area, no] = given_until.get((area, no), 0) + n
        assert {(r.area_code, r.dose_no): r.doses for r in answer.itertuples(index=False)} == given_until


changes_of = st.lists(st.tuples(st.sampled_from(["requests", "amend", "items", "doses", "replace"]), requests_of,
                                doses_of), min_size=1, max_size=4)


@settings(max_examples=12)
@given(requests=requests_of, doses=doses_of, changes=changes_of, share=st.sampled_from([0.0, 0.25, 1e9]))
def test_what_is_counted_bit_by_bit_is_what_is_counted_at_once(
        tmp_path_factory: pytest.TempPathFactory, requests: list[Any], doses: list[Any], changes: list[Any],
        share: float) -> None:
    """Rows that are new, changed, moved to another day and area, in versions of their own or together."""
    store = Store(tmp_path_factory.mktemp("cube") / "store")
    asked, items, given_ = write(store, requests, doses)
    known = set(asked["request_id"])
    tokens, numbers = len(given_), 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recount, "_SHARE", share)
        patch.setattr(recount, "_FEW", 0)
        for kind, more, shots in changes:
            with store.transaction() as tx:
                if kind in ("requests", "amend"):
                    start = 0 if kind == "amend" else len(known)
                    part = pd.DataFrame([(f"r{start + i}", *r[:5]) for i, r in enumerate(more)],
                                        columns=list(asked.columns))
                    part = part[part["request_id"].isin(known)] if kind == "amend" else part
                    (tx.update if kind == "amend" else tx.insert)("requests", part)
                    known |= set(part["request_id"])
                if kind in ("requests", "items") and known:
                    rows = [(sorted(known)[i % len(known)], f"n{(numbers := numbers + 1)}", c)
                            for i, r in enumerate(more) for c in r[5]]
                    tx.insert("request_items", pd.DataFrame(rows, columns=list(items.columns)))
                if kind == "doses":
                    for half in (shots[::2], shots[1::2]):
                        part = pd.DataFrame([(f"q{tokens + i}", *d) for i, d in enumerate(half)],
                                            columns=list(given_.columns))
                        tokens += len(half)
                        tx.insert("doses", part)
                if kind == "replace":
                    tx.replace("doses", tx.frame("doses").head(2))
    with store.snapshot() as s:
        kept = {name: s.sql(f"SELECT * FROM {name} ORDER BY ALL") for name in cubes.GROUP_OF}
    with store.transaction() as tx:
        for name in ("requests", "doses"):
            tx.own(dataset(name))
    with store.snapshot() as s:
        for name, frame in kept.items():
            pd.testing.assert_frame_equal(frame, s.sql(f"SELECT * FROM {name} ORDER BY ALL"))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "store")
    write(made, [("200101", MOMENTS[1], "new", "high", 2, ["food", "food", "bed"]),
                 ("100101", MOMENTS[0], "helped", None, 1, [])],
          [("200101", dt.date(2021, 1, 3), 1, "all"), ("200101", dt.date(2021, 1, 4), 2, "60+"),
           ("100101", dt.date(2021, 1, 4), 1, "all")])
    return made


def test_a_scope_limits_the_cubes_too(store: Store) -> None:
    with store.snapshot("20") as s:
        assert set(s.sql("SELECT DISTINCT area_code FROM request_cube")["area_code"]) == {"20", "2001", "200101"}
        assert s.sql("SELECT sum(doses) AS n FROM dose_cube WHERE digits = 2")["n"].tolist() == [2]


def test_named_questions_are_answered_from_the_cubes(store: Store) -> None:
    with store.snapshot() as s:
        weeks = s.query("doses_by_week", level="country", head="", dose=0, group="all", since="2020-01-01",
                        upto="2022-01-01")
        areas = s.query("doses_by_area", level="province", head="", group="all", upto="2020-12-28")
        days = s.query("requests_by_day", level="province", head="", category="food")
        page = s.query("page_days", head="")
        figures = s.query("page_figures", head="").iloc[0]
    assert weeks["week"].astype("str").tolist() == ["2020-12-28", "2021-01-04"] and weeks["doses"].tolist() == [1, 2]
    assert areas[["area_code", "dose_no", "doses"]].to_numpy().tolist() == [["20", 1, 1]]
    assert days[["area_code", "status", "requests", "people"]].to_numpy().tolist() == [["20", "new", 1, 2]]
    assert days["day"].astype("str").tolist() == ["2021-01-01"]  # one second past the year's end in Thailand
    assert page["requests"].tolist() == [1, 1] and page["day"].astype("str").tolist() == ["2020-12-31", "2021-01-01"]
    assert (figures["requests"], figures["waiting"], figures["helped"]) == (2, 1, 1)
    assert figures["last_request"] == MOMENTS[1]


def test_cubes_follow_every_way_in_which_rows_change(store: Store) -> None:
    def counts() -> tuple[int, int]:
        with store.snapshot() as s:
            asked = s.sql("SELECT coalesce(sum(requests), 0) AS n FROM request_cube WHERE digits = 0 AND category = ''")
            given_ = s.sql("SELECT coalesce(sum(doses), 0) AS n FROM dose_cube WHERE digits = 0")
        return int(asked["n"].iloc[0]), int(given_["n"].iloc[0])

    assert counts() == (2, 3)
    store.append("requests", {"request_id": "new", "requested_at": "2021-01-01T00:00:00+07:00", "status": "new",
                              "area_code": "200101"})
    store.settle()
    assert counts() == (3, 3)
    with store.transaction() as tx:  # nothing that a cube is made of
        tx.insert("officers", pd.DataFrame({"officer_id": ["o1"], "unit": "u", "area_code": "20"}))
    assert counts() == (3, 3)
    erase(store, "p0", mentions=lambda text: False, settled_as=lambda dataset, original: "")
    assert counts() == (3, 2)
    with store.transaction() as tx:
        tx.replace("requests", tx.frame("requests").head(0))
    assert counts() == (0, 2)
    history.restore(store, store.manifest().version - 1)
    assert counts() == (3, 2)


def test_a_version_from_before_there_were_cubes_answers_all_the_same(store: Store,
                                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    with store.snapshot("20") as s:
        whole = s.sql("SELECT * FROM request_cube"), s.sql("SELECT * FROM dose_cube")
    with monkeypatch.context() as without:
        without.setattr(cubes, "build", lambda connection, name, database: connection.execute(
            f"DROP TABLE IF EXISTS {database}.{name}"))
        with store.transaction() as tx:
            tx.replace("requests", tx.frame("requests"))
            tx.replace("doses", tx.frame("doses"))
    with store.snapshot("20") as s:
        pd.testing.assert_frame_equal(s.sql("SELECT * FROM request_cube"), whole[0])
        pd.testing.assert_frame_equal(s.sql("SELECT * FROM dose_cube"), whole[1])


def same_when_counted_anew(store: Store, rows: int) -> None:
    """The cubes of so many injections and requests are those that all rows together make."""
    with store.snapshot() as s:
        kept = {name: s.sql(f"SELECT * FROM {name} ORDER BY ALL") for name in cubes.GROUP_OF}
        assert (s.count("doses"), s.count("requests")) == (rows, rows)
    with store.transaction() as tx:
        for name in ("requests", "doses"):
            tx.own(dataset(name))
    with store.snapshot() as s:
        for name, frame in kept.items():
            pd.testing.assert_frame_equal(frame, s.sql(f"SELECT * FROM {name} ORDER BY ALL"))
        assert s.sql("SELECT sum(doses) AS n FROM dose_cube WHERE digits = 0")["n"].tolist() == [rows]


def test_a_second_import_of_files_adds_to_the_cubes(tmp_path: Path) -> None:
    """Files that meet a table with rows: new, known and changed ones."""
    store = Store(tmp_path / "store")
    for part, (first, last, state) in enumerate([(0, 40, "new"), (30, 70, "helped")]):
        doses = tmp_path / f"doses{part}.csv"
        doses.write_text("person_token,dose_no,date,area_code\n" + "".join(
            f"P{i:03},1,2021-07-{1 + i % 28:02d},{200101 + i % 3}\n" for i in range(first, last)))
        asked = tmp_path / f"requests{part}.csv"
        asked.write_text("request_id,requested_at,status,people,area_code\n" + "".join(
            f"r{i},2021-07-{1 + i % 28:02d} 10:00,{state},2,{200101 + i % 3}\n" for i in range(first, last)))
        import_files(store, "doses", [doses])
        import_files(store, "requests", [asked])
    same_when_counted_anew(store, 70)
    with store.snapshot() as s:
        for name in ("dose_month_cube", "dose_span_cube"):
            assert s.sql(f"SELECT sum(doses) AS n FROM {name} WHERE digits = 6")["n"].tolist() == [70]


IMPORT = """
import sys
from pathlib import Path
from jitasa_analytics.ingest import import_files
from jitasa_analytics.store import Store
folder = Path(sys.argv[1])
store = Store(folder / "store")
for name in ("requests", "doses"):
    import_files(store, name, [folder / f"{name}.csv"])
with store.snapshot("20") as s:
    print(s.digest("requests"), s.digest("doses"))
    print(s.sql("SELECT * EXCLUDE (last_at) FROM request_cube").to_csv(index=False))
    print(s.sql("SELECT * FROM dose_cube").to_csv(index=False))
    print(s.query("page_days", head="20").to_csv(index=False))
    print(s.held("requests").as_of, s.held("doses").as_of)
"""


def test_the_clock_of_the_machine_changes_nothing(tmp_path: Path) -> None:
    """Midnight, the year's end and a leap day are the same rows and cubes wherever the server stands."""
    times = ["31/12/2563 23:59", "1/1/2564 00:00", "1 ม.ค. 2564 06:59", "2021-01-01 07:00", "2020-02-29 00:00",
             "2021-12-31 23:59:59"]
    running = []
    for zone in ("UTC", "Asia/Bangkok", "America/New_York"):
        folder = tmp_path / zone.replace("/", "-")
        folder.mkdir()
        (folder / "requests.csv").write_text("request_id,requested_at,status,area_code\n" + "".join(
            f"r{i},{t},new,200101\n" for i, t in enumerate(times)))
        (folder / "doses.csv").write_text("person_token,dose_no,date,area_code\n" + "".join(
            f"P{i:03},1,{t.rsplit(' ', 1)[0]},200101\n" for i, t in enumerate(times)))
        running.append(subprocess.Popen(
            [sys.executable, "-c", IMPORT, str(folder)], stdout=subprocess.PIPE, text=True,
            env={**os.environ, "TZ": zone, "JITASA_TOKEN_KEY": "same"}))
    said = [process.communicate(timeout=300)[0] for process in running]
    assert [p.returncode for p in running] == [0, 0, 0]
    assert said[0] == said[1] == said[2]
    days = [line.split(",")[:2] for line in said[0].split("day,requests,mean_7_days\n")[1].splitlines() if "," in line]
    asked = {day: int(n) for day, n in days if int(n)}
    assert asked == {"2020-02-29": 1, "2020-12-31": 1, "2021-01-01": 3, "2021-12-31": 1}
