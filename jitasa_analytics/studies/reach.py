"""People at places and the facilities they can reach: what coverage_gaps and best_sites share."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from jitasa_analytics import areas
from jitasa_analytics.analysis import travel as journeys
from jitasa_analytics.analysis.travel import Travel
from jitasa_analytics.errors import NoDataError
from jitasa_analytics.store import Snapshot
from jitasa_analytics.studies.answer import Note, Term
from jitasa_analytics.studies.frames import head, named, some_areas

# Pairs beyond the limit are looked for up to this factor, so that the curve goes on and a place
# just out of reach still names its nearest facility.
BEYOND = 2.0


@dataclass(frozen=True)
class Limit:
    """How far is still in reach, and how a straight line becomes a road.

    Attributes
    ----------
    minutes, km : float
        The limit; kilometres by road where they are given, else minutes.
    mode : str
        A key of ``travel.SPEED_KMH``.
    detour : float
        Length of the road over the straight line.
    """

    minutes: float
    km: float | None
    mode: str
    detour: float

    @property
    def within(self) -> float:
        """The limit in its unit."""
        return float(self.minutes if self.km is None else self.km)

    @property
    def unit(self) -> str:
        """``minutes`` or ``km``."""
        return "minutes" if self.km is None else "km"

    def travel(self, origins: pd.DataFrame, destinations: pd.DataFrame, *, factor: float = 1.0,
               nearest_only: bool = False) -> Travel:
        """Costs up to ``factor`` times the limit, in its unit; to the nearest destination only where that suffices."""
        speed = journeys.SPEED_KMH[self.mode] if self.km is None else None
        road_km = self.within if speed is None else self.within * speed / 60.0
        # A hair more than the limit, so that rounding on the way to kilometres can't cut the boundary off.
        straight = road_km * factor / self.detour * (1 + 1e-9)
        find = journeys.to_nearest if nearest_only else journeys.straight_line
        return find(origins, destinations, max_km=straight, detour=self.detour, speed_kmh=speed)

    def note(self) -> Note:
        """The assumption in words."""
        if self.km is not None:
            return Note("note.straight_line_km", {"detour": f"{self.detour:g}"})
        return Note("note.straight_line", {"detour": f"{self.detour:g}", "mode": Term("mode", self.mode),
                                           "speed": f"{journeys.SPEED_KMH[self.mode]:g}"})


def people_at_places(snapshot: Snapshot) -> tuple[pd.DataFrame, list[Note]]:
    """Places of the scope that have people, and what must be said about them.

    Returns
    -------
    DataFrame, index ``place_id``
        Columns name, lon, lat, area_code, people (persons, int64), people_basis.

    Raises
    ------
    NoDataError
        If the scope has no places, or none of them with people.
    """
    table = snapshot.query("places_in_scope", head=head(snapshot.scope)).set_index("place_id")
    if not len(table):
        raise NoDataError(
            f"there are no places in {areas.name(snapshot.scope, 'en')}; import villages with "
            "'jitasa import places FILE --store DIR', or choose a wider area",
            key="error.no_places", area=named(snapshot.scope))
    counted = table[table["people"].notna()].copy()
    if not len(counted):
        raise NoDataError(
            f"none of the {len(table)} places in {areas.name(snapshot.scope, 'en')} has a number of people; "
            "import the population ('jitasa import population FILE --store DIR') or places with people",
            key="error.no_people", area=named(snapshot.scope), places=len(table))
    counted["people"] = counted["people"].astype("int64")
    notes = []
    if len(counted) < len(table):
        notes.append(Note("note.places_without_people", {"places": len(table) - len(counted)}))
    if (counted["people_basis"] == "estimated").any():
        notes.append(Note("note.people_estimated"))
    return counted, notes


def facilities(snapshot: Snapshot, service: str) -> pd.DataFrame:
    """Facilities of a kind in the whole store, also across the scope's border.

    A facility counts as open when its status says so and the version's day lies between its
    opening and its closing.

    Returns
    -------
    DataFrame, index ``facility_id``
        Columns name, kind, lon, lat, area_code, capacity_per_day, is_open.
    """
    day = snapshot.created_at.strftime("%Y-%m-%d")
    return snapshot.query("facilities_of_kind", service=service, today=day).set_index("facility_id")


def provinces_without(snapshot: Snapshot, places: pd.DataFrame, sites: pd.DataFrame) -> list[str]:
    """Provinces of the scope in which the data hold no facility of the kind, open or closed."""
    if snapshot.scope == areas.COUNTRY:
        asked = set(places["area_code"].dropna().str[:2].unique()) | set(snapshot.areas("province").index)
    else:
        asked = {m[:2] for m in snapshot.members}
    return sorted(asked - set(sites["area_code"].dropna().str[:2]))


def known(places: pd.DataFrame, in_reach: pd.Series, absent: list[str]) -> pd.Series:
    """Whether the data can say if a place is in reach: it is, or its province has facilities of the kind at all."""
    return in_reach | ~places["area_code"].str[:2].isin(absent)


def note_on_provinces(provinces: list[str], service: str) -> list[Note]:
    """Absent data is no absent service."""
    if not provinces:
        return []
    return [Note("note.kind_absent", {"provinces": len(provinces), "names": some_areas(provinces),
                                      "service": Term("facility", service)})]
