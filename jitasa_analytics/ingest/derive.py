"""What follows from the data: people at places, and areas of points that came before the outlines."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd

from jitasa_analytics import areas
from jitasa_analytics.analysis import allocate
from jitasa_analytics.contracts import DATASETS
from jitasa_analytics.ingest.locate import Locator
from jitasa_analytics.store import Transaction

REPRESENTATIVE = "area-"


def after(tx: Transaction, changed: set[str]) -> None:
    """Bring derived values in step with what a transaction changed."""
    if "areas" in changed:
        _locate_again(tx, changed)
    if changed & {"areas", "population", "places"}:
        share_people(tx)


def _locate_again(tx: Transaction, changed: set[str]) -> None:
    """Points that lay in no known area find theirs once outlines have come."""
    locator: Locator | None = None
    for contract in DATASETS.values():
        if not {"lon", "lat", "area_code"} <= set(contract.names) or contract.name in ("areas",):
            continue
        frame = tx.frame(contract.name)
        loose = frame[frame["area_code"].isna() & frame["lon"].notna()].copy()
        if not len(loose):
            continue
        locator = locator or Locator(tx.frame("areas"))
        codes, _ = locator.find(loose["lon"], loose["lat"])
        loose["area_code"] = pd.Series(codes, index=loose.index, dtype="str").map(areas.current, na_action="ignore")
        loose = loose[loose["area_code"].notna()]
        if len(loose):
            tx.update(contract.name, loose)
            changed.add(contract.name)


def share_people(tx: Transaction) -> None:
    """Share each tambon's newest registered population over its places, exactly.

    A tambon without a place gets one representative point; a split khwaeng, whose outline is
    still that of the undivided one, shares over the undivided one's places. Places whose people
    were counted keep their number and are taken off first. The result does not depend on the
    order in which population, outlines and places were imported.
    """
    people = _newest_population(tx)
    places = tx.frame("places")
    places = places[~places["place_id"].str.startswith(REPRESENTATIVE)].copy()
    counted = places["people_basis"].eq("counted") & places["people"].notna()
    # People that the file gave are a count, whatever it called them.
    counted |= places["people_basis"].isna() & places["people"].notna()
    places.loc[counted, "people_basis"] = "counted"
    places["people"] = places["people"].astype("Int64").mask(~counted, 0)
    places.loc[~counted, "people_basis"] = "estimated"
    outlines = tx.frame("areas")
    if not len(people):
        _write(tx, places.assign(people=places["people"].mask(~counted),
                                 people_basis=places["people_basis"].where(counted)))
        return
    home = {code: areas.SPLIT_FROM.get(code, code) for code in people.index}
    ground = people.groupby(pd.Series(home)).sum()
    open_places = places[~counted]
    taken = places[counted].groupby("area_code")["people"].sum()
    rest = (ground - taken.reindex(ground.index).fillna(0).astype("int64")).clip(lower=0)
    shared = open_places[open_places["area_code"].isin(rest.index)].sort_values("place_id")
    if len(shared):
        used = rest[rest.index.isin(shared["area_code"])]
        share = allocate.by_group(used, pd.Series(1.0, index=shared.index), shared["area_code"])
        places.loc[shared.index, "people"] = share.astype("Int64")
    home_of_somebody = set(open_places["area_code"].dropna()) | set(taken.index)
    bare = {c for c in ground.index if c not in home_of_somebody}
    without = {c for c, h in home.items() if h in bare}
    _write(tx, pd.concat([places, _representatives(people[sorted(without)], outlines)], ignore_index=True))


def _write(tx: Transaction, places: pd.DataFrame) -> None:
    """Replace the places where anything differs, so that importing twice makes no new version."""
    order = [c.name for c in DATASETS["places"].columns]
    before = tx.frame("places").sort_values("place_id", ignore_index=True)[order].astype("object")
    now = places.reindex(columns=order).sort_values("place_id", ignore_index=True).astype("object")
    if not before.where(before.notna(), None).equals(now.where(now.notna(), None)):
        tx.replace("places", places)


def _newest_population(tx: Transaction) -> pd.Series:
    """People by tambon code, registered, of the newest year the tambon has."""
    frame = tx.frame("population")
    frame = frame[frame["area_code"].str.len().eq(6) & frame["group"].eq("all") & frame["basis"].eq("registered")]
    if not len(frame):
        return pd.Series(dtype="int64")
    newest = frame["year"].max()
    people: pd.Series = frame[frame["year"] == newest].set_index("area_code")["people"].astype("int64").sort_index()
    return people


def _representatives(people: pd.Series, outlines: pd.DataFrame) -> pd.DataFrame:
    """One point for each tambon without a place, in its own outline, else the undivided one's, else the district's."""
    shapes = outlines[outlines["geometry"].notna()].sort_values("valid_from").drop_duplicates("code", keep="last")
    points = gpd.GeoSeries(shapes.set_index("code")["geometry"]).representative_point() if len(shapes) else None
    rows = []
    for code, count in people.items():
        for where in (str(code), areas.SPLIT_FROM.get(str(code), ""), str(code)[:4], str(code)[:2]):
            if points is not None and where in points.index:
                point = points[where]
                rows.append({"place_id": f"{REPRESENTATIVE}{code}", "name": areas.name(str(code)),
                             "lon": round(point.x, 6), "lat": round(point.y, 6), "area_code": str(code),
                             "people": int(count), "people_basis": "estimated", "kind": "representative",
                             "source": "derived"})
                break
    return pd.DataFrame(rows)
