"""Shares of small areas, steadied by what all areas say together."""

from __future__ import annotations

import numpy as np
import pandas as pd

from jitasa_analytics.analysis.inputs import paired_counts


def empirical_bayes(count: pd.Series, people: pd.Series) -> pd.DataFrame:
    """Shares drawn towards the overall share, the more the fewer people stand behind them.

    With m = Σ count / Σ people and the weighted variance s² = Σ people (r - m)² / Σ people,
    the variance between areas is A = s² - m / mean(people), clipped at 0; each area gets
    m + (r - m) · A / (A + m / people). Where chance alone explains the spread, A is 0 and all
    areas get m. The global method of moments for rare events (Poisson) is used, as in PySAL
    ``Empirical_Bayes``, which doesn't clip.

    Parameters
    ----------
    count, people : Series, shape (n,)
        Persons counted and the denominator, on the same labels; every area with people and a
        count takes part.

    Returns
    -------
    DataFrame, shape (n,), on ``count.index``
        ``share`` (smoothed), ``raw``, ``weight`` (1: the area's own share, 0: the overall one),
        ``no_data`` (count or people missing, or nobody there: NaN).

    Raises
    ------
    InputError
        If a number is negative or infinite, or labels differ.

    References
    ----------
    Marshall (1991), Mapping disease and mortality rates using empirical Bayes estimators,
    Journal of the Royal Statistical Society C 40(2).

    Examples
    --------
    >>> count, people = pd.Series([0, 30, 60]), pd.Series([10, 300, 300])
    >>> empirical_bayes(count, people).round(3)
       share  raw  weight  no_data
    0  0.129  0.0   0.124    False
    1  0.109  0.1   0.810    False
    2  0.190  0.2   0.810    False
    """
    k, n = paired_counts(count, people, "count", "people")
    known = ~(np.isnan(k) | np.isnan(n)) & (n > 0)
    raw, share, weight = (np.full(len(k), np.nan) for _ in range(3))
    if known.any():
        k, n = k[known], n[known]
        mean = k.sum() / n.sum()
        raw[known] = k / n
        between = max(float((n * (k / n - mean) ** 2).sum() / n.sum() - mean / n.mean()), 0.0)
        noise = between + mean / n
        weight[known] = np.divide(between, noise, out=np.zeros_like(n), where=noise > 0)
        share[known] = mean + weight[known] * (raw[known] - mean)
    return pd.DataFrame({"share": share, "raw": raw, "weight": weight, "no_data": ~known}, index=count.index)
