"""Mixed-integer programs from arrays. This is the only module that knows the solver."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import highspy
import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from jitasa_analytics.errors import JitasaError

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Program:
    """Maximise ``offset + gain · v`` where ``row_lower ≤ matrix v ≤ row_upper``, ``0 ≤ v ≤ 1``.

    Attributes
    ----------
    gain : float array, shape (k,)
    whole : bool array, shape (k,)
        Which variables are 0 or 1 and nothing between.
    matrix : csr_array, shape (r, k)
    row_lower, row_upper : float arrays, shape (r,)
    offset : float
    lower, upper : float arrays, shape (k,), optional
        Other limits of the variables than 0 and 1.
    """

    gain: Floats
    whole: npt.NDArray[np.bool_]
    matrix: csr_array
    row_lower: Floats
    row_upper: Floats
    offset: float = 0.0
    lower: Floats | None = None
    upper: Floats | None = None


@dataclass(frozen=True, eq=False)
class Outcome:
    """What the solver says: the values it found (or None), its dual bound, and whether it finished.

    ``progress`` holds (seconds, incumbent, bound) as it went; ``infeasible`` says that it was
    proven that there is no solution.
    """

    values: Floats | None
    bound: float
    finished: bool
    progress: list[tuple[float, float, float]] = field(default_factory=list)
    infeasible: bool = False


# Searches of the solver that run at the root whatever effort is allowed.
_SEARCHES = ("mip_heuristic_run_rins", "mip_heuristic_run_rens", "mip_heuristic_run_root_reduced_cost")

Heed = Callable[[float, float], bool]
"""Called with incumbent and bound now and then; True stops the solver."""


def maximise(
    program: Program,
    *,
    gap: float,
    absolute_gap: float,
    tolerance: float,
    time_limit: float,
    seed: int,
    start: Floats | None = None,
    heed: Heed | None = None,
    nodes: int | None = None,
    proof_only: bool = False,
) -> Outcome:
    """Solve a program with HiGHS, on one thread so that a seed means one answer.

    Parameters
    ----------
    program : Program
        With at least one variable that must be whole.
    gap, absolute_gap : float
        Stop when incumbent and bound are that close.
    tolerance : float
        Largest violation of a row, of a reduced cost or of wholeness that the solver may accept.
    time_limit : float
        Seconds.
    seed : int
    start : float array, shape (k,), optional
        A feasible solution to begin with.
    heed : callable, optional
    nodes : int, optional
        Stop after so many nodes: the same ones on any machine, other than after a time.
    proof_only : bool
        Spend nothing on looking for solutions: there is a good one already.

    Raises
    ------
    JitasaError
        If the solver ends in any way but solved, infeasible, stopped or out of time.

    References
    ----------
    Huangfu & Hall (2018), Mathematical Programming Computation 10(1).
    """
    began = time.perf_counter()
    options: dict[str, object] = {
        "threads": 1, "parallel": "off", "random_seed": seed,
        "mip_rel_gap": gap, "mip_abs_gap": absolute_gap,
        "mip_feasibility_tolerance": tolerance, "primal_feasibility_tolerance": tolerance,
        "dual_feasibility_tolerance": tolerance,
    }
    if nodes is not None:
        options["mip_max_nodes"] = nodes
    if proof_only:
        options["mip_heuristic_effort"] = 0.0
        options |= dict.fromkeys(_SEARCHES, False)
    for begin in (start, None):
        left = max(time_limit - (time.perf_counter() - began), 1e-3)
        outcome, claimed = _run(program, {**options, "time_limit": left}, begin, began, heed)
        if begin is None or outcome.values is None:
            break
        # HiGHS 1.16 may claim an optimum that presolve found and return the start in its place.
        value = program.offset + float(program.gain @ outcome.values)
        if abs(value - claimed) <= 1e-6 * max(1.0, abs(claimed)):
            break
    return outcome


def _run(
    program: Program, options: dict[str, object], start: Floats | None, began: float, heed: Heed | None
) -> tuple[Outcome, float]:
    """One run: its outcome, and the objective that the solver claims for its values."""
    solver = Quiet()  # type: ignore[no-untyped-call]
    for name, setting in options.items():
        if solver.setOptionValue(name, setting) != highspy.HighsStatus.kOk:  # type: ignore[arg-type]
            raise JitasaError(f"the solver refuses {name}={setting!r}")
    progress: list[tuple[float, float, float]] = []

    def note(event: highspy.highs.HighsCallbackEvent) -> None:
        out = event.data_out
        progress.append((time.perf_counter() - began, out.mip_primal_bound, _proven(out.mip_dual_bound)))

    def ask(event: highspy.highs.HighsCallbackEvent) -> None:
        out = event.data_out
        if heed is not None and heed(out.mip_primal_bound, _proven(out.mip_dual_bound)):
            event.interrupt()

    solver.passModel(_linear(program))
    if start is not None:
        solution = highspy.HighsSolution()
        solution.col_value = start.tolist()
        solver.setSolution(solution)
    solver.cbMipImprovingSolution += note
    if heed is not None:
        solver.cbMipInterrupt += ask
    solver.run()
    status = solver.getModelStatus()
    if status in (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible):
        # Every variable has limits, so that nothing here is unbounded.
        return Outcome(None, -float("inf"), True, progress, infeasible=True), -float("inf")
    if status not in _ENDS:
        raise JitasaError(f"the solver gave up: {solver.modelStatusToString(status)}")
    info = solver.getInfo()
    found = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    values = np.array(solver.getSolution().col_value) if found else None
    finished = status == highspy.HighsModelStatus.kOptimal
    outcome = Outcome(values, _proven(info.mip_dual_bound), finished, progress)
    return outcome, float(info.objective_function_value)


_ENDS = (
    highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kTimeLimit, highspy.HighsModelStatus.kInterrupt,
    highspy.HighsModelStatus.kSolutionLimit,
)


def _proven(bound: float) -> float:
    """The solver's bound; ``inf`` while it has none, which it may write with either sign."""
    return float(bound) if np.isfinite(bound) else float("inf")


