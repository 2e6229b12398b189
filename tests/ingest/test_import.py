"""From a file to the store: counts that add up, nothing lost, nothing half-done."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from jitasa_analytics.errors import InputError, UnknownError
from jitasa_analytics.ingest import import_files, import_folder
from jitasa_analytics.ingest.pipeline import TooManyRefusedError
from jitasa_analytics.store import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store with the outlines of two tambons side by side, one in each of two districts."""
    outlines = gpd.GeoDataFrame({
        "code": ["200101", "200401", "20"], "level": ["tambon", "tambon", "province"],
        "valid_from": ["2022-01-21"] * 3, "name_th": ["บางปลาสร้อย", "บางละมุง", "ชลบุรี"],
    }, geometry=[shapely.box(100.9, 13.0, 101.0, 13.1), shapely.box(101.0, 13.0, 101.1, 13.1),
                 shapely.box(100.9, 13.0, 101.1, 13.1)], crs="EPSG:4326")
    outlines.to_file(tmp_path / "areas.geojson", driver="GeoJSON")
    made = Store(tmp_path / "store")
    assert import_files(made, "areas", [tmp_path / "areas.geojson"]).accepted == 3
    return made


def write(path: Path, rows: list[dict[str, object]], encoding: str = "utf-8") -> Path:
    with path.open("w", newline="", encoding=encoding) as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def request(n: int = 1, **more: object) -> dict[str, object]:
    return {"request_id": f"r{n}", "requested_at": "2020-03-24 08:00", "status": "new", "people": 2,
            "lon": 100.95, "lat": 13.05, "area_code": "", "requester_token": f"R{n:03}", **more}


def adds_up(report: object) -> None:
    assert report.read == report.accepted + report.quarantined + report.duplicate
    for file in report.files:
        assert file.read == file.accepted + file.quarantined + file.duplicate
        assert sum(file.rules.values()) == file.quarantined


def test_a_good_file(store: Store, tmp_path: Path) -> None:
    report = import_files(store, "requests", [write(tmp_path / "a.csv", [request(1), request(2)])])
    assert (report.read, report.accepted, report.quarantined, report.duplicate) == (2, 2, 0, 0)
    with store.snapshot() as s:
        frame = s.frame("requests")
    assert frame["area_code"].tolist() == ["200101", "200101"]
    assert frame["requested_at"].iloc[0] == pd.Timestamp("2020-03-24 01:00")  # UTC


def test_every_row_is_accounted_for_and_refused_ones_are_kept_whole(store: Store, tmp_path: Path) -> None:
    rows = [request(1), request(2, people=-1), request(3, requested_at="yesterday"), request(4, status="lost"),
            request(5, lon=0, lat=0), request(6, lon=2.35, lat=48.85), request(7, lon="", lat=13.05),
            request(8, lon="", lat="", area_code=""), request("", request_id=""), request(1)]
    report = import_files(store, "requests", [write(tmp_path / "bad.csv", rows)])
    adds_up(report)
    assert (report.accepted, report.quarantined, report.duplicate) == (1, 8, 1)
    errors = {f["row"]: f for f in report.findings if f["severity"] == "error"}
    assert {row: (f["column"], f["code"]) for row, f in errors.items()} == {
        3: ("people", "below_minimum"), 4: ("requested_at", "not_a_date"), 5: ("status", "not_a_choice"),
        6: ("lon", "zero_coordinates"), 7: ("lon", "outside_thailand"), 8: ("lon", "half_coordinates"),
        9: ("lon / area_code", "none_of"), 10: ("request_id", "missing")}
    assert "yesterday" in errors[4]["message_en"] and "yesterday" in errors[4]["message_th"]
    assert errors[4]["suggestion"]
    with store.transaction() as tx:
        kept = tx.ask("restricted", 'SELECT "row", code, original FROM g_restricted.quarantine ORDER BY "row"')
    assert kept["row"].tolist() == [3, 4, 5, 6, 7, 8, 9, 10]
    assert json.loads(kept["original"].iloc[1])["requested_at"] == "yesterday"


