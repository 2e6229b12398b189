from __future__ import annotations

import datetime as dt
import math

import pandas as pd
import pytest

from jitasa_analytics.errors import NoDataError
from tests.studies.road import ask, town


def report(area, day, count, *, dose=1, at=None, facility=None, group="all", denominator=None, source="s"):
    return {"area_code": area, "facility_id": facility, "as_of": pd.Timestamp(day), "reported_at": pd.Timestamp(at),
            "dose_no": dose, "group": group, "count": count, "denominator": denominator, "source": source}


def store_with(make, *reports, doses=(), **changes):
    tables = town() | changes
    if reports:
        table = pd.DataFrame(list(reports))
        table["denominator"] = table["denominator"].astype("Int64")
        tables["dose_reports"] = table
    if doses:
        tables["doses"] = pd.DataFrame(
            [(f"p_{person}", number, pd.Timestamp(day), area, group) for person, number, day, area, group in doses],
            columns=["person_token", "dose_no", "date", "area_code", "group"])
    return make(tables)


DISTRICTS = (
    report("2001", "2021-06-01", 30),
    report("2001", "2021-06-08", 80, at="2021-06-08 10:00"),
    report("2001", "2021-06-08", 90, at="2021-06-08 12:00"),
    report("2001", "2021-06-08", 40, dose=2),
)


def wilson(k, n, z=1.959964):
    middle, half = (k + z * z / 2) / (n + z * z), z / (n + z * z) * math.sqrt(k * (n - k) / n + z * z / 4)
    return middle - half, middle + half


def test_the_newest_report_of_the_newest_day_counts(make):
    answer = ask(store_with(make, *DISTRICTS), "vaccination")
    row = answer.frame.loc["2001"]
    assert (row["count"], row["people"], row["share"]) == (90, 300, 0.3)  # 100 + 200 people in its tambons
    assert (row["share_low"], row["share_high"]) == pytest.approx(wilson(90, 300), abs=1e-6)
    assert row["as_of"] == pd.Timestamp("2021-06-08")


def test_an_area_without_a_report_is_no_data_not_zero(make):
    answer = ask(store_with(make, *DISTRICTS), "vaccination")
    row = answer.frame.loc["2002"]
    assert row["no_data"]
    assert row[["count", "share", "share_low", "share_high"]].isna().all()
    assert row["people"] == 450
    assert answer.figures["areas_no_data"].value == 1
    assert answer.figures["coverage"].value == 0.3  # over the people of areas that reported
    assert "note.no_report" in {n.key for n in answer.notes}


def test_as_of_a_day_leaves_out_what_came_later(make):
    frame = ask(store_with(make, *DISTRICTS), "vaccination", date=dt.date(2021, 6, 5)).frame
    assert frame.loc["2001", "share"] == 0.1


def test_above_one_hundred_per_cent_is_kept_flagged_and_explained(make):
    store = store_with(make, *DISTRICTS, report("2002", "2021-06-08", 900))
    answer = ask(store, "vaccination")
    row = answer.frame.loc["2002"]
    assert row["share"] == 2.0
    assert row["over_100"]
    assert pd.isna(row["share_high"])
    note = next(n for n in answer.notes if n.key == "note.over_100")
    assert "2021" in note.text("en")
    assert "Registered" in note.text("en")


def test_the_published_denominator_moves_with_the_report(make):
    store = store_with(make, report("2001", "2021-06-01", 30, denominator=200),
                       report("2001", "2021-06-20", 90, denominator=450))
    early = ask(store, "vaccination", denominator="published", date=dt.date(2021, 6, 1)).frame
    late = ask(store, "vaccination", denominator="published").frame
    assert (early.loc["2001", "share"], late.loc["2001", "share"]) == (0.15, 0.2)
    with pytest.raises(NoDataError, match="no denominator"):
        ask(store_with(make, *DISTRICTS), "vaccination", denominator="published")


def test_all_doses_are_per_100_people_and_carried_forward(make):
    # The second dose was last reported a week before the first: 90 + 40.
    store = store_with(make, *DISTRICTS, report("2001", "2021-06-15", 95))
    answer = ask(store, "vaccination", dose=0)
    assert answer.frame.loc["2001", "count"] == 135
    assert answer.frame.loc["2001", "doses_per_100"] == 45
    assert "over_100" not in answer.frame
    total = ask(store_with(make, *DISTRICTS, report("2001", "2021-06-15", 150, dose=0)), "vaccination", dose=0)
    assert total.frame.loc["2001", "count"] == 150  # one number for all doses beats the sum


