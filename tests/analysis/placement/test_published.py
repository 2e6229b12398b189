"""Published optima: the OR-Library, TSPLIB and the San Francisco stores, found and proven."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import shortest_path

from jitasa_analytics.analysis import placement, travel

INSTANCES = [f"pmed{i}" for i in range(1, 21)]


def orlib(folder: Path, name: str) -> tuple[np.ndarray, int]:
    """Table of distances and number of sites; of repeated edges the last one counts."""
    numbers = np.array((folder / f"{name}.txt").read_text().split(), float)
    n, edges, p = (int(x) for x in numbers[:3])
    length = np.zeros((n, n))
    for a, b, cost in numbers[3 : 3 + 3 * edges].reshape(-1, 3):
        length[int(a) - 1, int(b) - 1] = length[int(b) - 1, int(a) - 1] = cost
    return shortest_path(csr_array(length), directed=False), p


@pytest.mark.real
@pytest.mark.parametrize("problem", ["p_median", "p_center"])
def test_or_library(real_data, problem):
    folder = real_data / "bench" / "orlib"
    with (folder / "optima.csv").open() as file:
        optima = {row["instance"]: row for row in csv.DictReader(file)}
    for name in INSTANCES:
        table, p = orlib(folder, name)
        demand = pd.DataFrame({"people": 1}, index=range(len(table)))
        solve = getattr(placement, problem)
        plan = solve(demand, range(len(table)), travel.from_matrix(table), n_sites=p, gap=0.0)
        best = float(optima[name]["pmedian_opt" if problem == "p_median" else "kcenter_opt"])
        assert (plan.objective, plan.bound, plan.status, len(plan.sites)) == (best, best, "optimal", p), name


@pytest.mark.real
@pytest.mark.parametrize(("name", "p", "best"), [
    ("rl1304", 5, 3_099_073), ("rl1304", 100, 491_639), ("rl1304", 300, 177_326), ("fl1400", 100, 15_962)])
def test_tsplib(real_data, name, p, best):
    lines = (real_data / "bench" / "tsplib" / f"{name}.tsp").read_text().split("NODE_COORD_SECTION")[1]
    points = np.array([line.split()[1:3] for line in lines.split("EOF")[0].strip().splitlines()], float)
    table = np.floor(np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1)))
    demand = pd.DataFrame({"people": 1}, index=range(len(points)))
    plan = placement.p_median(demand, range(len(points)), travel.from_matrix(table), n_sites=p, gap=0.0)
    assert (plan.objective, plan.bound, plan.status) == (best, best, "optimal")


@pytest.fixture
def san_francisco(real_data):
    folder = real_data / "bench" / "spopt_sf"
    people = pd.read_csv(folder / "SF_demand_205_centroid_uniform_weight.csv", dtype={"NAME": str})
    metres = pd.read_csv(
        folder / "SF_network_distance_candidateStore_16_censusTract_205_new.csv", dtype={"DestinationName": str}
    )
    table = metres.pivot(index="DestinationName", columns="name", values="distance")
    demand = people.set_index("NAME")[["POP2000"]].rename(columns={"POP2000": "people"}).loc[table.index]
    return demand, table.columns, travel.from_matrix(table / 1000.0, unit="km")


@pytest.mark.real
def test_san_francisco(san_francisco, real_data):
    expected = pd.read_csv(real_data / "bench" / "spopt_sf" / "expected.csv").set_index("problem")
    plans = {
        "p-median": placement.p_median(*san_francisco, n_sites=4, gap=0.0),
        "p-center": placement.p_center(*san_francisco, n_sites=4),
        "MCLP": placement.max_cover(*san_francisco, within=5, n_sites=4),
        "LSCP": placement.set_cover(*san_francisco, within=5),
    }
    for name, plan in plans.items():
        scale = 1000.0 if name in ("p-median", "p-center") else 1.0
        assert plan.objective * scale == pytest.approx(expected.loc[name, "value"], rel=1e-9), name
        assert plan.status == "optimal"
        chosen = expected.loc[name, "chosen_sites"]
        if isinstance(chosen, str):
            assert set(plan.sites.index) == set(chosen.split(";"))
