"""Columns that a large file lacks are held by no row, and read, written and erased like all others."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from jitasa_analytics.contracts import DATASETS
from jitasa_analytics.ingest import import_files
from jitasa_analytics.ingest.bulk import opened
from jitasa_analytics.ingest.erase import erase
from jitasa_analytics.store import Store, implied
from jitasa_analytics.store.backup import backup, restore

TOKENS = [f"p_{k:032x}" for k in range(60)]


class Pair:
    """Two stores that get the same rows: one by the lane of large files, one as if they were small."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder, self._patch, self._files = folder, monkeypatch, 0
        self.large, self.small = Store(folder / "large"), Store(folder / "small")

    def take(self, dataset: str, head: str, rows: list[str], *, large: bool = False) -> None:
        self._files += 1
        path = self._folder / f"{dataset}{self._files}.csv"
        path.write_text("\n".join([head, *rows]) + "\n", "utf-8")
        for store, limit in ((self.large, 0 if large else 1 << 60), (self.small, 1 << 60)):
            self._patch.setattr(opened, "LARGE", limit)
            import_files(store, dataset, [path])

    def same(self, *datasets: str) -> None:
        with self.large.snapshot() as one, self.small.snapshot() as other:
            for name in datasets:
                assert one.digest(name) == other.digest(name)
                assert one.count(name) == other.count(name) > 0

    def implied(self, name: str) -> list[str]:
        """The columns of which the store holds no values."""
        contract = DATASETS[name]
        path = self.large.folder / "files" / self.large.manifest().files[contract.group]
        with duckdb.connect() as connection:
            connection.execute(f"ATTACH '{path}' AS held (READ_ONLY)")
            return [c.name for c in implied.implied(connection, contract, "held")]


@pytest.fixture
def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pair:
    monkeypatch.setenv("JITASA_TOKEN_KEY", "the same")
    return Pair(tmp_path, monkeypatch)


def test_doses_from_their_first_file_to_their_erasure(pair: Pair, tmp_path: Path) -> None:
    head = "person_token,dose_no,date,area_code"
    pair.take("doses", head, [f"{t},1,2021-06-{1 + k % 28:02},2001{1 + k % 9:02}" for k, t in enumerate(TOKENS)],
              large=True)
    pair.same("doses")
    nothing_said = ["vaccine", "facility_id", "birth_year", "sex", "group"]
    assert pair.implied("doses") == nothing_said
    # The same says nothing new, in few rows and in many; "all" is what a row has that says nothing.
    pair.take("doses", head, [f"{TOKENS[0]},2,2021-08-01,200101"])
    pair.take("doses", f"{head},group", [f"{TOKENS[1]},2,2021-08-01,200101,all", f"{TOKENS[2]},2,2021-08-01,200102,"])
    pair.take("doses", head, [f"{t},3,2021-12-01,200103" for t in TOKENS[:9]], large=True)
    pair.same("doses")
    assert pair.implied("doses") == nothing_said
    # Only what a row says is held from then on.
    pair.take("doses", f"{head},sex", [f"{TOKENS[5]},2,2021-08-01,200101,female"])
    pair.same("doses")
    assert pair.implied("doses") == ["vaccine", "facility_id", "birth_year", "group"]
    pair.take("doses", f"{head},group,birth_year",
              [f"{TOKENS[6]},2,2021-08-01,200101,health workers,1970", f"{TOKENS[7]},2,2021-08-01,200101,,"],
              large=True)
    pair.same("doses")
    assert pair.implied("doses") == ["vaccine", "facility_id"]
    backup(pair.large, tmp_path / "copy.zip")
    again = Store(tmp_path / "again")
    restore(again, tmp_path / "copy.zip")
    with again.snapshot() as one, pair.small.snapshot() as other:
        assert one.digest("doses") == other.digest("doses")
    for store in (pair.large, pair.small):
        assert erase(store, TOKENS[5]).removed == {"doses": 3}
    pair.same("doses")


def test_requests_that_are_written_one_by_one(pair: Pair) -> None:
    head = "request_id,requested_at,status,area_code"
    pair.take("requests", head, [f"r{k},2021-07-01 10:{k:02},new,200101" for k in range(50)], large=True)
    pair.same("requests")
    before = pair.implied("requests")
    assert {"urgency", "people", "lon", "lat"} <= set(before)
    for store in (pair.large, pair.small):
        store.append("requests", {"request_id": "s1", "requested_at": "2021-07-02T10:00:00+07:00", "status": "new",
                                  "area_code": "200102"})
        store.settle()
    pair.same("requests")
    assert pair.implied("requests") == before
    for store in (pair.large, pair.small):
        store.amend("requests", {"request_id": "r7", "urgency": "critical"})
        store.append("requests", {"request_id": "s2", "requested_at": "2021-07-02T11:00:00+07:00", "status": "new",
                                  "lon": 101.0, "lat": 13.1, "people": 4, "area_code": "200102"})
        store.settle()
    pair.same("requests")
    assert not {"urgency", "people", "lon", "lat"} & set(pair.implied("requests"))


def test_somebody_is_erased_who_could_stand_in_a_column_that_is_not_held(pair: Pair) -> None:
    pair.take("doses", "person_token,dose_no,date,area_code",
              [f"{t},1,2021-06-{1 + k % 28:02},2001{1 + k % 9:02}" for k, t in enumerate(TOKENS)], large=True)
    pair.take("observations", "observation_id,at,what,area_code",
              [f"o{k},2021-07-01 10:{k:02},road,200101" for k in range(40)], large=True)
    pair.same("doses", "observations")
    assert "observer" in pair.implied("observations")
    for store in (pair.large, pair.small):
        assert erase(store, TOKENS[5]).removed == {"doses": 1}
    pair.same("doses", "observations")
