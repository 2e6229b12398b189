"""Build the sample: one file a dataset, with the contracts' own column names.

    python data/sample/build.py OUT

Areas, population, hospitals, dose reports and health regions are published facts from the
tables in ``facts/`` (data/README.md names their sources). Outlines below the province, village
points and everything about persons are made here; their ``source`` begins with ``sample``. The
same seed gives the same bytes on every machine, and no clock is read: the invented rows end on
15 August 2021.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import shapely

HERE = Path(__file__).resolve().parent
if str(HERE) not in sys.path:
    sys.path.insert(0, str(HERE))

import sample_areas as areas  # noqa: E402
import sample_course as course  # noqa: E402
import sample_doses as doses  # noqa: E402
import sample_help as people  # noqa: E402

SEED = 20200324
YEARS = (2018, 2019, 2020, 2021)
UNITS_TRAINED = 12


def build(out: Path, *, seed: int = SEED, outlines: pd.Series | None = None) -> list[Path]:
    """Write the sample's files into a folder.

    Parameters
    ----------
    out : Path
        Made where it is missing; files of the same name are replaced.
    seed : int
        The same seed gives the same bytes.
    outlines : Series of geometry, optional
        Published outlines by code, of all provinces and of Chonburi's tambons at least. Invented points
        then lie in these, and no file of areas is written: the areas are those of the publisher.

    Returns
    -------
    list of Path, one a dataset, reference datasets first.
    """
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    written = []
    if outlines is None:
        shapes = areas.province_shapes()
        tambons = areas.centres(shapes[areas.PROVINCE])
        cells = areas.cells(shapes[areas.PROVINCE], tambons)
        written.append(out / "areas.geojson")
        areas.write_geojson(areas.area_table(shapes, cells), written[0])
    else:
        shapes = outlines[outlines.index.str.len() == 2].sort_index()
        tambons = areas.centres_within(outlines)
        cells = outlines[tambons.index]
    facilities = facility_table(cells)
    tables = {
        "area_groups": area_group_table(),
        "population": population_table(),
        "places": place_table(np.random.default_rng([seed, 1]), tambons, cells),
        "facilities": facilities,
        "candidates": candidate_table(tambons, cells),
        "dose_reports": dose_report_table(),
    }
    registered = areas.facts("provinces").set_index("code")["people_2021"].astype(int)
    world = people.World(tambons=tambons, cells=cells, provinces=registered.to_frame("people"), shapes=shapes,
                         places=tables["places"], hospitals=facilities)
    tables |= live_tables(seed, world)
    tables["doses"] = doses.dose_table(np.random.default_rng([seed, 5]), tambons, vaccinating(facilities))
    for name, table in tables.items():
        path = out / f"{name}.csv"
        table.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")
        written.append(path)
    return written


def area_group_table() -> pd.DataFrame:
    """The 13 health regions of the 77 provinces, and the 76 provincial administrative organisations.

    By law each covers its whole province, and Bangkok has none (Provincial Administrative Organisation Act
    B.E. 2540, section 8). Municipalities and tambon organisations do not follow the lines of tambons
    everywhere; without a published list of their areas none is made up here.
    """
    provinces = areas.facts("provinces")
    region = provinces["health_region"].astype(int)
    regions = pd.DataFrame({
        "group_kind": "health_region", "group_code": region.map("{:02d}".format),
        "area_code": provinces["code"], "name_th": region.map("เขตสุขภาพที่ {}".format),
        "name_en": region.map("Health Region {}".format), "source": "MoPH health regions",
    })
    outside = provinces[provinces["code"] != "10"]
    organisations = pd.DataFrame({
        "group_kind": "pao", "group_code": outside["code"], "area_code": outside["code"],
        "name_th": "อบจ." + outside["name_th"], "name_en": outside["name_en"] + " PAO",
        "source": "PAO Act B.E. 2540 s. 8",
    })
    return pd.concat([regions.sort_values(["group_code", "area_code"]), organisations], ignore_index=True)


def population_table() -> pd.DataFrame:
    """Registered people, 2018 to 2021: provinces, and Chonburi's districts and tambons."""
    names = ("provinces", "chonburi_districts", "chonburi_tambons")
    wide = pd.concat([areas.facts(n) for n in names], ignore_index=True)
    parts = []
    for year in YEARS:
        parts.append(pd.DataFrame({
            "area_code": wide["code"], "year": year, "group": "all", "basis": "registered",
            "people": wide[f"people_{year}"].astype(int),
            "households": wide["households_2021"] if year == YEARS[-1] else "",
            "source": f"DOPA, 31 December {year}",
        }))
    return pd.concat(parts, ignore_index=True)


