"""A mapping for a file that no recipe knows: what is certain, what is likely, and a person decides.

The proposal is a recipe. What is certain stands in it; what is only likely stands in it as a
remark, so that nothing is taken that nobody confirmed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rapidfuzz import fuzz

from jitasa_analytics import texts
from jitasa_analytics.contracts import Column, Dataset, dataset
from jitasa_analytics.ingest import read as reading
from jitasa_analytics.ingest import recipe as recipes

LIKELY = 70.0
_SHORT = 4


@dataclass(frozen=True)
class Proposal:
    """What the headers of a file seem to mean.

    Attributes
    ----------
    dataset : str
    certain : dict of our column to their header
    address : dict of level (province, district, tambon) to their header
    likely : dict of our column to (their header, how alike in per cent)
    missing : tuple of required columns that nothing fits
    unused : tuple of headers that nothing needs
    """

    dataset: str
    certain: dict[str, str]
    address: dict[str, str]
    likely: dict[str, tuple[str, float]]
    missing: tuple[str, ...]
    unused: tuple[str, ...]

    def to_toml(self, name: str, lang: str = "th") -> str:
        """The recipe, with remarks in the reader's language."""
        def quoted(text: str) -> str:
            return json.dumps(text, ensure_ascii=False)

        lines = [f"# {texts.say('import.propose.head', lang, file=name)}", f"dataset = {quoted(self.dataset)}",
                 f"source = {quoted(Path(name).stem)}",
                 f"recognise = [{', '.join(quoted(h) for h in self.certain.values())}]",
                 f"# {texts.say('import.propose.era', lang)}", '# era = "BE"',
                 f"# {texts.say('import.propose.crs', lang)}", '# crs = "EPSG:32647"', "", "[columns]"]
        lines += [f"{column} = {quoted(header)}" for column, header in self.certain.items()]
        lines += [f"# {column} = {quoted(header)}  # {texts.say('import.propose.likely', lang, share=round(share))}"
                  for column, (header, share) in self.likely.items()]
        lines += [f'# {column} = ""  # {texts.say("import.propose.missing", lang)}' for column in self.missing]
        if self.address:
            lines += ["", "[address]", *(f"{level} = {quoted(header)}" for level, header in self.address.items())]
        if self.unused:
            lines += ["", f"# {texts.say('import.propose.unused', lang)} {', '.join(self.unused)}"]
        return "\n".join(lines) + "\n"


def propose(path: Path, dataset_name: str) -> Proposal:
    """Propose how the columns of a file become those of a dataset.

    Raises
    ------
    InputError
        If the file can't be read.
    UnknownError
        If there is no such dataset.
    """
    contract = dataset(dataset_name)
    return of_headers(reading.headers(path), contract)


def of_headers(headers: Iterable[str], contract: Dataset) -> Proposal:
    """Propose a mapping from headers alone.

    >>> from jitasa_analytics.contracts import dataset
    >>> found = of_headers(["เลขที่คำขอ", "วันที่ขอ", "จังหวัด", "จำนวนคนทั้งหมด"], dataset("requests"))
    >>> found.certain["request_id"], found.address["province"], found.likely["people"][0]
    ('เลขที่คำขอ', 'จังหวัด', 'จำนวนคนทั้งหมด')
    """
    free = [h for h in headers if not h.startswith("column ")]
    certain = recipes.columns_for(contract, free)
    left = [h for h in free if h not in certain.values()]
    address = recipes.address_for(left)
    left = [h for h in left if h not in address.values()]
    wanted = [c for c in contract.columns if c.name not in certain and c.kind != "geometry" and c.name != "source"]
    pairs = sorted(((_alike(c, h), c.name, h) for c in wanted for h in left), key=lambda p: (-p[0], p[1], p[2]))
    likely: dict[str, tuple[str, float]] = {}
    for share, column, header in pairs:
        if share >= LIKELY and column not in likely and header not in {h for h, _ in likely.values()}:
            likely[column] = (header, share)
    placed = bool(address) or {"lon", "area_code"} & set(certain)
    missing = [c.name for c in wanted if c.required and c.default is None and c.name not in likely
               and not (c.name == "area_code" and placed)]
    taken = {h for h, _ in likely.values()}
    return Proposal(contract.name, certain, address, likely, tuple(missing), tuple(h for h in left if h not in taken))


def _alike(column: Column, header: str) -> float:
    """How alike a header is to the nearest spelling of a column, in per cent."""
    folded = recipes.fold(header)
    best = 0.0
    for spelling in recipes.spellings(column):
        known = recipes.fold(spelling)
        best = max(best, fuzz.ratio(folded, known))
        if len(known) >= _SHORT and known in folded:
            best = max(best, 80.0)
    return best
