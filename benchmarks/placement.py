"""Placement at every size: what was asked for, and what is reached, one process per case.

spopt with HiGHS runs beside the small cases where ``JITASA_PEER_PYTHON`` names an interpreter that has them;
``JITASA_PEER_SECONDS`` (60) is how long it may solve.

Run all cases with ``python benchmarks/placement.py``, or name some, or a problem (``p_median``); ``--list``
names them. Times are
seconds: ``build`` makes the costs from coordinates, ``cold`` is the first solve of a process (it loads
the compiled code), ``warm`` the second where the first took less than twenty seconds; ``cpu`` is what both
processors did in the last one.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from country import country, plane, towns
from scipy.sparse import csr_array
from scipy.sparse.csgraph import shortest_path

from jitasa_analytics.analysis import placement
from jitasa_analytics.analysis.travel import any_distance, from_matrix

DATA = Path(os.environ.get("JITASA_TEST_DATA", Path(__file__).resolve().parent.parent.parent / "shared" / "data"))


@dataclass(frozen=True)
class Case:
    """One row of the table: a plane of places and candidates, or a file; ``km`` 0 stands for ways of any length."""

    problem: str
    goal: str
    n: int = 0
    m: int = 0
    km: float = 0.0
    options: dict[str, Any] = field(default_factory=dict)
    file: str = ""
    extra: str = ""


def _cover(goal: str, n: int, m: int, km: float, p: int, **options: Any) -> Case:
    return Case("max_cover", goal, n, m, km, {"within": km, "n_sites": p, "gap": 0.001, "time_limit": 30, **options})


def _set(goal: str, n: int, m: int, km: float, seconds: float, extra: str = "") -> Case:
    return Case("set_cover", goal, n, m, km, {"within": km, "time_limit": seconds}, extra=extra)


CASES = {
    "max-3000": _cover("<= 0.1 %", 3000, 1000, 25, 40, gap=0.0),
    "max-75k-100": _cover("<= 0.1 % in 2 s", 75_000, 20_000, 10, 100),
    "max-75k-500": _cover("<= 0.1 % in 2 s", 75_000, 20_000, 10, 500),
    "max-300k-500": _cover("<= 0.2 % in 30 s", 300_000, 75_000, 10, 500, gap=0.002),
    "median-3000": Case("p_median", "optimal", 3000, 1000, 2000, {"n_sites": 40, "gap": 0.0, "time_limit": 60}),
    "median-75k-500": Case("p_median", "<= 0.5 % in 10 s", 75_000, 20_000, 0, {"n_sites": 500, "gap": 0.005}),
    "median-75k-100": Case("p_median", "<= 0.5 % in 10 s", 75_000, 20_000, 0, {"n_sites": 100, "gap": 0.005}),
    "median-75k-500-fine": Case("p_median", "<= 0.1 % in 60 s", 75_000, 20_000, 0, {"n_sites": 500, "gap": 0.001}),
    "median-75k-100-fine": Case("p_median", "<= 0.1 % in 60 s", 75_000, 20_000, 0, {"n_sites": 100, "gap": 0.001}),
    "set-3000-30": _set("optimal in 1 s", 3000, 1000, 30, 30),
    "set-3000-53": _set("optimal in 15 s", 3000, 1000, 53, 60),
    "set-3000-53-towns": _set("optimal in 15 s", 3000, 1000, 53, 60, extra="towns"),
    "set-75k-10": _set("<= 1.5 % in 30 s", 75_000, 20_000, 10, 30),
    "set-75k-20": _set("<= 8 % in 60 s", 75_000, 20_000, 20, 60),
    "center-1000": Case("p_center", "optimal in 10 s", 1000, 300, 2000, {"n_sites": 20}),
    "center-3000": Case("p_center", "<= 0.1 % in 60 s", 3000, 1000, 300, {"n_sites": 40}),
    "center-75k": Case("p_center", "<= 10 % in 60 s", 75_000, 20_000, 0, {"n_sites": 100}),
    "room-median-1000": Case("p_median", "<= 0.5 % in 60 s", 1000, 300, 250, {"n_sites": 20, "gap": 0.005},
                             extra="capacity"),
    "room-cover-1000": Case("max_cover", "<= 0.5 % in 60 s", 1000, 300, 40,
                            {"within": 40, "n_sites": 20, "gap": 0.005}, extra="capacity"),
    "small": Case("p_median", "optimal in 0.3 s", 200, 100, 2000, {"n_sites": 10, "gap": 0.0}),
    "small-set": _set("optimal in 0.3 s", 200, 100, 117, 60),
    "small-cover": _cover("optimal in 0.3 s", 200, 100, 60, 10, gap=0.0),
    "small-center": Case("p_center", "optimal in 0.3 s", 200, 100, 2000, {"n_sites": 10}),
    "small-room": Case("p_median", "optimal in 0.3 s", 200, 100, 2000, {"n_sites": 10, "gap": 0.0}, extra="capacity"),
    "small-room-cover": Case("max_cover", "optimal in 0.3 s", 200, 100, 60,
                             {"within": 60, "n_sites": 10, "gap": 0.0}, extra="capacity"),
    "cover-1000": _cover("optimal", 1000, 300, 40, 20, gap=0.0),
    "orlib-median": Case("p_median", "20 of 20 proven", file="orlib"),
    "orlib-center": Case("p_center", "20 of 20 proven, <= 1 s each", file="orlib"),
    **{f"rl1304-{p}": Case("p_median", "<= 0.1 %, best known", options={"n_sites": p, "gap": 0.0}, file="rl1304")
       for p in (5, 10, 20, 50, 100, 200, 300, 400, 500)},
    "fl1400": Case("p_median", "<= 0.1 %", options={"n_sites": 100, "gap": 0.0}, file="fl1400"),
}
PEERS = {"small", "small-set", "small-cover", "small-center", "cover-1000"}


def solved(case: Case, *, beside: bool = False) -> dict[str, Any]:
    """Solve one case once or twice."""
    began = time.perf_counter()
    options = dict(case.options)
    if case.file:
        points = (DATA / "bench" / "tsplib" / f"{case.file}.tsp").read_text().split("NODE_COORD_SECTION")[1]
        xy = np.array([line.split()[1:3] for line in points.split("EOF")[0].strip().splitlines()], float)
        travel = from_matrix(np.floor(np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))))
        demand, n, m = pd.DataFrame({"people": 1}, index=range(len(xy))), len(xy), len(xy)
    else:
        n, m = case.n, case.m
        places, sites, people = (towns if case.extra == "towns" else country)(n, m)
        plane(places[:9], sites[:9], 50)
        began = time.perf_counter()  # to draw a country, or to compile for it, is no part of the problem
        if case.km:
            travel: Any = plane(places, sites, case.km)
        else:
            travel = any_distance(*(pd.DataFrame(points, columns=["x_km", "y_km"]) for points in (places, sites)))
        demand = pd.DataFrame({"people": people})
        if case.extra == "capacity":
            options["capacity"] = float(1.3 * people.sum() / options["n_sites"])
    build = time.perf_counter() - began
    times, plan, processor = [], None, 0.0
    while plan is None or (len(times) == 1 and times[0] < 20):
        began, processor = time.perf_counter(), time.process_time()
        plan = getattr(placement, case.problem)(demand, range(m), travel, **options)
        processor = time.process_time() - processor
        times.append(time.perf_counter() - began)
    peer = {}
    if beside:
        asked = _asked(case.problem, travel.dense(), demand["people"], options.get("n_sites"), options.get("within"))
        peer = {"peer": asked, "ours": build + times[-1]}
    return peer | {
        "pairs": travel.n_pairs if case.km or case.file else n * m,
        "build": build, "cold": times[0], "warm": times[-1] if len(times) > 1 else None,
        "processor": processor, "objective": plan.objective, "bound": plan.bound, "gap": plan.gap,
        "status": plan.status,
    }


def _asked(problem: str, costs: np.ndarray, people: Any, p: int | None, within: float | None) -> dict[str, Any] | None:
    """What spopt and HiGHS take and find; None where there is no interpreter that has them."""
    if "JITASA_PEER_PYTHON" not in os.environ:
        return None
    seconds = os.environ.get("JITASA_PEER_SECONDS", "60")
    with tempfile.TemporaryDirectory() as folder:
        np.savez(Path(folder) / "case.npz", costs=costs, people=np.asarray(people, float), p=p or 0,
                 within=within or 0.0)
        command = [os.environ["JITASA_PEER_PYTHON"], str(Path(__file__).with_name("placement_peer.py")), problem,
                   str(Path(folder) / "case.npz"), seconds]
        done = subprocess.run(command, capture_output=True, text=True,
                              env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"})
    if done.returncode:
        return {"failed": (done.stderr.strip().splitlines() or ["?"])[-1]}
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def _beside(r: dict[str, Any]) -> str:
    """The peer's figures beside ours, in words."""
    peer = r.get("peer")
    if peer is None:
        return ""
    if "failed" in peer:
        return f"; spopt + HiGHS failed: {peer['failed']}"
    least = ">= " if peer["out_of_time"] else ""
    return (f"; spopt + HiGHS {peer['seconds']:.2f} s ({least}{peer['seconds'] / r['ours']:.0f}x of our "
            f"{r['ours']:.2f} s), objective {peer['objective']:,.2f}{' (out of time)' if least else ''}")