def test_importing_twice_is_importing_once(store: Store, tmp_path: Path) -> None:
    rows = [request(1), request(2), request(3, people="x")]
    first = import_files(store, "requests", [write(tmp_path / "a.csv", rows)])
    again = import_files(store, "requests", [write(tmp_path / "b.csv", rows[::-1], "utf-8-sig")])
    thai = import_files(store, "requests", [write(tmp_path / "c.csv", [
        {**r, "people": str(r["people"]).translate(str.maketrans("2", "๒"))} for r in rows[:2]], "cp874")])
    assert (first.accepted, first.quarantined) == (2, 1)
    assert (again.duplicate, again.accepted, again.quarantined) == (2, 0, 1)
    assert (thai.duplicate, thai.accepted) == (2, 0)
    assert again.version is None and thai.version is None
    assert store.manifest().version == first.version
    assert {r["code"] for r in thai.repairs} == {"encoding_cp874", "thai_digits"}


def test_a_newer_status_updates_and_empty_cells_do_not_erase(store: Store, tmp_path: Path) -> None:
    import_files(store, "requests", [write(tmp_path / "a.csv", [request(1)])])
    report = import_files(store, "requests", [write(tmp_path / "b.csv", [request(1, status="helped", people="")])])
    assert report.accepted == 1
    with store.snapshot() as s:
        row = s.frame("requests").iloc[0]
    assert (row["status"], row["people"]) == ("helped", 2)


def test_a_known_key_that_says_something_else_is_kept_and_said(store: Store, tmp_path: Path) -> None:
    one = {"area_code": "20", "year": 2021, "people": 100}
    import_files(store, "population", [write(tmp_path / "a.csv", [one])])
    report = import_files(store, "population", [write(tmp_path / "b.csv", [{**one, "people": 90}])])
    assert (report.accepted, report.duplicate) == (0, 1)
    assert [f["code"] for f in report.findings] == ["known_key_differs"]
    with store.snapshot() as s:
        assert s.frame("population")["people"].tolist() == [100]


def test_requests_may_name_their_area_in_words_and_their_items_in_a_cell(store: Store, tmp_path: Path) -> None:
    rows = [{"เลขที่คำขอ": "1", "วันที่ขอ": "24 มี.ค. 2563", "ตำบล": "ต.แสนสุข", "อำเภอ": "เมือง", "จังหวัด": "จ.ชลบุรี",
             "ต้องการ": "ข้าวสาร 5 กก.; หน้ากาก x 10"},
            {"เลขที่คำขอ": "2", "วันที่ขอ": "๒๕/๐๓/๒๕๖๓", "ตำบล": "", "อำเภอ": "", "จังหวัด": "ชลบุรี", "ต้องการ": ""},
            {"เลขที่คำขอ": "3", "วันที่ขอ": "25/03/2563", "ตำบล": "", "อำเภอ": "", "จังหวัด": "ที่ไหนสักแห่ง", "ต้องการ": ""}]
    report = import_files(store, "requests", [write(tmp_path / "thai.csv", rows)])
    adds_up(report)
    assert (report.accepted, report.quarantined) == (2, 1)
    with store.snapshot() as s:
        assert s.frame("requests")["area_code"].tolist() == ["200104", "20"]
        assert s.frame("request_items")[["item", "category", "quantity"]].values.tolist() == [
            ["ข้าวสาร", "food", 5.0], ["หน้ากาก", "supplies", 10.0]]
    warnings = [f for f in report.findings if f["code"] == "request_without_items"]
    assert [f["row"] for f in warnings] == [3]


def test_identities_become_tokens_and_stand_nowhere(store: Store, tmp_path: Path) -> None:
    rows = [request(1, requester_token="1101700230708"), request(2, requester_token="081-234-5678"),
            request(3, requester_token="๑๑๐๑๗๐๐๒๓๐๗๐๘")]
    report = import_files(store, "requests", [write(tmp_path / "a.csv", rows)])
    with store.snapshot() as s:
        tokens = s.frame("requests")["requester"]
    assert tokens.str.startswith("p_").all()
    assert tokens[0] == tokens[2] != tokens[1]
    text = json.dumps(report.to_dict(), ensure_ascii=False)
    assert "1101700230708" not in text and "081-234" not in text
    for file in (store.folder / "files").iterdir():
        assert b"1101700230708" not in file.read_bytes()


