"""Both lanes say and keep the same: the fast one of large files and the careful one of small ones."""

from __future__ import annotations

import csv
import gzip
import io
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from jitasa_analytics.errors import InputError
from jitasa_analytics.ingest import import_files
from jitasa_analytics.ingest.bulk import columns, groups, opened, rest, stream
from jitasa_analytics.ingest.bulk.said import Said
from jitasa_analytics.store import Store, bulk, feed
from tests.defects.case import Case
from tests.defects.test_defects import CASES, town
from tests.ingest.made_rows import DATASETS_WITH_ROWS, made

__all__ = ["town"]
_KEPT = 'SELECT dataset, file, "row", "column", code, value, original FROM g_restricted.quarantine ORDER BY ALL'


@pytest.fixture(autouse=True)
def _one_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every store gives a person the same token, so that two stores can be compared."""
    monkeypatch.setenv("JITASA_TOKEN_KEY", "the same")


@pytest.fixture
def lane(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Turns the fast lane on for files of any size, in blocks and groups of a few rows, or off."""
    monkeypatch.setattr(stream, "BLOCK", 700)
    for module in (groups, feed, bulk):
        monkeypatch.setattr(module, "GROUP", 30)
    for module in (rest, feed, bulk, groups):
        monkeypatch.setattr(module, "MOST_BYTES", 3000)
    monkeypatch.setattr(columns, "_FEW", 20)

    def turn(fast: bool) -> None:
        monkeypatch.setattr(opened, "LARGE", 0 if fast else 1 << 60)

    return turn


def outcome(store: Store, dataset: str, paths: list[Path], recipe: str | None = None) -> dict[str, object]:
    """Everything that an import says and keeps."""
    try:
        report = import_files(store, dataset, paths, recipe=recipe, accept_quarantine="a test")
    except InputError as error:
        return {"refused": error.key}
    told = report.to_dict()
    told.pop("version")
    with store.snapshot() as s:
        table = s.frame(dataset).drop(columns="geometry", errors="ignore")
        held = {**{n: s.frame(n) for n in ("request_items",)}, dataset: table}
    with store.transaction() as tx:
        kept = tx.ask("restricted", _KEPT)
    rows = {n: sorted(map(repr, f.itertuples(index=False, name=None))) for n, f in held.items()}
    findings = {k: sorted(map(repr, told.pop(k))) for k in ("findings", "repairs")}
    return {**told, **findings, **rows, "kept": kept.to_dict("records")}


def both(base: Path, folder: Path, lane: Callable[[bool], None], dataset: str, paths: list[Path],
         recipe: str | None = None, first: Path | None = None) -> tuple[dict[str, object], dict[str, object]]:
    """The outcome of each lane, beginning from the same store."""
    found = []
    for fast in (True, False):
        store = Store(folder / f"store{fast}")
        shutil.copytree(base, store.folder)
        if first is not None:
            lane(False)
            import_files(store, dataset, [first], accept_quarantine="a test")
        lane(fast)
        found.append(outcome(store, dataset, paths, recipe))
    return found[0], found[1]


@pytest.mark.parametrize("case", CASES, ids=[c.name for c in CASES])
def test_each_defect(case: Case, town: Path, tmp_path: Path, lane: Callable[[bool], None]) -> None:
    recipe = first = None
    if case.recipe:
        (tmp_path / "own.toml").write_text(case.recipe, "utf-8")
        recipe = str(tmp_path / "own.toml")
    if case.first:
        first = tmp_path / "first.csv"
        first.write_text(case.first, "utf-8")
    fast, careful = both(town, tmp_path, lane, case.dataset, [case.write(tmp_path)], recipe, first)
    assert fast == careful


