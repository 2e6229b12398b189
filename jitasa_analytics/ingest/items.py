"""What a request asks for: from yes/no columns of a recipe, or from one cell of words."""

from __future__ import annotations

import re

import pandas as pd

from jitasa_analytics.ingest.mapping import ROW
from jitasa_analytics.ingest.recipe import Recipe
from jitasa_analytics.ingest.table import Table

# Headers under which a file lists what is asked for in one cell, and words that tell the category.
HEADERS = ("items", "needs", "needed", "ต้องการ", "สิ่งที่ต้องการ", "สิ่งที่ขอ", "ความต้องการ")
_WORDS = {
    "oxygen": ("oxygen", "ออกซิเจน"), "bed": ("bed", "เตียง"), "medicine": ("medicine", "ยา", "drug"),
    "food": ("food", "อาหาร", "ข้าว", "water", "น้ำดื่ม", "rice", "milk", "นม"),
    "transport": ("transport", "รถ", "รับส่ง", "ambulance"),
    "supplies": ("mask", "หน้ากาก", "gel", "เจล", "alcohol", "แอลกอฮอล์", "supplies", "ถุงยังชีพ", "atk", "ชุดตรวจ"),
    "medical": ("medical", "แพทย์", "พยาบาล", "หมอ", "doctor"),
}
_YES = {"true", "1", "yes", "y", "x", "ใช่", "ต้องการ", "✓"}
_QUANTITY = re.compile(r"^(.*?)(?:\s*[x×=:]\s*|\s+)(\d+(?:\.\d+)?)(?:\s*\D*)?$")


def category_of(item: str) -> str:
    """The category that an item's words tell, else ``other``.

    >>> category_of("หน้ากากอนามัย"), category_of("ข้าวสาร 5 กก.")
    ('supplies', 'food')
    """
    folded = item.lower()
    for category, words in _WORDS.items():
        if any(w in folded for w in words):
            return category
    return "other"


def of_requests(table: Table, recipe: Recipe, ids: pd.Series) -> pd.DataFrame:
    """The items of each request as rows of ``request_items`` with ``_row``.

    Parameters
    ----------
    ids : Series
        Request id on the file's row number.
    """
    rows: list[tuple[int, str, str, str, float | None]] = []
    for entry in recipe.items:
        if entry.column in table.frame:
            asked = table.frame[entry.column].fillna("").str.strip().str.lower().isin(_YES)
            rows += [(int(r), str(ids[r]), entry.item, entry.category, None) for r in table.frame.index[asked]
                     if r in ids.index]
    header = next((h for h in table.frame.columns if h.strip().lower() in HEADERS), None)
    if header is not None and not recipe.items:
        for row, text in zip(table.frame.index, table.frame[header].fillna(""), strict=True):
            if row in ids.index:
                rows += [(int(row), str(ids[row]), *_item(part)) for part in re.split(r"[;,\n]", text) if part.strip()]
    out = pd.DataFrame(rows, columns=[ROW, "request_id", "item", "category", "quantity"])
    return out.drop_duplicates(["request_id", "item"], ignore_index=True)


def _item(part: str) -> tuple[str, str, float | None]:
    text = part.strip()
    found = _QUANTITY.match(text)
    if found:
        return found[1].strip(), category_of(found[1]), float(found[2])
    return text, category_of(text), None