def test_swapped_coordinates_are_put_right_and_said(store: Store, tmp_path: Path) -> None:
    report = import_files(store, "requests", [write(tmp_path / "a.csv", [request(1, lon=13.05, lat=100.95)])])
    assert [r["code"] for r in report.repairs] == ["swapped_lonlat"]
    with store.snapshot() as s:
        assert s.frame("requests")[["lon", "lat"]].values.tolist() == [[100.95, 13.05]]


def test_points_off_the_coast_are_snapped_and_far_ones_are_not(store: Store, tmp_path: Path) -> None:
    report = import_files(store, "requests", [write(tmp_path / "a.csv", [
        request(1, lon=100.89), request(2, lon=100.0), request(3, lon=101.05)])])
    with store.snapshot() as s:
        codes = s.frame("requests")["area_code"].fillna("").tolist()
    assert codes == ["200101", "", "200401"]
    assert [r["code"] for r in report.repairs] == ["snapped"]
    assert [f["code"] for f in report.findings if f["code"] != "request_without_items"] == ["outside_areas"]


def test_a_point_outside_the_province_its_address_names_is_flagged(store: Store, tmp_path: Path) -> None:
    report = import_files(store, "requests", [write(tmp_path / "a.csv", [request(1, province="ระยอง")])])
    assert report.accepted == 1
    assert "place_disagrees" in {f["code"] for f in report.findings}


