"""Files as they come when bytes of them were lost, doubled or changed on the way."""

from __future__ import annotations

import gzip
import random
import zipfile
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import openpyxl
import shapely

HEAD = "request_id,requested_at,people,ตำบล,อำเภอ,จังหวัด,requester\n"
ROWS = "".join(f'r{n},{1 + n % 28}/3/2563,{1 + n % 5},แสนสุข,เมือง,ชลบุรี,"08{n:08d}"\n' for n in range(12))
XML = ('<?xml version="1.0"?><entity type="Changwat" name="ชลบุรี" geocode="20"><population year="2021">'
       '<data total="7" male="3" female="4" type="total" households="3"/></population></entity>')
QUICK = ("csv", "cp874.csv", "utf16.csv", "csv.gz")
APART = ("xlsx", "parquet", "geojson", "gpkg", "zip", "xml")


def seeds(folder: Path) -> dict[str, tuple[str, bytes]]:
    """One sound file of each kind: the dataset it belongs to, and its bytes."""
    text = HEAD + ROWS
    book = openpyxl.Workbook()
    for line in text.splitlines():
        book.active.append(line.replace('"', "").split(","))
    book.save(folder / "seed.xlsx")
    frame = gpd.GeoDataFrame({"code": ["200104", "200105"], "level": ["tambon"] * 2, "name_th": ["แสนสุข", "ก"]},
                             geometry=[shapely.box(100.9, 13.2, 101, 13.3), shapely.box(101, 13.2, 101.1, 13.3)],
                             crs="EPSG:4326")
    frame.to_parquet(folder / "seed.parquet")
    frame.to_file(folder / "seed.geojson", driver="GeoJSON")
    frame.to_file(folder / "seed.gpkg", driver="GPKG")
    (folder / "parts").mkdir(exist_ok=True)
    frame.to_file(folder / "parts" / "x.shp", encoding="UTF-8")
    with zipfile.ZipFile(folder / "seed.zip", "w") as archive:
        for part in sorted((folder / "parts").iterdir()):
            archive.write(part, part.name)
    made = {k: ("areas", (folder / f"seed.{k}").read_bytes()) for k in ("parquet", "geojson", "gpkg", "zip")}
    return {"csv": ("requests", text.encode()), "cp874.csv": ("requests", text.encode("cp874")),
            "utf16.csv": ("requests", text.encode("utf-16")),
            "csv.gz": ("requests", gzip.compress(text.encode(), mtime=0)),
            "xlsx": ("requests", (folder / "seed.xlsx").read_bytes()), "xml": ("population", XML.encode()), **made}


def mutated(raw: bytes, rng: random.Random) -> bytes:
    """The bytes with one to four changes: some flipped, lost, doubled, put in, or the end cut off."""
    out = bytearray(raw)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(out) + 1)
        size = rng.choice((1, 1, 2, 8, 64))
        kind = rng.randrange(6)
        if kind == 0 and at < len(out):
            out[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            del out[at:at + size]
        elif kind == 2:
            out[at:at] = out[at:at + size]
        elif kind == 3:
            out[at:at] = rng.choice((b"\x00", b'"', b"\n", b",", b"\xff\xfe", "ำ".encode(), rng.randbytes(size)))
        elif kind == 4:
            out[at:at + size] = rng.randbytes(size)
        else:
            del out[max(at, len(out) // 4):]
    return bytes(out)


def files(folder: Path, count: int, seed: int, kinds: tuple[str, ...]) -> Iterator[tuple[Path, str]]:
    """Mutated files with the dataset they are sent for, the kinds in turn."""
    rng = random.Random(seed)
    sound = seeds(folder)
    for number in range(count):
        kind = kinds[number % len(kinds)]
        dataset, raw = sound[kind]
        path = folder / f"m{number}.{kind}"
        path.write_bytes(mutated(raw, rng))
        yield path, dataset
        path.unlink()
