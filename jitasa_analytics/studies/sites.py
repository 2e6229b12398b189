"""What all questions about new sites ask for, and where a site could open."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import param

from jitasa_analytics import areas
from jitasa_analytics.analysis.travel import DETOUR, SPEED_KMH, Travel
from jitasa_analytics.contracts import CANDIDATE_KINDS, FACILITY_KINDS
from jitasa_analytics.errors import NoDataError
from jitasa_analytics.store import Snapshot
from jitasa_analytics.studies import frames
from jitasa_analytics.studies.base import Study

TODAY = "today"


class Sites(Study):
    """A question about new sites: its parameters, and the candidates of a scope."""

    needs = ("places",)
    splits = "national"

    service: Any = param.Selector(default="vaccination_point", objects=list(FACILITY_KINDS),
                                  doc="Kind of facility, or a service that a facility of another kind gives.")
    minutes = param.Number(default=30, bounds=(1, 600), doc="Longest way that is still in reach, minutes.")
    km = param.Number(default=None, bounds=(0.1, 1000), allow_None=True,
                      doc="Longest way by road, km; where it is given it takes the place of minutes.")
    mode: Any = param.Selector(default="car", objects=list(SPEED_KMH), doc="How people travel; sets the speed.")
    detour = param.Number(default=DETOUR, bounds=(1, 3), doc="Length of the road over the straight line.")
    n_sites = param.Integer(default=5, bounds=(1, 500), doc="How many new sites.")
    candidate_kind: Any = param.Selector(default=None, objects=[None, *CANDIDATE_KINDS], allow_None=True,
                                         doc="Only candidates of this kind; all where left out.")
    level: Any = param.Selector(default="auto", objects=["auto", *frames.LEVELS],
                                doc="Level of the areas: auto is province for the country, else tambon.")
    time_limit = param.Number(default=30, bounds=(1, 3600), doc="Longest search, seconds; then the best plan so far.")
    gap = param.Number(default=0.0, bounds=(0, 0.5), doc="Stop when the plan is proven this near to the best (share).")

    def candidates(self, snapshot: Snapshot, demand: pd.DataFrame) -> tuple[pd.DataFrame, bool]:
        """Where a site could open, and whether those are the places themselves.

        Raises
        ------
        NoDataError
            If there is no candidate of the kind.
        """
        table = snapshot.query("candidates_in_scope", head=frames.head(snapshot.scope)).set_index("candidate_id")
        if self.candidate_kind is not None:
            table = table[table["kind"] == self.candidate_kind]
            if not len(table):
                where = areas.name(snapshot.scope, "en")
                raise NoDataError(f"there are no candidate sites of kind {self.candidate_kind} in {where}; choose "
                                  "another kind, or none", key="error.no_candidates",
                                  area=frames.named(snapshot.scope),
                                  kind=frames.called("candidate", self.candidate_kind))
        if len(table):
            return table, False
        return demand[["name", "lon", "lat", "area_code"]].assign(kind="place", cost=np.nan), True


def with_today(demand: pd.DataFrame, left: pd.DataFrame, travel: Travel, code: pd.Series
               ) -> tuple[pd.DataFrame, Travel, pd.Series]:
    """The places out of reach, with one more for those of each area who are served today, at a site of today.

    Parameters
    ----------
    demand : DataFrame, columns ``people``, ``before``
    left : DataFrame
        Its rows that are out of reach.
    travel : Travel
        From ``left`` to the candidates.
    code : Series
        The area of each row of ``demand``.

    Returns
    -------
    tuple of (demand, travel with the site `TODAY`, area of each place; missing where no candidate adds anybody)
    """
    served = demand.loc[demand["before"], "people"].groupby(code[demand["before"]]).sum()
    labels = pd.Index([*left.index, *(f"{TODAY}:{c}" for c in served.index)])
    joined = pd.DataFrame({"people": [*left["people"], *served]}, index=labels)
    own = code[left.index]
    reachable = pd.Series(np.diff(travel.indptr) > 0, index=left.index)
    helped = set(own[reachable])
    group = pd.Series([*own, *served.index], index=labels, dtype=object)
    group = group.where(group.isin(list(helped)))
    m, size = len(travel.destinations), len(served)
    indptr = np.concatenate([travel.indptr, travel.indptr[-1] + 1 + np.arange(size)])
    wider = Travel(indptr, np.concatenate([travel.indices, np.full(size, m)]),
                   np.concatenate([travel.costs, np.zeros(size)]), labels,
                   pd.Index([*travel.destinations, TODAY]), travel.unit, travel.method, travel.limit)
    return joined, wider, group
