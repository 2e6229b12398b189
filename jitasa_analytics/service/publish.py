"""The public file: what anybody may see, counted, suppressed and attacked before it is written.

The public view reads this file and nothing else. It holds closed months only, and a month that
was published is never published again in another form: two versions of the file differ by whole
months, so that nobody learns anything from their difference. Months that came late stay as they
were published.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from jitasa_analytics import areas
from jitasa_analytics.analysis import masking, suppression
from jitasa_analytics.errors import InputError, StoreError
from jitasa_analytics.store import Snapshot, Store
from jitasa_analytics.store.manifest import write_new

FORMAT = 1
TABLES = {"requests": "public_requests", "volunteers": "public_volunteers"}
# A hexagon says how many only in steps: exact numbers could be set off against those of districts.
STEPS = (10, 25, 50, 100, 250)
LATE_DAYS = 7


def publish(store: Store, path: Path, *, today: date | None = None,
            threshold: int = suppression.THRESHOLD) -> dict[str, Any]:
    """Write the public file, or add the newly closed months to it.

    Parameters
    ----------
    store : Store
    path : Path
        The file; it lies outside the store's folder, where no reader of the public view has business.
    today : date, optional
        A month counts as closed ``LATE_DAYS`` days after its end.
    threshold : int
        Counts from 1 to ``threshold - 1`` are hidden, and others with them so that they stay so.

    Returns
    -------
    dict
        Months added, counts published and hidden.

    Raises
    ------
    InputError
        If the file lies inside the store, was made with another threshold, or is no public file.
    StoreError
        If a suppressed table gives a small count away; nothing is written then.
    """
    if path.resolve().is_relative_to(store.folder.resolve()):
        raise InputError(f"{path} lies inside the store; write the public file elsewhere",
                         key="service.publish.inside", path=path)
    before = read(path) if path.exists() else None
    if before is not None and before["threshold"] != threshold:
        raise InputError(f"{path} was made with the threshold {before['threshold']}; months can't be published twice",
                         key="service.publish.threshold", path=path, threshold=before["threshold"])
    months: dict[str, Any] = dict(before["months"]) if before else {}
    last = (today or datetime.now(UTC).date()) - timedelta(days=LATE_DAYS)
    with store.snapshot() as snapshot:
        sample = snapshot.sample or bool(before and before["sample"])
        counts = {name: snapshot.query(query) for name, query in TABLES.items()}
        points = snapshot.query("public_points")
        seen = sorted({m for frame in counts.values() for m in frame["month"]})
        fresh = [m for m in seen if m not in months and m < f"{last:%Y-%m}"]
        for month in fresh:
            months[month] = _month(month, counts, points, threshold)
        names = _names(snapshot, months)
    content = {"format": FORMAT, "sample": sample, "threshold": threshold, "steps": list(STEPS),
               "areas": names, "months": {m: months[m] for m in sorted(months)}}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_new(path, json.dumps(content, ensure_ascii=False, sort_keys=True, indent=0).encode())
    cells = [v for m in fresh for t in TABLES for v in _counts(months[m][t])]
    return {"months": fresh, "published": sum(v is not None for v in cells),
            "hidden": sum(v is None for v in cells), "hexagons": sum(len(months[m]["hexagons"]) for m in fresh)}


def read(path: Path) -> dict[str, Any]:
    """The public file.

    Raises
    ------
    InputError
        If it is missing, damaged or no public file.
    """
    try:
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
        if found["format"] != FORMAT:
            raise ValueError(f"format {found['format']}")
        _ = found["months"], found["areas"], found["threshold"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is no public file ({error}); write one with 'jitasa publish'",
                         key="service.publish.no_file", path=path) from error
    return found


def suppressed(frame: pd.DataFrame, threshold: int) -> dict[str, dict[str, int | None]]:
    """District counts as a table of all levels, small ones hidden (None).

    Raises
    ------
    StoreError
        If the attack on it finds out anything.
    """
    if not len(frame):
        return {}
    parents = {c: areas.parent(c) for c in frame["area_code"]}
    # Districts without any stand in the table as well: their nought can hide a neighbour's small count.
    parents |= {d: p for p in set(parents.values()) for d in areas.children(p)}
    parents |= dict.fromkeys(set(parents.values()), areas.COUNTRY)
    leaves = frame.groupby(["area_code", "category"])["n"].sum()
    every = pd.MultiIndex.from_product([[d for d in parents if parents[d] != areas.COUNTRY],
                                        sorted(frame["category"].unique())], names=leaves.index.names)
    leaves = leaves.reindex(leaves.index.union(every), fill_value=0)
    full = suppression.table(leaves, parents)
    hidden = suppression.protect(full, threshold=threshold)
    known = suppression.attack(full, hidden, threshold=threshold)
    if not known["safe"].all():
        raise StoreError("the suppressed table would give a small count away; nothing was published",
                         key="service.publish.unsafe")
    out: dict[str, dict[str, int | None]] = {}
    for (code, kind), value, gone in zip(full.counts.index, full.counts, hidden, strict=True):
        out.setdefault(str(code), {})[str(kind)] = None if gone else int(value)
    return out


def _month(month: str, counts: dict[str, pd.DataFrame], points: pd.DataFrame, threshold: int) -> dict[str, Any]:
    found: dict[str, Any] = {
        name: suppressed(frame[frame["month"] == month], threshold) for name, frame in counts.items()}
    here = points[points["month"] == month].set_index("h3")["n"]
    cells = masking.pooled(here, k=max(threshold, STEPS[0]))
    found["hexagons"] = {str(c): max(s for s in STEPS if s <= n) for c, n in cells.items()}
    return found


def _counts(table: dict[str, dict[str, int | None]]) -> list[int | None]:
    return [v for row in table.values() for v in row.values()]


def _names(snapshot: Snapshot, months: dict[str, Any]) -> dict[str, list[str]]:
    codes = sorted({code for month in months.values() for name in TABLES for code in month[name]})
    return {code: [areas.name(code, "th"), areas.name(code, "en")] for code in codes}
