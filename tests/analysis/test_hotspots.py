"""Hot spots: on paper, against PySAL with the same weights, and without false alarms."""

from __future__ import annotations

import geopandas as gpd
import libpysal
import numpy as np
import pandas as pd
import pytest
from esda.getisord import G_Local
from esda.moran import Moran_Local
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control
from shapely.geometry import box
from sklearn.cluster import DBSCAN

from jitasa_analytics.analysis import hotspots
from jitasa_analytics.errors import InputError

NAN = float("nan")
POINTS = [(10, 10), (20, 10), (40, 10), (15, 20), (30, 20), (30, 30)]


def grid(side: int) -> gpd.GeoDataFrame:
    boxes = [box(x, y, x + 1, y + 1) for y in range(side) for x in range(side)]
    return gpd.GeoDataFrame(geometry=boxes, index=[f"c{i}" for i in range(side * side)], crs="EPSG:4326")


def pysal(neighbours: hotspots.Neighbours) -> libpysal.weights.W:
    starts, ids = neighbours.indptr, neighbours.indices
    return libpysal.weights.W(
        {i: ids[starts[i]:starts[i + 1]].tolist() for i in range(len(neighbours.index))}, silence_warnings=True
    )


def line(*values: float) -> tuple[pd.Series, hotspots.Neighbours]:
    """Areas in a row, each next to the one before."""
    labels = list("abcdefgh")[: len(values)]
    pairs = pd.DataFrame({"area": labels[:-1], "neighbour": labels[1:]})
    return pd.Series(values, index=labels), hotspots.from_pairs(pairs, index=labels)


def test_gi_star_on_paper():
    # 9, 8, 1, 0: mean 4.5, s² = 146/4 - 20.25 = 16.25. a: 17 - 9 = 8 over √(16.25 (8 - 4)/3).
    values, near = line(9, 8, 1, 0)
    z = hotspots.gi_star(values, near)["z"]
    assert z["a"] == pytest.approx(8 / np.sqrt(16.25 * 4 / 3))
    assert z["b"] == pytest.approx((18 - 13.5) / np.sqrt(16.25 * (12 - 9) / 3))
    assert z["d"] == pytest.approx(-z["a"])


def test_gi_star_of_the_pysal_example():
    # The z-values that the documentation of esda.getisord gives for binary weights and self.
    i, j = np.nonzero(np.hypot(*(np.array(POINTS)[:, None] - POINTS).transpose(2, 0, 1)) <= 15)
    near = hotspots.from_pairs(pd.DataFrame({"area": i, "neighbour": j}), index=range(6))
    result = hotspots.gi_star(pd.Series([2, 3, 3.2, 5, 8, 7]), near)
    published = [-1.39727626, -0.28917762, 0.65064964, -0.28917762, 1.23452088, 2.02424331]
    assert result["z"].tolist() == pytest.approx(published)


@pytest.mark.filterwarnings("ignore:Gi. requested")  # the default of esda, which is the point
def test_averaged_neighbours_would_understate_the_hot_spot_three_times():
    # Nine areas at 10 in a field of 0: with W = 9 the sum lies 3 times as many s above as the
    # average does, if the average is then scaled as if it were one area.
    areas = grid(20)
    values = pd.Series(0.0, index=areas.index)
    values[[f"c{20 * y + x}" for y in (9, 10, 11) for x in (9, 10, 11)]] = 10.0
    near = hotspots.touching(areas)
    z = hotspots.gi_star(values, near)["z"]["c210"]
    weights = pysal(near)
    right = G_Local(values.to_numpy(), weights, transform="B", star=True, permutations=0).Zs[210]
    assert z == pytest.approx(right) and z > 15
    usual = G_Local(values.to_numpy(), weights, transform="R", star=True, permutations=0).Zs[210]
    assert z / usual == pytest.approx(3, rel=0.02)


