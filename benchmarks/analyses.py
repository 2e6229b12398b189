"""How fast the analyses are, beside PySAL in the same run where it is installed.

    python benchmarks/analyses.py            a minute or two
    python benchmarks/analyses.py --large    the whole country; RAAM of PySAL takes 20 s and 1.3 GB
    python benchmarks/analyses.py access     some of: gaps study first access raam hotspots equity matching network
    python benchmarks/analyses.py study --store DIR   coverage_gaps on a store, for instance that of the real country

Seconds are the median of three runs in one process, of up to fifteen where they are short, once where a run takes
more than 5 s;
compiled code is warm, and what loading it costs the first time stands in a line of its own.
The ratio is the peer's time over ours. Other work on the machine spoils the seconds, less the ratios.
"""

from __future__ import annotations

import argparse
import importlib.util
import logging
import resource
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from jitasa_analytics.analysis import access, coverage, decay, equity, hotspots, matching, travel

KM = 15.0
ZONES = {5.0: 1.0, 10.0: 0.68, 15.0: 0.22}


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    seconds, result = [], None
    while len(seconds) < 3 or (len(seconds) < 15 and sum(seconds) < 3):
        begin = time.perf_counter()
        result = call()
        seconds.append(time.perf_counter() - begin)
        if seconds[-1] > 5:
            break
    return statistics.median(seconds), result


def row(what: str, ours: float, peer: float | None, note: str) -> None:
    ratio = "" if peer is None else f"{peer / ours:.1f}x"
    theirs = "" if peer is None else f"{peer:.4f}"
    print(f"| {what} | {ours:.4f} | {theirs} | {ratio} | {note} |")


def table(title: str, peer: str) -> bool:
    """The head of a table; says so where the peer is missing."""
    here = importlib.util.find_spec(peer.split()[0]) is not None if peer else True
    print(f"\n## {title}")
    if not here:
        print(f"{peer} is not installed: our times only")
    print(f"| case | ours, s | {peer or 'peer'}, s | ratio | agreement |\n|---|---|---|---|---|")
    return here and bool(peer)


