"""Supply per person: on paper, against two loops, and with nothing lost on the way."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jitasa_analytics.analysis import access, decay, travel
from jitasa_analytics.errors import InputError, UnitError
from tests import oracles, town

INF = float("inf")


def test_ratio_on_paper():
    ratio = access.ratio(town.demand(), town.supply(), town.minutes(), within=30)
    assert ratio.to_dict() == pytest.approx(town.RATIO_30)


def test_ratio_without_people():
    # A place where nobody asks: 0 where there is nothing to have, endless where there is.
    demand = town.demand().assign(people=[0, 200, 300, 0])
    ratio = access.ratio(demand, town.supply(), town.minutes(), within=30)
    assert ratio.tolist() == pytest.approx([INF, 0.2, 0.1, 0.0])


def test_two_step_on_paper():
    result = access.two_step(town.demand(), town.supply(), town.minutes(), decay=decay.step(30))
    assert result.to_dict() == pytest.approx(town.TWO_STEP_30)
    assert result["D"] == 0.0 and result.index.equals(town.demand().index)


def test_enhanced_two_step_on_paper():
    result = access.two_step(town.demand(), town.supply(), town.minutes(), decay=decay.zones())
    assert result.to_dict() == pytest.approx(town.ENHANCED)


tables = st.integers(1, 5).flatmap(
    lambda n: st.integers(1, 4).flatmap(
        lambda m: st.lists(
            st.lists(st.sampled_from([0.0, 7.0, 10.0, 20.0, 29.0, 30.0, 31.0, INF]), min_size=m, max_size=m),
            min_size=n, max_size=n,
        )
    )
)
decays = st.sampled_from(
    [decay.step(30), decay.zones(), decay.gaussian(31), decay.gaussian_sigma(9, 30), decay.exponential(0.1, 30)]
)


@settings(max_examples=120, deadline=None)
@given(tables, decays, st.data())
def test_two_step_against_two_loops_and_conserves_supply(table, weight, data):
    n, m = len(table), len(table[0])
    people = data.draw(st.lists(st.integers(0, 500), min_size=n, max_size=n))
    capacity = data.draw(st.lists(st.integers(0, 50), min_size=m, max_size=m))
    demand = pd.DataFrame({"people": people}, index=[f"p{i}" for i in range(n)])
    supply = pd.DataFrame({"capacity": capacity}, index=[f"s{j}" for j in range(m)])
    t = travel.from_matrix(table, origins=demand, destinations=supply)
    result = access.two_step(demand, supply, t, decay=weight)
    costs = np.array(table)
    expected = oracles.two_step(people, capacity, costs, lambda c: float(weight(c)))
    assert result.tolist() == pytest.approx(expected)
    assert np.isfinite(result).all()

    # People times access is the capacity of all supply that somebody reaches.
    used = [
        c for j, c in enumerate(capacity) if any(weight(costs[i, j]) > 0 and people[i] > 0 for i in range(n))
    ]
    assert float((demand["people"] * result).sum()) == pytest.approx(sum(used))

    # Twice the supply is twice the access; rows and columns in another order are the same places.
    double = access.two_step(demand, supply * 2, t, decay=weight)
    assert double.tolist() == pytest.approx([2 * a for a in result])
    rows, columns = data.draw(st.permutations(range(n))), data.draw(st.permutations(range(m)))
    shuffled = access.two_step(demand.iloc[rows], supply.iloc[columns], t, decay=weight)
    assert shuffled.tolist() == pytest.approx(result.iloc[rows].tolist())


def test_any_function_of_cost_may_be_the_decay():
    plain = access.two_step(town.demand(), town.supply(), town.minutes(), decay=lambda c: (c <= 30) * 1.0)
    assert plain.to_dict() == pytest.approx(town.TWO_STEP_30)


def test_a_decay_in_other_units_is_refused():
    km = travel.from_matrix(town.MINUTES, origins=town.demand(), destinations=town.supply(), unit="km")
    with pytest.raises(UnitError, match=r"decay is in minutes and the travel in km.*unit='km'"):
        access.two_step(town.demand(), town.supply(), km, decay=decay.step(30))
    result = access.two_step(town.demand(), town.supply(), km, decay=decay.step(30, unit="km"))
    assert result.to_dict() == pytest.approx(town.TWO_STEP_30)


def test_a_decay_that_reaches_beyond_the_travel_is_refused():
    point = pd.DataFrame({"lon": [100.0], "lat": [13.0], "people": [5], "capacity": [1]}, index=["a"])
    t = travel.straight_line(point, point, max_km=10, speed_kmh=60)
    with pytest.raises(InputError, match=r"reach of the decay is 30 minutes.*up to 10 minutes"):
        access.two_step(point, point, t, decay=decay.step(30))
    assert access.two_step(point, point, t, decay=decay.step(10)).tolist() == [0.2]


@pytest.mark.parametrize(
    ("demand", "supply", "message"),
    [
        (town.demand(), town.supply().drop(columns="capacity"), "supply has no column 'capacity'"),
        (town.demand(), town.supply().assign(capacity=[1, -1, 0]), r"capacity'\] is negative at 'T'"),
        (town.demand(), town.supply().assign(capacity=[1, np.nan, 0]), r"capacity'\] is missing .* 'T'"),
        (town.demand().assign(people=-1), town.supply(), r"people'\] is negative"),
        (town.demand(), town.supply().drop("U"), "travel.destinations has labels that supply lacks: 'U'"),
        (town.demand().reset_index(drop=True), town.supply(), "demand has labels that travel.origins lacks: 0"),
    ],
)
def test_wrong_input_is_named(demand, supply, message):
    with pytest.raises(InputError, match=message):
        access.two_step(demand, supply, town.minutes(), decay=decay.step(30))
    with pytest.raises(InputError, match=message):
        access.ratio(demand, supply, town.minutes(), within=30)


def test_inputs_stay_as_they_were():
    demand, supply = town.demand(), town.supply()
    access.two_step(demand, supply, town.minutes(), decay=decay.zones())
    access.ratio(demand, supply, town.minutes(), within=30)
    pd.testing.assert_frame_equal(demand, town.demand())
    pd.testing.assert_frame_equal(supply, town.supply())