@pytest.mark.filterwarnings("ignore:Gi. requested")
def test_a_hot_spot_of_nine_is_at_9_07_and_not_at_2_99():
    # A chequerboard of 0 and 2 on 20 x 20 areas with nine of 4.4 in it. Averaged weights taken for counted ones divide
    # z by √(9 · 399 / 391), and what is beyond doubt among 400 areas drowns among their false alarms.
    areas = grid(20)
    x, y = np.divmod(np.arange(400), 20)
    block = (np.abs(x - 10) <= 1) & (np.abs(y - 10) <= 1)
    values = pd.Series(np.where(block, 4.4, 2.0 * ((x + y) % 2)), index=areas.index)
    total, squares = 2.0 * 196 + 9 * 4.4, 4.0 * 196 + 9 * 4.4**2  # four of the nine were 2 before
    s = np.sqrt(squares / 400 - (total / 400) ** 2)
    by_hand = (9 * 4.4 - 9 * total / 400) / (s * np.sqrt((400 * 9 - 81) / 399))
    near = hotspots.touching(areas)
    z = hotspots.gi_star(values, near, permutations=1)["z"].iloc[210]
    assert z == pytest.approx(by_hand) and round(z, 2) == 9.07
    averaged = G_Local(values.to_numpy(), pysal(near), transform="R", star=True, permutations=0).Zs[210]
    assert round(averaged, 2) == 2.99 and z / averaged == pytest.approx(np.sqrt(9 * 399 / 391))
    # Without the area itself the sum over its eight neighbours is another statistic, Gi.
    assert abs(G_Local(values.to_numpy(), pysal(near), transform="B", star=False, permutations=0).Zs[210] - z) > 0.3


@pytest.mark.filterwarnings("ignore")  # of esda's own
def test_against_esda_on_random_values():
    # Without permutations: compiling esda's takes 20 s. Those are checked exactly below.
    areas = grid(12)
    values = pd.Series(np.random.default_rng(8).gamma(2, 3, len(areas)), index=areas.index)
    near = hotspots.touching(areas)
    gi, lisa = hotspots.gi_star(values, near, permutations=9), hotspots.local_moran(values, near, permutations=9)
    theirs = G_Local(values.to_numpy(), pysal(near), transform="B", star=True, permutations=0)
    moran = Moran_Local(values.to_numpy(), pysal(near), permutations=0)
    assert gi["z"].to_numpy() == pytest.approx(theirs.Zs)
    assert gi["p_normal"].to_numpy() == pytest.approx(2 * theirs.p_norm)
    assert lisa["i"].to_numpy() == pytest.approx(moran.Is)
    words = {1: "high-high", 2: "low-high", 3: "low-low", 4: "high-low"}
    assert lisa["quadrant"].tolist() == [words[q] for q in moran.q]


def test_permutations_are_conditional_and_complete():
    # a has one neighbour, b with 8. Dealt anew, that place gets 8, 1 or 0, each a third of the time:
    # at least 8 with 1/3, twice the smaller tail is 2/3.
    values, near = line(9, 8, 1, 0)
    p = hotspots.gi_star(values, near, permutations=20_000, seed=1)["p"]
    assert p["a"] == pytest.approx(2 / 3, abs=0.02)
    # b has a and c with 9 + 1; the pairs of 9, 1, 0 are 10, 9, 1: at least 10 with 1/3.
    assert p["b"] == pytest.approx(2 / 3, abs=0.02)
    # c has b and d with 8 + 0; the pairs of 9, 8, 0 are 17, 9, 8: at most 8 with 1/3.
    assert p["c"] == pytest.approx(2 / 3, abs=0.02)


def test_the_seed_decides_and_nothing_else():
    areas = grid(6)
    values = pd.Series(np.random.default_rng(1).normal(size=36), index=areas.index)
    near, before = hotspots.touching(areas), np.random.get_state()[1].tolist()
    one = hotspots.gi_star(values, near, seed=5)
    pd.testing.assert_frame_equal(one, hotspots.gi_star(values, near, seed=5))
    assert (one["p"] != hotspots.gi_star(values, near, seed=6)["p"]).any()
    assert np.random.get_state()[1].tolist() == before
    turned = hotspots.gi_star(values.iloc[::-1], near, seed=5)
    assert turned.reindex(values.index)["z"].to_numpy() == pytest.approx(one["z"].to_numpy())


