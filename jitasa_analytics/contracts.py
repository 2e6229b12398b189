"""The datasets: columns, units, rules and keys.

One declaration serves everything that has to agree on what a row is: the checks of the
import and their messages, the headers a file may use, the table in the store, and the
units in the documentation. Codes are text; times are UTC; people are whole persons.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from jitasa_analytics.errors import UnknownError

Kind = Literal[
    "text", "code", "area", "int", "float", "lon", "lat", "date", "datetime", "choice", "list",
    "token", "geometry",
]
Group = Literal["reference", "doses", "live"]
OnKnown = Literal["keep", "update"]

_SQL = {
    "int": "BIGINT", "float": "DOUBLE", "lon": "DOUBLE", "lat": "DOUBLE",
    "date": "DATE", "datetime": "TIMESTAMP", "geometry": "GEOMETRY",
}

FACILITY_KINDS = (
    "vaccination_point", "screening_point", "hospital", "field_hospital", "health_centre",
    "clinic", "pharmacy", "laboratory", "waiting_centre", "oxygen_point", "cremation_temple",
)
CANDIDATE_KINDS = ("school", "temple", "hall", "health_centre", "hospital", "market", "other")
URGENCIES = ("low", "normal", "high", "critical")
STATUSES = (
    "new", "confirmed", "assigned", "on_the_way", "helped", "not_helped", "duplicate", "withdrawn",
)
OPEN_STATUSES = ("new", "confirmed", "assigned", "on_the_way")
BEING_HELPED_STATUSES = ("assigned", "on_the_way")
CATEGORIES = ("medical", "transport", "food", "medicine", "oxygen", "bed", "supplies", "other")
VOLUNTEER_KINDS = (
    "kamnan", "village_head", "health_volunteer", "local_official", "student",
    "community_development_leader", "local_leader", "womens_fund", "green_volunteer", "other",
)
LEVELS = ("country", "province", "district", "tambon")
GROUP_KINDS = (
    "health_region", "pao", "special_city", "city_municipality", "town_municipality",
    "tambon_municipality", "sao",
)
BASES = ("registered", "resident", "with_unregistered")


@dataclass(frozen=True)
class Column:
    """One column of a dataset.

    Attributes
    ----------
    name : str
        The name in the store and in files that need no recipe.
    kind : str
        What the text of a cell is read as; ``area`` also reads Thai and English names.
    required : bool
        A row without it is quarantined.
    unit : str
        The unit of a number, for instance ``persons``.
    choices : tuple of str
        The allowed values of a ``choice``, or of each part of a ``list``.
    minimum, maximum : float, optional
        Inclusive bounds of a number.
    default : str, optional
        Taken where a file has no such column or an empty cell.
    aliases : tuple of str
        Other headers, Thai and English, under which files carry this column.
    th, en : str
        The label a person reads.
    personal : bool
        The value may name a person; it is masked in reports.
    """

    name: str
    kind: Kind
    th: str
    en: str
    required: bool = False
    unit: str = ""
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    default: str | None = None
    aliases: tuple[str, ...] = ()
    personal: bool = False

    @property
    def sql_type(self) -> str:
        """The column's type in DuckDB."""
        return _SQL.get(self.kind, "VARCHAR")


@dataclass(frozen=True)
class Dataset:
    """A table of the store: its columns, its key and what happens to a row whose key is known.

    ``columns`` are what files give, ``derived`` what the store computes from them (the H3 cell of a point),
    ``stored`` and ``names`` both. ``one_of`` lists columns of which at least one must be given (a dose
    report names an area or a facility). ``scoped_by`` is the column whose area code decides who may read a
    row; datasets without one are public.
    """

    name: str
    group: Group
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    th: str
    en: str
    on_known: OnKnown = "keep"
    one_of: tuple[str, ...] = ()
    scoped_by: Literal["", "area_code", "request_id"] = ""
    as_of: str = ""
    derived: tuple[Column, ...] = field(init=False, default=())
    names: tuple[str, ...] = field(init=False, default=())

    def __post_init__(self) -> None:
        located = {"lon", "lat"} <= {c.name for c in self.columns}
        object.__setattr__(self, "derived", (CELL,) if located else ())
        object.__setattr__(self, "names", tuple(c.name for c in self.stored))

    @property
    def stored(self) -> tuple[Column, ...]:
        """The columns of the table: those that files give, then those that are computed."""
        return self.columns + self.derived

    def column(self, name: str) -> Column:
        """The column of that name."""
        for column in self.stored:
            if column.name == name:
                return column
        raise UnknownError(f"dataset {self.name} has no column {name!r}; it has {', '.join(self.names)}",
                           key="error.unknown_column", name=name, dataset=self.name, known=", ".join(self.names))

    @property
    def geometry(self) -> bool:
        """Whether rows carry a geometry."""
        return any(c.kind == "geometry" for c in self.columns)