@pytest.mark.parametrize("known", [False, True], ids=["new", "known"])
@pytest.mark.parametrize("dataset", DATASETS_WITH_ROWS)
def test_rows_of_every_kind(dataset: str, known: bool, town: Path, tmp_path: Path, lane: Callable[[bool], None],
                            monkeypatch: pytest.MonkeyPatch) -> None:
    passed = []
    real = Said.of_cells
    monkeypatch.setattr(Said, "of_cells", lambda self, readers, block, numbers: (
        passed.append(int(block.fine.sum())), real(self, readers, block, numbers))[1])
    text = made(dataset, 400, seed=1)
    path, before = tmp_path / "rows.csv", tmp_path / "before.csv"
    path.write_text(text, "utf-8")
    before.write_text(made(dataset, 150, seed=2), "utf-8")
    fast, careful = both(town, tmp_path, lane, dataset, [path], first=before if known else None)
    assert fast == careful
    assert sum(passed) > 100
    assert fast["accepted"] and fast["quarantined"] and fast["duplicate"]
    assert fast["read"] == fast["accepted"] + fast["quarantined"] + fast["duplicate"]


@pytest.mark.parametrize("form", ["utf-8-sig", "utf-16", "cp874", "crlf", "quoted", "blank lines", "no last newline",
                                  "semicolon", "gz", "broken lines"])
def test_forms_of_files(form: str, town: Path, tmp_path: Path, lane: Callable[[bool], None]) -> None:
    text = made("requests", 120, seed=3).replace("°", " องศา").replace("\u0e4d\u0e32", "ำ")
    rows = list(csv.reader(io.StringIO(text)))
    path = tmp_path / ("rows.csv.gz" if form == "gz" else "rows.csv")
    if form in ("quoted", "semicolon"):
        out = io.StringIO()
        csv.writer(out, quoting=csv.QUOTE_ALL, delimiter=";" if form == "semicolon" else ",",
                   lineterminator="\n").writerows(rows)
        text = out.getvalue()
    elif form == "crlf":
        text = text.replace("\n", "\r\n")
    elif form == "blank lines":
        text = text.replace("\nr", "\n\n   \n,,,,,,,,\nr", 40)
    elif form == "no last newline":
        text = text.rstrip("\n")
    elif form == "broken lines":
        head, *body = text.splitlines()
        body[3] = '"r ""3""",2020-03-24,new,2,normal,,,20,R001'
        body[7] = '"r\n7",2020-03-24,new,2,normal,,,20,R001'
        body[9] += ",more"
        body[50] = "r50,2020-03-24"
        text = "\n".join([head, *body, "รวม 50 ราย,,,,,,,,", "หมายเหตุ: ทดสอบ,,,,,,,,", ""])
    raw = text.encode({"utf-16": "utf-16", "cp874": "cp874", "utf-8-sig": "utf-8-sig"}.get(form, "utf-8"))
    path.write_bytes(gzip.compress(raw) if form == "gz" else raw)
    fast, careful = both(town, tmp_path, lane, "requests", [path])
    assert fast == careful
    assert fast["accepted"]


def test_the_same_rows_in_any_form_and_order_make_the_same_store(town: Path, tmp_path: Path,
                                                               lane: Callable[[bool], None]) -> None:
    lane(True)
    head, *body = made("doses", 300, seed=4, clean=True).splitlines()
    digits = str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙")
    thai = [",".join([c.translate(digits) if i == 1 else c for i, c in enumerate(r.split(","))]) for r in body]
    forms = {"plain": [[head, *body]], "twice": [[head, *body]] * 2, "other order": [[head, *body[::-1]]],
             "Thai digits": [[head, *thai]], "split": [[head, *body[:120]], [head, *body[120:]]]}
    stores = []
    for n, parts in enumerate(forms.values()):
        store = Store(tmp_path / f"s{n}")
        shutil.copytree(town, store.folder)
        for k, lines in enumerate(parts):
            path = tmp_path / f"{n}-{k}.csv"
            path.write_text("\n".join([*lines, ""]), "utf-8")
            import_files(store, "doses", [path])
        with store.snapshot() as s:
            frame = s.frame("doses")
        stores.append(frame.sort_values(["person_token", "dose_no"], ignore_index=True))
    assert len(stores[0]) == 300
    for other in stores[1:]:
        pd.testing.assert_frame_equal(stores[0], other)
