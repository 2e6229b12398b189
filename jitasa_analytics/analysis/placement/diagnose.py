"""Why no plan exists, and the smallest change of each limit that lets one exist."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array, csr_array, hstack

from jitasa_analytics.analysis.inputs import some
from jitasa_analytics.analysis.placement import exact
from jitasa_analytics.analysis.placement.formulate import Formulation
from jitasa_analytics.analysis.placement.limits import Checked
from jitasa_analytics.analysis.placement.model import Model

_SECONDS = 5.0  # per limit that is loosened


def blocked(model: Model, limits: Checked, form: Formulation, *, seed: int) -> str:
    """One sentence: what can't be kept together, and what would do."""
    ways = [way for tag in form.tags if (way := _way(tag, model, limits, form, seed)) is not None]
    names = ", ".join(name.replace("_", " ") for name in form.tags) or "the fixed and forbidden sites"
    if not ways:
        return (
            f"no plan keeps to all of: {names}; no single one of them, loosened alone, makes it possible. "
            "Loosen two, widen the reach, or allow more candidates"
        )
    return f"no plan keeps to all of: {names}. Any one of these would do: {'; '.join(ways)}"


def _way(tag: str, model: Model, limits: Checked, form: Formulation, seed: int) -> str | None:
    """The smallest change of one limit in words; None where it doesn't help or time ran out."""
    amount = least_change(form, tag, limits, model, seed=seed)
    if amount is None:
        return None
    if tag == "n_sites" and model.n_sites is not None:
        return f"n_sites={model.n_sites + round(amount)}"
    if tag == "max_moves" and limits.max_moves is not None:
        return f"max_moves={limits.max_moves + round(amount)}"
    if tag == "budget" and limits.budget is not None:
        return f"budget={limits.budget + amount:.6g}"
    if tag == "capacity":
        return f"room for {amount:.6g} more persons at every site"
    if tag == "floors" and limits.names is not None and limits.floors is not None:
        floored = [name for name, floor in zip(limits.names, limits.floors, strict=True) if floor > 0]
        return f"floors lower by {amount:.6g} (of {some(floored)})"
    return None


def least_change(
    form: Formulation, tag: str, limits: Checked, model: Model, *, seed: int, seconds: float = _SECONDS
) -> float | None:
    """The least loosening of one limit that makes the program solvable, in the limit's own unit.

    None where no loosening does, or time ran out.
    """
    amount = _least(form, tag, whole=tag in ("n_sites", "max_moves"), seed=seed, seconds=min(seconds, _SECONDS))
    if amount is None:
        return None
    if tag == "budget" and limits.price is not None:
        return amount * max(float(limits.price.max(initial=0.0)), 1e-300)
    return amount * max(float(model.people.max()), 1e-300) if tag == "capacity" else amount


def _least(form: Formulation, tag: str, *, whole: bool, seed: int, seconds: float) -> float | None:
    """The least slack of the rows of one limit that makes the program solvable."""
    program, rows = form.program, form.tags[tag]
    height, width = program.matrix.shape
    sign = np.where(np.isfinite(program.row_upper[rows]), -1.0, 1.0)
    zero = np.zeros(len(rows), np.int64)
    column = csr_array(coo_array((sign, (rows, zero)), shape=(height, 1)))
    most = 1.0 if tag == "floors" else float(width if whole else 1e6)
    assert program.lower is not None and program.upper is not None
    loose = exact.Program(
        np.append(np.zeros(width), -1.0), np.append(program.whole, whole), csr_array(hstack([program.matrix, column])),
        program.row_lower, program.row_upper,
        lower=np.append(program.lower, 0.0), upper=np.append(program.upper, most),
    )
    outcome = exact.maximise(
        loose, gap=0.0, absolute_gap=1e-9, tolerance=1e-9, time_limit=seconds, seed=seed,
    )
    return float(outcome.values[-1]) if outcome.values is not None and outcome.finished else None