def test_facility_reports_stand_in_and_the_answer_says_where_they_count(make):
    store = store_with(make, report(None, "2021-06-01", 10, dose=0, facility="h1"),
                       report(None, "2021-06-08", 60, dose=0, facility="h1"),
                       report(None, "2021-06-08", 45, dose=0, facility="w3"),
                       report(None, "2021-06-08", 999, dose=0, facility="f2"))  # lies in the next province
    answer = ask(store, "vaccination", dose=0)
    assert answer.frame["count"].to_dict() == {"2001": 60, "2002": 45}
    assert answer.frame.loc["2002", "doses_per_100"] == 10
    assert "note.counts_facilities" in {n.key for n in answer.notes}
    both = store_with(make, report(None, "2021-06-08", 60, facility="h1"), *DISTRICTS)
    assert ask(both, "vaccination").frame.loc["2001", "count"] == 90  # the area's own report comes first


def test_smaller_areas_are_added_up_where_the_area_itself_is_silent(make):
    store = store_with(make, report("200101", "2021-06-01", 20), report("200102", "2021-06-02", 40))
    answer = ask(store, "vaccination", level="district")
    assert answer.frame.loc["2001", "count"] == 60
    assert "note.counts_finer" in {n.key for n in answer.notes}


def test_reports_of_the_province_answer_at_its_level_when_districts_are_silent(make):
    answer = ask(store_with(make, report("20", "2021-06-01", 75)), "vaccination")
    assert answer.frame["share"].to_dict() == {"20": 0.1}
    with pytest.raises(NoDataError, match="no data on dose 1"):
        ask(store_with(make, report("20", "2021-06-01", 75)), "vaccination", level="district")


PEOPLE = (
    (1, 1, "2021-06-01", "200101", "over_60"), (1, 2, "2021-06-22", "200101", "over_60"),
    (2, 1, "2021-06-09", "200101", "general"), (3, 1, "2021-06-09", "200201", "general"),
    (4, 1, "2021-06-09", "210101", "general"),  # lives in the next province
)


def test_single_doses_count_where_people_live(make):
    store = store_with(make, doses=PEOPLE)
    assert ask(store, "vaccination").frame["count"].to_dict() == {"2001": 2, "2002": 1}
    assert ask(store, "vaccination", dose=2).frame.loc["2001", "count"] == 1
    assert ask(store, "vaccination", dose=0).frame["count"].to_dict() == {"2001": 3, "2002": 1}
    assert ask(store, "vaccination", date=dt.date(2021, 6, 8)).frame.loc["2001", "count"] == 1
    assert ask(store, "vaccination", level="tambon").frame["count"].isna().to_dict() == {
        "200101": False, "200102": True, "200201": False}


def test_reports_come_before_single_doses_unless_told(make):
    store = store_with(make, *DISTRICTS, doses=PEOPLE)
    assert ask(store, "vaccination").frame.loc["2001", "count"] == 90
    assert ask(store, "vaccination", source="doses").frame.loc["2001", "count"] == 2
    with pytest.raises(NoDataError):
        ask(store_with(make, doses=PEOPLE), "vaccination", source="dose_reports")


