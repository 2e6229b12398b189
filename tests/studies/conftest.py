from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from jitasa_analytics.store import Store
from tests.studies.road import Tables


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Store]:
    """Make a store from tables; several in one test get folders of their own."""
    made: list[Store] = []

    def _make(tables: Tables, *, sample: bool = False) -> Store:
        store = Store(tmp_path / f"store{len(made)}")
        with store.transaction(create=True, sample=sample) as tx:
            for name, table in tables.items():
                tx.insert(name, table)
        made.append(store)
        return store

    return _make
