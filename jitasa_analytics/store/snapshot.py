"""A snapshot: one version, read-only, limited to a scope."""

from __future__ import annotations

import json
import os
import weakref
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import geopandas as gpd
import pandas as pd

from jitasa_analytics import areas, groups
from jitasa_analytics.contracts import DATASETS, Dataset, dataset
from jitasa_analytics.errors import InputError, JitasaError, StoreError, UnknownError
from jitasa_analytics.geo import WGS84
from jitasa_analytics.store import cubes
from jitasa_analytics.store.locks import hold
from jitasa_analytics.store.manifest import FILES, Held, Manifest
from jitasa_analytics.store.tables import digest, quoted, rows_of, to_frame

# Table functions that make rows from nothing; all others could read what lies outside the scope.
_HARMLESS = {"range", "generate_series", "unnest", "repeat", "repeat_row"}


class Snapshot:
    """A whole version of the store as one reader sees it.

    Use it as a context manager. Every table is limited to ``scope``: rows about people and
    requests by their area; areas, population, places, facilities and candidates are public and
    readable beyond it, so that people near a border can use what lies across it.

    Attributes
    ----------
    scope : str
        ``TH``, the code of a province, district or tambon, or of a group of areas (``health_region:06``).
    members : tuple of str
        The codes of the areas that the scope is made of; ``TH`` alone for the country.
    version : int
        The version's number.
    sample : bool
        Whether the store was built from the sample.
    """

    def __init__(self, folder: Path, manifest: Manifest, scope: str = areas.COUNTRY) -> None:
        self._manifest = manifest
        self.scope = scope
        self.version = manifest.version
        self.sample = manifest.sample
        self.created_at = pd.Timestamp(manifest.created_at)
        held = hold(folder, manifest)
        self._let_go = weakref.finalize(self, os.close, held) if held is not None else None
        self._connection: duckdb.DuckDBPyConnection | None = duckdb.connect(":memory:")
        try:
            for group, name in manifest.files.items():
                if group == "restricted":
                    continue
                path = str(folder / FILES / name).replace("'", "''")
                self._open_connection.execute(f"ATTACH '{path}' AS g_{group} (READ_ONLY)")
            self.members = self._members(scope)
            self._teach_groups()
            for contract in DATASETS.values():
                self._open_connection.execute(
                    f"CREATE VIEW {quoted(contract.name)} AS SELECT * FROM "
                    f"{rows_of(self._open_connection, contract, f'g_{contract.group}')}{self._limit(contract)}")
            self._open_cubes()
            self._open_connection.execute("SET enable_external_access = false")
            self._open_connection.execute("SET lock_configuration = true")
        except duckdb.Error as error:
            self.close()
            raise JitasaError(f"version {manifest.version} of the store can't be opened: {error}",
                              key="error.store_damaged", what=manifest.name) from error

    def _open_cubes(self) -> None:
        """Views of the cubes, in the scope; counted on the fly in a version from before there were cubes."""
        inside = "" if self.scope == areas.COUNTRY else f" WHERE {groups.inside_sql('area_code', self.members)}"
        for name, group in cubes.GROUP_OF.items():
            source = cubes.source(self._open_connection, name, f"g_{group}")
            self._open_connection.execute(f"CREATE VIEW {quoted(name)} AS SELECT * FROM {source}{inside}")

    def _members(self, code: str) -> tuple[str, ...]:
        """The areas that a scope is made of.

        Raises
        ------
        UnknownError
            If it is a group that the store does not know.
        """
        if not groups.is_group(code):
            return (code,)
        kind, own = groups.parts(code)
        rows = self._open_connection.execute(
            "SELECT area_code, name_th, name_en FROM g_reference.area_groups WHERE group_kind = $kind "
            "AND group_code = $own ORDER BY area_code", {"kind": kind, "own": own}).fetchall()
        if not rows:
            raise UnknownError(f"the store knows no group {code}; import groups with 'jitasa import area_groups FILE'",
                               key="groups.unknown", value=code)
        members = tuple(str(r[0]) for r in rows)
        groups.remember(code, rows[0][1], rows[0][2], members)
        return members

    def _teach_groups(self) -> None:
        """Let queries ask of a group what they ask of an area: what starts with its code, and how fine it is.

        A macro takes the place of DuckDB's own ``starts_with`` in this connection only.
        """
        if not groups.is_group(self.scope):
            digits, broad, inside = "length(h)", "left(h, 4)", None
        else:
            finest = max(len(m) for m in self.members)
            digits = f"CASE WHEN h = '{self.scope}' THEN {finest} ELSE length(h) END"
            broad = f"CASE WHEN h = '{self.scope}' THEN h ELSE left(h, 4) END"
            inside = groups.inside_sql("a", self.members).replace("starts_with", "prefix")
        self._open_connection.execute(f"CREATE MACRO own_digits(h) AS {digits}")
        self._open_connection.execute(f"CREATE MACRO own_district(h) AS {broad}")
        if inside is not None:
            self._open_connection.execute(
                f"CREATE MACRO starts_with(a, h) AS CASE WHEN h = '{self.scope}' THEN {inside} ELSE prefix(a, h) END")

    def holds(self, codes: pd.Series) -> pd.Series:
        """Whether each area code lies in the scope; one that is missing lies in the country only."""
        if self.scope == areas.COUNTRY:
            return pd.Series(True, index=codes.index)
        return codes.fillna("").astype(str).str.startswith(self.members)

    def groups(self) -> pd.DataFrame:
        """Every group of areas: group (its code), kind, name_th, name_en, areas (their codes)."""
        found = to_frame(self._open_connection.sql(
            "SELECT group_kind || ':' || group_code AS \"group\", group_kind AS kind, any_value(name_th) AS name_th, "
            "any_value(name_en) AS name_en, "
            "string_agg(area_code, ' ' ORDER BY area_code) AS areas FROM g_reference.area_groups "
            "GROUP BY ALL ORDER BY 2, 1"))
        for code, _, thai, english, members in found.itertuples(index=False):
            groups.remember(str(code), thai, english, str(members).split())
        return found

    def _limit(self, contract: Dataset) -> str:
        if self.scope == areas.COUNTRY or not contract.scoped_by:
            return ""
        inside = groups.inside_sql("area_code", self.members)
        if contract.scoped_by == "request_id":
            return f" WHERE request_id IN (SELECT request_id FROM g_live.requests WHERE {inside})"
        if contract.name == "dose_reports":
            return (f" WHERE {inside} OR facility_id IN "
                    f"(SELECT facility_id FROM g_reference.facilities WHERE {inside})")
        return f" WHERE {inside}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the version's files."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._let_go is not None:
            self._let_go()

    @property
    def _open_connection(self) -> duckdb.DuckDBPyConnection:
        if self._connection is None:
            raise StoreError("the snapshot is closed; work with it inside 'with store.snapshot(...) as snapshot:'",
                             key="error.no_snapshot")
        return self._connection

    def frame(self, name: str, *, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """A dataset as a frame (a GeoDataFrame where it has a geometry), in the scope.

        Raises
        ------
        UnknownError
            If there is no such dataset or column.
        """
        contract = dataset(name)
        wanted = list(columns or contract.names)
        for column in wanted:
            contract.column(column)
        shape = next((c for c in wanted if contract.column(c).kind == "geometry"), None)
        select = ", ".join(f"ST_AsWKB({quoted(c)}) AS {quoted(c)}" if c == shape else quoted(c) for c in wanted)
        order = ", ".join(quoted(k) for k in contract.key)
        relation = self._open_connection.sql(f"SELECT {select} FROM {quoted(name)} ORDER BY {order}")
        return to_frame(relation, geometry=shape)

    def areas(self, level: str, *, within: str | None = None) -> gpd.GeoDataFrame:
        """Areas of one level with their newest outlines, on their codes.

        Parameters
        ----------
        level : str
            country, province, district or tambon.
        within : str, optional
            Only areas in (or equal to) this one; the snapshot's scope by default.

        Returns
        -------
        GeoDataFrame, index ``area_code``
            Columns name_th, name_en, parent, basis, geometry (WGS84).
        """
        areas.level_name(level)
        inside = self.scope if within is None else within
        mine = "true" if inside == areas.COUNTRY else groups.inside_sql("code", self._members(inside))
        relation = self._open_connection.sql(
            "SELECT code AS area_code, name_th, name_en, parent, basis, ST_AsWKB(geometry) AS geometry FROM areas "
            f"WHERE level = $level AND {mine} "
            "QUALIFY row_number() OVER (PARTITION BY code ORDER BY valid_from DESC) = 1 ORDER BY code",
            params={"level": level})
        frame = to_frame(relation, geometry="geometry").set_index("area_code")
        return gpd.GeoDataFrame(frame, geometry="geometry", crs=WGS84)

    def sql(self, query: str, **params: Any) -> pd.DataFrame:
        """The answer of one read-only SELECT over the datasets, in the scope.

        Parameters are written ``$name`` in the query and passed by name.

        Raises
        ------
        InputError
            If the statement is not a single SELECT over the datasets, or DuckDB refuses it.
        """
        self._refuse_other_than_select(query)
        try:
            relation = self._open_connection.sql(query, params=params or None)
            if relation is None:
                raise InputError("the query is empty; write one SELECT, for instance SELECT * FROM requests LIMIT 5",
                                 key="error.sql", why="empty")
            return to_frame(_without_shapes(relation))
        except duckdb.Error as error:
            raise InputError(f"the query can't be run: {error}", key="error.sql", why=str(error)) from error

    def query(self, name: str, **params: Any) -> pd.DataFrame:
        """The answer of a named query of this package (``store/queries/*.sql``)."""
        text = resources.files("jitasa_analytics.store").joinpath("queries", f"{name}.sql").read_text("utf-8")
        return to_frame(_without_shapes(self._open_connection.sql(text, params=params or None)))

    def count(self, name: str) -> int:
        """How many rows of a dataset the scope holds."""
        rows = self._open_connection.execute(f"SELECT count(*) FROM {quoted(dataset(name).name)}").fetchall()
        return int(rows[0][0])

    def digest(self, name: str) -> str:
        """A digest of a dataset's rows in the scope, whatever their order.

        Two stores with equal digests hold the same rows. It is made for comparing within one version
        of this program, not for keeping.
        """
        contract = dataset(name)
        return digest(self._open_connection, quoted(contract.name), contract.names)

    def held(self, name: str) -> Held:
        """Rows, date of the data and date of import of a dataset, in the whole version."""
        return self._manifest.datasets.get(dataset(name).name, Held())

    @property
    def files(self) -> dict[str, str]:
        """The file of each group: what a cache of answers is keyed by."""
        return dict(self._manifest.files)

    def _refuse_other_than_select(self, query: str) -> None:
        rows = self._open_connection.execute("SELECT json_serialize_sql($q)", {"q": query}).fetchall()
        tree = json.loads(rows[0][0])
        if tree.get("error") or len(tree.get("statements", [])) != 1:
            why = tree.get("error_message") or "give one statement"
            raise InputError(f"only a single SELECT can be run here: {why}", key="error.sql", why=why)
        for node in _nodes(tree):
            if node.get("type") == "BASE_TABLE":
                common = node.get("catalog_name") or node.get("schema_name")
                if common and (node.get("catalog_name"), node.get("schema_name")) != ("memory", "main"):
                    raise InputError(f"table {common}.{node['table_name']} can't be read; datasets are "
                                     f"{', '.join(DATASETS)}", key="error.sql", why=str(node["table_name"]))
            if node.get("type") == "TABLE_FUNCTION":
                function = str(node.get("function", {}).get("function_name", "")).lower()
                if function not in _HARMLESS:
                    raise InputError(f"the table function {function} can't be used here; datasets are "
                                     f"{', '.join(DATASETS)}", key="error.sql", why=function)


def _nodes(tree: Any) -> list[dict[str, Any]]:
    """Every mapping in a serialised statement."""
    found, todo = [], [tree]
    while todo:
        item = todo.pop()
        if isinstance(item, dict):
            found.append(item)
            todo.extend(item.values())
        elif isinstance(item, list):
            todo.extend(item)
    return found


def _without_shapes(relation: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """The relation with geometries written as WKT, which a table can show."""
    kinds = dict(zip(relation.columns, (str(t) for t in relation.types), strict=False))
    if not any(k.startswith("GEOMETRY") for k in kinds.values()):
        return relation
    return relation.project(", ".join(
        f"ST_AsText({quoted(c)}) AS {quoted(c)}" if k.startswith("GEOMETRY") else quoted(c) for c, k in kinds.items()))
