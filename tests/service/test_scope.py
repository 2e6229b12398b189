"""Nobody gets a row from outside their area: every study of the registry, every export, every call of the API, every
named query and every answer that is kept, for accounts of areas and of groups of areas.

Two ways to find a leak, and no list of studies or routes that somebody would have to keep up. Names: each row about a
person has one, and none of another area's may stand in an answer. Figures: a second store holds nothing about people
outside the area, and must give the same answer; whatever comes from across the border as a number would differ.
"""

from __future__ import annotations

import io
import json
import re
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from openpyxl import load_workbook

from dashboards.desk import Desk
from jitasa_analytics import contracts, show, studies
from jitasa_analytics.errors import JitasaError
from jitasa_analytics.service.accounts import Accounts
from jitasa_analytics.service.audit import Audit
from jitasa_analytics.service.reports import Reports
from jitasa_analytics.service.requests import Requests
from jitasa_analytics.service.roles import ROLES, NotAllowedError, User
from jitasa_analytics.service.web import api
from jitasa_analytics.show.files import ENDINGS
from jitasa_analytics.store import Store
from tests.service.conftest import PASSWORD, Served

TOWN = "town_municipality:test"
SCOPES = ("20", "200104", TOWN, "health_region:06")
MEMBERS = {TOWN: ("200104", "200103", "200705"),
           "health_region:06": ("11", "20", "21", "22", "23", "24", "25", "27")}
STUDIES = sorted(studies.known())
# Searches are made short: what they may read is what is tested, not how good the plan is.
SHORT = {"time_limit": 2, "draws": 2}
# Datasets about people, which a scope limits, with what names a row.
LIMITED = {n: d.key[0] for n, d in contracts.DATASETS.items() if d.scoped_by and d.group in ("live", "doses")
           and d.key[0] != "area_code"}


def heads(scope: str) -> tuple[str, ...]:
    return MEMBERS.get(scope, ("",) if scope == "TH" else (scope,))


