"""Arrow tables on their way into a table of the store: one INSERT takes them as they come.

Row groups are written whole by the engine's own threads while the next rows are read. Many small
INSERTs would leave row groups that are not full, which a checkpoint writes once more.
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

# Rows of one of DuckDB's row groups.
GROUP = 122_880
# Rows of more bytes than this do not wait until they are a whole group.
MOST_BYTES = 1 << 26
_AHEAD = 6
_FEW = 50_000
_SOON = 0.1


class _StoppedError(Exception):
    """The rows are not wanted any more."""


class Feed:
    """Tables for one INSERT, which runs in a thread of its own.

    Parameters
    ----------
    connection : DuckDBPyConnection
        Nobody else uses it until `finish` or `stop`.
    statement : callable
        The INSERT from a table ``incoming``, given that table's columns.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, statement: Callable[[list[str]], str]) -> None:
        self._connection = connection
        self._statement = statement
        self._pool = ThreadPoolExecutor(1)
        self._batches: queue.Queue[Any] = queue.Queue(_AHEAD)
        self._running: Future[None] | None = None
        self._schema: pa.Schema | None = None
        self._held: list[pa.Table] = []
        self._rows = 0
        self._stopped = self._told = False

    def put(self, table: pa.Table) -> None:
        """Hand over rows; waits while many are on their way."""
        table = self.fitted(table, _FEW)
        if self._schema != table.schema:
            # A column of a few words has become one of many texts: it goes on in an INSERT of its own.
            self.end()
            self._wait()
            self._schema = table.schema
        if not self._rows and len(table) == GROUP and all(c.num_chunks == 1 for c in table.columns):
            self._begin()
            self._hand_over(table)
            return
        self._held.append(table)
        self._rows += len(table)
        if sum(t.nbytes for t in self._held) >= MOST_BYTES:
            self._send(self._rows)
        elif self._rows >= GROUP:
            self._send(self._rows // GROUP * GROUP)

    def end(self) -> None:
        """Send what is held: no more rows will come."""
        if self._rows:
            self._send(self._rows)
        if self._running is not None and not self._told:
            while not self._offer(None):
                pass
            self._told = True
        self._held = []

    def finish(self) -> None:
        """Wait until all rows are in the table."""
        self.end()
        self._wait()
        self._pool.shutdown()

    def stop(self) -> None:
        """End at once; the rows that are in the table go with the connection's transaction."""
        self._stopped = True
        if self._running is not None:
            self._connection.interrupt()
            while not self._running.done():
                with suppress(queue.Empty):
                    self._batches.get_nowait()
                self._batches.put(None)
                _wait(self._running)
        self._pool.shutdown()

    def fitted(self, table: pa.Table, most: int = 1 << 62) -> pa.Table:
        """A table whose texts are numbered, or not, as those before it; those of ``most`` rows are not numbered now."""
        if self._schema is None or table.schema == self._schema:
            return table
        columns = []
        types = dict(zip(self._schema.names, self._schema.types, strict=True))
        for name, column in zip(table.column_names, table.columns, strict=True):
            wanted = types.get(name, column.type)
            if pa.types.is_dictionary(column.type) and not pa.types.is_dictionary(wanted):
                column = pc.dictionary_decode(column)
            elif pa.types.is_dictionary(wanted) and not pa.types.is_dictionary(column.type) and len(table) < most:
                column = column.dictionary_encode()
            columns.append(column)
        return pa.table(columns, names=table.column_names)

    def _send(self, count: int) -> None:
        whole = pa.concat_tables(self._held)
        self._held = [whole.slice(count)]
        self._rows -= count
        self._begin()
        for start in range(0, count, GROUP):
            # Only what lies in two tables is copied.
            self._hand_over(whole.slice(start, min(GROUP, count - start)).combine_chunks())

    def _begin(self) -> None:
        if self._running is None:
            self._running = self._pool.submit(self._insert, self._schema)

    def _hand_over(self, rows: pa.Table) -> None:
        """Rows of a row group, in one piece."""
        for batch in rows.to_batches():
            while not self._offer(batch):
                pass

    def _offer(self, batch: Any) -> bool:
        """Put a batch into the queue, where the INSERT still runs."""
        assert self._running is not None
        if self._running.done():
            self._running.result()
        with suppress(queue.Full):
            self._batches.put(batch, timeout=_SOON)
            return True
        return False

    def _wait(self) -> None:
        """Wait for the INSERT that runs."""
        if self._running is not None:
            while not self._running.done():
                # In short turns, so that an interrupt is heard.
                _wait(self._running)
            self._running.result()
        self._running, self._told = None, False

    def _insert(self, schema: pa.Schema) -> None:
        self._connection.register("incoming", pa.RecordBatchReader.from_batches(schema, self._taken()))
        try:
            self._connection.execute(self._statement(schema.names))
        finally:
            self._connection.unregister("incoming")

    def _taken(self) -> Iterator[pa.RecordBatch]:
        while (batch := self._batches.get()) is not None:
            if self._stopped:
                break
            yield batch
        if self._stopped:
            raise _StoppedError


def _wait(running: Future[None]) -> None:
    with suppress(TimeoutError):
        running.exception(timeout=_SOON)