class Quiet(highspy.Highs):
    """A solver that says nothing: the banner would come with the callbacks, before any option is set."""

    def enableCallbacks(self) -> None:  # noqa: N802 - the solver's own name
        """Silence, then enable."""
        self.silent()
        super().enableCallbacks()  # type: ignore[no-untyped-call]


def _linear(program: Program) -> highspy.HighsLp:
    matrix = program.matrix
    rows, columns = matrix.shape
    lp = highspy.HighsLp()
    lp.num_row_, lp.num_col_ = rows, columns
    lp.sense_ = highspy.ObjSense.kMaximize
    lp.offset_ = program.offset
    lp.col_cost_ = program.gain
    lp.col_lower_ = np.zeros(columns) if program.lower is None else program.lower
    lp.col_upper_ = np.ones(columns) if program.upper is None else program.upper
    lp.row_lower_, lp.row_upper_ = program.row_lower, program.row_upper
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.num_row_, lp.a_matrix_.num_col_ = rows, columns
    lp.a_matrix_.start_ = matrix.indptr
    lp.a_matrix_.index_ = matrix.indices
    lp.a_matrix_.value_ = matrix.data
    kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
    lp.integrality_ = [kinds[int(whole)] for whole in program.whole]
    return lp


Basis = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]
"""States of columns and of rows, as the solver numbers them."""

_STEPS = 20_000  # of the first-order method; where it is no nearer by then, what it has is taken

BASIC = int(highspy.HighsBasisStatus.kBasic)


def relaxed_duals(
    program: Program, *, time_limit: float, tolerance: float | None = None
) -> tuple[Floats, Floats] | None:
    """Values and row duals of the program without wholeness; None where time was too short.

    By interior point with crossover: a vertex has sharper duals than a point inside. With a
    ``tolerance`` by a first-order method (Applegate et al. 2021) that stops when it is that close, which
    large programs are solved by in a fraction of the time; what such duals prove has to be recomputed.
    """
    options: dict[str, object] = {"solver": "ipm"}
    if tolerance is not None:
        options = {"solver": "hipdlp", "kkt_tolerance": tolerance, "pdlp_iteration_limit": _STEPS}
    solver = _relaxed(program, options, time_limit)
    return None if solver is None else _values(solver)


def vertex(
    program: Program, *, time_limit: float, basis: Basis | None = None
) -> tuple[Floats, Floats, Basis] | None:
    """As `relaxed_duals`, and the basis; with one to begin with, by the simplex method from there."""
    solver = _relaxed(program, {"solver": "ipm" if basis is None else "simplex"}, time_limit, basis)
    if solver is None:
        return None
    reached = solver.getBasis()
    states = tuple(np.array([int(state) for state in states], np.int64)
                   for states in (reached.col_status, reached.row_status))
    return *_values(solver), (states[0], states[1])


def _values(solver: highspy.Highs) -> tuple[Floats, Floats]:
    solution = solver.getSolution()
    return np.array(solution.col_value), np.array(solution.row_dual)


def _relaxed(
    program: Program, options: dict[str, object], time_limit: float, basis: Basis | None = None
) -> highspy.Highs | None:
    """The solver after it solved the program without wholeness; None where time was too short."""
    solver = Quiet()  # type: ignore[no-untyped-call]
    solver.silent()
    for name, setting in {"threads": 1, "time_limit": max(time_limit, 1e-3), **options}.items():
        solver.setOptionValue(name, setting)  # type: ignore[arg-type]
    lp = _linear(program)
    lp.integrality_ = []
    solver.passModel(lp)
    if basis is not None:
        begin = highspy.HighsBasis()
        begin.col_status, begin.row_status = (
            [highspy.HighsBasisStatus(state) for state in states.tolist()] for states in basis)
        begin.valid = True
        solver.setBasis(begin)
    solver.run()
    solution = solver.getSolution()
    return solver if solution.dual_valid and solution.value_valid else None
