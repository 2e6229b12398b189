"""What must hold whatever the numbers are: more help is never less access, order and units change nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from jitasa_analytics.analysis import access, coverage, decay, equity, hotspots, rates, responses, travel, trends

# A table of minutes (none: out of reach), people and capacities.
towns = st.integers(1, 5).flatmap(lambda n: st.integers(1, 4).flatmap(lambda m: st.tuples(
    st.lists(st.lists(st.one_of(st.just(np.inf), st.integers(0, 60)), min_size=m, max_size=m), min_size=n, max_size=n),
    st.lists(st.integers(0, 500), min_size=n, max_size=n),
    st.lists(st.integers(0, 50), min_size=m, max_size=m))))
few = settings(max_examples=40)
decays = st.sampled_from([decay.step(30), decay.zones(), decay.gaussian(30), decay.gaussian_sigma(10, 30),
                          decay.exponential(0.1, 30)])


def frames(town) -> tuple[pd.DataFrame, pd.DataFrame, travel.Travel]:
    costs, people, capacity = town
    demand = pd.DataFrame({"people": people}, index=[f"p{i}" for i in range(len(people))])
    supply = pd.DataFrame({"capacity": capacity}, index=[f"s{j}" for j in range(len(capacity))])
    return demand, supply, travel.from_matrix(costs, origins=demand, destinations=supply)


@few
@given(st.lists(st.floats(0, 100), min_size=1, max_size=30), decays)
def test_a_decay_lies_between_nothing_and_all_and_never_rises(costs, weight):
    found = weight(np.sort(costs))
    assert ((found >= 0) & (found <= 1)).all() and (np.diff(found) <= 1e-12).all()
    assert (found[np.sort(costs) > weight.reach] == 0).all()


@few
@given(towns, decays)
def test_twice_the_capacity_is_twice_the_access_and_twice_the_people_half_of_it(town, weight):
    demand, supply, t = frames(town)
    for measure in (access.two_step, access.three_step):
        once = measure(demand, supply, t, decay=weight)
        np.testing.assert_allclose(measure(demand, supply * 2, t, decay=weight), 2 * once)
        np.testing.assert_allclose(measure(demand * 2, supply, t, decay=weight), once / 2)
        assert (once >= 0).all() and np.isfinite(once).all()
    ratio = access.ratio(demand, supply, t, within=30)
    np.testing.assert_allclose(access.ratio(demand, supply * 2, t, within=30), 2 * ratio)


@few
@given(towns, decays)
def test_whoever_reaches_nothing_stays_with_nothing(town, weight):
    demand, supply, t = frames(town)
    demand.loc["far"] = 77
    t = travel.from_matrix(np.vstack([t.dense(), np.full(t.shape[1], np.inf)]), origins=demand, destinations=supply)
    assert access.two_step(demand, supply, t, decay=weight)["far"] == 0
    assert access.three_step(demand, supply, t, decay=weight)["far"] == 0
    assert access.ratio(demand, supply, t, within=30)["far"] == 0
    assert np.isinf(coverage.nearest_cost(demand, t)["far"])
    assert not coverage.served(demand, t, within=60)["far"]


@few
@given(towns, st.integers(0, 60), st.integers(0, 60))
def test_a_shorter_radius_never_covers_more(town, one, other):
    demand, supply, t = frames(town)
    near, far = sorted((one, other))
    assert (coverage.served(demand, t, within=near) <= coverage.served(demand, t, within=far)).all()
    assert (coverage.out_of_reach(demand, t, within=near) >= coverage.out_of_reach(demand, t, within=far)).all()
    few, many = (coverage.within_capacity(demand, supply, t, within=r).sum() for r in (near, far))
    assert few <= many <= min(demand["people"].sum(), supply["capacity"].sum())


@settings(max_examples=30)
@given(st.lists(st.tuples(st.floats(97.5, 105.5), st.floats(6, 20)), min_size=3, max_size=3))
def test_the_way_round_is_never_shorter(three):
    index = list("abc")
    places = pd.DataFrame(three, columns=["lon", "lat"], index=index)
    km = travel.straight_line(places, places, max_km=3000).dense()
    assert np.allclose(km, km.T) and (np.diag(km) == 0).all()
    for a in range(3):
        for b in range(3):
            assert km[a, b] <= km[a, 3 - a - b if a != b else a] + km[3 - a - b if a != b else a, b] + 1e-9


pairs = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400)), min_size=1, max_size=15)


@few
@given(pairs, st.floats(0.5, 0.99))
def test_an_interval_holds_the_share_and_nothing_is_clipped(rows, level):
    count, people = (pd.Series([float(r[k]) for r in rows]) for k in (0, 1))
    table = rates.coverage(count, people, confidence=level)
    inside = table[~table["over_100"] & ~table["no_data"]]
    assert (inside["low"] <= inside["share"] + 1e-12).all() and (inside["share"] <= inside["high"] + 1e-12).all()
    assert (table["over_100"] == (count > people)).all()
    known = people > 0
    np.testing.assert_allclose(table.loc[known, "share"], count[known] / people[known])  # above 1 where it is
    assert table["no_data"].equals((people == 0) & (count == 0))
    none = rates.zero_dose(count, people)
    np.testing.assert_allclose(none["people"][~none["no_data"]], (people - count)[~none["no_data"]])


@few
@given(pairs)
def test_without_an_interval_drop_out_over_time_is_drop_out(rows):
    first, second = (pd.Series([float(r[k]) for r in rows], index=[f"a{i}" for i in range(len(rows))]) for k in (0, 1))
    day = pd.DatetimeIndex(["2021-07-01"])
    lagged = rates.drop_out_over_time(first.to_frame(day[0]).T, second.to_frame(day[0]).T, interval_days=0)
    np.testing.assert_allclose(lagged.iloc[0], rates.drop_out(first, second))


@few
@given(pairs, st.floats(1.5, 4))
def test_a_denominator_that_is_larger_everywhere_alike_changes_no_rank(rows, factor):
    count, people = (pd.Series([float(r[k]) for r in rows]) for k in (0, 1))
    people += 1
    table = rates.switch_denominator(count, pd.DataFrame({"a": people, "b": people * factor}))
    assert (table["change_b"] == 0).all() and (table["share_b"] <= table["share_a"]).all()


values = st.lists(st.integers(0, 50), min_size=5, max_size=5)


@settings(max_examples=25)
@given(values, st.integers(1, 9), st.integers(0, 90), st.permutations(list("abcde")))
def test_hot_spots_do_not_depend_on_units_or_order(x, scale, shift, order):
    labels = list("abcde")
    near = hotspots.from_pairs(pd.DataFrame({"area": list("abcd"), "neighbour": list("bcde")}), index=labels)
    series = pd.Series(x, index=labels, dtype=float)
    for measure, column in ((hotspots.gi_star, "z"), (hotspots.local_moran, "i")):
        plain = measure(series, near, permutations=9)
        other = measure((series * scale + shift)[list(order)], near, permutations=9)
        np.testing.assert_allclose(other[column].reindex(labels), plain[column], atol=1e-9)
        assert list(other.index) == list(order)


@few
@given(st.lists(st.integers(0, 100), min_size=2, max_size=20), st.integers(2, 5))
def test_inequality_knows_no_currency_and_no_size(x, times):
    assume(sum(x) > 0)
    one, many = pd.Series(x, dtype=float), pd.Series(x * times, dtype=float)
    for measure in (equity.gini, equity.theil, equity.palma):
        assert measure(one * times) == pytest.approx(measure(one), nan_ok=True)
        assert measure(many) == pytest.approx(measure(one), nan_ok=True)
    assert 0 <= equity.gini(one) < 1 and equity.theil(one) <= np.log(len(x)) + 1e-9


@few
@given(st.lists(st.integers(1, 40), min_size=9, max_size=9), st.integers(1, 30))
def test_a_faster_pace_or_a_smaller_target_is_never_later(steps, more):
    def ahead(added, target):
        weeks = pd.Series(np.cumsum(added, dtype=float), index=pd.date_range("2021-01-04", periods=9, freq="7D"))
        return trends.project(weeks, people=3000, target=target, weeks=6).date or pd.Timestamp.max

    assert ahead([s + more for s in steps], 0.7) <= ahead(steps, 0.7)
    assert ahead(steps, 0.5) <= ahead(steps, 0.7)


@few
@given(st.lists(st.tuples(st.integers(0, 90), st.one_of(st.none(), st.integers(0, 90))), min_size=1, max_size=15),
       st.integers(1, 120))
def test_every_request_is_open_closed_or_not_made_yet(rows, now):
    start = pd.Timestamp("2021-07-01")
    made = [start + pd.Timedelta(hours=a) for a, _ in rows]
    closed = [pd.NaT if b is None else start + pd.Timedelta(hours=a + b) for a, b in rows]
    table = pd.DataFrame({"requested_at": made, "closed_at": pd.to_datetime(closed), "urgency": "high"})
    as_of = start + pd.Timedelta(hours=now)
    hours = responses.open_hours(table, as_of=as_of)
    curve = responses.time_to_close(table, as_of=as_of)
    known = table["requested_at"] <= as_of
    assert curve.n_requests == known.sum() and curve.n_open == hours.notna().sum()
    assert curve.curve["closed"].sum() == curve.n_requests - curve.n_open  # the open ones are censored, not lost
    assert (hours.dropna() >= 0).all() and (curve.curve["still_open"].diff().dropna() <= 1e-12).all()
    late = responses.overdue_by_urgency(table, limit_hours={"high": 24}, as_of=as_of)
    assert late.loc["high", "overdue"] == (hours > 24).sum()