def country(n: int, m: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, pd.DataFrame, pd.DataFrame]:
    """Clustered places and sites on a plane of 600 x 1,500 km, in km."""
    rng = np.random.default_rng(seed)
    centres = rng.uniform((0, 0), (600, 1500), (max(n // 100, 10), 2))
    places = centres[rng.integers(0, len(centres), n)] + rng.normal(0, 12, (n, 2))
    sites = centres[rng.integers(0, len(centres), m)] + rng.normal(0, 12, (m, 2))
    people = pd.DataFrame({"people": rng.integers(100, 2000, n)})
    return places, sites, people, pd.DataFrame({"capacity": rng.integers(1, 20, m)})


def pairs(a: np.ndarray, b: np.ndarray, km: float) -> travel.Travel:
    near = cKDTree(a).sparse_distance_matrix(cKDTree(b), km, output_type="ndarray")
    order = np.lexsort((near["j"], near["i"]))
    i, j, cost = (near[name][order] for name in ("i", "j", "v"))
    indptr = np.append(0, np.cumsum(np.bincount(i, minlength=len(a))))
    return travel.Travel(indptr, j, cost, pd.RangeIndex(len(a)), pd.RangeIndex(len(b)), "km", "plane", km)


def pysal_access(demand: pd.DataFrame, supply: pd.DataFrame, t: travel.Travel) -> Any:
    from access import Access

    cost = pd.DataFrame({"origin": t.rows, "dest": t.indices, "cost": t.costs})
    return Access(
        demand_df=demand.reset_index(names="id"), demand_index="id", demand_value="people",
        supply_df=supply.reset_index(names="id"), supply_index="id", supply_value="capacity",
        cost_df=cost, cost_origin="origin", cost_dest="dest", cost_name="cost",
    )


def bench_access(large: bool) -> None:
    n, m = (75_000, 20_000) if large else (10_000, 2_000)
    a, b, demand, supply = country(n, m)
    t = pairs(a, b, KM)
    here = table(f"Floating catchment areas, {n} x {m}, {t.n_pairs} pairs within {KM:g} km", "access (PySAL)")
    zones = decay.zones(list(ZONES), list(ZONES.values()), unit="km")
    cases: list[tuple[str, Callable[[], pd.Series], Callable[[Any], pd.DataFrame]]] = [
        ("2SFCA", lambda: access.two_step(demand, supply, t, decay=decay.step(KM, unit="km")),
         lambda p: p.two_stage_fca(name="a", max_cost=KM)),
        ("E2SFCA", lambda: access.two_step(demand, supply, t, decay=zones),
         lambda p: p.enhanced_two_stage_fca(name="b", weight_fn=steps())),
        ("3SFCA", lambda: access.three_step(demand, supply, t, decay=zones),
         lambda p: p.three_stage_fca(name="c", weight_fn=steps())),
    ]
    peer = pysal_access(demand, supply, t) if here else None
    for name, own, other in cases:
        seconds, mine = timed(own)
        people = demand["people"].to_numpy()
        note = f"people x access = {float(mine @ people):.0f} of capacity {int(supply['capacity'].sum())}"
        theirs = None
        if peer is not None:
            theirs, found = timed(lambda other=other: other(peer))
            away = np.abs(found.iloc[:, 0].reindex(demand.index).fillna(0).to_numpy() - mine.to_numpy()).max()
            note += f"; greatest difference {away:.1e}"
        row(name, seconds, theirs, note)


def steps() -> Any:
    from access.weights import step_fn

    return step_fn(ZONES)


def bench_raam(large: bool) -> None:
    n, m = (10_000, 2_000) if large else (2_000, 400)
    a, b, demand, supply = country(n, m)
    t = pairs(a, b, KM)
    here = table(f"RAAM, tau 10 km, {n} x {m}, {t.n_pairs} pairs", "access (PySAL)")
    begin = time.perf_counter()
    access.equilibrium(demand.head(1), supply, t.restrict(origins=[0]), tau=10)
    print(f"first call in a process, mostly loading the compiled loops: {time.perf_counter() - begin:.2f} s")
    seconds, found = timed(lambda: access.equilibrium(demand, supply, t, tau=10))
    cost = found.cost[np.isfinite(found.cost)]
    theirs, note = None, f"gap {found.gap:.1e} after {found.rounds} rounds; mean {cost.mean():.4f}"
    if here:
        from access.raam import raam

        table_ = pd.DataFrame({"origin": t.rows, "dest": t.indices, "cost": t.costs})
        theirs, peer = timed(lambda: raam(demand, supply, table_, demand_name="people", supply_name="capacity", tau=10))
        note += f"; PySAL, after 150 bounded steps, {peer.mean():.4f}"
    row("RAAM", seconds, theirs, note)
    for rounds in (3, 10, 30):
        early = access.equilibrium(demand, supply, t, tau=10, tolerance=1e-12, max_rounds=rounds)
        mean = np.average(early.cost[cost.index], weights=demand["people"][cost.index])
        print(f"stopped after {rounds} rounds: gap {early.gap:.1e}, mean cost of a person {mean:.4f}")
    if large:
        a, b, demand, supply = country(75_000, 20_000)
        t = pairs(a, b, KM)
        for tolerance in (1e-3, 1e-4):
            options = {"tau": 10.0, "tolerance": tolerance}
            seconds, found = timed(lambda options=options: access.equilibrium(demand, supply, t, **options))
            row(f"75000 x 20000, {t.n_pairs} pairs, gap {tolerance:g}", seconds, None,
                f"{found.rounds} rounds; PySAL wants a dense table of 11 GiB")


def esda_call(name: str, values: np.ndarray, weights: Any) -> Callable[[], Any]:
    from esda.getisord import G_Local
    from esda.moran import Moran_Local

    options: dict[str, Any] = {"permutations": 999, "n_jobs": 1, "seed": 1, "keep_simulations": False}
    if name == "Gi*":
        return lambda: G_Local(values, weights, transform="B", star=True, **options)
    return lambda: Moran_Local(values, weights, **options)


def bench_hotspots(large: bool) -> None:
    width, height = (99, 75) if large else (50, 40)
    n = width * height
    here = table(f"Hot spots on {n} areas, queen contiguity, 999 permutations", "esda")
    x, y = np.divmod(np.arange(n), height)
    ends = []
    for dx, dy in ((1, 0), (0, 1), (1, 1), (1, -1)):
        inside = (x + dx < width) & (y + dy < height) & (y + dy >= 0)
        area = np.flatnonzero(inside)
        ends.append(pd.DataFrame({"area": area, "neighbour": area + dx * height + dy}))
    near = hotspots.from_pairs(pd.concat(ends), index=range(n))
    values = pd.Series(np.random.default_rng(1).gamma(2, 3, n))
    begin = time.perf_counter()
    hotspots.gi_star(values, near, permutations=1)
    print(f"first call in a process, mostly loading the compiled loop: {time.perf_counter() - begin:.2f} s")
    weights: Any = None
    if here:
        import libpysal

        weights = libpysal.weights.W({i: near.indices[near.indptr[i]:near.indptr[i + 1]].tolist() for i in range(n)})
    for name, own, column, statistic in (
        ("Gi*", hotspots.gi_star, "z", "Zs"), ("local Moran", hotspots.local_moran, "i", "Is"),
    ):
        seconds, mine = timed(lambda own=own: own(values, near))
        theirs, note = None, ""
        if here:
            call = esda_call(name, values.to_numpy(), weights)
            call()  # compiles
            theirs, peer = timed(call)
            away = np.abs(getattr(peer, statistic) - mine[column].to_numpy()).max()
            both = np.corrcoef(np.minimum(2 * peer.p_sim, 1), mine["p"])[0, 1]
            note = f"greatest difference {away:.1e}; correlation of p {both:.4f}"
        row(name, seconds, theirs, note)


def bench_equity(large: bool) -> None:
    n = 75_000 if large else 7_425
    here = table(f"Inequality of {n} areas in 77 groups", "inequality")
    rng = np.random.default_rng(0)
    values, groups = pd.Series(rng.gamma(2, 5, n)), pd.Series(rng.integers(0, 77, n))
    x = values.to_numpy()
    peers: dict[str, Callable[[], float]] = {}
    if here:
        from inequality.gini import Gini
        from inequality.theil import Theil, TheilD

        peers = {
            "Gini": lambda: float(Gini(x.copy()).g), "Theil": lambda: float(np.ravel(Theil(x).T)[0]),
            "Theil between groups": lambda: float(np.ravel(TheilD(x, groups.to_numpy()).bg)[0]),
        }
    cases: dict[str, Callable[[], float]] = {
        "Gini": lambda: equity.gini(values), "Theil": lambda: equity.theil(values),
        "Theil between groups": lambda: equity.theil_by_group(values, groups).between,
    }
    for name, own in cases.items():
        seconds, mine = timed(own)
        theirs, found = timed(peers[name]) if name in peers else (None, None)
        row(name, seconds, theirs, f"{mine:.6f}" + ("" if found is None else f" against {found:.6f}"))


def bench_matching(large: bool) -> None:
    n = 10_000 if large else 2_000
    table(f"Matching {n} requests to {n} volunteers, three skills, four priorities", "")
    rng = np.random.default_rng(0)
    skills = [["nurse"], ["driver"], ["boat"], []]
    for km, capacity in ((15.0, 1), (30.0, 1), (15.0, 3)):
        a, b, _, _ = country(n, n)
        t = pairs(a, b, km)
        wanted = [skills[k] for k in rng.integers(0, 4, n)]
        requests = pd.DataFrame({"priority": rng.integers(1, 5, n), "needs_skills": wanted})
        owned = [["nurse"], ["driver", "boat"], ["driver"], []]
        helpers = pd.DataFrame({"capacity": capacity, "skills": [owned[k] for k in rng.integers(0, 4, n)]})
        seconds, found = timed(lambda r=requests, h=helpers, t=t: matching.match(r, h, t))
        row(f"within {km:g} km, {t.n_pairs} pairs, capacity {capacity}", seconds, None,
            f"{found.n_matched} helped, {found.total:.1f} km, bound {found.bound:.1f} ({found.status})")


def bench_network(large: bool) -> None:
    side, n, m = (300, 20_000, 1_300) if large else (100, 2_000, 100)
    table(f"Network of {side * side} nodes, {n} places to {m} hospitals, up to 60 minutes", "")
    x, y = np.divmod(np.arange(side * side), side)
    nodes = pd.DataFrame({"lon": 99 + 0.02 * x, "lat": 13 + 0.02 * y})
    east, north = np.flatnonzero(x < side - 1), np.flatnonzero(y < side - 1)
    rng = np.random.default_rng(0)
    edges = pd.DataFrame({
        "from_node": np.concatenate([east, north]), "to_node": np.concatenate([east + side, north + 1]),
        "minutes": rng.uniform(2, 6, len(east) + len(north)),
    })
    reach = 0.02 * (side - 1)

    def points(k: int) -> pd.DataFrame:
        return pd.DataFrame({"lon": 99 + rng.uniform(0, reach, k), "lat": 13 + rng.uniform(0, reach, k)})

    places, hospitals = points(n), points(m)
    seconds, found = timed(lambda: travel.on_network(places, hospitals, nodes, edges, max_cost=60))
    row("one to many with a cut-off", seconds, None, f"{found.travel.n_pairs} pairs; {found!r}".split("; O")[0])


def bench_gaps(large: bool) -> None:
    """Nearest of 1,300 hospitals for each of 65,000 villages, and who is in reach: what coverage_gaps computes."""
    n, m = (65_000, 1_300) if large else (10_000, 300)
    table(f"Coverage of {n} villages by {m} hospitals within 30 minutes by car", "")
    rng = np.random.default_rng(0)
    centres = np.column_stack([rng.uniform(98, 105, 300), rng.uniform(7, 20, 300)])

    def points(k: int) -> pd.DataFrame:
        where = centres[rng.integers(0, 300, k)] + rng.normal(0, 0.2, (k, 2))
        return pd.DataFrame({"lon": where[:, 0], "lat": where[:, 1], "people": rng.integers(100, 2000, k)})

    villages, hospitals = points(n), points(m).drop(columns="people")
    straight = 2 * 30 / 60 * 40 / 1.3  # twice the limit, as the study looks for the nearest beyond it

    def whole() -> pd.Series:
        near = travel.to_nearest(villages, hospitals, max_km=straight, detour=1.3, speed_kmh=40.0)
        coverage.curve(villages, near, np.arange(0.0, 61.0, 3.0))
        near.nearest()
        return coverage.served(villages, near, within=30.0)

    begin = time.perf_counter()
    whole()
    print(f"first call in a process: {time.perf_counter() - begin:.2f} s")
    seconds, served = timed(whole)
    people = float(villages["people"][served].sum())
    row("travel, nearest, served, curve", seconds, None, f"{people:.0f} people in reach")


def bench_study(large: bool, folder: str = "") -> None:
    """The whole study, from the files of a store to the answer with its outlines."""
    import jitasa_analytics as ja

    if not folder:
        print("\nname a store with --store DIR to measure the study coverage_gaps on it")
        return
    store = ja.open_store(Path(folder))
    table(f"Study coverage_gaps for Thailand, {'sample' if store.manifest().sample else 'real'} data", "")

    def whole() -> Any:
        with store.snapshot("TH") as snapshot:
            return ja.run("coverage_gaps", snapshot, service="hospital")

    begin, cpu = time.perf_counter(), time.process_time()
    whole()
    print(f"first time in a process: {time.perf_counter() - begin:.2f} s, of the processor "
          f"{time.process_time() - cpu:.2f} s")
    seconds, answer = timed(whole)
    cpu = time.process_time()
    whole()
    places, sites = len(answer.tables["places"]), int(answer.figures["facilities"].value)
    row(f"{places} villages x {sites} hospitals", seconds, None,
        f"of the processor {time.process_time() - cpu:.2f} s; "
        f"{answer.figures['people_out_of_reach'].value:.0f} people out of reach")


def bench_first(large: bool) -> None:
    """What the first call of each compiled analysis costs more than the second, each in a new process."""
    table("First call in a new process, compiled code cached", "")
    setup = ("import time, numpy as np, pandas as pd\nfrom benchmarks_country import country, pairs, KM\n"
             "from jitasa_analytics.analysis import access, decay, hotspots, matching, placement, travel\n"
             "a, b, demand, supply = country(2000, 400); t = pairs(a, b, KM)\n")
    calls = {
        "E2SFCA": "access.two_step(demand, supply, t, decay=decay.zones([5.0, 10.0, 15.0], [1, .68, .22], unit='km'))",
        "RAAM": "access.equilibrium(demand, supply, t, tau=10)",
        "matching": "matching.match(pd.DataFrame({'priority': np.ones(2000, int)}), "
                    "pd.DataFrame({'capacity': supply['capacity']}), t)",
        "max_cover": "placement.max_cover(demand, pd.DataFrame(index=supply.index), t, within=KM, n_sites=10)",
    }
    for name, call in calls.items():
        code = setup.replace("benchmarks_country", "analyses") + (
            f"run = lambda: {call}\n"
            "times = []\nfor _ in range(2):\n    begin, cpu = time.perf_counter(), time.process_time(); run()\n"
            "    times += [time.perf_counter() - begin, time.process_time() - cpu]\nprint(*times)\n")
        seconds = []
        for _ in range(2):  # the first process fills the cache where it is empty
            done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], cwd=Path(__file__).parent,
                                  capture_output=True, text=True, check=True)
            seconds = [float(v) for v in done.stdout.split()[-4:]]
        row(name, seconds[2], None, f"first call {seconds[0] - seconds[2]:.2f} s more; of the processor "
                                    f"{seconds[1] - seconds[3]:.2f} s more")


BENCHES = {
    "gaps": bench_gaps, "study": bench_study, "first": bench_first,
    "access": bench_access, "raam": bench_raam, "hotspots": bench_hotspots, "equity": bench_equity,
    "matching": bench_matching, "network": bench_network,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("which", nargs="*", help=f"of {', '.join(BENCHES)}; all where left out")
    parser.add_argument("--large", action="store_true", help="the whole country")
    parser.add_argument("--store", default="", help="a store with the whole country, for the study")
    options = parser.parse_args()
    unknown = set(options.which) - set(BENCHES)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; choose from {', '.join(BENCHES)}")
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    for name, bench in BENCHES.items():
        if not options.which or name in options.which:
            bench(options.large, options.store) if bench is bench_study else bench(options.large)
            print(f"greatest memory so far: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")


if __name__ == "__main__":
    main()