def library(problem: str) -> dict[str, Any]:
    """The twenty OR-Library files, each to proven optimality."""
    folder = DATA / "bench" / "orlib"
    right, longest, total = 0, 0.0, 0.0
    peer: dict[str, Any] = {"seconds": 0.0, "objective": 0, "out_of_time": False}
    for row in csv.DictReader((folder / "optima.csv").read_text().splitlines()):
        numbers = np.array((folder / f"{row['instance']}.txt").read_text().split(), float)
        n, edges, p = (int(x) for x in numbers[:3])
        length = np.zeros((n, n))
        for a, b, cost in numbers[3 : 3 + 3 * edges].reshape(-1, 3):
            length[int(a) - 1, int(b) - 1] = length[int(b) - 1, int(a) - 1] = cost
        table = shortest_path(csr_array(length), directed=False)
        travel = from_matrix(table)
        began = time.perf_counter()
        plan = getattr(placement, problem)(pd.DataFrame({"people": 1}, index=range(n)), range(n), travel,
                                           n_sites=p, gap=0.0)
        took = time.perf_counter() - began
        best = float(row["pmedian_opt" if problem == "p_median" else "kcenter_opt"])
        right += plan.status == "optimal" and plan.objective == best
        longest, total = max(longest, took), total + took
        asked = _asked(problem, table, np.ones(n), p, None) if problem == "p_median" else None
        if asked is None or "failed" in asked:
            peer = asked if asked is not None else {}
            continue
        peer["seconds"] += asked["seconds"]
        peer["objective"] += int(not asked["out_of_time"] and round(asked["objective"]) == best)
        peer["out_of_time"] |= asked["out_of_time"]
        print(row["instance"], f"ours {took:.3f} s, peer {asked['seconds']:.1f} s", file=sys.stderr, flush=True)
    return {"peer": peer or None, "ours": total, "cold": total, "objective": right,
            "status": f"{right} of 20 proven, longest {longest:.2f} s"}