def test_chance_alone_gives_few_hot_spots_after_fdr_and_a_real_one_stays():
    areas = grid(16)
    values = pd.Series(np.random.default_rng(11).normal(size=256), index=areas.index)
    near = hotspots.touching(areas)
    noise = hotspots.gi_star(values, near, permutations=9_999)
    assert (noise["p"] <= 0.05).sum() >= 5  # what a map without correction would call hot or cold
    assert (noise["q"] <= 0.05).sum() == 0
    centre = [f"c{16 * y + x}" for y in (7, 8, 9) for x in (7, 8, 9)]
    values[centre] += 5.0
    real = hotspots.gi_star(values, near, permutations=9_999)
    assert real.loc["c136", "q"] <= 0.05 and real["z"].idxmax() in centre


def test_islands_and_no_data_keep_their_rows():
    values, near = line(9, 8, NAN, 5, 2)  # c has no data: b keeps a, d keeps e
    values["x"] = 7.0
    near = hotspots.from_pairs(
        pd.DataFrame({"area": list("abcd"), "neighbour": list("bcde")}), index=values.index
    )
    for table, column in ((hotspots.gi_star(values, near), "z"), (hotspots.local_moran(values, near), "i")):
        assert list(table.index) == list(values.index)
        assert table["no_data"].tolist() == [False, False, True, False, False, False]
        assert table["island"].tolist() == [False] * 5 + [True]
        assert table[column].isna().tolist() == [False, False, True, False, False, True]
        assert table["q"].isna().tolist() == table["p"].isna().tolist() == table[column].isna().tolist()
    # Without c's neighbours nobody counts c as 0: the mean is that of five areas.
    assert hotspots.gi_star(values, near)["z"]["a"] == pytest.approx(
        (17 - 2 * 6.2) / (np.sqrt(223 / 5 - 6.2**2) * np.sqrt((10 - 4) / 4))
    )
    nothing = hotspots.gi_star(pd.Series(NAN, index=list("ab")), line(1, 2)[1])
    assert nothing["no_data"].all() and nothing["z"].isna().all()


def test_equal_values_are_no_hot_spot():
    values, near = line(0.1, 0.1, 0.1, 0.1, 0.1)
    assert hotspots.gi_star(values, near)["z"].tolist() == [0] * 5
    assert hotspots.gi_star(values, near)["p"].tolist() == [1] * 5
    assert hotspots.local_moran(values, near)["i"].tolist() == [0] * 5


@given(st.lists(st.floats(0, 1), max_size=30))
def test_false_discovery_is_scipys(p):
    ours = hotspots.false_discovery(pd.Series(p, dtype=float))
    assert ours.tolist() == pytest.approx(false_discovery_control(p).tolist() if p else [])


def test_false_discovery_leaves_out_what_is_missing():
    q = hotspots.false_discovery(pd.Series([0.01, NAN, 0.02], index=list("abc")))
    assert q.tolist() == pytest.approx([0.02, NAN, 0.02], nan_ok=True)
    with pytest.raises(InputError, match=r"p lies outside \[0, 1\] at 'b'"):
        hotspots.false_discovery(pd.Series([0.5, 1.5], index=list("ab")))


def test_neighbours_touch_at_corners_and_not_themselves():
    near = hotspots.touching(grid(3))
    assert near.counts.tolist() == [3, 5, 3, 5, 8, 5, 3, 5, 3]
    assert near.binary().diagonal().sum() == 0
    one_way = hotspots.from_pairs(pd.DataFrame({"area": ["a", "a"], "neighbour": ["b", "a"]}), index=["a", "b"])
    assert one_way.binary().toarray().tolist() == [[0, 1], [1, 0]]


def test_wrong_neighbours_are_named():
    values, near = line(1, 2, 3)
    with pytest.raises(InputError, match="values has labels that neighbours lacks: 'z'"):
        hotspots.gi_star(values.rename({"a": "z"}), near)
    with pytest.raises(InputError, match=r"pairs\['neighbour'\] has areas that index lacks: 'b'"):
        hotspots.from_pairs(pd.DataFrame({"area": ["a"], "neighbour": ["b"]}), index=["a"])
    with pytest.raises(InputError, match="pairs has no column 'neighbour'"):
        hotspots.from_pairs(pd.DataFrame({"area": ["a"]}), index=["a"])
    with pytest.raises(InputError, match="permutations is 0"):
        hotspots.gi_star(values, near, permutations=0)
    with pytest.raises(InputError, match="values is infinite at 'a'"):
        hotspots.local_moran(values.replace(1, np.inf), near)
    with pytest.raises(InputError, match="areas has no outline at 1"):
        hotspots.touching(gpd.GeoDataFrame(geometry=[box(0, 0, 1, 1), None], crs="EPSG:4326"))


