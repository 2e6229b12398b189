"""Import of dose rows with every rule on, into a store, beside pandas.read_csv and DuckDB's bare scan of the same file.

Run with ``python benchmarks/import.py [ROWS [KIND …]]``, KIND of ``tokens`` (persons are tokens already), ``ids``
(national ids, which become tokens) and ``points`` (requests with coordinates, which find their tambon). 0.5 % of
the rows are made bad in eight ways. Each import runs in a process of its own, so that its peak of memory is its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

KINDS = ("tokens", "ids", "points")
SCAN, PANDAS, OURS = "DuckDB, bare scan", "pandas.read_csv, text only", "import into the store, all rules on"
CHUNK = 500_000
BAD = 200


def areas_and_seats() -> tuple[np.ndarray, np.ndarray]:
    """Codes of tambons, and a point in each where outlines are at hand."""
    import geopandas as gpd
    import shapely

    path = boundaries()
    if path is None:
        import geothai

        codes = np.array([t.code for p in geothai.provinces() for d in geothai.districts(p.code)
                          for t in geothai.subdistricts(d.code)])
        random = np.random.default_rng(0)
        return codes, np.column_stack([random.uniform(98, 105, len(codes)), random.uniform(6, 20, len(codes))])
    frame = gpd.read_parquet(path)
    return frame["ADM3_PCODE"].str[2:].to_numpy(str), shapely.get_coordinates(frame.geometry.representative_point())


def boundaries() -> Path | None:
    folder = Path(os.environ.get("JITASA_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))
    path = folder / "boundaries" / "thailand_adm3.parquet"
    return path if path.is_file() else None


def people(kind: str, numbers: np.ndarray) -> pa.Array:
    """Tokens as an office with the same key makes them, or national ids whose check digit fits."""
    if kind != "ids":
        mixed = (numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) ^ np.uint64(0xD1B54A32D192ED03)
        raw = np.stack([mixed, mixed * np.uint64(0xBF58476D1CE4E5B9)], axis=1)
        text = raw.view(np.uint8).reshape(len(numbers), 16).tobytes().hex()
        return pa.array([f"p_{text[32 * i:32 * i + 32]}" for i in range(len(numbers))])
    twelve = 100_000_000_000 + numbers.astype(np.int64)
    digits = twelve[:, None] // 10 ** np.arange(11, -1, -1) % 10
    check = (11 - (digits * np.arange(13, 1, -1)).sum(axis=1) % 11) % 10
    return pa.array((twelve * 10 + check).astype(str).tolist())


def make(folder: Path, kind: str, rows: int) -> Path:
    """A file of so many rows in random order, of which every 200th is bad."""
    random = np.random.default_rng(7)
    codes, seats = areas_and_seats()
    days = (np.datetime64("2021-03-01") + np.arange(300)).astype(str)
    path = folder / f"{kind}.csv"
    options = pa_csv.WriteOptions(include_header=False, quoting_style="none")
    order = random.permutation(rows)
    with path.open("wb") as file:
        heads = ("request_id,requested_at,status,people,lon,lat" if kind == "points" else
                 "person_token,dose_no,date,vaccine,facility_id,area_code")
        file.write(f"{heads}\n".encode())
        for start in range(0, rows, CHUNK):
            part = order[start:start + CHUNK]
            n = len(part)
            area = random.integers(0, len(codes), n)
            day = pa.array(days).take(pa.array(random.integers(0, len(days), n)))
            if kind == "points":
                place = seats[area] + random.normal(0, 0.002, (n, 2))
                columns = [pa.array([f"r{i}" for i in part]), pa.array([f"{d} {h:02}:{m:02}" for d, h, m in zip(
                    day.to_pylist(), random.integers(0, 24, n), random.integers(0, 60, n), strict=True)]),
                    pa.array(["new", "confirmed", "helped"]).take(pa.array(random.integers(0, 3, n))),
                    pa.array(random.integers(1, 9, n).astype(str).tolist()),
                    pa.array([f"{v:.6f}" for v in place[:, 0]]), pa.array([f"{v:.6f}" for v in place[:, 1]])]
            else:
                columns = [people(kind, part // 2), pa.array((part % 2 + 1).astype(str).tolist()), day,
                           pa.array(["Sinovac", "AstraZeneca", "Pfizer"]).take(pa.array(random.integers(0, 3, n))),
                           pa.array([f"{i:05}" for i in range(10000, 11500)]).take(pa.array(
                               random.integers(0, 1500, n))), pa.array(codes.tolist()).take(pa.array(area))]
            keep = np.ones(n, bool)
            keep[::BAD] = False
            table = pa.table(columns, names=[str(i) for i in range(len(columns))])
            pa_csv.write_csv(table.filter(pa.array(keep)), file, options)
            file.writelines(",".join(_spoilt(row, k, kind)).encode() + b"\n" for k, row in enumerate(
                zip(*(c.to_pylist() for c in table.filter(pa.array(~keep)).columns), strict=True)))
    return path


def _spoilt(row: tuple[str, ...], k: int, kind: str) -> list[str]:
    """A row with one of eight things wrong."""
    cells = list(row)
    day, number = (1, 3) if kind == "points" else (2, 1)
    match k % 8:
        case 0:
            cells[day] = "soon"
        case 1:
            cells[number] = "0"
        case 2:
            cells[day] = "2999-01-01"
        case 3:
            cells.append("one too many")
        case 4:
            cells[0] = ""
        case 5:
            cells[number] = "1.5"
        case 6:
            cells[day] = "2021-02-30"
        case _:
            cells = [*cells[:4], "0", "0"] if kind == "points" else [*cells[:5], "999999"]
    return cells


def peers(path: Path) -> dict[str, tuple[float, float]]:
    """Seconds by the clock and of processor: pandas.read_csv (text only), DuckDB's bare scan (text only, counted)."""
    import duckdb
    import pandas as pd

    def timed(work: Callable[[], object]) -> tuple[float, float]:
        before, start = os.times(), time.perf_counter()
        work()
        after = os.times()
        return time.perf_counter() - start, after.user + after.system - before.user - before.system

    scan = (f"SELECT count(*), count(COLUMNS(*)) FROM read_csv('{path}', all_varchar = true, header = true, "
            "ignore_errors = true, null_padding = false)")
    return {SCAN: timed(lambda: duckdb.sql(scan).fetchall()),
            PANDAS: timed(lambda: pd.read_csv(path, dtype="str", on_bad_lines="skip"))}


