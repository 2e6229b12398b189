"""Recipes: how the columns of a known file become ours (``data/recipes/*.toml``).

A recipe names a dataset, the headers by which its files are recognised, and for each of our
columns where the text comes from. A file with the contract's own column names needs none.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from jitasa_analytics.contracts import DATASETS, Column, Dataset, dataset
from jitasa_analytics.errors import InputError, UnknownError
from jitasa_analytics.ingest.dates import ERAS
from jitasa_analytics.resources import data_dir

OWN = "own-columns"


@dataclass(frozen=True)
class Source:
    """Where the text of one of our columns comes from.

    ``column`` or ``value`` (a constant); then, in this order: ``extract`` (a pattern whose first
    group is taken), ``strip`` (a prefix taken off), ``pad`` (leading zeros), ``map`` (their words to
    ours), ``prefix``. ``otherwise`` are (column, pattern, value): where the pattern fits, the value stands.
    ``utc`` says that times are UTC, not the clock of Thailand.
    """

    column: str = ""
    value: str | None = None
    extract: str = ""
    strip: str = ""
    pad: int = 0
    map: Mapping[str, str] = field(default_factory=dict)
    prefix: str = ""
    otherwise: tuple[tuple[str, str, str], ...] = ()
    utc: bool = False


@dataclass(frozen=True)
class Part:
    """One of our rows that a row of theirs holds (a wide table holds several)."""

    columns: Mapping[str, Source]
    measure: str = ""


@dataclass(frozen=True)
class Refusal:
    """Rows that are no data: a test hospital, a national average."""

    column: str
    matches: str
    code: str


@dataclass(frozen=True)
class Items:
    """Columns that say yes or no to an item a request asks for."""

    column: str
    item: str
    category: str


@dataclass(frozen=True)
class Recipe:
    """A known kind of file.

    Attributes
    ----------
    name : str
        The recipe's name (the file's stem).
    dataset : str
        The dataset that its rows belong to.
    recognise : tuple of str
        Headers that a file must have to be taken for one of these.
    parts : tuple of Part
        Our rows in each of theirs.
    authority : {"override", "fill"}
        Whether its values replace those known for the same key, or only fill what is missing.
    running_key : str
        The key is only a running number: rows equal in all but this column are one.
    address : mapping
        Their columns for province, district and tambon names or codes, held against the location.
    era : {"", "BE", "CE"}
        The era of years of two digits; without it such dates are refused.
    crs : str
        The coordinate system of lon (easting) and lat (northing) where it is not WGS84, for
        instance ``EPSG:32647`` (UTM 47N) or ``EPSG:24047`` (the same on Indian 1975).
    """

    name: str
    dataset: str
    recognise: tuple[str, ...]
    parts: tuple[Part, ...]
    source: str = ""
    authority: str = "override"
    running_key: str = ""
    refuse: tuple[Refusal, ...] = ()
    items: tuple[Items, ...] = ()
    address: Mapping[str, Source] = field(default_factory=dict)
    title: Mapping[str, str] = field(default_factory=dict)
    era: str = ""
    crs: str = ""

    def headers(self) -> dict[str, str]:
        """The file's own header of each of our columns that has one, and of the parts of an address."""
        found: dict[str, set[str]] = {}
        for columns in (self.address, *(part.columns for part in self.parts)):
            for name, source in columns.items():
                found.setdefault(name, set()).add(source.column)
        return {name: next(iter(heads)) for name, heads in found.items() if len(heads) == 1 and heads != {""}}

    def columns_used(self) -> set[str]:
        """Their columns that the recipe reads."""
        used = {s.column for p in self.parts for s in p.columns.values()}
        used |= {o[0] for p in self.parts for s in p.columns.values() for o in s.otherwise}
        used |= {s.column for s in self.address.values()} | {i.column for i in self.items}
        return {u for u in used if u} | {r.column for r in self.refuse}


def _source(value: Any) -> Source:
    if isinstance(value, str):
        return Source(column=value)
    known = {k: v for k, v in value.items() if k not in ("otherwise", "value")}
    constant = None if "value" not in value else str(value["value"])
    rules = tuple((o["column"], o["matches"], str(o["value"])) for o in value.get("otherwise", ()))
    return Source(**known, value=constant, otherwise=rules)


def _era(value: str) -> str:
    if value not in ERAS:
        raise KeyError(f"era {value!r}; write BE (Buddhist) or CE (Common Era)")
    return value


def load(path: Path) -> Recipe:
    """Read a recipe.

    Raises
    ------
    InputError
        If it is no valid recipe: what is wrong and in which file.
    """
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
        common = {k: _source(v) for k, v in raw.get("columns", {}).items()}
        parts = tuple(Part({**common, **{k: _source(v) for k, v in p.items() if k != "measure"}}, p.get("measure", ""))
                      for p in raw.get("rows", [{}]))
        recipe = Recipe(
            path.stem, raw["dataset"], tuple(raw.get("recognise", ())), parts, raw.get("source", path.stem),
            raw.get("authority", "override"), raw.get("running_key", ""),
            tuple(Refusal(r["column"], r["matches"], r["code"]) for r in raw.get("refuse", ())),
            tuple(Items(i["column"], i["item"], i["category"]) for i in raw.get("items", ())),
            {k: _source(v) for k, v in raw.get("address", {}).items()}, raw.get("title", {}),
            _era(raw.get("era", "")), str(raw.get("crs", "")))
        contract = dataset(recipe.dataset)
        for part in parts:
            for name in part.columns:
                contract.column(name)
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, LookupError) as error:
        raise InputError(f"the recipe {path.name} is not valid: {error}", key="error.recipe", file=path.name,
                         why=str(error)) from error
    return recipe