def place_table(rng: np.random.Generator, tambons: pd.DataFrame, cells: pd.Series) -> pd.DataFrame:
    """Three to eight invented villages for each tambon that has village points in the sources.

    Fourteen tambons have none, as in the published villages of 2012. How many people live in a
    place is left open: the registered people of a tambon are shared over its places later.
    """
    rows = []
    for code, row in tambons[tambons["villages"] > 0].iterrows():
        n = int(np.clip(row["villages"], 3, 8))
        width = np.sqrt(cells[code].area) * areas.KM_PER_DEGREE
        centre = np.array([[row["lon"], row["lat"]]])
        points = areas.scatter(rng, cells[code], centre, n, spread_km=0.33 * width)
        kind = "community" if row["people"] > 20_000 else "village"
        word = "ชุมชนที่" if kind == "community" else "หมู่ที่"
        for k, (lon, lat) in enumerate(points, start=1):
            name = f"{word} {k} ตำบล{row['name_th']} (ตัวอย่าง)"
            rows.append((f"sample-{code}-{k:02d}", name, lon, lat, code, "", "", kind, "sample"))
    return pd.DataFrame(rows, columns=["place_id", "name", "lon", "lat", "area_code", "people",
                                       "people_basis", "kind", "source"])


def cell_of(points: pd.DataFrame, cells: pd.Series) -> list[str]:
    """The tambon whose cell holds each point."""
    tree = shapely.STRtree(cells.to_numpy())
    made = shapely.points(points["lon"].to_numpy(float), points["lat"].to_numpy(float))
    # The nearest is the cell that holds it; a rounded place on a shore may lie in none.
    found = tree.query_nearest(made, all_matches=False)
    owner = dict(zip(found[0].tolist(), cells.index[found[1]], strict=True))
    return [owner[i] for i in range(len(points))]


def facility_table(cells: pd.Series) -> pd.DataFrame:
    """Chonburi's hospitals and the general hospitals of the other provinces."""
    here = areas.facts("chonburi_hospitals").astype({"lon": float, "lat": float})
    there = areas.facts("general_hospitals").astype({"lon": float, "lat": float})
    here = here.assign(area_code=cell_of(here, cells), capacity_per_day=here["code"].map(_busiest_day()))
    there = there.assign(area_code=there["province"], hospital_type="general", capacity_per_day=np.nan)
    both = pd.concat([here, there], ignore_index=True)
    office = both["hospital_type"] == "office"
    gave = both["vaccinated_2021"] == "1"
    kind = np.where(office, "vaccination_point", "hospital")
    return pd.DataFrame({
        "facility_id": both["code"], "name": both["name"], "kind": kind,
        "services": np.where(office, kind, np.where(gave, "hospital;vaccination_point", "hospital")),
        "lon": both["lon"], "lat": both["lat"], "area_code": both["area_code"],
        "capacity_per_day": both["capacity_per_day"].round().astype("Int64"), "beds_total": both["beds"],
        "beds_free": free_beds(both),
        "status": "open", "verified_at": np.where(gave, "2021-07-12", "2020-04-30"),
        "source": "MoPH hospital list, April 2020; vaccinating hospitals, June 2021; free beds: sample",
    })


def free_beds(hospitals: pd.DataFrame) -> pd.Series:
    """Invented: 0 to 7 % of the published beds of Chonburi's hospitals, as few as there were that summer."""
    beds = pd.to_numeric(hospitals["beds"], errors="coerce")
    here = hospitals["area_code"].str.startswith(areas.PROVINCE)
    share = pd.to_numeric(hospitals["code"], errors="coerce").fillna(0) % 8 / 100
    return (beds * share).round().where(here).astype("Int64")


def _busiest_day() -> pd.Series:
    """Doses a day in the busiest published week of each hospital, at least 20."""
    reports = areas.facts("chonburi_hospital_dose_reports").astype({"doses": int})
    weekly = reports.pivot(index="code", columns="as_of", values="doses").sort_index(axis=1).diff(axis=1)
    return np.ceil(weekly.max(axis=1) / 7).clip(lower=20)


def vaccinating(facilities: pd.DataFrame) -> pd.DataFrame:
    """Chonburi's vaccinating hospitals with the doses that they had given by July 2021."""
    reports = areas.facts("chonburi_hospital_dose_reports").astype({"doses": int})
    given = reports.groupby("code")["doses"].max().rename("doses")
    return facilities.merge(given, left_on="facility_id", right_index=True)


