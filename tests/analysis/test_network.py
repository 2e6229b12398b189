"""Ways along a network: on paper, against Floyd and Warshall, and nothing snapped in silence."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jitasa_analytics import geo
from jitasa_analytics.analysis import travel
from jitasa_analytics.errors import InputError

INF = float("inf")


def nodes(n: int = 4) -> pd.DataFrame:
    """Nodes a, b, c, … on a line, about 10.85 km apart."""
    return pd.DataFrame({"lon": 100 + 0.1 * np.arange(n), "lat": 13.0}, index=list("abcdefgh")[:n])


def edges(*rows, **columns) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["from_node", "to_node", "minutes"])
    return table.assign(**columns)


def dense(places, table, max_cost=INF, **options):
    result = travel.on_network(places, places, nodes(len(places)), table, max_cost=min(max_cost, 1e6), **options)
    return result.travel.dense()


def test_the_way_round_is_taken_where_it_is_shorter():
    table = edges(("a", "b", 5.0), ("b", "c", 4.0), ("a", "c", 30.0))
    assert dense(nodes(3), table).tolist() == [[0, 5, 9], [5, 0, 4], [9, 4, 0]]
    # Up to 5 minutes, the boundary within; the travel knows how far it looked.
    near = travel.on_network(nodes(3), nodes(3), nodes(3), table, max_cost=5).travel
    assert near.dense().tolist() == [[0, 5, INF], [5, 0, 4], [INF, 4, 0]]
    with pytest.raises(InputError, match="computed up to 5 minutes"):
        near.within(6)


def test_the_cheapest_of_parallel_edges_counts_and_not_their_sum():
    table = edges(("a", "b", 7.0), ("a", "b", 5.0), ("b", "a", 6.0))
    assert dense(nodes(2), table).tolist() == [[0, 5], [5, 0]]


def test_one_way_is_one_way():
    table = edges(("a", "b", 5.0), ("b", "c", 5.0), ("c", "a", 1.0), one_way=[True, False, True])
    # a → b 5; b → a only by c: 5 + 1; c → b by 5, a → c by b: 10.
    assert dense(nodes(3), table).tolist() == [[0, 5, 10], [6, 0, 5], [1, 5, 0]]


def test_an_edge_of_no_length_is_an_edge():
    assert dense(nodes(3), edges(("a", "b", 0.0), ("b", "c", 3.0))).tolist() == [[0, 0, 3], [0, 0, 3], [3, 3, 0]]


def test_an_island_is_reached_by_boat_or_not_at_all():
    road = edges(("a", "b", 0.0)).drop(columns="minutes").assign(km=20.0, mode="car")
    alone = dense(nodes(3), road)
    assert alone[0].tolist() == [0, 30, INF]  # 20 km at 40 km/h
    ferry = pd.concat([road, pd.DataFrame({"from_node": ["b"], "to_node": ["c"], "km": [10.0], "mode": ["boat"]})])
    assert dense(nodes(3), ferry)[0].tolist() == [0, 30, 60]  # 10 km at 20 km/h
    with pytest.raises(InputError, match=r"edges\['mode'\] holds 'train'; it must be one of walk, motorcycle"):
        dense(nodes(3), ferry.assign(mode="train"))


def test_kilometres_stay_so_without_a_speed():
    road = edges(("a", "b", 0.0)).drop(columns="minutes").assign(km=20.0)
    km = travel.on_network(nodes(2), nodes(2), nodes(2), road, max_cost=50)
    assert km.travel.unit == "km" and km.travel.dense().tolist() == [[0, 20], [20, 0]]
    minutes = travel.on_network(nodes(2), nodes(2), nodes(2), road, max_cost=50, speed_kmh=60)
    assert minutes.travel.unit == "minutes" and minutes.travel.dense().tolist() == [[0, 20], [20, 0]]


def test_snap_legs_cost_and_are_reported():
    homes = pd.DataFrame({"lon": [100.0, 100.0, 100.0], "lat": [13.0, 13.01, 13.5]}, index=["on", "near", "far"])
    clinic = pd.DataFrame({"lon": [100.1], "lat": [13.0]}, index=["clinic"])
    found = travel.on_network(homes, clinic, nodes(2), edges(("a", "b", 10.0)), max_cost=60)
    leg = geo.geodesic_km(np.array([100.0]), np.array([13.01]), np.array([100.0]), np.array([13.0]))[0]
    assert found.origins["snap_km"].tolist()[:2] == pytest.approx([0, leg]) and 1.0 < leg < 1.2
    assert found.origins["snap_km"]["far"] == pytest.approx(55.3, abs=0.1)
    assert found.origins["snapped"].tolist() == [True, True, False]
    assert found.origins["node"].tolist() == ["a", "a", "a"] and found.destinations["node"].tolist() == ["b"]
    # On foot at 5 km/h to the road, then 10 minutes; the far one reaches nothing and keeps its row.
    assert found.travel.dense()[:, 0].tolist() == pytest.approx([10, 10 + leg * 12, INF])
    assert "2 of 3 origins on it, farthest 1.1 km; 1 of 1 destinations" in repr(found)
    wide = travel.on_network(homes, clinic, nodes(2), edges(("a", "b", 10.0)), max_cost=1000, max_snap_km=60)
    assert wide.origins["snapped"].all() and np.isfinite(wide.travel.dense()).all()


@settings(max_examples=60)
@given(st.data())
def test_against_floyd_and_warshall(data):
    n = data.draw(st.integers(2, 6))
    pair = st.tuples(st.sampled_from(list("abcdef")[:n]), st.sampled_from(list("abcdef")[:n]), st.integers(0, 9))
    rows = data.draw(st.lists(pair, max_size=12))
    one_way = data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows)))
    table = pd.DataFrame(rows, columns=["from_node", "to_node", "minutes"]).assign(one_way=one_way)
    table["minutes"] = table["minutes"].astype(float)
    best = np.full((n, n), INF)
    np.fill_diagonal(best, 0)
    for (a, b, minutes), single in zip(rows, one_way, strict=True):
        i, j = "abcdef".index(a), "abcdef".index(b)
        best[i, j] = min(best[i, j], minutes)
        if not single:
            best[j, i] = min(best[j, i], minutes)
    for k, i, j in itertools.product(range(n), repeat=3):
        best[i, j] = min(best[i, j], best[i, k] + best[k, j])
    assert dense(nodes(n), table).tolist() == best.tolist()
    limited = dense(nodes(n), table, max_cost=8)
    assert limited.tolist() == np.where(best <= 8, best, INF).tolist()


def test_rounds_of_few_destinations_give_the_same(monkeypatch):
    table = edges(("a", "b", 5.0), ("b", "c", 4.0), ("c", "d", 2.0))
    whole = dense(nodes(4), table)
    monkeypatch.setattr("jitasa_analytics.analysis.network._CELLS_AT_ONCE", 1)
    assert dense(nodes(4), table).tolist() == whole.tolist()


def test_nothing_to_travel_on():
    empty = nodes(2).iloc[:0]
    found = travel.on_network(nodes(2), nodes(2), empty, edges().astype({"minutes": float}), max_cost=9)
    assert not found.origins["snapped"].any() and found.travel.n_pairs == 0
    assert found.origins["snap_km"].tolist() == [INF, INF] and found.travel.shape == (2, 2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"to_node": "z"}, r"edges\['to_node'\] has nodes that nodes lacks: 'z'"),
        ({"minutes": -1.0}, r"edges\['minutes'\] is negative"),
        ({"minutes": np.nan}, r"edges\['minutes'\] is missing"),
    ],
)
def test_wrong_edges_are_named(change, message):
    with pytest.raises(InputError, match=message):
        dense(nodes(2), edges(("a", "b", 5.0)).assign(**change))
    with pytest.raises(InputError, match="edges has neither 'minutes' nor 'km'"):
        dense(nodes(2), edges(("a", "b", 5.0)).drop(columns="minutes"))
    with pytest.raises(InputError, match="edges has no column 'from_node'"):
        dense(nodes(2), edges(("a", "b", 5.0)).drop(columns="from_node"))
    with pytest.raises(InputError, match=r"nodes\['lat'\] is missing or beyond"):
        travel.on_network(nodes(2), nodes(2), nodes(2).assign(lat=95), edges(("a", "b", 5.0)), max_cost=9)
