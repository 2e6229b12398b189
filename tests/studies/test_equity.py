from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from jitasa_analytics.errors import NoDataError
from tests.studies.road import ask, town


def reports(counts: dict[str, int]) -> pd.DataFrame:
    return pd.DataFrame({"area_code": list(counts), "as_of": pd.Timestamp("2021-08-01"), "dose_no": 1,
                         "group": "all", "count": list(counts.values())})


# 100, 200 and 450 people; 50 %, 25 % and 20 % of them vaccinated: 190 of 750.
COUNTS = {"200101": 50, "200102": 50, "200201": 90}
PEOPLE = np.array([100, 200, 450])
SHARE = np.array([0.5, 0.25, 0.2])


def answer_of(make, counts=None, **params):
    return ask(make(town() | {"dose_reports": reports(counts or COUNTS)}), "equity", level="tambon", **params)


def test_every_person_counts_with_the_mean_of_the_area(make):
    answer = answer_of(make)
    x = np.repeat(SHARE, PEOPLE)
    assert answer.figures["mean"].value == pytest.approx(190 / 750)
    gini = np.abs(x[:, None] - x[None, :]).mean() / (2 * x.mean())
    assert answer.figures["gini"].value == pytest.approx(gini)
    assert answer.figures["theil"].value == pytest.approx((x / x.mean() * np.log(x / x.mean())).mean())
    poor = np.sort(x)
    assert answer.figures["palma"].value == pytest.approx(poor[-75:].sum() / poor[:300].sum())
    assert answer.frame["relative"].tolist() == pytest.approx((SHARE / (190 / 750)).tolist())


def test_between_and_within_add_up(make):
    answer = answer_of(make)
    groups = answer.tables["groups"].set_index("group")
    assert groups["people"].to_dict() == {"2001": 300, "2002": 450}
    total = answer.figures["theil"].value
    assert groups[["between", "within"]].to_numpy().sum() == pytest.approx(total)
    assert answer.figures["between"].value == pytest.approx(groups["between"].sum() / total)
    assert groups.loc["2002", "within"] == 0  # one tambon only


def test_order_by_density(make):
    # The tambons of one step each hold 100 and 200 people, that of two steps 450: density 1, 2, 2.25. The more
    # thinly settled have more, so the index is below 0.
    assert answer_of(make).figures["concentration"].value < 0
    even = answer_of(make, {"200101": 20, "200102": 40, "200201": 90}).figures
    assert even["concentration"].value == pytest.approx(0, abs=1e-12)
    assert even["gini"].value == pytest.approx(0, abs=1e-12)


def test_an_area_without_a_report_takes_no_part(make):
    answer = answer_of(make, {"200101": 50, "200102": 50})
    assert answer.figures["areas_no_data"].value == 1
    assert answer.figures["mean"].value == pytest.approx(100 / 300)
    assert np.isnan(answer.frame.loc["200201", "relative"])


def test_one_area_has_no_inequality(make):
    with pytest.raises(NoDataError, match="two or more"):
        answer_of(make, {"200101": 50})


def test_above_100_percent_stays_and_is_said(make):
    answer = answer_of(make, {"200101": 150, "200102": 50, "200201": 90})
    assert answer.frame.loc["200101", "value"] == 1.5
    assert "study.equity.note.over_100" in {n.key for n in answer.notes}


def test_the_lorenz_curve_lies_below_the_diagonal_and_ends_at_one(make):
    curve = answer_of(make).tables["lorenz"]
    assert curve.iloc[-1].tolist() == pytest.approx([1, 1])
    assert (curve["share_held"] <= curve["share_people"] + 1e-12).all()
    area = np.trapezoid(curve["share_held"], curve["share_people"])
    assert answer_of(make).figures["gini"].value == pytest.approx(1 - 2 * area)


def test_access_may_be_compared(make):
    tables = town()
    tables["facilities"] = tables["facilities"].assign(capacity_per_day=[30, 14, 9])
    answer = ask(make(tables), "equity", of="access", minutes=34, level="tambon")
    assert answer.figures["mean"].unit == "per_1000"
    assert (answer.frame["value"] >= 0).all()