@lru_cache(maxsize=1)
def known() -> dict[str, Recipe]:
    """The recipes that travel with the package, by name."""
    return {p.stem: load(p) for p in sorted((data_dir() / "recipes").glob("*.toml"))}


def named(name: str) -> Recipe:
    """A recipe by name, or by the path of a TOML file.

    Raises
    ------
    UnknownError
        If there is none; the message lists the known ones.
    """
    if name in known():
        return known()[name]
    path = Path(name)
    if path.suffix == ".toml" and path.is_file():
        return load(path)
    raise UnknownError(f"there is no recipe {name!r}; recipes are {', '.join(known())}, or the path of a TOML file",
                       key="error.unknown_recipe", name=name, known=", ".join(known()))


def spellings(column: Column) -> tuple[str, ...]:
    """Every header under which a file may carry a column; the last is that of the template workbook."""
    return (column.name, *column.aliases, column.th, column.en, f"{column.th} / {column.en}")


def own_columns(contract: Dataset, headers: Iterable[str]) -> Recipe | None:
    """A recipe for a file that has the contract's own names or their aliases, or None.

    Province, district and tambon names may stand for ``area_code``. All required columns
    without a default must be there, and one of each group of alternatives.
    """
    found = columns_for(contract, headers)
    columns = {name: Source(column=header, pad=_width(contract.column(name), header)) for name, header in found.items()}
    rest = [h for h in headers if h not in found.values()]
    address = {level: Source(column=header) for level, header in address_for(rest).items()}
    given = set(columns) | ({"area_code"} if address else set())
    missing = [c.name for c in contract.columns if c.required and c.default is None and c.name not in given]
    if missing or (contract.one_of and not given & set(contract.one_of)):
        return None
    refuse = tuple(Refusal(columns[name].column, pattern, "test_row")
                   for name, pattern in _TESTS.get(contract.name, {}).items() if name in columns)
    return Recipe(OWN, contract.name, (), (Part(columns),), address=address, refuse=refuse)


# Entries with which people try a system out; real places are not called so.
_TEST_NAME = r"(?i)^(?:โรงพยาบาล|รพ\.?|หน่วยบริการ|จุดฉีด)?\s*(?:ทดสอบ(?:ระบบ)?|test|testing|demo)\s*\d*$"
_TESTS = {
    "facilities": {"facility_id": r"^(?:0+|9{5,})$", "name": _TEST_NAME},
    "candidates": {"name": _TEST_NAME},
    "dose_reports": {"facility_id": r"^(?:0+|9{5,})$"},
}


# Headers of codes whose width is fixed: the Ministry's codes of hospitals have five digits.
_WIDTHS = {"hcode": 5, "h_code": 5}


def _width(column: Column, header: str) -> int:
    return next((w for alias, w in _WIDTHS.items() if alias in column.aliases and fold(alias) == fold(header)), 0)


ADDRESS_WORDS = {
    "province": ("province", "province_name", "จังหวัด", "changwat"),
    "district": ("district", "district_name", "อำเภอ", "อำเภอ/เขต", "amphoe", "เขต"),
    "tambon": ("tambon", "tambon_name", "subdistrict", "ตำบล", "ตำบล/แขวง", "แขวง"),
}


def columns_for(contract: Dataset, headers: Iterable[str]) -> dict[str, str]:
    """Our columns that some headers carry by their own name, their labels or an alias."""
    folded = {fold(h): h for h in headers}
    found = {}
    for column in contract.columns:
        header = next((folded[fold(s)] for s in spellings(column) if fold(s) in folded), None)
        if header is not None:
            found[column.name] = header
    return found


def address_for(headers: Iterable[str]) -> dict[str, str]:
    """Headers under which province, district and tambon stand in words."""
    folded = {fold(h): h for h in headers}
    found = {}
    for level, words in ADDRESS_WORDS.items():
        header = next((folded[fold(w)] for w in words if fold(w) in folded), None)
        if header is not None:
            found[level] = header
    return found


def fold(header: str) -> str:
    """A header in the form in which two spellings of it are equal."""
    return re.sub(r"[\s_\-.*()/]", "", header).lower()


def recognise(headers: Iterable[str], wanted: str | None = None) -> Recipe | None:
    """The recipe whose files have these headers: the one that asks for most of them.

    Parameters
    ----------
    headers : iterable of str
        The file's headers.
    wanted : str, optional
        Only recipes of this dataset; the contract's own names are then tried as well.
    """
    have = set(headers)
    fitting = [r for r in known().values() if r.recognise and set(r.recognise) <= have
               and (wanted is None or r.dataset == wanted)]
    if fitting:
        return max(fitting, key=lambda r: (len(r.recognise), r.name))
    if wanted is not None:
        return own_columns(dataset(wanted), have)
    return None


def own_dataset(stem: str, headers: Iterable[str]) -> Recipe | None:
    """For a folder of files named after datasets: the contract's own names, by the file's name."""
    for name in DATASETS:
        if stem == name or stem.startswith((f"{name}-", f"{name}_2", f"{name}.")):
            return own_columns(DATASETS[name], headers)
    return None
