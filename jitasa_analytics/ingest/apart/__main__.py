"""Read one file under limits and say on standard output, as JSON, what came of it."""

from __future__ import annotations

import gc
import json
import sys
import types
from pathlib import Path

HERE = Path(__file__).resolve().parent
# The package's own __init__ modules load what only the import needs; here they are stood in for by
# empty ones, so that this process starts at once.
for _name, _folder in (("jitasa_analytics", HERE.parent.parent), ("jitasa_analytics.ingest", HERE.parent)):
    _package = types.ModuleType(_name)
    _package.__path__ = [str(_folder)]
    sys.modules[_name] = _package

from jitasa_analytics.ingest.apart import limits  # noqa: E402


def main(asked: dict[str, str | int]) -> dict[str, object]:
    """What a reader says of a file."""
    kind, path, out = str(asked["kind"]), str(asked["path"]), Path(str(asked["out"]))
    sheet = str(asked["sheet"])
    limits.limit(int(asked["memory"]), int(asked["seconds"]), int(asked["written"]))
    try:
        if kind == "xlsx":
            from jitasa_analytics.ingest.apart import book
            # Millions of cells come and go without a cycle among them; to look for one costs a fifth.
            gc.disable()
            return {"parts": book.read(path, out, sheet=sheet, example=str(asked["example"]), watch=_far)}
        if kind == "parquet":
            from jitasa_analytics.ingest.apart import columns
            return {"parts": columns.read(path, out, sheet=sheet)}
        if kind == "xml":
            from jitasa_analytics.ingest.apart import handover, registry
            rows = handover.write_rows(out / "0.arrow", enumerate(registry.rows(Path(path)), 1))
            return {"parts": [{"sheet": "", "rows": rows, "file": "0.arrow"}]}
        if kind == "text":
            from jitasa_analytics.ingest.apart import delimited, handover
            text = delimited.opened(Path(path))
            rows = handover.write_rows(out / "0.arrow", delimited.rows(text))
            return {"parts": [{"sheet": "", "rows": rows, "file": "0.arrow", "encoding": text.encoding}]}
        from jitasa_analytics.ingest.apart import layers
        return {"parts": layers.read(path, out, sheet=sheet)}
    except MemoryError:
        return {"too_much": "it needs more memory than is allowed"}
    except limits.TooMuchError as error:
        return {"too_much": str(error)}
    except limits.BrokenError as error:
        return {"broken": str(error), "key": error.key, "values": error.values}
    except Exception as error:
        why = f"{type(error).__name__}: {error}"
        memory = any(word in why.lower() for word in ("bad_alloc", "malloc of size", "out of memory", "realloc of"))
        return {"too_much": "it needs more memory than is allowed"} if memory else {"broken": (str(error) or why)[:500]}


def _far(done: int, total: int, rows: int) -> None:
    """Say on the way how far the reading is."""
    print(json.dumps({"far": [done, total, rows]}), flush=True)


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1])), default=str))
