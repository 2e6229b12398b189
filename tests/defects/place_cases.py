"""Coordinates, people, and counts that disagree with each other."""

from __future__ import annotations

from tests.defects.case import Case, person, point, report

# Three tambons side by side: 200101 from 100.9, 200401 from 101.0, 210101 (Rayong) from 101.1, all from 13.0 to 13.1.
INSIDE = {"lon": [100.95], "lat": [13.05], "area_code": ["200101"]}


def declared(crs: str) -> str:
    return (f'dataset = "requests"\ncrs = "{crs}"\n[columns]\n'
            'request_id = "request_id"\nrequested_at = "requested_at"\n'
            'lon = "lon"\nlat = "lat"\n[address]\nprovince = "จังหวัด"\n')


def moved(name: str, lon: str, lat: str, *codes: str, **more: object) -> Case:
    says = tuple((2, *c.split(":")) for c in codes)
    return Case(name, point(lon, lat), says, keeps=INSIDE, **more)


POINTS = [
    moved("longitude and latitude exchanged", "13.05", "100.95", "lon:swapped_lonlat"),
    Case("0, 0", point("0", "0"), ((2, "lon", "zero_coordinates"),), (0, 1, 0)),
    Case("half a coordinate", point("100.95", ""), ((2, "lat", "half_coordinates"),), (0, 1, 0)),
    Case("outside Thailand", point("2.35", "48.85"), ((2, "lon", "outside_thailand"),), (0, 1, 0)),
    moved("degrees and minutes", "100°57'E", "13°03'00''N", "lat:degrees_minutes", "lon:degrees_minutes"),
    moved("UTM 47N, declared", "711455.15", "1443477.78", "lon:transformed", recipe=declared("EPSG:32647")),
    moved("UTM 48N, declared", "60569.64", "1446176.21", "lon:transformed", recipe=declared("EPSG:32648")),
    # By hand, from the three parameters of EPSG 1154 and the two ellipsoids: 100.9496731, 13.0501238.
    Case("Indian 1975, declared", point("100.953", "13.0484"), ((2, "lon", "transformed"),),
         keeps={"lon": [100.9496731], "lat": [13.0501238]}, recipe=declared("EPSG:4240")),
    Case("metres of an unknown zone", point("711455.15", "1443477.78"), ((2, "lon", "projected_coordinates"),),
         (0, 1, 0), proposes="UTM 47N: 100.95000, 13.05000"),
    Case("just off the coast", point("100.89", "13.05"), ((2, "lon", "snapped"),), keeps={"area_code": ["200101"]}),
    Case("a point outside the province its address names", point("100.95", "13.05", "ระยอง"),
         ((2, "area_code", "place_disagrees"),), keeps=INSIDE),
]

PEOPLE = [
    Case("national id with a wrong check digit, on a request", person("1101700230705"),
         ((2, "requester", "bad_national_id"), (2, "requester", "identity_tokenised"))),
    Case("national id with a wrong check digit, on a dose",
         "person_id,dose_no,date,area_code\n1101700230705,1,2021-06-07,20\n",
         ((2, "person_token", "bad_national_id"),), (0, 1, 0), dataset="doses"),
    Case("national id in Thai digits and groups",
         "person_id,dose_no,date,area_code\n๑-๑๐๑๗-๐๐๒๓๐-๗๐-๘,1,2021-06-07,20\n1101700230708,2,2021-06-08,20\n",
         ((2, "person_token", "identity_tokenised"), (3, "person_token", "identity_tokenised")), (2, 0, 0),
         dataset="doses"),
    Case("two phones in one cell", person("081-234-5678, 089 765 4321"),
         ((2, "requester", "identity_tokenised"), (2, "requester", "two_phones"))),
    Case("an extension", person("0-2590-1000 ต่อ 12"),
         ((2, "requester", "identity_tokenised"), (2, "requester", "phone_extension"))),
    Case("a phone without its zero", person("812345678"),
         ((2, "requester", "identity_tokenised"), (2, "requester", "leading_zeros"))),
]

COUNTS = [
    Case("a cumulative count that falls", report("20,2021-06-07,1,5000,", "20,2021-06-08,1,4000,"),
         ((3, "count", "count_falls"),), (2, 0, 0), keeps={"count": [5000, 4000]}, dataset="dose_reports"),
    Case("a cumulative count that doubles", report("20,2021-06-07,1,5000,", "20,2021-06-08,1,10000,"),
         ((3, "count", "count_doubles"),), (2, 0, 0), dataset="dose_reports"),
    Case("a small count that doubles honestly", report("20,2021-06-07,1,50,", "20,2021-06-08,1,100,"),
         (), (2, 0, 0), dataset="dose_reports"),
    Case("a base that changes", report("20,2021-06-07,1,5000,9000", "20,2021-06-08,1,5100,9500"),
         ((3, "denominator", "denominator_changed"),), (2, 0, 0), dataset="dose_reports"),
    Case("coverage over 100 %", report("20,2021-06-07,1,9100,9000"), ((2, "count", "over_100"),),
         keeps={"count": [9100]}, dataset="dose_reports"),
    Case("all doses together may exceed the base", report("20,2021-06-07,0,9100,9000"), dataset="dose_reports"),
    Case("a national average among provinces", report("20,2021-06-07,1,100,", "ค่าเฉลี่ยทั้งประเทศ,2021-06-07,1,120,"),
         ((3, "", "totals_row"),), (1, 1, 0), dataset="dose_reports"),
]

FACILITIES = [
    Case("a code without its leading zero", "hcode,name,kind,lon,lat\n4007,รพ. ก,hospital,100.95,13.05\n",
         ((2, "hcode", "leading_zeros"),), keeps={"facility_id": ["04007"]}, dataset="facilities"),
    Case("test hospitals", "hcode,name,kind,lon,lat\n99999,รพ. ก,hospital,100.95,13.05\n"
         "10662,โรงพยาบาลทดสอบ,hospital,100.95,13.05\n",
         ((2, "hcode", "test_row"), (3, "name", "test_row")), (0, 2, 0), dataset="facilities"),
    Case("text that a spreadsheet would run stays text",
         "facility_id,name,kind,lon,lat\n10662,=cmd|' /C calc'!A0,hospital,100.95,13.05\n",
         keeps={"name": ["=cmd|' /C calc'!A0"]}, dataset="facilities"),
    Case("not an allowed value", "facility_id,name,kind,lon,lat\n10662,รพ. ก,ปราสาท,100.95,13.05\n",
         ((2, "kind", "not_a_choice"),), (0, 1, 0), dataset="facilities"),
]

CASES = [*POINTS, *PEOPLE, *COUNTS, *FACILITIES]
