"""How far an app is used, and the need that shows where few use it. Low use is not low need."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import gammaln

from jitasa_analytics.analysis.inputs import Floats, labels_of, number, numbers, paired_counts, same_labels, some
from jitasa_analytics.errors import InputError

_PENALTIES = (1e-6, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
# Newton's steps at most, and a slope of the objective that counts as none.
_STEPS, _FLAT = 200, 1e-9
_LOG_DISPERSION = (-12.0, 6.0)  # where the dispersion is looked for: from next to Poisson to anything


@dataclass(frozen=True, eq=False)
class Need:
    """What areas would ask for if all used the app as the reference areas do.

    Attributes
    ----------
    table : DataFrame, shape (n,), on the index of the requests
        ``observed`` (requests), ``expected`` (requests at the reference use), ``low``, ``high``
        (interval), ``seen`` (observed / expected), ``no_data`` (people or a feature missing:
        NaN). An area without a count of its own has an expectation all the same.
    skill : float
        Poisson deviance explained on areas the model hadn't seen, against one rate for all: 1
        is perfect, 0 or less says that the features tell nothing and the correction is idle.
    penalty : float
        Ridge penalty chosen by cross-validation.
    dispersion : float
        Variance between areas beyond chance, relative to the square of the mean, as a negative binomial
        has it that fits the held-out areas best; 0 is Poisson.
    reference : Series, on the ``use`` features
        The level at which need is read.
    n_areas : int
        Areas that the model learned from.
    """

    table: pd.DataFrame
    skill: float
    penalty: float
    dispersion: float
    reference: pd.Series
    n_areas: int


def per_1000(requests: pd.Series, people: pd.Series) -> pd.DataFrame:
    """Requests per 1,000 people.

    Parameters
    ----------
    requests, people : Series, shape (n,)
        On the same labels.

    Returns
    -------
    DataFrame, shape (n,), on ``requests.index``
        ``per_1000`` and ``no_data``: NaN where a number is missing or nobody lives there.

    Raises
    ------
    InputError
        If a number is negative or infinite, or labels differ.

    Examples
    --------
    >>> per_1000(pd.Series([5, 0, 2]), pd.Series([1000, 500, float("nan")]))["per_1000"].tolist()
    [5.0, 0.0, nan]
    """
    k, n = paired_counts(requests, people, "requests", "people")
    known = ~(np.isnan(k) | np.isnan(n)) & (n > 0)
    rate = np.divide(1000.0 * k, n, out=np.full(len(k), np.nan), where=known)
    return pd.DataFrame({"per_1000": rate, "no_data": ~known}, index=requests.index)


def expected_need(
    requests: pd.Series,
    people: pd.Series,
    *,
    need: pd.DataFrame,
    use: pd.DataFrame,
    reference: float = 0.9,
    confidence: float = 0.9,
    folds: int = 5,
    draws: int = 200,
    seed: int = 0,
) -> Need:
    """Need corrected for low use, by a cross-validated count model.

    Requests are Poisson with mean ``people · exp(a + b · need + c · use)``, with a ridge penalty
    chosen on held-out areas. Need is read with every area's ``use`` set to the reference: what
    it would ask for if it used the app as well as those. It is need up to that level of use,
    not beyond, and right as far as ``need`` and ``use`` hold what drives each: a driver of both
    belongs in both, and then can't be told apart.

    Parameters
    ----------
    requests : Series, shape (n,)
        Counts; missing where nothing is known.
    people : Series, shape (n,)
    need : DataFrame, shape (n, a)
        What need follows, for instance the share of old people or cases per 1,000.
    use : DataFrame, shape (n, b)
        What use follows, for instance trained volunteers per 1,000 or phone coverage.
    reference : float, in [0, 1]
        Quantile of each ``use`` feature at which need is read, on the side where requests are
        more.
    confidence : float, between 0 and 1
        Of the interval: bootstrap over areas, and the spread between areas that the features
        don't explain.
    folds, draws : int
        Folds of the cross-validation; bootstrap samples.
    seed : int

    Returns
    -------
    Need

    Raises
    ------
    InputError
        If labels differ, a number is negative or infinite, an option is out of bounds, fewer
        areas than ten and twice the features have data, or nobody asked.

    References
    ----------
    Cameron & Trivedi (2013), Regression Analysis of Count Data; Lawless (1987), Canadian Journal of
    Statistics 15(3), for the dispersion; Efron & Tibshirani (1993), An Introduction to the Bootstrap.
    """
    k, n = paired_counts(requests, people, "requests", "people")
    level, quantile = number(confidence, "confidence"), number(reference, "reference")
    if not 0 < level < 1 or quantile > 1:
        raise InputError(f"confidence is {level:g} and reference {quantile:g}; they must lie between 0 and 1")
    parts = [_features(table, name, requests.index) for table, name in ((need, "need"), (use, "use"))]
    x, first_use = np.concatenate(parts, axis=1), parts[0].shape[1]
    told = ~np.isnan(x).any(axis=1) & (n > 0)
    learn = told & ~np.isnan(k)
    enough = max(10, 2 * x.shape[1], int(number(folds, "folds", minimum=2)))
    if learn.sum() < enough or k[learn].sum() == 0:
        raise InputError(
            f"{int(learn.sum())} areas have requests, people and all features, with {np.nansum(k[learn]):g} requests; "
            f"at least {enough} areas and some requests are needed"
        )
    centre, scale = x[learn].mean(axis=0), x[learn].std(axis=0)
    x = (x - centre) / np.where(scale > 0, scale, 1.0)
    penalty, skill, dispersion = _validate(x[learn], k[learn], n[learn], int(folds), seed)
    weights = _fit(x[learn], k[learn], n[learn], penalty)
    slopes = weights[1 + first_use:]
    levels = np.array([
        np.quantile(column, quantile if slope >= 0 else 1 - quantile)
        for column, slope in zip(x[learn, first_use:].T, slopes, strict=True)
    ])
    at_reference = x.copy()
    at_reference[:, first_use:] = levels
    rng = np.random.default_rng(seed)
    rounds = int(number(draws, "draws", minimum=2))
    sampled = np.empty((rounds, int(told.sum())))
    rows = np.flatnonzero(learn)
    for draw in range(rounds):
        again = rng.choice(rows, len(rows))
        sampled[draw] = n[told] * np.exp(_linear(at_reference[told], _fit(x[again], k[again], n[again], penalty)))
        if dispersion > 0:
            sampled[draw] *= rng.gamma(1 / dispersion, dispersion, sampled.shape[1])
    low, high = np.quantile(sampled, [0.5 - level / 2, 0.5 + level / 2], axis=0)
    table = pd.DataFrame({"observed": k}, index=requests.index)
    for name, found in (
        ("expected", n[told] * np.exp(_linear(at_reference[told], weights))), ("low", low), ("high", high),
    ):
        full = np.full(len(k), np.nan)
        full[told] = found
        table[name] = full
    table["seen"] = table["observed"] / table["expected"].where(table["expected"] > 0)
    table["no_data"] = ~told
    named = pd.Series(levels * scale[first_use:] + centre[first_use:], index=use.columns, name="reference")
    return Need(table, skill, penalty, dispersion, named, int(learn.sum()))


def _features(table: pd.DataFrame, name: str, index: pd.Index) -> Floats:
    """Features in the order of the requests, missing as NaN, shape (n, p)."""
    if not isinstance(table, pd.DataFrame) or table.shape[1] == 0:
        raise InputError(f"{name} must be a DataFrame with at least one column")
    if not same_labels(index, labels_of(table, name), "requests", name):
        table = table.reindex(index)
    columns = [numbers(table[column], f"{name}[{column!r}]") for column in table.columns]
    for column, values in zip(table.columns, columns, strict=True):
        if np.isinf(values).any():
            raise InputError(f"{name}[{column!r}] is infinite at {some(index[np.isinf(values)])}")
    return np.stack(columns, axis=1)


def _fit(x: Floats, count: Floats, people: Floats, penalty: float) -> Floats:
    """Intercept and slopes of the log rate: Poisson with a ridge on the slopes, by Newton's method.

    The objective is that of scikit-learn's ``PoissonRegressor`` on rates weighted by people; it is convex, so that a
    step that is halved until it does no harm ends at the optimum.
    """
    if count.sum() == 0:  # a sample of areas in which nobody asked
        return np.concatenate([[-np.inf], np.zeros(x.shape[1])])
    mean = count.sum() / people.sum()
    weight, rate = people / people.sum(), count / people / mean
    design = np.column_stack([np.ones(len(x)), x])
    ridge = np.full(design.shape[1], penalty)
    ridge[0] = 0.0

    def loss(beta: Floats) -> float:
        with np.errstate(over="ignore"):
            return float(weight @ (np.exp(design @ beta) - rate * (design @ beta)) + 0.5 * ridge @ beta**2)

    beta: Floats = np.zeros(design.shape[1])
    now = loss(beta)
    for _ in range(_STEPS):
        mu = np.exp(design @ beta)
        slope = design.T @ (weight * (mu - rate)) + ridge * beta
        if np.abs(slope).max() < _FLAT:
            break
        # Least squares, so that features that tell the same do no harm.
        step = np.linalg.lstsq((design.T * (weight * mu)) @ design + np.diag(ridge), slope, rcond=None)[0]
        share = 1.0
        while share > _FLAT and not loss(beta - share * step) <= now:
            share /= 2
        beta = beta - share * step
        now = loss(beta)
    beta[0] += np.log(mean)
    return beta


def _linear(x: Floats, weights: Floats) -> Floats:
    return np.asarray(weights[0] + x @ weights[1:])


def _validate(x: Floats, count: Floats, people: Floats, folds: int, seed: int) -> tuple[float, float, float]:
    """The best penalty, its skill and the dispersion, all on held-out areas."""
    fold = np.random.default_rng(seed).permutation(np.arange(len(count)) % folds)
    plain = np.empty(len(count))
    for held in range(folds):
        out = fold == held
        plain[out] = people[out] * count[~out].sum() / people[~out].sum()
    best: tuple[float, float, npt.NDArray[np.float64]] | None = None
    for penalty in _PENALTIES:
        mean = np.empty(len(count))
        for held in range(folds):
            out = fold == held
            mean[out] = people[out] * np.exp(_linear(x[out], _fit(x[~out], count[~out], people[~out], penalty)))
        deviance = _deviance(count, mean)
        if best is None or deviance < best[1]:
            best = (penalty, deviance, mean)
    assert best is not None
    penalty, deviance, mean = best
    worst = _deviance(count, plain)
    skill = 1 - deviance / worst if worst > 0 else 0.0
    return penalty, float(skill), _dispersion(count, mean)


def _dispersion(count: Floats, mean: Floats) -> float:
    """Dispersion of the negative binomial that fits counts to their means best; 0 where Poisson does.

    By maximum likelihood: a sum of squares would be that of the one area that is farthest off, and an interval drawn
    from it would hold next to nothing.
    """
    m = np.maximum(mean, 1e-9)

    def loss(log: float) -> float:
        shape = np.exp(-log)
        return -float((gammaln(count + shape) - gammaln(shape) - shape * np.log1p(m / shape)
                       - count * np.log1p(shape / m)).sum())

    best = float(minimize_scalar(loss, bounds=_LOG_DISPERSION, method="bounded").x)
    # The same sum where the dispersion is nil: all that differs of Poisson's.
    return float(np.exp(best)) if loss(best) < float((m - count * np.log(m)).sum()) else 0.0


def _deviance(count: Floats, mean: Floats) -> float:
    mean = np.maximum(mean, 1e-9)
    log = np.log(np.maximum(count, 1e-300) / mean)
    return float(2 * (np.where(count > 0, count * log, 0.0) - count + mean).sum())