def candidate_table(tambons: pd.DataFrame, cells: pd.Series) -> pd.DataFrame:
    """Sites where a vaccination or screening point could open; places are approximate."""
    table = areas.facts("candidates").set_index("candidate_id")
    shape = cells.to_numpy()
    rows = []
    for code, row in table.iterrows():
        if row["tambon"]:
            centre = tambons.loc[row["tambon"]]
            lon, lat = centre["lon"], centre["lat"]
        else:
            lon, lat = areas.ashore(shape, float(row["lon"]), float(row["lat"]))
        rows.append({"candidate_id": code, "name": row["name"], "kind": row["kind"], "lon": lon, "lat": lat})
    found = pd.DataFrame(rows)
    found["area_code"] = cell_of(found, cells)
    found["capacity_per_day"] = table["capacity_per_day"].to_numpy()
    found["cost"] = table["cost"].to_numpy()
    found["source"] = np.where(table["place"] == "approximate", "sample: approximate place", "sample")
    return found


def dose_report_table() -> pd.DataFrame:
    """Published cumulative doses: by province and dose, and all doses by hospital of Chonburi."""
    wide = areas.facts("province_dose_reports")
    parts = []
    for number in (1, 2, 3):
        part = pd.DataFrame({
            "area_code": wide["code"], "facility_id": "", "as_of": wide["as_of"], "dose_no": number,
            "group": "all", "count": wide[f"dose_{number}"], "denominator": wide["denominator"],
            "source": "MoPH report",
        })
        parts.append(part[part["count"] != ""])
    own = areas.facts("chonburi_hospital_dose_reports")
    parts.append(pd.DataFrame({
        "area_code": "", "facility_id": own["code"], "as_of": own["as_of"], "dose_no": 0, "group": "all",
        "count": own["doses"], "denominator": "", "source": "MoPH hospital report",
    }))
    return pd.concat(parts, ignore_index=True)


def live_tables(seed: int, world: people.World) -> dict[str, pd.DataFrame]:
    """Requests with items and events, volunteers, field reports and officers."""
    volunteers = people.volunteer_table(np.random.default_rng([seed, 2]), world)
    rng = np.random.default_rng([seed, 3])
    requests = people.request_table(rng, world)
    items = people.item_table(rng, requests)
    steps = course.steps(rng, requests).set_axis(requests["request_id"])
    steps["status"] = course.status_of(steps)
    requests["status"] = steps["status"].to_numpy()
    requests["helper"] = course.helpers(rng, requests, steps, volunteers)
    delivered = course.deliveries(rng, items, steps)
    events = course.event_table(requests, steps, delivered, world.hospitals)
    requests["urgency"] = [people.URGENCIES[k] for k in requests["urgency"]]
    requests["requested_at"] = people.stamp(requests["at"])
    requests["source"] = "sample"
    for column in ("available_from", "available_to"):
        volunteers[column] = volunteers[column].dt.strftime("%Y-%m-%d")
    volunteers["consent_at"] = people.stamp(volunteers["consent_at"])
    return {
        "requests": requests[["request_id", "requested_at", "urgency", "status", "people", "lon", "lat",
                              "area_code", "requester", "source"]],
        "request_items": course.add_delivered(items, delivered),
        "request_events": events,
        "volunteers": volunteers[["volunteer_id", "kind", "skills", "equipment", "lon", "lat", "area_code",
                                  "capacity_per_day", "available_from", "available_to", "consent_at"]],
        "observations": people.observation_table(np.random.default_rng([seed, 4]), world),
        "officers": officer_table(),
    }


def officer_table() -> pd.DataFrame:
    """One responsible officer for each district of Chonburi, and three at the province."""
    districts = areas.facts("chonburi_districts")
    units = [("สำนักงานจังหวัดชลบุรี (ตัวอย่าง)", areas.PROVINCE, role)
             for role in ("ผู้ดูแลระดับจังหวัด", "ผู้วิเคราะห์ข้อมูล", "ผู้ประสานงานอาสา")]
    units += [(f"ที่ว่าการอำเภอ{name} (ตัวอย่าง)", code, "ผู้ประสานงานอำเภอ")
              for code, name in zip(districts["code"], districts["name_th"], strict=True)]
    trained = pd.Timestamp("2020-04-07") + pd.to_timedelta(np.arange(len(units)) % 5, unit="D")
    return pd.DataFrame({
        "officer_id": [f"sample-o-{i:03d}" for i in range(1, len(units) + 1)],
        "unit": [u[0] for u in units], "area_code": [u[1] for u in units], "role": [u[2] for u in units],
        "trained_on": np.where(np.arange(len(units)) < UNITS_TRAINED, trained.strftime("%Y-%m-%d"), ""),
    })


def main() -> None:
    """Build into the folder named on the command line and list the files."""
    if len(sys.argv) != 2:
        raise SystemExit("usage: python data/sample/build.py OUT")
    for path in build(Path(sys.argv[1])):
        print(path)


if __name__ == "__main__":
    main()