def test_a_dry_run_says_the_same_and_writes_nothing(store: Store, tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", [request(1), request(2, people="x")])
    before = sorted(p.name for p in store.folder.rglob("*"))
    dry = import_files(store, "requests", [path], dry_run=True)
    assert sorted(p.name for p in store.folder.rglob("*")) == before
    real = import_files(store, "requests", [path])
    assert dry.version is None and real.version == 2
    assert (dry.accepted, dry.quarantined) == (real.accepted, real.quarantined)
    assert dry.findings == real.findings


def test_a_dry_run_without_a_store_makes_none(tmp_path: Path) -> None:
    report = import_files(Store(tmp_path / "none"), "requests", [write(tmp_path / "a.csv", [request(1)])], dry_run=True)
    assert report.accepted == 1
    assert not (tmp_path / "none").exists()


def test_people_at_places_sum_to_the_population_whatever_the_order(tmp_path: Path, store: Store) -> None:
    people = write(tmp_path / "population.csv", [{"area_code": "200101", "year": 2021, "people": 100},
                                                 {"area_code": "200401", "year": 2021, "people": 7}])
    places = write(tmp_path / "places.csv", [{"place_id": f"p{i}", "name": f"บ้าน {i}", "lon": 100.91 + i / 100,
                                              "lat": 13.05} for i in range(3)])
    import_files(store, "population", [people])
    import_files(store, "places", [places])
    with store.snapshot() as s:
        one = s.frame("places")
    assert one.groupby("area_code")["people"].sum().to_dict() == {"200101": 100, "200401": 7}
    assert sorted(one["people"]) == [7, 33, 33, 34]
    assert set(one["people_basis"]) == {"estimated"}
    assert one.loc[one["kind"] == "representative", "place_id"].tolist() == ["area-200401"]
    other = Store(tmp_path / "other")
    import_files(other, "areas", [tmp_path / "areas.geojson"])
    import_files(other, "places", [places])
    import_files(other, "population", [people])
    with other.snapshot() as s:
        pd.testing.assert_frame_equal(one, s.frame("places"))


def test_outlines_that_come_later_locate_what_was_there(tmp_path: Path) -> None:
    late = Store(tmp_path / "late")
    hospital = {"facility_id": "1", "name": "ก", "kind": "hospital", "lon": 100.95, "lat": 13.05}
    path = write(tmp_path / "f.csv", [hospital])
    import_files(late, "facilities", [path])
    with late.snapshot() as s:
        assert s.frame("facilities")["area_code"].isna().all()
    outline = gpd.GeoDataFrame({"code": ["200101"], "level": ["tambon"], "name_th": ["ก"]},
                               geometry=[shapely.box(100.9, 13.0, 101.0, 13.1)], crs="EPSG:4326")
    outline.to_file(tmp_path / "a.geojson", driver="GeoJSON")
    import_files(late, "areas", [tmp_path / "a.geojson"])
    with late.snapshot() as s:
        assert s.frame("facilities")["area_code"].tolist() == ["200101"]


def test_two_lists_of_hospitals_make_one_facility_each_in_either_order(tmp_path: Path, store: Store) -> None:
    surer = write(tmp_path / "moph.csv", [
        {"main_code": "4007", "name": " รพ. ก ", "type_code": 5, "type_desc": "ชุมชน", "prov_code": 20, "bed_total": 30,
         "lat": 13.05, "lon": 100.95},
        {"main_code": "0", "name": "ตัวอย่าง", "type_code": 5, "type_desc": "", "prov_code": 20, "bed_total": 0,
         "lat": 13.05, "lon": 100.95}])
    other = write(tmp_path / "vacc.csv", [
        {"h_name": "โรงพยาบาล ก", "address_th": "", "h_code": "04007", "province": "ชลบุรี", "lon": 100.96, "lat": 13.06},
        {"h_name": "สำนักงาน", "address_th": "", "h_code": "00159", "province": "ชลบุรี", "lon": 101.05, "lat": 13.06}])
    frames = []
    for order in ((surer, other), (other, surer)):
        made = Store(tmp_path / f"s{len(frames)}")
        import_files(made, "areas", [tmp_path / "areas.geojson"])
        for path in order:
            import_files(made, "facilities", [path])
        with made.snapshot() as s:
            frames.append(s.frame("facilities"))
    pd.testing.assert_frame_equal(*frames)
    joint = frames[0].set_index("facility_id").loc["04007"]
    assert (joint["kind"], joint["services"], joint["lon"], joint["beds_total"], joint["name"]) == (
        "hospital", "hospital;vaccination_point", 100.95, 30, "รพ. ก")
    assert frames[0]["facility_id"].tolist() == ["00159", "04007"]


def test_most_rows_refused_publishes_nothing_without_a_reason(store: Store, tmp_path: Path) -> None:
    path = write(tmp_path / "bad.csv", [request(i, people="x" if i % 3 else 1) for i in range(30)])
    before = store.manifest().version
    with pytest.raises(TooManyRefusedError, match="20 of 30") as error:
        import_files(store, "requests", [path])
    assert error.value.report.quarantined == 20
    assert store.manifest().version == before
    report = import_files(store, "requests", [path], accept_quarantine="the unit's form lacks people")
    assert report.accepted == 10 and report.version == before + 1


@pytest.mark.parametrize(("name", "content", "says"), [
    ("missing.csv", None, "no file"), ("empty.csv", b"", "is empty"),
    ("head.csv", b"request_id,requested_at\n", "no rows"),
    ("blank.csv", b"\n \n", "no rows"), ("table.xlsx", b"request_id\n1\n", "not what its name says"),
    ("book.csv", b"PK\x03\x04....", "not what its name says"), ("half.parquet", b"PAR1xxxx", "can't be read"),
    ("a.docx", b"x", "can't be read"), ("nul.csv", b"a,b\n\x00,1\n", "NUL"),
    ("other.csv", b"colour,size\nred,1\n", "fit neither a recipe"), ("twice.csv", b"a,a\n1,2\n", "more than once"),
    ("cut.csv.gz", gzip.compress(b"request_id,requested_at\n1,2020-01-01\n", mtime=0)[:-9], "can't be read"),
])
def test_files_that_are_not_what_they_should_be(store: Store, tmp_path: Path, name: str, content: bytes | None,
                                                says: str) -> None:
    before = sorted(store.folder.rglob("*"))
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=says):
        import_files(store, "requests", [tmp_path / name])
    assert sorted(store.folder.rglob("*")) == before


_SHAPE = ('{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"code": "200104", %s'
          '"name_th": "a", "level": "tambon"}, "geometry": {"type": "Polygon", "coordinates": '
          '[[[101, 13], [101, 14], [100, 14], %s]]}}]}')


@pytest.mark.parametrize(("more", "end", "says"), [
    ("", "[100, 13]", "shape in row 2 of a.geojson is damaged"),  # the ring is left open
    ('"\\ncode": "200105", ', "[101, 13]", "header 'code' more than once"),
])
def test_a_damaged_shape_and_two_columns_of_one_name_are_refused(store: Store, tmp_path: Path, more: str, end: str,
                                                                 says: str) -> None:
    path = tmp_path / "a.geojson"
    path.write_text(_SHAPE % (more, end), "utf-8")
    with pytest.raises(InputError, match=says) as refused:
        import_files(store, "areas", [path])
    assert refused.value.key