@pytest.fixture(scope="module")
def whole(sample_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """The sample with a municipality."""
    folder = tmp_path_factory.mktemp("scope") / "store"
    shutil.copytree(sample_store, folder)
    store = Store(folder)
    with store.transaction(note="groups") as tx:
        tx.insert("area_groups", pd.DataFrame({
            "group_kind": "town_municipality", "group_code": "test", "area_code": list(MEMBERS[TOWN]),
            "name_th": "เทศบาลทดสอบ", "name_en": "Test Town", "source": "test"}))
    return store


@pytest.fixture(scope="module")
def alone(whole: Store, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Store]:
    """For each scope, a store that holds next to nothing about people outside it."""
    made: dict[str, Store] = {}
    for scope in SCOPES:
        folder = tmp_path_factory.mktemp("alone") / "store"
        shutil.copytree(whole.folder, folder)
        made[scope] = Store(folder)
        with whole.snapshot(scope) as own:
            kept = {name: own.frame(name) for name in LIMITED}
        with whole.snapshot() as every:
            for name, key in LIMITED.items():
                # The newest foreign row stays: how old the data of the whole store are is told to everybody.
                rows = every.frame(name)
                foreign = rows[~rows[key].isin(kept[name][key])]
                dates = foreign.select_dtypes("datetime").columns
                foreign = foreign.sort_values(dates[0], na_position="first") if len(dates) else foreign
                kept[name] = pd.concat([kept[name], foreign.tail(1)])
        with made[scope].transaction(note="own") as tx:
            for name, rows in kept.items():
                tx.replace(name, rows)
    return made


@pytest.fixture(scope="module")
def names(whole: Store) -> dict[str, frozenset[str]]:
    """Names of rows about people that lie outside each scope, and that no row inside has."""
    found = {}
    with whole.snapshot() as every:
        all_of = {n: set(every.frame(n, columns=[key])[key].astype(str)) for n, key in LIMITED.items()}
        persons = set(every.frame("requests", columns=["requester"])["requester"].dropna().astype(str))
    for scope in SCOPES:
        with whole.snapshot(scope) as own:
            mine = {n: set(own.frame(n, columns=[key])[key].astype(str)) for n, key in LIMITED.items()}
            # An own request may name a volunteer who lives elsewhere: that is part of the own row.
            known = told("".join(written(own.frame(n)) for n in LIMITED if n != "doses"))
        outside = set().union(*(all_of[n] - mine[n] for n in LIMITED)) | persons
        found[scope] = frozenset(outside - set().union(*mine.values()) - known)
        assert len(found[scope]) > 1000, "there is something to leak"
    return found


_WORD = re.compile(r"[\w:.-]{5,}")


def told(text: str) -> set[str]:
    """Everything in a text that could be the name of a row."""
    return set(_WORD.findall(text))


def written(table: pd.DataFrame) -> str:
    plain = pd.DataFrame(table.drop(columns=[c for c in table if c == "geometry"]))
    return plain.reset_index().to_csv(index=False)


def answer_of(store: Store, study: str, scope: str) -> studies.Answer | str:
    """An answer, or the kind of error where there is none."""
    options = studies.get(study).options()
    params = {n: v for n, v in SHORT.items() if n in options}
    try:
        with store.snapshot(scope) as s:
            return studies.run(study, s, **params)
    except JitasaError as error:
        return type(error).__name__


def same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    left, right = (pd.DataFrame(t.drop(columns=[c for c in t if c == "geometry"])) for t in (one, other))
    pd.testing.assert_frame_equal(left, right, check_dtype=False, rtol=1e-9)


# What is drawn takes seconds an answer.
PICTURES = {"png", "pdf"}
# An answer without outlines can't be written as this.
SHAPES = {"geojson"}


def text_of(kind: str, content: bytes) -> str:
    """What can be read in a file that was exported; of pictures, their metadata."""
    if kind == "xlsx":
        book = load_workbook(io.BytesIO(content), read_only=True)
        cells = [str(c) for sheet in book for row in sheet.iter_rows(values_only=True) for c in row if c is not None]
        parts = zipfile.ZipFile(io.BytesIO(content))
        return "\n".join(cells) + "".join(parts.read(n).decode("utf-8", "replace") for n in parts.namelist())
    if kind == "parquet":
        table = pq.read_table(io.BytesIO(content))
        return written(table.to_pandas()) + str(table.schema.metadata)
    return content.decode("utf-8", "replace")


@pytest.mark.parametrize("study", STUDIES)
def test_a_study_knows_nothing_of_people_outside(whole: Store, alone: dict[str, Store],
                                                 names: dict[str, frozenset[str]], study: str) -> None:
    """With the people of the whole country in the store or none but the own: the same answer, without a foreign row."""
    # Each study in two scopes, another pair for the next one; over all studies each scope comes many times.
    at = STUDIES.index(study)
    for scope in (SCOPES[at % 2], SCOPES[2 + at % 2]):
        got, own = answer_of(whole, study, scope), answer_of(alone[scope], study, scope)
        if isinstance(got, str) or isinstance(own, str):
            assert got == own, (study, scope)
            continue
        same(got.frame, own.frame)
        assert set(got.tables) == set(own.tables)
        for name, table in got.tables.items():
            same(table, own.tables[name])
        assert {n: f.value for n, f in got.figures.items()} == pytest.approx(
            {n: f.value for n, f in own.figures.items()}, nan_ok=True, rel=1e-9)
        assert [n.text("en") for n in got.notes] == [n.text("en") for n in own.notes]
        for table in (got.frame, *got.tables.values()):
            assert not told(written(table)) & names[scope], (study, scope)
        shaped = hasattr(got.frame, "geometry") and got.frame.geometry.notna().any()
        for kind in sorted(set(ENDINGS) - PICTURES - (set() if shaped else SHAPES)):
            assert not told(text_of(kind, show.files.to_bytes(got, kind, "en"))) & names[scope], (study, kind, scope)


def test_no_picture_carries_a_foreign_row(whole: Store, names: dict[str, frozenset[str]]) -> None:
    """Also what takes long, and the view: of every study that tells of single persons, and of one that does not."""
    read = 0
    for at, study in enumerate(["coverage_gaps", *(s for s in STUDIES if s in ("matching", "transport", "hotspots"))]):
        scope = SCOPES[at % len(SCOPES)]
        answer = answer_of(whole, study, scope)
        if isinstance(answer, str):
            continue
        for kind in sorted(ENDINGS):
            text = text_of(kind, show.files.to_bytes(answer, kind, "en"))
            assert not told(text) & names[scope], (study, kind, scope)
            read += 1
        assert not told(answer._repr_html_()) & names[scope], (study, "view", scope)
    assert read >= 2 * len(ENDINGS)


# Those over "$rows" make the cubes when a version is written.
QUERIES = {p.stem: p.read_text("utf-8") for p in (Path(api.__file__).parents[2] / "store" / "queries").glob("*.sql")
           if "$rows" not in p.read_text("utf-8")}


@settings(max_examples=60)
@given(role=st.sampled_from(ROLES), own=st.sampled_from(SCOPES), asked=st.sampled_from(["TH", "10", "20", *SCOPES]),
       first=st.sampled_from(["TH", "10", "20"]), query=st.sampled_from(["page_requests", "page_volunteers"]))
def test_what_is_kept_for_one_account_is_not_given_to_another(
        whole: Store, desk: Desk, names: dict[str, frozenset[str]], role: str, own: str, asked: str, first: str,
        query: str) -> None:
    """The country's account asks first; who asks the same next gets only the own part, or is refused."""
    params = {"state": "all", "category": "", "urgency": ""} if query == "page_requests" else {}
    desk.seen_by(lambda: User("m", "ministry", "TH")).query(query, first, **params)
    try:
        found = desk.seen_by(lambda: User("x", role, own)).query(query, asked, **params)
    except NotAllowedError:
        user = User("x", role, own)
        assert not user.may("see") or not user.holds(asked)
        return
    assert not told(written(found)) & names[own]
    assert found["area_code"].fillna("").str.startswith(heads(own)).all()
    user = User("x", role, own)
    with whole.snapshot(user.within(asked)) as s:
        assert len(found) == len(s.query(query, head="" if asked == "TH" else asked, **params))


@pytest.fixture(scope="module")
def desk(whole: Store) -> Desk:
    """One desk for everybody, as a server has it."""
    return Desk(whole.folder)


@pytest.mark.parametrize("scope", SCOPES)
def test_no_named_query_reads_past_the_scope(whole: Store, names: dict[str, frozenset[str]], scope: str) -> None:
    """Every SQL file of the package, also those that no page asks today."""
    words = {"head": scope, "digits": 6, "state": "all", "status": "", "category": "", "urgency": "", "hours": 1000.0,
             "only": "", "most": 1000, "wanted": list(contracts.STATUSES), "now": "2021-09-30T00:00:00", "kind": "all",
             "group": "all", "upto": "9999-12-31", "day": "2021-09-30", "days": 30, "basis": "registered",
             "groups": ["all"], "dose": 0, "level": "tambon", "since": "2000-01-01", "item": "all", "lon": 101.0,
             "statuses": list(contracts.STATUSES), "lat": 13.3, "first": "2000-01-01", "last": "2030-01-01",
             "as_of": "2030-01-01"}
    with whole.snapshot(scope) as s:
        for name, text in sorted(QUERIES.items()):
            code = re.sub(r"--.*", "", text)
            params = {p: words.get(p, "") for p in set(re.findall(r"\$(\w+)", code))}
            # A new query with a parameter of a new kind fails here until it gets a word above.
            assert not told(written(s.query(name, **params))) & names[scope], name


# -- over HTTP ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def office(whole: Store, open_server: Any, quick_hashes: None) -> Iterator[tuple[Served, dict[str, str]]]:
    """A server with an account in every scope, and the token of each."""
    from jitasa_analytics.service.web.doors import Doors

    accounts, tokens = Accounts(whole.folder), {}
    for at, scope in enumerate(SCOPES):
        accounts.add(f"who{at}", "coordinator", scope, PASSWORD)
        tokens[scope] = accounts.make_token(f"who{at}", "test")
    yield open_server(whole.folder, Doors("accounts", forms=True)), tokens


@pytest.mark.parametrize("scope", SCOPES)
def test_no_call_of_the_api_gives_or_takes_a_foreign_row(whole: Store, office: tuple[Served, dict[str, str]],
                                                         names: dict[str, frozenset[str]], scope: str) -> None:
    """Every address of the API, read and written, with areas and numbers of one's own and of others."""
    served, tokens = office
    visitor, token = served.visitor(), tokens[scope]
    with whole.snapshot() as s:
        every = s.frame("requests", columns=["request_id", "area_code", "status"])
        helpers = s.frame("volunteers", columns=["volunteer_id", "area_code"])
    inside = every["area_code"].fillna("").str.startswith(heads(scope))
    foreign = every[~inside & every["status"].isin(["new", "confirmed"])].iloc[0]
    mine = every[inside]["request_id"].iloc[0]
    other = helpers[~helpers["area_code"].fillna("").str.startswith(heads(scope))]["volunteer_id"].iloc[0]
    outside = "100101"
    before = state(whole)
    bodies: list[Any] = [
        {}, {"status": "withdrawn"}, {"status": "assigned", "by": other}, {"item": "x", "quantity": 1},
        {"item": "x", "promised": 1}, {"to_unit": "x"}, {"status": "duplicate", "same_as": foreign["request_id"]},
        {"area_code": outside, "category": "food"}, {"area_code": "TH", "what": "x"},
        {"area_code": outside, "what": "x", "count": 1},
        {"pairs": [{"request_id": foreign["request_id"], "volunteer_id": other}]}]
    answered = 0
    for pattern, kind in api.ROUTES:
        for request in (foreign["request_id"], mine) if "(" in pattern else ("",):
            path = re.sub(r"\(.*?\)", request, pattern)
            for area in ("", "?area=TH", f"?area={outside}", "?status=all&limit=1000"):
                status, found = visitor.api("GET", path + area, token)
                assert status in (200, 400, 403, 404, 405), (path, status)
                assert not told(json.dumps(found, ensure_ascii=False)) & names[scope] - {foreign["request_id"]}, path
                assert status != 200 or request != foreign["request_id"], "a foreign request is found"
                assert status != 200 or area != f"?area={outside}" or request, (path, "a foreign area is read")
                answered += status == 200
            if request != mine and kind.post is not api.Api.post:
                for body in bodies if not pattern.endswith("assignment") else bodies[-1:]:
                    status, found = visitor.api("POST", path + f"?area={outside}", token, body)
                    assert status in (400, 403, 404), (path, body, status, found)
    assert answered >= 8
    assert state(whole) == before, "something outside was written"


def state(store: Store) -> dict[str, str]:
    """A digest of everything about people."""
    store.settle()
    with store.snapshot() as s:
        return {name: s.digest(name) for name in LIMITED}


@settings(max_examples=30)
@given(role=st.sampled_from(ROLES), scope=st.sampled_from(SCOPES), at=st.integers(0, 10**6),
       deed=st.sampled_from(["move", "assign", "refer", "deliver", "promise", "create", "report", "merge"]))
def test_nobody_writes_outside_their_area(whole: Store, role: str, scope: str, at: int, deed: str) -> None:
    """Random accounts and deeds on random rows of others: refused, and nothing has changed."""
    user, audit = User("x", role, scope), Audit(whole.folder)
    work, reports = Requests(whole, user, audit), Reports(whole, user, audit)
    with whole.snapshot() as s:
        rows = s.frame("requests", columns=["request_id", "area_code"])
        rows = rows[~rows["area_code"].fillna("").str.startswith(heads(scope))]
        helpers = s.frame("volunteers", columns=["volunteer_id"])["volunteer_id"]
        before = {n: s.count(n) for n in LIMITED}
    one, area = str(rows["request_id"].iloc[at % len(rows)]), str(rows["area_code"].iloc[at % len(rows)] or "TH")
    deeds = {
        "move": lambda: work.move(one, "withdrawn"), "refer": lambda: work.refer(one, to_unit="x"),
        "assign": lambda: work.assign({one: str(helpers.iloc[at % len(helpers)])}),
        "deliver": lambda: work.deliver(one, "x", 1), "promise": lambda: work.promise(one, "x", 1),
        "create": lambda: work.create(area_code=area, category="food"),
        "report": lambda: reports.add(area_code=area, what="x"),
        "merge": lambda: work.move(one, "duplicate", same_as=str(rows["request_id"].iloc[0]))}
    with pytest.raises(JitasaError):
        deeds[deed]()
    whole.settle()
    with whole.snapshot() as s:
        assert {n: s.count(n) for n in LIMITED} == before
