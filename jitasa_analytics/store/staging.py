"""Plan what incoming rows mean for a table: new, known and equal, known and different.

The comparison is made by DuckDB over the whole table at once; nothing is written here.
"""

from __future__ import annotations

from typing import Literal

import pandas as pd
import pyarrow as pa

from jitasa_analytics.contracts import Column, Dataset
from jitasa_analytics.store.tables import quoted, to_arrow
from jitasa_analytics.store.transaction import Transaction

Authority = Literal["override", "fill"]


def plan(tx: Transaction, contract: Dataset, frame: pd.DataFrame, *, authority: Authority = "override") -> pd.DataFrame:
    """Merge rows with those of the same key.

    Parameters
    ----------
    tx : Transaction
        What the comparison is made against.
    contract : Dataset
        The table.
    frame : DataFrame
        Rows with the key columns filled; columns the file does not give may be absent.
    authority : {"override", "fill"}
        Whether given values replace known ones, or only fill what is missing. Lists are united.

    Returns
    -------
    DataFrame, on the index of ``frame``
        The merged rows, with ``_known`` (the key is in the table) and ``_same`` (nothing would change).
        Shapes are not compared and not in the answer.
    """
    columns = [c for c in contract.columns if c.kind != "geometry"]
    given = [c for c in columns if c.name in frame]
    table = to_arrow(frame.drop(columns=["geometry"], errors="ignore"), contract)
    table = table.append_column("_i", pa.array(range(len(frame)), pa.int64()))
    joined = " AND ".join(f"t.{quoted(k)} IS NOT DISTINCT FROM i.{quoted(k)}" for k in contract.key)
    merged = ", ".join(f"{merge_sql(c, c in given, authority)} AS {quoted(c.name)}" for c in columns)
    same = " AND ".join(f"({merge_sql(c, True, authority)}) IS NOT DISTINCT FROM t.{quoted(c.name)}" for c in given)
    typed = ", ".join(f"CAST({quoted(c.name)} AS {c.sql_type}) AS {quoted(c.name)}" for c in columns)
    out = tx.ask(
        contract.group,
        f"SELECT i._i, {merged}, t._known IS NOT NULL AS _known, coalesce(t._known AND {same}, false) AS _same "
        f"FROM (SELECT _i, {typed} FROM incoming) i "
        f"LEFT JOIN (SELECT *, true AS _known FROM g_{contract.group}.{quoted(contract.name)}) t ON {joined} "
        "ORDER BY i._i",
        incoming=table)
    return out.drop(columns="_i").set_index(frame.index)


def merge_sql(column: Column, given: bool, authority: Authority) -> str:
    """The merged value of a column of the incoming row ``i`` and the known row ``t``, as SQL."""
    name = quoted(column.name)
    if not given:
        return f"t.{name}"
    if column.kind == "list":
        united = f"list_sort(list_distinct(string_split(concat_ws(';', t.{name}, i.{name}), ';')))"
        return f"CASE WHEN t.{name} IS NULL AND i.{name} IS NULL THEN NULL ELSE array_to_string({united}, ';') END"
    return f"coalesce(i.{name}, t.{name})" if authority == "override" else f"coalesce(t.{name}, i.{name})"