def test_a_failed_first_import_leaves_no_store(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("colour\nred\n")
    with pytest.raises(InputError):
        import_files(Store(tmp_path / "deep" / "new"), "requests", [tmp_path / "x.csv"])
    assert not (tmp_path / "deep").exists()


def test_ragged_rows_are_kept_aside_whole(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("request_id,requested_at,area_code\n1,2020-03-24,20\n2,2020-03-24\n3,2020-03-24,20,extra\n")
    report = import_files(store, "requests", [path])
    adds_up(report)
    assert (report.accepted, report.quarantined) == (1, 2)
    assert {f["row"] for f in report.findings if f["code"] == "ragged_row"} == {3, 4}


def test_a_workbook_and_a_parquet_file_say_the_same_as_a_csv(tmp_path: Path, store: Store) -> None:
    rows = pd.DataFrame([request(1), request(2)]).drop(columns="area_code")
    rows.to_excel(tmp_path / "a.xlsx", index=False)
    rows.to_parquet(tmp_path / "a.parquet")
    rows.to_csv(tmp_path / "a.csv", index=False)
    reports = [import_files(store, "requests", [tmp_path / f"a.{kind}"]) for kind in ("xlsx", "parquet", "csv")]
    assert [(r.accepted, r.duplicate) for r in reports] == [(2, 0), (0, 2), (0, 2)]


def test_unknown_dataset_and_recipe(store: Store, tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", [request(1)])
    with pytest.raises(UnknownError, match="datasets are areas"):
        import_files(store, "wishes", [path])
    with pytest.raises(UnknownError, match="recipes are"):
        import_files(store, "requests", [path], recipe="nope")
    with pytest.raises(InputError, match="makes facilities, not requests"):
        import_files(store, "requests", [path], recipe="moph_hospitals_2020")
    with pytest.raises(InputError, match="lacks the column 'request_no'"):
        import_files(store, "requests", [path], recipe="help_requests_2020")


def test_a_folder_is_imported_as_one_version_and_lists_what_it_does_not_know(tmp_path: Path, store: Store) -> None:
    folder = tmp_path / "in"
    (folder / "deep").mkdir(parents=True)
    write(folder / "requests.csv", [request(1), request(2)])
    write(folder / "deep" / "request_items.csv", [{"request_id": "r1", "item": "ข้าว", "category": "food"}])
    (folder / "notes.csv").write_text("colour\nred\n")
    (folder / "broken.json").write_text("<<<<<<< HEAD\n{}\n")
    before = store.manifest().version
    report = import_folder(store, folder)
    assert [f.dataset for f in report.files] == ["requests", "request_items"]
    assert report.unrecognised == ["broken.json", "notes.csv"]
    assert report.version == before + 1
    # Items that came with the same folder count.
    assert [f["row"] for f in report.findings if f["code"] == "request_without_items"] == [3]


def test_a_sample_store_accepts_imports_and_stays_labelled(tmp_path: Path) -> None:
    made = Store(tmp_path / "s")
    import_files(made, "requests", [write(tmp_path / "a.csv", [request(1)])], sample=True)
    import_files(made, "requests", [write(tmp_path / "b.csv", [request(2)])])
    assert open_store(tmp_path / "s").info()["sample"] is True


def test_an_address_known_only_in_part_is_taken_coarser_and_said(store: Store, tmp_path: Path) -> None:
    rows = [request(1, lon="", lat="", tambon="ตำบลไม่มีจริง", district="บางละมุง", province="ชลบุรี"),
            request(2, lon="", lat="", tambon="แสนสุข", district="ศรีราชา", province="ชลบุรี"),
            request(3, lon="", lat="", tambon="แสนสุข", district="เมือง", province="ชลบุรี")]
    report = import_files(store, "requests", [write(tmp_path / "a.csv", rows)])
    assert report.accepted == 3
    assert [f["row"] for f in report.findings if f["code"] == "coarser_area"] == [2, 3]
    with store.snapshot() as s:
        assert s.frame("requests")["area_code"].tolist() == ["2004", "2007", "200104"]
