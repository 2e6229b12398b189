"""What a planner gets wrong, said in words with the smallest change that helps."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from jitasa_analytics.analysis import placement, travel
from jitasa_analytics.errors import InfeasibleError, InputError
from tests import town

WITHIN = {"max_cover": {"within": 60}, "set_cover": {"within": 60}, "p_median": {}, "p_center": {}}
NUMBERED = ("max_cover", "p_median", "p_center")


def call(problem: str, **options: object) -> placement.Placement:
    base = WITHIN[problem] | ({} if problem == "set_cover" else {"n_sites": 2})
    return getattr(placement, problem)(town.demand(), town.supply(), town.minutes(), **(base | options))


@pytest.mark.parametrize("problem", NUMBERED)
def test_more_sites_than_candidates_and_fewer_than_fixed(problem):
    with pytest.raises(InfeasibleError, match="only 3 candidates; use n_sites=3 or fewer"):
        call(problem, n_sites=4)
    with pytest.raises(InfeasibleError, match=r"only 2 candidates that aren't forbidden \(3 in all\); use n_sites=2"):
        call(problem, n_sites=3, forbidden=["S"])
    with pytest.raises(InfeasibleError, match=r"2 sites are fixed, .* use n_sites=2 or more, or fix fewer"):
        call(problem, n_sites=1, fixed=["S", "T"])
    for wrong in (0, 1.5, "two", True):
        with pytest.raises(InputError, match="n_sites"):
            call(problem, n_sites=wrong)


def test_floors_that_cannot_be_met():
    district = town.demand()["district"]
    with pytest.raises(InfeasibleError, match="Any one of these would do: n_sites=2; floors lower by"):
        call("max_cover", n_sites=1, floors=0.6, groups=district)
    with pytest.raises(InfeasibleError, match="n_sites=2"):
        call("p_median", n_sites=1, within=60, floors=0.6, groups=district)


@pytest.mark.parametrize("problem", ["p_median", "p_center", "set_cover"])
def test_capacity_below_the_demand(problem):
    # 1,000 people, room for 900 at all three sites together, shared out: 100 are missing, 34 a site or fewer.
    room = pd.Series({"S": 300.0, "T": 300.0, "U": 300.0})
    more = {} if problem == "set_cover" else {"n_sites": 3}
    with pytest.raises(InfeasibleError, match=r"room for 3?[0-9]+\.?[0-9]* more persons at every site"):
        call(problem, capacity=room, split=True, **more)


@pytest.mark.parametrize("problem", ["max_cover", "set_cover"])
def test_nobody_in_reach_names_the_way_that_would_do(problem):
    t = travel.from_matrix(town.minutes().dense() + 5, origins=town.demand(), destinations=town.supply())
    options = {} if problem == "set_cover" else {"n_sites": 1}
    with pytest.raises(InfeasibleError, match=r"no candidate reaches any demand within 2 minutes; .*needs within=5"):
        getattr(placement, problem)(town.demand(), town.supply(), t, within=2, **options)


@pytest.mark.parametrize("wrong", [np.nan, -1.0])
def test_travel_that_is_missing_or_negative(wrong):
    table = pd.DataFrame([[1.0, 2.0], [3.0, wrong]], index=["a", "b"], columns=["s", "t"])
    with pytest.raises(InputError, match=r"(?i)nan|missing|negative"):
        travel.from_matrix(table)


@pytest.mark.parametrize("problem", list(WITHIN))
def test_labels_that_occur_twice(problem):
    demand = town.demand()
    twice = pd.concat([demand, demand.iloc[:1]])
    options = WITHIN[problem] | ({} if problem == "set_cover" else {"n_sites": 1})
    with pytest.raises(InputError, match="repeated labels: 'A'"):
        getattr(placement, problem)(twice, town.supply(), town.minutes(), **options)
    with pytest.raises(InputError, match="candidates has repeated labels: 'S'"):
        getattr(placement, problem)(demand, ["S", "S", "T"], town.minutes(), **options)
    for people in (np.nan, -5.0):
        with pytest.raises(InputError, match=r"people.*'A'"):
            getattr(placement, problem)(demand.assign(people=[people, 1.0, 1.0, 1.0]), town.supply(), town.minutes(),
                                        **options)
