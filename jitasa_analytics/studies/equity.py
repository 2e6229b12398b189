"""How unequally vaccination, or access to a service, is spread over people."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import param

from jitasa_analytics import areas
from jitasa_analytics.analysis import equity
from jitasa_analytics.analysis.travel import SPEED_KMH
from jitasa_analytics.contracts import FACILITY_KINDS
from jitasa_analytics.errors import NoDataError
from jitasa_analytics.store import Snapshot
from jitasa_analytics.studies import frames
from jitasa_analytics.studies.access import Access
from jitasa_analytics.studies.answer import Answer, Figure, Note, Term
from jitasa_analytics.studies.base import Study
from jitasa_analytics.studies.vaccination import Vaccination

OF = ("coverage", "access")
GROUPS = ("auto", "health_region", "province", "district")
_EQUAL_AREA = "EPSG:6933"


class Equity(Study):
    """Inequality between areas of coverage or access: Gini, Theil, concentration index and Palma ratio.

    Every person of an area counts with the area's mean, so what differs within an area is not seen. Theil's T is
    split into differences between the groups of areas and within them. The concentration index orders areas by
    people per km²: negative where thinly settled areas have more.
    """

    slug = "equity"
    needs = ()
    # The mean that areas are held against is that of all areas looked at.
    splits = "national"

    of: Any = param.Selector(default="coverage", objects=list(OF), doc="What is shared: coverage of a dose, or access.")
    dose = param.Integer(default=1, bounds=(1, 6), doc="Dose whose coverage is compared.")
    date = param.CalendarDate(default=None, allow_None=True, doc="As of this day; the newest data where left out.")
    service: Any = param.Selector(default="vaccination_point", objects=list(FACILITY_KINDS),
                                  doc="Service to which access is compared.")
    minutes = param.Number(default=30, bounds=(1, 600), doc="Longest way that is still in reach, minutes.")
    mode: Any = param.Selector(default="car", objects=list(SPEED_KMH), doc="How people travel; sets the speed.")
    groups: Any = param.Selector(default="auto", objects=list(GROUPS),
                                 doc="Groups of areas for Theil; auto is the level above the areas.")
    level: Any = param.Selector(default="auto", objects=["auto", *frames.LEVELS],
                                doc="Level of the areas: auto is province for the country, else tambon.")

    def run(self, snapshot: Snapshot) -> Answer:
        """Answer from a snapshot.

        Returns
        -------
        Answer
            ``frame`` by area: people, value (share with the dose, or capacity per 1,000 people), relative (value
            over the mean of all people), people_per_km2, group. ``tables``: ``groups`` (people, mean, theil, and
            what each adds between and within), ``lorenz`` (share of people, share of the whole).

        Raises
        ------
        NoDataError
            If fewer than two areas have a value.
        """
        answer = self._values(snapshot)
        shapes = frames.outlines(snapshot, self._level(snapshot), also=answer.frame.index)
        frame = pd.DataFrame({"people": answer.frame["people"], "value": self._value(answer)}, index=shapes.index)
        known = frame["value"].notna() & (frame["people"].astype(float) > 0)
        if int(known.sum()) < 2:
            raise NoDataError(
                f"only {int(known.sum())} areas in {areas.name(snapshot.scope, 'en')} have a value; inequality needs "
                "two or more: choose a finer level or a wider area", key="error.too_few_areas",
                count=int(known.sum()), area=frames.named(snapshot.scope))
        people, value = frame["people"].astype(float), frame["value"].where(known)
        mean = float((value * people).sum() / people[known].sum())
        frame["relative"] = value / mean if mean > 0 else np.nan
        frame["people_per_km2"] = people / (shapes.geometry.to_crs(_EQUAL_AREA).area / 1e6)
        frame["group"], kind = self._group(snapshot, shapes.index)
        split = equity.theil_by_group(value[known], frame.loc[known, "group"], people=people[known])
        density = frame["people_per_km2"].replace([np.inf], np.nan)
        order = equity.concentration_index(value[known], density[known], people=people[known])
        figures = {
            "mean": Figure(mean, answer.unit), "gini": Figure(equity.gini(value[known], people=people[known]), "index"),
            "palma": Figure(equity.palma(value[known], people=people[known]), "times"),
            "theil": Figure(split.total, "index"),
            "between": Figure(split.between / split.total if split.total > 0 and len(split.groups) > 1
                              else float("nan"), "share"),
            "concentration": Figure(order, "index"),
            "areas_no_data": Figure(int((~known).sum()), "areas"),
        }
        notes = (*answer.notes, Note("study.equity.note.areas_only"), Note("study.equity.note.theil", {
            "groups": Term("group_kind", kind)}), Note("study.equity.note.concentration"))
        if len(split.groups) < 2:
            notes = (*notes, Note("study.equity.note.one_group"))
        over = int((frame["value"] > 1).sum()) if self.of == "coverage" else 0
        if over:
            notes = (*notes, Note("study.equity.note.over_100", {"areas": over}))
        return self.answer(
            snapshot, frames.assemble(shapes, frame), measure="relative", unit="times", figures=figures, notes=notes,
            uses=tuple(answer.as_of), tables={"groups": _named(split.groups), "lorenz": _lorenz(value[known],
                                                                                               people[known])})

    def _level(self, snapshot: Snapshot) -> str:
        return frames.choose_level(snapshot, self.level, frames.places_level(snapshot.scope))

    def _values(self, snapshot: Snapshot) -> Answer:
        """The answer of the study whose values are compared."""
        level = self._level(snapshot)
        if self.of == "coverage":
            return Vaccination(dose=self.dose, date=self.date, level=level).run(snapshot)
        study = Access(service=self.service, minutes=self.minutes, mode=self.mode, level=level)
        study.require(snapshot)
        return study.run(snapshot)

    def _value(self, answer: Answer) -> pd.Series:
        return answer.frame["share" if self.of == "coverage" else "access"].astype(float).replace([np.inf], np.nan)

    def _group(self, snapshot: Snapshot, codes: pd.Index) -> tuple[pd.Series, str]:
        """The group of each area, and what the groups are."""
        level = areas.level_of(str(codes[0]))
        kind = self.groups
        if kind == "auto":
            kind = "health_region" if level == "province" else "province" if level == "district" else "district"
        if kind == "health_region":
            table = snapshot.frame("area_groups", columns=["group_kind", "group_code", "area_code"])
            region = table[table["group_kind"] == "health_region"].drop_duplicates("area_code")
            found = region.set_index("area_code")["group_code"].reindex(codes.str[:2]).set_axis(codes)
            return found.where(found.notna(), "–").astype(str), kind
        digits = areas.digits(kind)
        return pd.Series(codes.str[:digits], index=codes), kind


def _named(groups: pd.DataFrame) -> pd.DataFrame:
    table = groups.reset_index(names="group")
    return table.sort_values("within", ascending=False, kind="stable", ignore_index=True)


def _lorenz(value: pd.Series, people: pd.Series) -> pd.DataFrame:
    """Lorenz curve: areas from the least to the most; the share of people and of the whole up to each."""
    order = value.sort_values(kind="stable").index
    held = (value * people)[order].cumsum()
    share = people[order].cumsum() / people.sum()
    total = float(held.iloc[-1])
    return pd.DataFrame({
        "share_people": np.append(0.0, share), "share_held": np.append(0.0, held / total if total else np.nan)})
