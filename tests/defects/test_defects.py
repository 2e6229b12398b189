"""The catalogue: each defect of a file has its exact outcome, and no row is ever lost."""

from __future__ import annotations

import shutil
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from jitasa_analytics import texts
from jitasa_analytics.contracts import dataset
from jitasa_analytics.errors import InputError
from jitasa_analytics.ingest import import_files
from jitasa_analytics.store import Store
from tests.defects import file_cases, place_cases, text_cases
from tests.defects.case import Case

CASES = [*text_cases.CASES, *place_cases.CASES, *file_cases.CASES]
# Said of every request here, and no part of a case.
_ALWAYS = {"request_without_items"}


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with three tambons side by side, the last in another province."""
    base = tmp_path_factory.mktemp("town")
    codes = ["200101", "200401", "210101"]
    boxes = [shapely.box(100.9 + i / 10, 13.0, 101.0 + i / 10, 13.1) for i in range(3)]
    gpd.GeoDataFrame({"code": codes, "level": ["tambon"] * 3, "name_th": ["ก", "ข", "ค"]}, geometry=boxes,
                     crs="EPSG:4326").to_file(base / "areas.geojson", driver="GeoJSON")
    import_files(Store(base / "store"), "areas", [base / "areas.geojson"])
    return base / "store"


def test_the_catalogue_is_long_and_names_each_defect_once() -> None:
    names = [case.name for case in CASES]
    assert len(names) == len(set(names)) >= 45


@pytest.mark.parametrize("case", CASES, ids=[c.name for c in CASES])
def test_defect(case: Case, town: Path, tmp_path: Path) -> None:
    shutil.copytree(town, tmp_path / "store")
    store = Store(tmp_path / "store")
    recipe = None
    if case.recipe:
        (tmp_path / "own.toml").write_text(case.recipe, "utf-8")
        recipe = str(tmp_path / "own.toml")
    if case.first:
        (tmp_path / "first.csv").write_text(case.first, "utf-8")
        assert import_files(store, case.dataset, [tmp_path / "first.csv"]).accepted
    path = case.write(tmp_path)
    if case.refused:
        before = store.manifest().version
        with pytest.raises(InputError) as refusal:
            import_files(store, case.dataset, [path], recipe=recipe)
        assert refusal.value.key == case.refused
        assert all(path.name in texts.of_error(refusal.value, lang) for lang in texts.LANGUAGES)
        assert store.manifest().version == before
        return
    told = import_files(store, case.dataset, [path], recipe=recipe)
    found = [*told.repairs, *told.findings]
    said = sorted((f["row"], f["column"], f["code"]) for f in found if f["code"] not in _ALWAYS)
    assert said == sorted(case.says)
    assert (told.accepted, told.quarantined, told.duplicate) == case.counts
    assert told.read == told.accepted + told.quarantined + told.duplicate
    assert all(f["file"] == path.name and f["message_th"] and f["message_en"] for f in found)
    assert all(f["suggestion"] and f["suggestion_th"] for f in told.findings)
    if case.proposes:
        assert case.proposes in "".join(f["proposal"] for f in told.findings)
    _holds(store, case)


def _holds(store: Store, case: Case) -> None:
    """The values in the store, in the order of keys; of areas only those that the case brought."""
    with store.snapshot() as s:
        frame = s.frame(case.dataset)
    if case.dataset == "areas":
        frame = frame[~frame["code"].isin(["200101", "200401", "210101"])]
    for column, values in case.keeps.items():
        kind = dataset(case.dataset).column(column).kind
        stored = frame[column]
        if kind in ("lon", "lat"):
            assert stored.tolist() == pytest.approx(values, abs=1e-6)
        elif kind == "datetime":
            assert list((stored + pd.Timedelta(hours=7)).dt.date) == values
        else:
            assert stored.tolist() == values
