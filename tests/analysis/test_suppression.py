"""Hidden counts stay hidden: an attacker with a linear program learns no more than that they are small."""

from __future__ import annotations

import h3
import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from jitasa_analytics.analysis import masking, suppression
from jitasa_analytics.errors import InputError


def town() -> suppression.Table:
    """One province, three districts, two categories, worked by hand below."""
    leaves = pd.Series({("2001", "food"): 3, ("2001", "bed"): 40, ("2002", "food"): 25, ("2002", "bed"): 30,
                        ("2003", "food"): 50, ("2003", "bed"): 60})
    return suppression.table(leaves, {"2001": "20", "2002": "20", "2003": "20"})


def test_a_table_adds_up_in_both_directions() -> None:
    counts = town().counts
    assert counts["20", "food"] == 78 and counts["20", "bed"] == 130
    assert counts["2001", "all"] == 43 and counts["20", "all"] == 208
    assert not (town().sums @ counts.to_numpy()).any()


def test_one_small_count_takes_three_others_with_it() -> None:
    """Hidden alone it is 78 - 25 - 50: a rectangle of four cells is the least that hides one cell."""
    given = town()
    alone = pd.Series(given.counts < 10, index=given.counts.index)
    told = suppression.attack(given, alone)
    assert told.loc[("2001", "food"), "low"] == told.loc[("2001", "food"), "high"] == 3
    hidden = suppression.protect(given)
    assert hidden["2001", "food"]
    assert hidden.sum() == 4
    assert not hidden["20", "all"] and not hidden["20", "food"]
    assert suppression.attack(given, hidden)["safe"].all()


def random_table(rng: np.random.Generator, provinces: int = 1) -> suppression.Table:
    leaves, parents = {}, {}
    for province in range(10, 10 + provinces):
        if provinces > 1:
            parents[str(province)] = "TH"
        for district in range(rng.integers(2, 4)):
            code = f"{province}{district:02d}"
            parents[code] = str(province)
            for kind in "ab" if provinces == 1 else "abc":
                leaves[code, kind] = [0, rng.integers(1, 10), rng.integers(10, 60)][rng.choice(3, p=[0.3, 0.35, 0.35])]
    return suppression.table(pd.Series(leaves), parents)


def extremes(given: suppression.Table, hidden: pd.Series, cell: int) -> tuple[float, float]:
    """The attacker's own program over all cells, published ones fixed: nothing is shared with the package."""
    counts = given.counts.to_numpy(float)
    bounds = [(0, None) if h else (c, c) for c, h in zip(counts, hidden, strict=True)]
    aim = np.zeros(len(counts))
    aim[cell] = 1
    answers = []
    for sign in (1, -1):
        found = linprog(sign * aim, A_eq=given.sums, b_eq=np.zeros(given.sums.shape[0]), bounds=bounds, method="highs")
        answers.append(np.inf if found.status == 3 else sign * found.fun)
    return answers[0], answers[1]


def test_a_thousand_tables_give_no_small_count_away() -> None:
    """Every hidden small count may be 1 to 9 for all that is published; levels are set off against each other too."""
    rng = np.random.default_rng(7)
    small = hidden_share = 0
    for number in range(1000):
        given = random_table(rng, 1 if number % 25 else 2)
        hidden = suppression.protect(given)
        counts = given.counts.to_numpy()
        assert hidden[(counts > 0) & (counts < 10)].all()
        told = suppression.attack(given, hidden)
        assert told["safe"].all(), given.counts
        small += len(told)
        hidden_share += hidden.mean()
        if number % 100 == 0:
            for cell in np.flatnonzero((counts > 0) & (counts < 10)):
                low, high = extremes(given, hidden, int(cell))
                assert low <= 1 + 1e-6 and high >= 9 - 1e-6
    assert small > 2000
    assert 0.2 < hidden_share / 1000 < 0.9  # hiding everything would be safe, and no table


def test_the_attack_finds_what_is_not_safe() -> None:
    """Small counts hidden without help are found out in most tables: the attack is no rubber stamp."""
    rng = np.random.default_rng(8)
    found = 0
    for _ in range(30):
        given = random_table(rng)
        counts = given.counts
        told = suppression.attack(given, (counts > 0) & (counts < 10))
        found += int((~told["safe"]).any())
    assert found > 20


def test_all_of_the_leaves_count_must_be_whole() -> None:
    with pytest.raises(InputError, match="whole"):
        suppression.table(pd.Series({("2001", "a"): 1.5}), {"2001": "20"})
    with pytest.raises(InputError, match="all"):
        suppression.table(pd.Series({("2001", "all"): 1}), {"2001": "20"})


def test_no_hexagon_tells_of_fewer_than_k_and_no_point_counts_twice() -> None:
    """Points are counted by hand: each in its finest hexagon that is told of, and nowhere else."""
    rng = np.random.default_rng(3)
    lon = np.concatenate([100.5 + rng.normal(0, 0.03, 400), rng.uniform(99, 103, 150)])
    lat = np.concatenate([13.7 + rng.normal(0, 0.03, 400), rng.uniform(13, 17, 150)])
    cells = masking.hexagons(lon, lat, k=10)
    assert (cells >= 10).all() and cells.sum() <= 550
    assert len({h3.get_resolution(c) for c in cells.index}) > 1
    counted = dict.fromkeys(cells.index, 0)
    for a, b in zip(lon, lat, strict=True):
        fine = h3.latlng_to_cell(b, a, 7)
        first = next((c for r in (7, 6, 5, 4) if (c := h3.cell_to_parent(fine, r)) in counted), None)
        if first is not None:
            counted[first] += 1
    assert counted == cells.to_dict()
    with pytest.raises(InputError):
        masking.hexagons([1.0], [1.0, 2.0])


def test_the_same_place_always_moves_to_the_same_place() -> None:
    """Neither the order, nor a second day, nor a few metres of the receiver's error give a second point to average."""
    rng = np.random.default_rng(4)
    lon, lat = rng.uniform(98, 104, 300), rng.uniform(7, 19, 300)
    first = masking.moved(lon, lat, b"key")
    again = masking.moved(lon[::-1], lat[::-1], b"key")[::-1].reset_index(drop=True)
    pd.testing.assert_frame_equal(first, again)
    metres = masking.distance_m(lon, lat, first)
    assert (metres > 300 - 80).all() and (metres < 1000 + 80).all()
    assert np.median(metres) > 600
    house = masking.moved(100.5 + rng.normal(0, 1e-6, 142), 13.75 + rng.normal(0, 1e-6, 142), b"key")
    assert len(house.drop_duplicates()) == 1
    other = masking.moved(lon, lat, b"another key")
    assert (masking.distance_m(first["lon"], first["lat"], other) > 1).all()
    assert masking.moved([np.nan], [np.nan], b"key").isna().all().all()
    with pytest.raises(InputError):
        masking.moved([100], [13], b"key", least_m=5, most_m=5)