def test_a_group_has_its_own_people(make):
    tables = town()["population"]
    older = tables.assign(group="over_60", people=tables["people"] // 10)
    store = store_with(make, report("2001", "2021-06-08", 12, group="over_60"), *DISTRICTS,
                       population=pd.concat([tables, older]))
    frame = ask(store, "vaccination", group="over_60").frame
    assert frame.loc["2001", ["count", "people"]].tolist() == [12, 30]
    with pytest.raises(NoDataError, match="no denominator"):
        ask(store, "vaccination", basis="resident")


def test_the_population_is_that_of_the_year_of_the_report(make):
    tables = town()["population"]
    store = store_with(make, *DISTRICTS, population=pd.concat(
        [tables.assign(year=2019, people=tables["people"] * 10), tables, tables.assign(year=2022, people=1)]))
    assert ask(store, "vaccination").frame.loc["2001", "people"] == 300
    only_later = store_with(make, *DISTRICTS, population=tables.assign(year=2030))
    assert ask(only_later, "vaccination").frame.loc["2001", "people"] == 300


def test_the_weekly_series_carries_silent_areas_forward(make):
    store = store_with(make, *DISTRICTS, report("2002", "2021-06-03", 45), report("2001", "2021-06-20", 150))
    series = ask(store, "vaccination").tables["series"].set_index("date")
    # Weeks end on Sunday, 6, 13 and 20 June; 2002 stays at 45.
    assert series["count"].to_dict() == {
        pd.Timestamp("2021-06-06"): 75, pd.Timestamp("2021-06-13"): 135, pd.Timestamp("2021-06-20"): 195}
    assert series["share"].iloc[-1] == pytest.approx(195 / 750)
    assert series["reporting"].tolist() == [2, 2, 2]


def test_a_falling_count_is_told(make):
    store = store_with(make, *DISTRICTS, report("2001", "2021-06-20", 85))
    notes = {n.key: n for n in ask(store, "vaccination").notes}
    assert "falls: 1." in notes["note.counts_fall"].text("en")


def test_without_any_data_it_names_what_there_is(make):
    with pytest.raises(NoDataError, match="doses reported: 1, 2"):
        ask(store_with(make, *DISTRICTS), "vaccination", dose=5)
    with pytest.raises(NoDataError, match="doses reported: -"):
        ask(make(town()), "vaccination")


def test_drop_out_is_lagged_by_the_interval(make):
    # 60 had begun by 10 May and 100 by 7 June; 45 had both doses by 7 June: 15 of 60 are lost, not 55 of 100.
    store = store_with(
        make, report("2001", "2021-05-10", 60), report("2001", "2021-06-07", 100),
        report("2001", "2021-06-07", 45, dose=2), report("2002", "2021-05-10", 10), report("2002", "2021-06-07", 20),
        report("2002", "2021-06-07", 15, dose=2))
    answer = ask(store, "vaccination", show="drop_out", interval_days=28)
    assert answer.frame["drop_out"].to_dict() == {"2001": 0.25, "2002": -0.5}
    assert (answer.measure, answer.unit) == ("drop_out", "share")
    assert {"study.vaccination.note.drop_out", "study.vaccination.note.negative"} <= {n.key for n in answer.notes}
    unlagged = ask(store, "vaccination", show="drop_out", interval_days=0)
    assert unlagged.frame.loc["2001", "drop_out"] == 0.55


def test_no_next_dose_is_no_drop_out(make):
    answer = ask(store_with(make, *DISTRICTS), "vaccination", show="drop_out", dose=2)
    assert answer.frame["drop_out"].isna().all()
    assert "study.vaccination.note.no_next" in {n.key for n in answer.notes}


def test_people_without_the_dose_may_be_fewer_than_nobody(make):
    answer = ask(store_with(make, report("2001", "2021-06-01", 330), report("2002", "2021-06-01", 50)), "vaccination",
                 show="zero_dose")
    assert answer.measure == "people_without"
    assert answer.frame["people_without"].to_dict() == {"2001": -30, "2002": 400}
    assert answer.frame["over_100"].to_dict() == {"2001": True, "2002": False}  # flagged, not clipped
    assert answer.figures["people_without"].value == 370


def test_the_608_group_is_the_sum_of_its_parts(make):
    parts = [report("2001", "2021-06-01", n, group=g) for g, n in (("over_60", 30), ("chronic", 20), ("pregnant", 5))]
    people = pd.DataFrame([("2001", 2021, g, "registered", n) for g, n in (
        ("60+", 60), ("chronic_disease", 40), ("pregnant", 10))],
        columns=["area_code", "year", "group", "basis", "people"])
    answer = ask(store_with(make, *parts, population=people), "vaccination", group="608")
    assert answer.frame.loc["2001", ["count", "people", "share"]].tolist() == [55, 110, 0.5]
    with pytest.raises(NoDataError):  # a part is missing: no sum, and no denominator
        ask(store_with(make, *parts, population=people.iloc[:2]), "vaccination", group="608")


def test_another_denominator_changes_the_rank(make):
    # Registered 300 and 450; with the unregistered 300 and 900: 150 (50 %) and 270 (60 %) change places.
    people = pd.concat([town()["population"], pd.DataFrame(
        [("2001", 2021, "all", "with_unregistered", 300), ("2002", 2021, "all", "with_unregistered", 900)],
        columns=["area_code", "year", "group", "basis", "people"])])
    store = store_with(make, report("2001", "2021-06-01", 150), report("2002", "2021-06-01", 270), population=people)
    table = ask(store, "vaccination").tables["denominators"].set_index("area_code")
    assert table["rank_registered"].to_dict() == {"2001": 2, "2002": 1}
    assert table["rank_with_unregistered"].to_dict() == {"2001": 1, "2002": 2}
    assert table["change_with_unregistered"].to_dict() == {"2001": 1, "2002": -1}


def test_the_headline_says_where_the_counts_come_from(make):
    from jitasa_analytics.show import card

    reports = ask(store_with(make, *DISTRICTS), "vaccination")
    single = ask(store_with(make, doses=[(1, 1, "2021-06-01", "200101", "all")]), "vaccination")
    assert card.finding(reports, "en").endswith("(from the areas' own reports)")
    assert card.finding(single, "en").endswith("(from single doses, by residence)")


def test_facilities_as_they_report(make):
    store = store_with(make, report(None, "2021-06-01", 10, facility="h1"),
                       report(None, "2021-06-08", 25, facility="h1"),
                       report(None, "2021-06-08", 90, facility="h1", dose=0), report("2001", "2021-06-08", 40))
    table = ask(store, "vaccination").tables["facilities"]
    assert table[["facility_id", "dose_no", "count"]].values.tolist() == [["h1", 1, 25]]
