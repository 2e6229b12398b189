"""Immutable DuckDB versions; the only room that knows duckdb."""

from jitasa_analytics.store.fold import WORK
from jitasa_analytics.store.journal import Receipt
from jitasa_analytics.store.snapshot import Snapshot
from jitasa_analytics.store.store import Store, open_store
from jitasa_analytics.store.transaction import Transaction

__all__ = ["WORK", "Receipt", "Snapshot", "Store", "Transaction", "open_store"]
