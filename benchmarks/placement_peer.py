"""One placement problem with spopt and HiGHS, run by the interpreter that ``JITASA_PEER_PYTHON`` names.

``python placement_peer.py PROBLEM FILE SECONDS``: FILE is an npz of ``costs`` (n, m), ``people`` (n,), ``p`` and
``within``. Prints what it took and found as JSON. spopt is no part of the project's own environment.
"""

import json
import sys
import time
import warnings

warnings.filterwarnings("ignore")

import numpy as np  # noqa: E402
import pulp  # noqa: E402
from spopt.locate import LSCP, MCLP, PCenter, PMedian  # noqa: E402


def main() -> None:
    """Build, solve, print."""
    problem, file, seconds = sys.argv[1], np.load(sys.argv[2]), float(sys.argv[3])
    costs, people, p, within = file["costs"], file["people"], int(file["p"]), float(file["within"])
    began = time.perf_counter()
    if problem == "p_median":
        model = PMedian.from_cost_matrix(costs, people, p_facilities=p)
    elif problem == "max_cover":
        model = MCLP.from_cost_matrix(costs, people, service_radius=within, p_facilities=p)
    elif problem == "set_cover":
        model = LSCP.from_cost_matrix(costs, service_radius=within)
    else:
        model = PCenter.from_cost_matrix(costs, p_facilities=p)
    build = time.perf_counter() - began
    solver = pulp.HiGHS(msg=False, timeLimit=seconds)
    model.problem.solve(solver)
    took = time.perf_counter() - began
    value = pulp.value(model.problem.objective)
    print(json.dumps({"build": build, "seconds": took, "objective": value,
                      "cpu": time.process_time(), "out_of_time": took - build >= 0.98 * seconds}))


if __name__ == "__main__":
    main()