def _lonlat(required: bool = True) -> tuple[Column, Column]:
    return (
        Column("lon", "lon", "ลองจิจูด", "Longitude", required=required, unit="degrees",
               aliases=("longitude", "lng", "long", "ลองติจูด", "x")),
        Column("lat", "lat", "ละติจูด", "Latitude", required=required, unit="degrees",
               aliases=("latitude", "ละติจูต", "y")),
    )


def _area(required: bool = False) -> Column:
    return Column("area_code", "area", "รหัสพื้นที่", "Area code", required=required,
                  aliases=("area", "tambon_code", "รหัสตำบล", "geocode", "พื้นที่"))


# Computed from the point wherever rows are written (`cells`); never read from a file.
CELL = Column("h3", "code", "เซลล์ H3 ของจุด (ระดับ 8)", "H3 cell of the point (resolution 8)")
SOURCE = Column("source", "text", "แหล่งข้อมูล", "Source")

DATASETS: dict[str, Dataset] = {d.name: d for d in (
    Dataset(
        "areas", "reference", ("code", "valid_from"), (
            Column("code", "code", "รหัส", "Code", required=True, aliases=("area_code", "geocode", "pcode")),
            Column("valid_from", "date", "ใช้ตั้งแต่", "Valid from", required=True, default="2022-01-21"),
            Column("level", "choice", "ระดับ", "Level", required=True, choices=LEVELS),
            Column("name_th", "text", "ชื่อไทย", "Thai name", required=True),
            Column("name_en", "text", "ชื่ออังกฤษ", "English name"),
            Column("parent", "code", "รหัสพื้นที่แม่", "Parent code"),
            Column("basis", "choice", "ที่มาของเส้นเขต", "Basis of the outline",
                   choices=("published", "simplified", "schematic"), default="published"),
            SOURCE,
            Column("geometry", "geometry", "ขอบเขต", "Outline"),
        ), "พื้นที่ปกครอง", "Administrative areas", as_of="valid_from"),
    Dataset(
        "area_groups", "reference", ("group_kind", "group_code", "area_code"), (
            Column("group_kind", "choice", "ชนิดกลุ่ม", "Kind of group", required=True, choices=GROUP_KINDS),
            Column("group_code", "code", "รหัสกลุ่ม", "Group code", required=True),
            _area(required=True),
            Column("name_th", "text", "ชื่อไทย", "Thai name"),
            Column("name_en", "text", "ชื่ออังกฤษ", "English name"),
            SOURCE,
        ), "กลุ่มพื้นที่", "Groups of areas"),
    Dataset(
        "population", "reference", ("area_code", "year", "group", "basis"), (
            _area(required=True),
            Column("year", "int", "ปี (ค.ศ.)", "Year (CE)", required=True, minimum=1900, maximum=2200,
                   aliases=("ปี",)),
            Column("group", "text", "กลุ่มประชากร", "Population group", required=True, default="all",
                   aliases=("กลุ่ม",)),
            Column("basis", "choice", "ฐานประชากร", "Basis", required=True, choices=BASES, default="registered"),
            Column("people", "int", "จำนวนคน", "People", required=True, unit="persons", minimum=0,
                   aliases=("population", "count", "ประชากร", "จำนวนประชากร")),
            Column("households", "int", "ครัวเรือน", "Households", unit="households", minimum=0),
            SOURCE,
        ), "ประชากร", "Population", as_of="year"),
    Dataset(
        "places", "reference", ("place_id",), (
            Column("place_id", "code", "รหัสสถานที่", "Place id", required=True, aliases=("id",)),
            Column("name", "text", "ชื่อ", "Name", aliases=("ชื่อหมู่บ้าน", "หมู่บ้าน")),
            *_lonlat(),
            _area(),
            Column("people", "int", "จำนวนคน", "People", unit="persons", minimum=0,
                   aliases=("population", "ประชากร")),
            Column("people_basis", "choice", "ที่มาของจำนวนคน", "How people were counted",
                   choices=("counted", "estimated"), default=None),
            Column("kind", "choice", "ชนิด", "Kind", choices=("village", "community", "representative", "other"),
                   default="village"),
            SOURCE,
        ), "หมู่บ้านและจุดความต้องการ", "Villages and other demand points", on_known="update"),
    Dataset(
        "facilities", "reference", ("facility_id",), (
            Column("facility_id", "code", "รหัสสถานพยาบาล", "Facility id", required=True,
                   aliases=("hcode", "h_code", "รหัสหน่วยบริการ", "รหัสโรงพยาบาล")),
            Column("name", "text", "ชื่อ", "Name", required=True, aliases=("ชื่อหน่วยบริการ", "ชื่อโรงพยาบาล")),
            Column("kind", "choice", "ชนิด", "Kind", required=True, choices=FACILITY_KINDS,
                   aliases=("ประเภท",)),
            Column("services", "list", "บริการที่มี", "Services", choices=FACILITY_KINDS),
            *_lonlat(),
            _area(),
            Column("capacity_per_day", "int", "รับได้ต่อวัน", "Capacity per day", unit="persons per day", minimum=0),
            Column("beds_total", "int", "เตียงทั้งหมด", "Beds", unit="beds", minimum=0, aliases=("จำนวนเตียง",)),
            Column("beds_free", "int", "เตียงว่าง", "Free beds", unit="beds", minimum=0),
            Column("opening_hours", "text", "เวลาเปิด", "Opening hours"),
            Column("staff", "int", "เจ้าหน้าที่", "Staff", unit="persons", minimum=0),
            Column("status", "choice", "สถานะ", "Status", choices=("open", "closed", "full", "planned"),
                   default="open"),
            Column("opened", "date", "วันเปิด", "Opened"),
            Column("closed", "date", "วันปิด", "Closed"),
            Column("verified_at", "date", "ตรวจสอบเมื่อ", "Verified"),
            SOURCE,
        ), "สถานพยาบาลและจุดบริการ", "Facilities", on_known="update", as_of="verified_at"),
    Dataset(
        "candidates", "reference", ("candidate_id",), (
            Column("candidate_id", "code", "รหัสจุดที่เสนอ", "Candidate id", required=True, aliases=("id", "site_id")),
            Column("name", "text", "ชื่อ", "Name", required=True),
            Column("kind", "choice", "ชนิด", "Kind", choices=CANDIDATE_KINDS, default="other"),
            *_lonlat(),
            _area(),
            Column("capacity_per_day", "int", "รับได้ต่อวัน", "Capacity per day", unit="persons per day", minimum=0,
                   aliases=("capacity",)),
            Column("cost", "float", "ค่าใช้จ่าย", "Cost", unit="baht", minimum=0),
            SOURCE,
        ), "จุดที่เสนอให้เปิด", "Candidate sites", on_known="update"),
    Dataset(
        "requests", "live", ("request_id",), (
            Column("request_id", "code", "เลขที่คำขอ", "Request id", required=True,
                   aliases=("id", "request_no", "เลขคำขอ")),
            Column("requested_at", "datetime", "เวลาที่ขอ", "Requested at", required=True,
                   aliases=("date", "วันที่ขอ", "วันที่", "วันที่แจ้ง")),
            Column("urgency", "choice", "ความเร่งด่วน", "Urgency", choices=URGENCIES, default="normal"),
            Column("status", "choice", "สถานะ", "Status", required=True, choices=STATUSES, default="new"),
            # Nobody asks for more at once; a phone number in this column would.
            Column("people", "int", "จำนวนคน", "People", unit="persons", minimum=1, maximum=10_000, default="1"),
            *_lonlat(required=False),
            _area(),
            Column("requester", "token", "ผู้ขอ", "Requester", personal=True,
                   aliases=("requester_token", "requester_id", "ผู้แจ้ง", "โทรศัพท์", "เบอร์โทร", "เบอร์โทรศัพท์",
                            "หมายเลขโทรศัพท์", "phone", "tel")),
            SOURCE,
        ), "คำขอความช่วยเหลือ", "Requests for help", on_known="update", one_of=("lon", "area_code"),
        scoped_by="area_code", as_of="requested_at"),
    Dataset(
        "request_items", "live", ("request_id", "item"), (
            Column("request_id", "code", "เลขที่คำขอ", "Request id", required=True),
            Column("item", "text", "สิ่งที่ขอ", "Item", required=True, aliases=("รายการ",)),
            Column("category", "choice", "หมวด", "Category", required=True, choices=CATEGORIES, default="other"),
            Column("quantity", "float", "จำนวน", "Quantity", unit="pieces", minimum=0),
            Column("delivered", "float", "ส่งแล้ว", "Delivered", unit="pieces", minimum=0, default="0"),
        ), "สิ่งที่ขอ", "Items of requests", on_known="update", scoped_by="request_id"),
    Dataset(
        "request_events", "live", ("event_id",), (
            Column("event_id", "code", "เลขเหตุการณ์", "Event id", required=True),
            Column("request_id", "code", "เลขที่คำขอ", "Request id", required=True),
            Column("at", "datetime", "เวลา", "At", required=True),
            Column("status", "choice", "สถานะ", "Status", choices=STATUSES),
            Column("by", "code", "โดย", "By"),
            Column("item", "text", "รายการ", "Item"),
            Column("quantity_delivered", "float", "ส่งมอบ", "Delivered", unit="pieces", minimum=0),
            Column("facility_id", "code", "สถานพยาบาล", "Facility"),
            Column("to_unit", "text", "ส่งต่อหน่วย", "Referred to"),
            Column("note", "text", "หมายเหตุ", "Note", personal=True),
            Column("quantity_promised", "float", "รับปากว่าจะให้", "Promised", unit="pieces", minimum=0),
            Column("vehicle", "text", "ยานพาหนะ", "Vehicle"),
            Column("same_as", "code", "ซ้ำกับคำขอ", "Duplicate of"),
            Column("recorded_by", "code", "ผู้บันทึก", "Recorded by"),
        ), "เหตุการณ์ของคำขอ", "Events of requests", scoped_by="request_id", as_of="at"),
    Dataset(
        "volunteers", "live", ("volunteer_id",), (
            Column("volunteer_id", "token", "รหัสอาสา", "Volunteer id", required=True, aliases=("id",)),
            Column("kind", "choice", "ประเภทอาสา", "Kind", required=True, choices=VOLUNTEER_KINDS, default="other"),
            Column("skills", "list", "ทักษะ", "Skills"),
            Column("equipment", "list", "ยานพาหนะและอุปกรณ์", "Vehicles and equipment", aliases=("vehicles",)),
            *_lonlat(required=False),
            _area(),
            Column("capacity_per_day", "float", "ช่วยได้ต่อวัน", "Requests per day", unit="requests per day",
                   minimum=0, default="1", aliases=("capacity",)),
            Column("available_from", "date", "ว่างตั้งแต่", "Available from"),
            Column("available_to", "date", "ว่างถึง", "Available to"),
            Column("consent_at", "datetime", "ยินยอมเมื่อ", "Consent given"),
        ), "อาสาสมัคร", "Volunteers", on_known="update", one_of=("lon", "area_code"), scoped_by="area_code",
        as_of="consent_at"),
    Dataset(
        "doses", "doses", ("person_token", "dose_no"), (
            Column("person_token", "token", "บุคคล", "Person", required=True, personal=True,
                   aliases=("person_id", "เลขประจำตัวประชาชน", "เลขบัตรประชาชน", "cid")),
            Column("dose_no", "int", "เข็มที่", "Dose", required=True, minimum=1, maximum=9, aliases=("เข็ม",)),
            Column("date", "date", "วันที่ฉีด", "Date", required=True, aliases=("vaccinated_on", "วันที่")),
            Column("vaccine", "text", "วัคซีน", "Vaccine"),
            Column("facility_id", "code", "หน่วยบริการ", "Facility"),
            _area(required=True),
            Column("birth_year", "int", "ปีเกิด (ค.ศ.)", "Birth year (CE)", minimum=1890, maximum=2200),
            Column("sex", "choice", "เพศ", "Sex", choices=("female", "male", "other")),
            Column("group", "text", "กลุ่ม", "Group", default="all"),
        ), "การฉีดวัคซีนรายเข็ม", "Doses", scoped_by="area_code", as_of="date"),
    Dataset(
        "dose_reports", "doses",
        ("area_code", "facility_id", "as_of", "reported_at", "dose_no", "group", "source"), (
            _area(),
            Column("facility_id", "code", "หน่วยบริการ", "Facility", aliases=("hcode", "h_code")),
            Column("as_of", "date", "ข้อมูล ณ วันที่", "As of", required=True, aliases=("date", "วันที่", "ณ วันที่")),
            Column("reported_at", "datetime", "รายงานเมื่อ", "Reported at"),
            Column("dose_no", "int", "เข็มที่ (0 = ทุกเข็ม)", "Dose (0 = all)", required=True, minimum=0, maximum=9,
                   default="0",
                   aliases=("เข็มที่", "เข็ม", "dose")),
            Column("group", "text", "กลุ่ม", "Group", required=True, default="all"),
            Column("count", "int", "จำนวนสะสม", "Cumulative count", required=True, unit="doses", minimum=0),
            Column("denominator", "int", "ประชากรฐานที่ประกาศ", "Published denominator", unit="persons", minimum=1),
            SOURCE,
        ), "รายงานการฉีดสะสม", "Cumulative dose reports", one_of=("area_code", "facility_id"),
        scoped_by="area_code", as_of="as_of"),
    Dataset(
        "observations", "live", ("observation_id",), (
            Column("observation_id", "code", "เลขที่รายงาน", "Observation id", required=True),
            _area(required=True),
            Column("at", "datetime", "เวลา", "At", required=True),
            Column("observer", "token", "ผู้รายงาน", "Observer", personal=True),
            Column("what", "text", "เรื่อง", "What", required=True),
            Column("count", "int", "จำนวน", "Count", minimum=0),
        ), "รายงานภาคสนาม", "Field reports", scoped_by="area_code", as_of="at"),
    Dataset(
        "officers", "live", ("officer_id",), (
            # A national id or a phone tells two people of one name apart; a roster with names only goes by them.
            Column("officer_id", "token", "รหัสเจ้าหน้าที่", "Officer id", required=True, personal=True,
                   aliases=("เลขประจำตัวประชาชน", "เลขบัตรประชาชน", "เลขประจำตัวเจ้าหน้าที่", "โทรศัพท์", "เบอร์โทร",
                            "เบอร์โทรศัพท์", "phone", "ชื่อ-นามสกุล", "ชื่อ-สกุล", "ชื่อ - สกุล", "ชื่อเจ้าหน้าที่",
                            "full name", "officer")),
            Column("unit", "text", "หน่วยงาน", "Unit", required=True, aliases=("สังกัด", "ต้นสังกัด", "ชื่อหน่วยงาน")),
            _area(required=True),
            Column("role", "text", "บทบาท", "Role", aliases=("ตำแหน่ง", "หน้าที่", "position")),
            Column("trained_on", "date", "อบรมเมื่อ", "Trained on",
                   aliases=("วันที่อบรม", "วันอบรม", "ผ่านการอบรมเมื่อ", "training date")),
        ), "เจ้าหน้าที่", "Officers", on_known="update", scoped_by="area_code"),
)}

GROUPS: tuple[Group, ...] = ("reference", "doses", "live")


def dataset(name: str) -> Dataset:
    """The contract of a dataset.

    Raises
    ------
    UnknownError
        If there is none of that name.

    >>> dataset("requests").key
    ('request_id',)
    """
    try:
        return DATASETS[name]
    except KeyError:
        raise UnknownError(
            f"there is no dataset {name!r}; datasets are {', '.join(DATASETS)}",
            key="error.unknown_dataset", name=name, known=", ".join(DATASETS),
        ) from None


def datasets_of(groups: Iterable[str]) -> tuple[Dataset, ...]:
    """The datasets that lie in these file groups."""
    wanted = set(groups)
    return tuple(d for d in DATASETS.values() if d.group in wanted)