def requests(n: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    centres = rng.uniform([99, 13], [101, 15], (4, 2))
    lonlat = np.concatenate([rng.normal(centres[i % 4], 0.02, 2)[None] for i in range(n)])
    lonlat[: n // 5] = rng.uniform([99, 13], [101, 15], (n // 5, 2))
    lonlat[-3:] = lonlat[-4]  # the same address four times
    return pd.DataFrame(lonlat, columns=["lon", "lat"], index=[f"r{i}" for i in range(n)])


def test_clusters_are_those_of_scikit_learn():
    points = requests(200, 3)
    ours = hotspots.clusters(points, km=2, at_least=5)
    radians = np.radians(points[["lat", "lon"]].to_numpy())
    theirs = DBSCAN(eps=2 / 6371.0, min_samples=5, metric="haversine").fit(radians)
    cores = np.zeros(200, bool)
    cores[theirs.core_sample_indices_] = True
    assert (ours["core"].to_numpy() == cores).mean() > 0.97  # a sphere there, the ellipsoid here
    both = ours["core"].to_numpy() & cores
    pairs = pd.crosstab(ours["cluster"].to_numpy()[both], theirs.labels_[both])
    assert ((pairs > 0).sum(axis=0) == 1).all()
    sizes = ours["cluster"].value_counts()
    assert sizes.is_monotonic_decreasing and sizes.index[0] == 1
    shuffled = hotspots.clusters(points.sample(frac=1, random_state=2), km=2, at_least=5).reindex(points.index)
    again = pd.crosstab(shuffled["cluster"], ours["cluster"])
    assert ((again > 0).sum(axis=0) == 1).all() and (shuffled["cluster"].isna() == ours["cluster"].isna()).all()


def test_a_border_point_goes_to_the_nearest_core():
    # 0.01 degree of longitude at 13° N is 1.085 km. One core at 0 with five points behind it, one
    # at 4 likewise; the point at 1.9 reaches both (2.06 and 2.28 km) and is no core itself.
    steps = [0, -1.5, -1.5, -1.5, -1.5, -1.5, 4, 5.5, 5.5, 5.5, 5.5, 5.5, 5.5, 5.5, 1.9]
    points = pd.DataFrame({"lon": 100 + np.array(steps) / 100, "lat": 13.0})
    table = hotspots.clusters(points, km=2.3, at_least=4)
    assert table["core"].tolist() == [True] * 14 + [False]
    # Eight points are more than seven, so the second group is cluster 1; the border is the nearer one's.
    assert table["cluster"].tolist() == [2] * 6 + [1] * 8 + [2]
    turned = hotspots.clusters(points.iloc[::-1], km=2.3, at_least=4).sort_index()
    pd.testing.assert_frame_equal(turned, table)
    # Within 2 km it reaches neither, and is in no cluster.
    assert hotspots.clusters(points, km=2.0, at_least=4)["cluster"].isna().tolist() == [False] * 14 + [True]


def test_people_may_be_counted_instead_of_points():
    points = pd.DataFrame({"lon": [100, 100.001, 101], "lat": 13.0, "people": [1, 2, 9]}, index=list("abc"))
    table = hotspots.clusters(points, km=1, at_least=3, weight="people")
    assert table["cluster"].to_dict() == {"a": 2, "b": 2, "c": 1}
    assert hotspots.clusters(points, km=1, at_least=3)["cluster"].isna().all()
    with pytest.raises(InputError, match=r"points\['people'\] is negative at 'c'"):
        hotspots.clusters(points.assign(people=[1, 2, -1]), km=1, at_least=3, weight="people")


def test_clusters_of_nothing():
    empty = hotspots.clusters(pd.DataFrame({"lon": [], "lat": []}, dtype=float), km=1, at_least=2)
    assert len(empty) == 0 and list(empty.columns) == ["cluster", "core"]
