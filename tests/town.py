"""A town of four areas whose answers fit on paper.

Four places with 1,000 people, three sites, and the minutes between them::

                people   S (10 a day)   T (30 a day)   U (8 a day)
    A  north       100        0             30             -
    B  north       200       30             10            60
    C  south       300       31             20             -
    D  south       400        -              -            45

``-`` is out of reach. A lies at S itself (0 minutes), B lies on the boundary of 30 minutes
from S, C just beyond it, and within 30 minutes nothing reaches D.
"""

from __future__ import annotations

import pandas as pd

from jitasa_analytics.analysis.travel import Travel, from_matrix

INF = float("inf")

MINUTES = [
    [0.0, 30.0, INF],
    [30.0, 10.0, 60.0],
    [31.0, 20.0, INF],
    [INF, INF, 45.0],
]

# Nearest: A 0 at S, B 10 at T, C 20 at T, D 45 at U.
NEAREST_MINUTES = {"A": 0.0, "B": 10.0, "C": 20.0, "D": 45.0}
NEAREST_SITE = {"A": "S", "B": "T", "C": "T", "D": "U"}

# Within 30: A, B, C are served; D's 400 are not. Within 9: only A.
OUT_OF_REACH_30 = {"A": 0, "B": 0, "C": 0, "D": 400}

# Share of the 1,000 covered: at 0 A (100); at 10 and B (300); at 20 and C (600); at 45 and D.
CURVE = {0.0: 0.1, 9.9: 0.1, 10.0: 0.3, 20.0: 0.6, 44.9: 0.6, 45.0: 1.0, 60.0: 1.0}

# North: 100 + 200 people, all served. South: 300 + 400, of whom D's 400 are not.
GAPS_30 = {"north": (300, 0, 0.0, 2), "south": (700, 400, 4 / 7, 1)}

# Capacity within 30 per person: A (10 + 30) / 100, B (10 + 30) / 200, C 30 / 300, D none.
RATIO_30 = {"A": 0.4, "B": 0.2, "C": 0.1, "D": 0.0}

# 2SFCA at 30: S is shared by A and B (300 people), 10 / 300 = 1/30 each; T by A, B and C (600),
# 30 / 600 = 1/20 each; nobody reaches U. A and B get 1/30 + 1/20 = 1/12, C gets 1/20.
# Check: 300 / 12 + 300 / 20 = 25 + 15 = 40 = 10 + 30.
TWO_STEP_30 = {"A": 1 / 12, "B": 1 / 12, "C": 1 / 20, "D": 0.0}

# E2SFCA with 1, 0.68, 0.22 up to 10, 20, 30 minutes.
# S: A weighs 1, B 0.22: load 100 + 44 = 144. T: A 0.22, B 1, C 0.68: load 22 + 200 + 204 = 426.
# A = 10/144 + 0.22 × 30/426; B = 0.22 × 10/144 + 30/426; C = 0.68 × 30/426.
# Check: 100 A + 200 B + 300 C = 10 × 144/144 + 30 × 426/426 = 40.
ENHANCED = {
    "A": 10 / 144 + 0.22 * 30 / 426,
    "B": 0.22 * 10 / 144 + 30 / 426,
    "C": 0.68 * 30 / 426,
    "D": 0.0,
}

# 3SFCA with the same zones. B's catchment: S weighs 0.22, T 1, so G is 0.22/1.22 and 1/1.22; A's:
# S 1, T 0.22, mirrored; C has T alone, G = 1. Each demand weighs G·w.
_NEAR, _FAR = 1 / 1.22, 0.22**2 / 1.22
_S3, _T3 = 100 * _NEAR + 200 * _FAR, 100 * _FAR + 200 * _NEAR + 300 * 0.68
THREE_STEP = {
    "A": _NEAR * 10 / _S3 + _FAR * 30 / _T3,
    "B": _FAR * 10 / _S3 + _NEAR * 30 / _T3,
    "C": 0.68 * 30 / _T3,
    "D": 0.0,
}

# Most people within reach of n sites, by minutes:
#   20: S has A (100), T has B and C (500), U nobody.
#   30: S has A and B (300), T has A, B and C (600), U nobody.
#   60: S and T have A, B and C (600), U has B and D (600); S and U, or T and U, have all.
MOST_COVERED = {(20, 1): 500, (20, 2): 600, (30, 1): 600, (30, 2): 600, (60, 1): 600, (60, 2): 1000}


def demand() -> pd.DataFrame:
    """The four places; a new frame at each call."""
    return pd.DataFrame(
        {"people": [100, 200, 300, 400], "district": ["north", "north", "south", "south"]},
        index=pd.Index(list("ABCD"), name="place_id"),
    )


def supply() -> pd.DataFrame:
    """The three sites."""
    return pd.DataFrame({"capacity": [10, 30, 8]}, index=pd.Index(list("STU"), name="site_id"))


def minutes() -> Travel:
    """The table above."""
    return from_matrix(MINUTES, origins=demand(), destinations=supply())
