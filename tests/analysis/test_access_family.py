"""Three steps, rational agents, and the ratio to the mean: on paper, by their conditions, against PySAL."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd
import pytest
from access import Access
from access.raam import raam as pysal_raam
from access.weights import step_fn
from hypothesis import given, settings
from hypothesis import strategies as st

from jitasa_analytics.analysis import access, decay, travel
from jitasa_analytics.errors import InputError, UnitError
from tests import town

INF = float("inf")
ZONES = ((10.0, 1.0), (20.0, 0.68), (30.0, 0.22))


def country(n: int, m: int, seed: int = 3):
    rng = np.random.default_rng(seed)
    a, b = rng.uniform(0, 100, (n, 2)), rng.uniform(0, 100, (m, 2))
    minutes = np.hypot(*(a[:, None] - b[None]).transpose(2, 0, 1))
    demand = pd.DataFrame({"people": rng.integers(500, 5000, n)}, index=[f"p{i}" for i in range(n)])
    supply = pd.DataFrame({"capacity": rng.integers(1, 30, m)}, index=[f"s{j}" for j in range(m)])
    return demand, supply, travel.from_matrix(minutes, origins=demand, destinations=supply)


def test_three_step_on_paper():
    result = access.three_step(town.demand(), town.supply(), town.minutes(), decay=decay.zones())
    assert result.to_dict() == pytest.approx(town.THREE_STEP)
    assert float((result * town.demand()["people"]).sum()) == pytest.approx(40)


def test_g_is_summed_within_the_catchment():
    # Site U lies 60 minutes from B, outside of 30. Summed over all pairs, B would ask less of S and T.
    without = town.minutes().restrict(destinations=["S", "T"])
    two_sites = access.three_step(town.demand(), town.supply().drop("U"), without, decay=decay.exponential(0.1, 30))
    three = access.three_step(town.demand(), town.supply(), town.minutes(), decay=decay.exponential(0.1, 30))
    assert three.tolist() == pytest.approx(two_sites.tolist())


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # inside PySAL access
def test_the_family_agrees_with_pysal():
    demand, supply, t = country(60, 25)
    near = t.costs <= 30  # PySAL has no reach of its own for E2SFCA and 3SFCA: it gets the pairs within
    cost = pd.DataFrame({
        "origin": t.origins[t.rows[near]], "dest": t.destinations[t.indices[near]], "cost": t.costs[near]
    })
    logging.disable(logging.CRITICAL)
    try:
        peer = Access(
            demand_df=demand.reset_index(names="id"), demand_index="id", demand_value="people",
            supply_df=supply.reset_index(names="id"), supply_index="id", supply_value="capacity",
            cost_df=cost, cost_origin="origin", cost_dest="dest", cost_name="cost",
        )
        theirs = {
            "two": peer.two_stage_fca(name="two", max_cost=30),
            "enhanced": peer.enhanced_two_stage_fca(name="enhanced", weight_fn=step_fn(dict(ZONES))),
            "three": peer.three_stage_fca(name="three", weight_fn=step_fn(dict(ZONES))),
        }
    finally:
        logging.disable(logging.NOTSET)
    ours = {
        "two": access.two_step(demand, supply, t, decay=decay.step(30)),
        "enhanced": access.two_step(demand, supply, t, decay=decay.zones()),
        "three": access.three_step(demand, supply, t, decay=decay.zones()),
    }
    for name, table in theirs.items():
        expected = table.iloc[:, 0].reindex(demand.index).fillna(0.0)
        assert ours[name].to_numpy() == pytest.approx(expected.to_numpy()), name
        assert len(ours[name]) == 60


tables = st.integers(1, 6).flatmap(
    lambda n: st.integers(1, 4).flatmap(
        lambda m: st.lists(
            st.lists(st.sampled_from([0.0, 7.0, 10.0, 20.0, 30.0, 31.0, INF]), min_size=m, max_size=m),
            min_size=n, max_size=n,
        )
    )
)


def drawn(data, table):
    n, m = len(table), len(table[0])
    people = data.draw(st.lists(st.integers(0, 500), min_size=n, max_size=n))
    capacity = data.draw(st.lists(st.integers(0, 50), min_size=m, max_size=m))
    demand = pd.DataFrame({"people": people}, index=[f"p{i}" for i in range(n)])
    supply = pd.DataFrame({"capacity": capacity}, index=[f"s{j}" for j in range(m)])
    return demand, supply, travel.from_matrix(table, origins=demand, destinations=supply)


@settings(max_examples=80)
@given(tables, st.data())
def test_three_step_conserves_supply_whatever_the_order(table, data):
    demand, supply, t = drawn(data, table)
    weight = data.draw(st.sampled_from([decay.step(30), decay.zones(), decay.gaussian(31)]))
    result = access.three_step(demand, supply, t, decay=weight)
    costs = np.array(table)
    people = demand["people"].to_numpy()
    used = [c for j, c in enumerate(supply["capacity"]) if (people[weight(costs[:, j]) > 0] > 0).any()]
    assert float((result * people).sum()) == pytest.approx(sum(used))
    rows = data.draw(st.permutations(range(len(table))))
    shuffled = access.three_step(demand.iloc[rows], supply.iloc[::-1], t, decay=weight)
    assert shuffled.tolist() == pytest.approx(result.iloc[rows].tolist())
    if (np.isfinite(costs).sum(axis=1) <= 1).all():  # nobody has a choice: the second step is all there is
        two = access.two_step(demand, supply, t, decay=weight)
        if weight.name.startswith("step"):
            assert result.tolist() == pytest.approx(two.tolist())


def test_raam_on_paper():
    # 30 people, two sites of room 15 each, 10 minutes apart, tau 30: x/15 = (30 - x)/15 + 1/3, x = 17.5.
    demand, supply = pd.DataFrame({"people": [30]}, index=["a"]), pd.DataFrame({"capacity": [1, 1]}, index=["s", "t"])
    t = travel.from_matrix([[0, 10]], origins=demand, destinations=supply)
    found = access.equilibrium(demand, supply, t, tau=30, rho=15)
    assert found.load.tolist() == pytest.approx([17.5, 12.5])
    assert found.cost.tolist() == pytest.approx([17.5 / 15])
    # Left out, rho is people over capacity: 30 / 2. With a short temper (tau 10) nobody walks: x = 22.5.
    assert access.raam(demand, supply, t, tau=30).tolist() == pytest.approx([17.5 / 15])
    assert access.equilibrium(demand, supply, t, tau=10).load.tolist() == pytest.approx([22.5, 7.5])
    # At tau 5 the walk costs 2, and the nearer site with everybody costs 2 as well: all stay.
    assert access.equilibrium(demand, supply, t, tau=5).load.tolist() == pytest.approx([30, 0])


@settings(max_examples=80)
@given(tables, st.data())
def test_raam_is_an_equilibrium(table, data):
    demand, supply, t = drawn(data, table)
    found = access.equilibrium(demand, supply, t, tau=20, rho=7, tolerance=1e-10, max_rounds=20_000)
    assert found.gap <= 1e-10
    costs, people, capacity = np.array(table), demand["people"].to_numpy(), supply["capacity"].to_numpy()
    flows = np.zeros(t.shape)
    flows[t.rows, t.indices] = found.people
    assert (flows >= 0).all() and flows.sum(axis=0) == pytest.approx(found.load.to_numpy())
    for i, row in enumerate(costs):
        total = np.full(t.shape[1], INF)
        some = (capacity > 0) & np.isfinite(row)
        total[some] = flows.sum(axis=0)[some] / (capacity[some] * 7) + row[some] / 20
        assert found.cost.iloc[i] == pytest.approx(total.min())
        if some.any():
            assert flows[i].sum() == pytest.approx(people[i])
            # What is used costs as little as anything: the condition of Saxon & Snow.
            used = flows[i] > 1e-4 * max(people[i], 1)
            assert total[used] == pytest.approx(total.min(), abs=1e-3)
        else:
            assert flows[i].sum() == 0 and found.cost.iloc[i] == INF


def test_raam_is_near_pysal():
    # PySAL moves whole people in bounded steps and stops after its cycles, so it comes near only.
    demand, supply, t = country(40, 15)
    cost = pd.DataFrame({"origin": t.origins[t.rows], "dest": t.destinations[t.indices], "cost": t.costs})
    theirs = pysal_raam(
        demand, supply, cost, demand_name="people", supply_name="capacity", tau=60, max_cycles=1500, min_step=0.0005,
    ).reindex(demand.index)
    ours = access.raam(demand, supply, t, tau=60, tolerance=1e-5)
    assert ours.to_numpy() == pytest.approx(theirs.to_numpy(), rel=0.02)
    rows = list(range(39, -1, -1))
    turned = access.raam(demand.iloc[rows], supply.iloc[::-1], t, tau=60, tolerance=1e-5)
    assert turned.reindex(demand.index).to_numpy() == pytest.approx(ours.to_numpy(), rel=1e-3)


def test_raam_says_when_it_has_not_arrived():
    demand, supply, t = country(40, 15)
    with pytest.raises(InputError, match=r"after 1 rounds people could still save .* raise max_rounds"):
        access.raam(demand, supply, t, tau=60, tolerance=1e-12, max_rounds=1)
    assert access.equilibrium(demand, supply, t, tau=60, tolerance=1e-12, max_rounds=1).gap > 1e-12


def test_raam_refuses_what_has_no_meaning():
    demand, supply, t = town.demand(), town.supply(), town.minutes()
    for options, message in (({"tau": 0}, "tau is 0"), ({"tau": 1, "rho": 0}, "rho is 0"), ({"tau": -1}, "tau is -1")):
        with pytest.raises(InputError, match=message):
            access.raam(demand, supply, t, **options)
    with pytest.raises(InputError, match="rho can't be computed"):
        access.raam(demand.assign(people=0), supply, t, tau=1)
    closed = access.raam(demand, supply.assign(capacity=[10, 30, 0]), t, tau=30)
    assert closed["D"] == INF and np.isfinite(closed[["A", "B", "C"]]).all()


def test_three_step_refuses_other_units():
    km = travel.from_matrix(town.MINUTES, origins=town.demand(), destinations=town.supply(), unit="km")
    with pytest.raises(UnitError, match="decay is in minutes and the travel in km"):
        access.three_step(town.demand(), town.supply(), km, decay=decay.step(30))


def test_spar_is_one_for_the_average_person():
    # (300 × 0.1 + 100 × 0.4) / 400 = 0.175; the plain mean of the two areas would be 0.25.
    values, people = pd.Series([0.1, 0.4], index=["a", "b"]), pd.Series([100, 300], index=["b", "a"])
    result = access.spar(values, people)
    assert result.to_dict() == pytest.approx({"a": 0.1 / 0.175, "b": 0.4 / 0.175})
    assert access.spar(values, people.to_frame("people")).equals(result)
    assert float((result * people).sum() / people.sum()) == pytest.approx(1)
    assert access.spar(values * 0, people).isna().all()  # nobody has anything: no mean to compare with
    assert access.spar(pd.Series([0.0, 1.0]), pd.Series([1, 1])).tolist() == [0, 2]


def test_spar_refuses_what_has_no_meaning():
    with pytest.raises(InputError, match="access is missing, infinite or negative at 1"):
        access.spar(pd.Series([1.0, INF]), pd.Series([1, 1]))
    with pytest.raises(InputError, match="people is 0 everywhere"):
        access.spar(pd.Series([1.0]), pd.Series([0]))
    with pytest.raises(InputError, match="access has labels that people lacks: 1"):
        access.spar(pd.Series([1.0, 2.0]), pd.Series([1]))
