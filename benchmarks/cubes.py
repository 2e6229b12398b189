"""Questions about many injections, answered from the cube and, beside it, from the rows.

Run with ``python benchmarks/cubes.py [ROWS] [--folder DIR]``; 100 million made-up injections by default, over all
tambons of Thailand, two years, three doses and five groups: about 1 GB on the disk and some minutes.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from jitasa_analytics import areas
from jitasa_analytics.contracts import dataset
from jitasa_analytics.store import Store

# A pseudo-random number per injection that is the same on every machine.
ROWS = """
INSERT INTO made.doses SELECT
    'b-' || (i // 3) AS person_token, 1 + i % 3 AS dose_no,
    DATE '2021-03-01' + CAST((hash(i) % 650 + 40 * (i % 3)) AS INTEGER) AS date, 'v' || (hash(i + 1) % 4) AS vaccine,
    NULL AS facility_id, (SELECT list(code) FROM codes)[1 + CAST(hash(i // 3) % {areas} AS INTEGER)] AS area_code,
    1930 + CAST(hash(i // 3 + 2) % 80 AS INTEGER) AS birth_year, NULL AS sex,
    ['all', '60+', 'chronic', 'pregnant', 'staff'][1 + CAST(hash(i // 3 + 3) % 5 AS INTEGER)] AS "group"
FROM range({first}, {last}) t(i)
"""

QUESTIONS: dict[str, tuple[str, dict[str, Any], str]] = {
    "country, by week": (
        "doses_by_week", {"level": "country", "head": "", "dose": 0, "group": "all", "since": "2021-01-01",
                          "upto": "2023-12-31"},
        "SELECT date_trunc('week', date) AS week, count(*) FROM doses GROUP BY 1 ORDER BY 1"),
    "provinces, second dose by week": (
        "doses_by_week", {"level": "province", "head": "", "dose": 2, "group": "all", "since": "2021-01-01",
                          "upto": "2023-12-31"},
        "SELECT left(area_code, 2), date_trunc('week', date), count(*) FROM doses WHERE dose_no = 2 GROUP BY ALL"),
    "provinces, people over 60 by dose": (
        "doses_by_area", {"level": "province", "head": "", "group": "60+", "upto": "2023-12-31"},
        "SELECT left(area_code, 2), dose_no, count(*) FROM doses WHERE \"group\" = '60+' AND date <= '2023-12-31' "
        "GROUP BY ALL"),
    "all tambons, by dose, to a week in the middle": (
        "doses_by_area", {"level": "tambon", "head": "", "group": "all", "upto": "2022-07-18"},
        "SELECT area_code, dose_no, count(*) FROM doses WHERE date < '2022-07-25' GROUP BY ALL"),
    "all tambons, by dose": (
        "doses_by_area", {"level": "tambon", "head": "", "group": "all", "upto": "2023-12-31"},
        "SELECT area_code, dose_no, count(*) FROM doses WHERE date <= '2023-12-31' GROUP BY ALL"),
    "tambons of Chonburi, first dose by week": (
        "doses_by_week", {"level": "tambon", "head": "20", "dose": 1, "group": "all", "since": "2021-01-01",
                          "upto": "2023-12-31"},
        "SELECT area_code, date_trunc('week', date), count(*) FROM doses WHERE dose_no = 1 AND "
        "starts_with(area_code, '20') GROUP BY ALL"),
}


def fill(store: Store, rows: int) -> tuple[float, float]:
    """Publish a version with that many injections; seconds for the rows and for sealing it, cube included."""
    districts = [d for p in areas.children("TH") for d in areas.children(p)]
    codes = pd.DataFrame({"code": [t for d in districts for t in areas.children(d)]})
    with store.transaction(create=True, note="benchmark") as tx:
        tx.own(dataset("doses"))
        connection: duckdb.DuckDBPyConnection = tx._connection
        connection.register("codes", codes)
        start = time.perf_counter()
        step = 5_000_000
        for first in range(0, rows, step):
            connection.execute(ROWS.replace("made.", "g_doses.").format(
                areas=len(codes), first=first, last=min(rows, first + step)))
        filled = time.perf_counter() - start
        start = time.perf_counter()
    return filled, time.perf_counter() - start  # the block's end counts the cube and publishes


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("rows", nargs="?", type=int, default=100_000_000)
    options.add_argument("--folder", type=Path)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.folder) as name:
        store = Store(Path(name) / "store")
        filled, sealed = fill(store, chosen.rows)
        size = sum(p.stat().st_size for p in (store.folder / "files").iterdir())
        with store.snapshot() as s:
            cube = int(s.sql("SELECT count(*) AS n FROM dose_cube")["n"].iloc[0])
            total = int(s.sql("SELECT sum(doses) AS n FROM dose_cube WHERE digits = 0")["n"].iloc[0])
        assert total == chosen.rows
        print(f"{chosen.rows:,} injections, {size / 1e9:.2f} GB, made in {filled:.0f} s; cube of {cube:,} rows counted "
              f"and the version published in {sealed:.1f} s\n")
        print("| question | rows of the answer | cube, first, ms | cube, again (median of 9), ms | rows, ms |")
        print("|---|---|---|---|---|")
        for title, (query, params, raw) in QUESTIONS.items():
            times = []
            with store.snapshot() as s:
                for _ in range(10):
                    start = time.perf_counter()
                    answer = s.query(query, **params)
                    times.append(1000 * (time.perf_counter() - start))
                start = time.perf_counter()
                rows = s.sql(raw)
                slow = 1000 * (time.perf_counter() - start)
            assert len(rows) == len(answer), (title, len(rows), len(answer))
            assert int(rows.iloc[:, -1].sum()) == int(answer["doses"].sum())
            print(f"| {title} | {len(answer):,} | {times[0]:.0f} | {statistics.median(times[1:]):.0f} | {slow:,.0f} |",
                  flush=True)


if __name__ == "__main__":
    main()
