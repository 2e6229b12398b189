"""Damaged files: 200 of all kinds, and not one that crashes, hangs or loses a row."""

from __future__ import annotations

from pathlib import Path

import pytest

from jitasa_analytics import texts
from jitasa_analytics.errors import InputError
from jitasa_analytics.ingest import import_files
from jitasa_analytics.store import Store
from tests.ingest import mutation


@pytest.mark.parametrize(("kinds", "count"), [(mutation.QUICK, 176), (mutation.APART, 24)], ids=["text", "others"])
def test_a_damaged_file_is_refused_in_words_or_every_row_of_it_is_accounted_for(
        tmp_path: Path, kinds: tuple[str, ...], count: int) -> None:
    (tmp_path / "first.csv").write_text("request_id,requested_at,area_code\na,2020-03-24,20\n", "utf-8")
    store = Store(tmp_path / "store")
    import_files(store, "requests", [tmp_path / "first.csv"])
    refused = read = 0
    for path, dataset in mutation.files(tmp_path, count, 20200324, kinds):
        try:
            report = import_files(store, dataset, [path], dry_run=True)
        except InputError as error:
            refused += 1
            assert path.name in texts.of_error(error, "th"), error
            continue
        read += report.read
        assert report.accepted + report.quarantined + report.duplicate == report.read
        assert sum(n for f in report.files for n in f.rules.values()) == report.quarantined
    # Both happen: a mutation that never hurts, or always, would test nothing.
    assert refused > count // 20 and read
    assert store.manifest().version == 1
