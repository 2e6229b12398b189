"""2,000 damaged files of all kinds: how many are refused in words, and that no row of the others is lost.

    python benchmarks/fuzz.py [FILES]
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from jitasa_analytics.errors import InputError
from jitasa_analytics.ingest import import_files
from jitasa_analytics.store import Store
from tests.ingest import mutation

SLOW_SECONDS = 60


def main(count: int) -> int:
    """Print a table by kind; the exit code says whether anything went wrong."""
    told: dict[str, Counter[str]] = {}
    faults = []
    with tempfile.TemporaryDirectory(prefix="jitasa-fuzz-") as name:
        folder = Path(name)
        (folder / "first.csv").write_text("request_id,requested_at,area_code\na,2020-03-24,20\n", "utf-8")
        store = Store(folder / "store")
        import_files(store, "requests", [folder / "first.csv"])
        for path, dataset in mutation.files(folder, count, 2563, mutation.QUICK + mutation.APART):
            counts = told.setdefault(path.name.split(".", 1)[1], Counter())
            began = time.perf_counter()
            try:
                report = import_files(store, dataset, [path], dry_run=True)
                whole = report.accepted + report.quarantined + report.duplicate == report.read
                counts["read" if whole else "rows lost"] += 1
                counts["rows"] += report.read
                if not whole:
                    faults.append(path.name)
            except InputError:
                counts["refused"] += 1
            except Exception as error:
                counts["crashed"] += 1
                faults.append(f"{path.name}: {type(error).__name__}: {error}")
            if time.perf_counter() - began > SLOW_SECONDS:
                counts["slow"] += 1
                faults.append(f"{path.name}: {time.perf_counter() - began:.0f} s")
    heads = ("read", "rows", "refused", "rows lost", "crashed", "slow")
    print(f"{'kind':<12}" + "".join(f"{h:>11}" for h in heads))
    for kind, counts in sorted(told.items()):
        print(f"{kind:<12}" + "".join(f"{counts[h]:>11,}" for h in heads))
    print(f"{sum(c['read'] + c['refused'] + c['crashed'] + c['rows lost'] for c in told.values()):,} files")
    print(*faults, sep="\n")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000))