def main() -> None:
    """Run the cases and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", default=list(CASES))
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.list:
        print("\n".join(CASES))
    elif options.one:
        case = CASES[options.one]
        found = library(case.problem) if case.file == "orlib" else solved(case, beside=options.one in PEERS)
        print(json.dumps(found | {"gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6}))
    else:
        if "JITASA_PEER_PYTHON" not in os.environ:
            print("JITASA_PEER_PYTHON names no interpreter with spopt: peers are left out")
        if not DATA.is_dir():
            print("no published instances found (JITASA_TEST_DATA): their cases are left out")
        print(f"{'case':<20}{'goal':<30}{'pairs':>14}{'build':>7}{'cold':>7}{'warm':>7}{'cpu':>7}{'objective':>17}"
              f"{'bound':>17}{'gap %':>8}{'GB':>6}  status")
        wanted = [name for given in options.cases for name in (
            [given] if given in CASES else [n for n, case in CASES.items() if case.problem == given])]
        for name in wanted:
            if CASES[name].file and not DATA.is_dir():
                continue
            done = subprocess.run([sys.executable, __file__, "--one", name], stdout=subprocess.PIPE, text=True,
                                  stderr=subprocess.PIPE if CASES[name].file != "orlib" else None)
            if done.returncode:
                print(f"{name:<20}failed: {((done.stderr or '').strip().splitlines() or ['?'])[-1]}")
                continue
            r = json.loads(done.stdout.strip().splitlines()[-1])

            def shown(key: str, form: str, r: dict[str, Any] = r) -> str:
                return format(r[key], form) if r.get(key) is not None else "-"

            gap = f"{100 * r['gap']:.3f}" if "gap" in r else "-"
            print(f"{name:<20}{CASES[name].goal:<30}{shown('pairs', ','):>14}{shown('build', '.2f'):>7}"
                  f"{shown('cold', '.2f'):>7}{shown('warm', '.2f'):>7}"
                  f"{shown('processor', '.2f'):>7}{shown('objective', ',.2f'):>17}"
                  f"{shown('bound', ',.2f'):>17}{gap:>8}{r['gb']:>6.2f}  {r['status']}{_beside(r)}", flush=True)


if __name__ == "__main__":
    main()
