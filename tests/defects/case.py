"""A case of the catalogue: one defect, one small file, and exactly what the import says and keeps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

REQUEST = "request_id,requested_at,people,area_code"


@dataclass(frozen=True)
class Case:
    """One defect.

    ``content`` is the file's text, its bytes, or a function that writes it. ``says`` are all findings
    as (row, column, code); ``counts`` are accepted, quarantined and duplicate rows; ``keeps`` are values
    in the store by column, in the order of keys; ``proposes`` stands in a finding's proposal;
    ``refused`` is the key of the error that refuses the whole file.
    """

    name: str
    content: str | bytes | Callable[[Path], None]
    says: tuple[tuple[int, str, str], ...] = ()
    counts: tuple[int, int, int] = (1, 0, 0)
    keeps: dict[str, list[object]] = field(default_factory=dict)
    dataset: str = "requests"
    file: str = "file.csv"
    recipe: str = ""
    proposes: str = ""
    refused: str = ""
    first: str = ""

    def write(self, folder: Path) -> Path:
        path = folder / self.file
        if callable(self.content):
            self.content(path)
        else:
            path.write_bytes(self.content if isinstance(self.content, bytes) else self.content.encode())
        return path


def request(day: str = "2020-03-24", people: str = "2", area: str = "20", head: str = REQUEST) -> str:
    """A file of one request."""
    return f"{head}\nr1,{day},{people},{area}\n"


def point(lon: str, lat: str, more: str = "") -> str:
    """A file of one request with coordinates, and a province where ``more`` names one."""
    return f'request_id,requested_at,lon,lat,จังหวัด\nr1,2020-03-24,"{lon}","{lat}",{more}\n'


def person(text: str) -> str:
    """A file of one request by somebody."""
    return f'request_id,requested_at,area_code,requester_token\nr1,2020-03-24,20,"{text}"\n'


def address(tambon: str, district: str, province: str) -> str:
    """A file of one request with an address in words."""
    return f"request_id,requested_at,ตำบล,อำเภอ,จังหวัด\nr1,2020-03-24,{tambon},{district},{province}\n"


def report(*rows: str) -> str:
    """Cumulative counts of one province."""
    return "\n".join(("area_code,as_of,dose_no,count,denominator", *rows, ""))
