"""A chosen set of sites as the two tables of an answer."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from jitasa_analytics.analysis.placement.cover import Floats, Ints
from jitasa_analytics.analysis.placement.model import Model


def tables(
    demand: pd.Index, candidates: pd.Index, model: Model, reach: csr_array, chosen: Ints
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Sites and assignments in the caller's order.

    Parameters
    ----------
    demand, candidates : Index, shapes (n,) and (m,)
        The caller's labels in the caller's order.
    model : Model
    reach : csr_array of bool, shape (n, m)
        In the model's order.
    chosen : int array, ascending
        The model's positions of the chosen candidates.

    Returns
    -------
    sites : DataFrame on the candidates' index, see `Placement`
    assignments : DataFrame with columns ``demand``, ``site``, ``cost``
        Each reached demand point and its cheapest chosen site; of equals the first by label.
    """
    near = csr_array(reach[:, chosen])
    hits = np.diff(near.indptr)
    covered = np.flatnonzero(hits > 0)
    labels = model.travel.destinations[chosen]
    position, cost = model.travel.restrict(destinations=labels).nearest_positions()
    # A chosen site that is cheapest is in reach wherever any chosen site is.
    site, people = position[covered], model.people[covered]
    only = hits[covered] == 1
    sites = pd.DataFrame(
        {
            "fixed": model.fixed[chosen],
            "people": _summed(site, people, len(chosen), model),
            "people_only_here": _summed(site[only], people[only], len(chosen), model),
        },
        index=labels,
    )
    order = np.argsort(demand.get_indexer(model.travel.origins[covered]), kind="stable")
    assignments = pd.DataFrame(
        {
            "demand": model.travel.origins[covered[order]].array,
            "site": labels[site[order]].array,
            "cost": cost[covered[order]],
        }
    )
    return sites.reindex(candidates[candidates.isin(labels)]), assignments


def _summed(site: Ints, people: Floats, n_sites: int, model: Model) -> Floats | Ints:
    """People by site, as integers where all people are."""
    total = np.bincount(site, people, minlength=n_sites)
    return total.astype(np.int64) if model.whole_people else total.astype(np.float64)
