"""Files with shapes, through GDAL: every layer of a GeoPackage, every shapefile of a zip."""

from __future__ import annotations

import sys
import warnings
import zipfile
from pathlib import Path
from typing import Any

from jitasa_analytics.ingest.apart import handover
from jitasa_analytics.ingest.apart.limits import BrokenError, check_archive, check_cells


def read(path: str, out: Path, *, sheet: str = "") -> list[dict[str, Any]]:
    """Write the attributes and shapes of each layer, or of the one of a name."""
    _alone()
    import pyogrio

    warnings.simplefilter("ignore")
    told: list[dict[str, Any]] = []
    for name, address, layer, silent in _layers(path):
        if sheet and name != sheet:
            told.append({"sheet": name, "rows": 0, "skipped": "other"})
            continue
        more = {"encoding": "UTF-8"} if silent else {}
        info = pyogrio.read_info(address, layer=layer, **more)
        check_cells(max(int(info["features"]), 0), len(info["fields"]) + 1)
        meta, table = pyogrio.read_arrow(address, layer=layer, **more)
        check_cells(table.num_rows, table.num_columns)
        target = out / f"{len(told)}.arrow"
        rows = handover.write_batches(target, table.schema, table.to_batches())
        told.append({"sheet": name, "rows": rows, "file": target.name, "crs": meta.get("crs"), "silent": silent,
                     "geometry": (meta.get("geometry_name") or "wkb_geometry") if meta.get("geometry_type") else ""})
    return told


def _alone() -> None:
    """Keep pyogrio from loading pandas and geopandas, which take a second and are not used here."""
    for name in ("pandas", "geopandas"):
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]


def _layers(path: str) -> list[tuple[str, str, str | None, bool]]:
    """The name of each layer, where it lies, its name there, and whether it is silent about its encoding."""
    _alone()
    import pyogrio

    suffix = Path(path).suffix.lower()
    if suffix == ".zip":
        check_archive(path)
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
        shapes = [n for n in names if n.lower().endswith(".shp") and not Path(n).name.startswith(".")]
        if not shapes:
            raise BrokenError("it holds no shapefile", "error.file_not_what", found="zip")
        stems = {n.lower() for n in names}
        return [(Path(n).stem, f"/vsizip/{path}/{n}", None, f"{n[:-4]}.cpg".lower() not in stems) for n in shapes]
    if suffix == ".shp":
        return [(Path(path).stem, path, None, not any(Path(path).parent.glob(f"{Path(path).stem}.[cC][pP][gG]")))]
    if suffix == ".gpkg":
        return [(str(n), path, str(n), False) for n, _ in pyogrio.list_layers(path)]
    return [("", f"GeoJSON:{path}", None, False)]