def once(path: str, kind: str, folder: str) -> None:
    """One import, in its own process; prints what it took."""
    import resource

    import geopandas as gpd

    from jitasa_analytics.ingest import import_files
    from jitasa_analytics.store import Store

    Path(folder).mkdir()
    store = Store(Path(folder) / "store")
    if kind == "points" and (outlines := boundaries()) is not None:
        frame = gpd.read_parquet(outlines)
        small = frame.assign(code=frame["ADM3_PCODE"].str[2:], level="tambon", name_th=frame["ADM3_TH"])
        small[["code", "level", "name_th", "geometry"]].to_parquet(Path(folder) / "areas.parquet")
        import_files(store, "areas", [Path(folder) / "areas.parquet"])
    before = os.times()
    start = time.perf_counter()
    report = import_files(store, "requests" if kind == "points" else "doses", [Path(path)])
    seconds = time.perf_counter() - start
    after = os.times()
    assert report.read == report.accepted + report.quarantined + report.duplicate
    with store.transaction() as tx:
        kept = tx.ask("restricted", 'SELECT count(DISTINCT "row") AS n FROM g_restricted.quarantine')["n"].iloc[0]
    assert kept == report.quarantined, (kept, report.quarantined)
    print(json.dumps({
        "read": report.read, "accepted": report.accepted, "refused": report.quarantined, "seconds": seconds,
        "cpu": after.user + after.system - before.user - before.system,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
        "store": sum(f.stat().st_size for f in store.folder.rglob("*.duckdb")) / 1e6}))


def main(rows: int, kinds: list[str]) -> None:
    for kind in kinds:
        with tempfile.TemporaryDirectory() as name:
            path = make(Path(name), kind, rows)
            # Everything is compiled and cached by a small file first, as in a store that is in use.
            small = Path(name) / "small.csv"
            with path.open("rb") as file:
                small.write_bytes(b"".join(file.readlines(12 << 20)))
            os.sync()  # an officer's file lies on the disk already: it is not part of an import to write it
            for file, at in ((small, "warm"), (path, "run")):
                done = subprocess.run([sys.executable, __file__, "--once", str(file), kind, str(Path(name) / at)],
                                      capture_output=True, text=True, check=False)
                if done.returncode:
                    raise SystemExit(done.stderr)
            ours = json.loads(done.stdout.splitlines()[-1])
            theirs = peers(path)
            size = path.stat().st_size / 1e6
            print(f"\n{kind}: {ours['read']:,} rows, {size:.0f} MB, {ours['refused']:,} refused and kept; "
                  f"load {os.getloadavg()[0]:.1f}")
            print("| way | seconds | rows a second | of processor, s |\n|---|---|---|---|")
            for way, (seconds, cpu) in [*theirs.items(), (OURS, (ours["seconds"], ours["cpu"]))]:
                print(f"| {way} | {seconds:.2f} | {ours['read'] / seconds:,.0f} | {cpu:.2f} |")
            slower = [ours[k] / theirs[way][n] for way in (PANDAS, SCAN) for n, k in enumerate(("seconds", "cpu"))]
            print("{:.2f} times pandas.read_csv ({:.2f} by processor time), {:.1f} times the bare scan ({:.1f}); "
                  "peak {:.2f} GB; store {:.0f} MB".format(*slower, ours["peak"], ours["store"]),
                  flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--once"]:
        once(*sys.argv[2:5])
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000, sys.argv[2:] or list(KINDS))
