"""A linear program that grows row by row, solved again from where it was."""

from __future__ import annotations

from collections.abc import Callable

import highspy
import numpy as np
import numpy.typing as npt

from jitasa_analytics.analysis.placement.cover import Bools, Floats, Ints
from jitasa_analytics.analysis.placement.exact import Quiet

_TOLERANCE = 1e-9
_SLICE = 2000  # steps of the simplex method between two looks at the clock


class Growing:
    """Minimise ``cost · v`` where ``rows v ≥ least`` and ``lower ≤ v ≤ upper``; rows come and go.

    By the dual simplex method, which after new rows or other limits goes on from the last vertex.

    Attributes
    ----------
    values, duals : float arrays
        Of the columns and of the rows at the last vertex.

    References
    ----------
    Huangfu & Hall (2018), Mathematical Programming Computation 10(1).
    """

    def __init__(self, cost: Floats, lower: Floats, upper: Floats) -> None:
        self.solver = Quiet()  # type: ignore[no-untyped-call]
        self.solver.silent()
        options: dict[str, object] = {
            "threads": 1, "solver": "simplex", "simplex_strategy": 1, "presolve": "off",
            "simplex_iteration_limit": _SLICE, "primal_feasibility_tolerance": _TOLERANCE,
            "dual_feasibility_tolerance": _TOLERANCE,
        }
        for name, setting in options.items():
            self.solver.setOptionValue(name, setting)  # type: ignore[arg-type]
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(cost), 0
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = cost, lower, upper
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.num_col_, lp.a_matrix_.num_row_ = len(cost), 0
        lp.a_matrix_.start_ = np.zeros(1, np.int32)
        self.solver.passModel(lp)
        self.count = 0
        self.values: Floats = np.zeros(len(cost))
        self.duals: Floats = np.zeros(0)

    def add(self, least: Floats, most: Floats, start: Ints, index: npt.NDArray[np.int32], value: Floats) -> None:
        """More rows, sparse."""
        if len(least):
            self.solver.addRows(len(least), least, most, len(index), start[:-1].astype(np.int32), index, value)
            self.count += len(least)

    def limit(self, columns: Ints, lower: Floats, upper: Floats) -> None:
        """Other limits of some columns."""
        if len(columns):
            self.solver.changeColsBounds(len(columns), columns.astype(np.int32), lower, upper)

    def drop(self, gone: Bools) -> None:
        """Take rows out; the vertex is kept where none of them bears it."""
        basis = self.solver.getBasis()
        self.solver.deleteRows(int(gone.sum()), np.flatnonzero(gone).astype(np.int32))
        basis.row_status = [status for status, out in zip(basis.row_status, gone.tolist(), strict=True) if not out]
        self.solver.setBasis(basis)
        self.count -= int(gone.sum())

    def solve(self, left: Callable[[], float]) -> bool | None:
        """Go to the best vertex; False where there is none, None where the time was too short."""
        while left() > 0:
            self.solver.run()
            status = self.solver.getModelStatus()
            if status == highspy.HighsModelStatus.kOptimal:
                solution = self.solver.getSolution()
                self.values, self.duals = np.array(solution.col_value), np.array(solution.row_dual)
                return True
            if status == highspy.HighsModelStatus.kInfeasible:
                return False
            if status != highspy.HighsModelStatus.kIterationLimit:
                return None
        return None
