"""The rows of a sheet as nearly every program writes them: found by one expression, a million in seconds.

The expression leaves no character out: what is written in another way is seen, and heard by the XML parser from that
row on. What is read is therefore the same whichever way it was read.
"""

from __future__ import annotations

import re

# Text between tags without what XML forbids there; ``&`` only where it stands for one of these.
_CHARS = r"[^<&\x00-\x08\x0b-\x1f\ufffe\uffff]*"
_ESCAPES = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "&#10;": "\n", "&#xA;": "\n",
            "&#13;": "\r", "&#xD;": "\r", "&#9;": "\t", "&#x9;": "\t"}
_TEXT = rf"{_CHARS}(?:(?:{'|'.join(_ESCAPES)}){_CHARS})*"
_ATTRIBUTES = r'(?: [\w:]+="[^"<&\x00-\x1f]*")*'
# Of a cell: column, style, kind, value, text of its own; of a row: its tag and whether it ends at once; the end
# of a row; all from anything else on.
_TOKEN = re.compile(
    r'<c r="([A-Z]{1,3})\d+"(?: s="(\d{1,9})")?(?: t="(s|n|b|str|e|inlineStr)")?(?: (?:cm|vm|ph)="\w{1,9}")*(?:/>|>'
    rf"(?:<f{_ATTRIBUTES}(?:/>|>{_TEXT}</f>))?(?:<v>({_TEXT})</v>|<v/>)?"
    rf'(?:<is><t(?: xml:space="preserve")?>({_TEXT})</t></is>)?</c>)'
    rf"|<(row{_ATTRIBUTES}) ?(/?)>|(</row>)|[ \t\r\n]+|(.+)", re.DOTALL)
_ESCAPE = re.compile("|".join(_ESCAPES))
_NUMBER = re.compile(r' r="(\d{1,9})"')

Token = tuple[str, str, str, str, str, str, str, str, str]


def tokens(text: str) -> list[Token] | None:
    """The cells and rows of a stretch of XML; None where it holds anything else, or not each cell in its row."""
    if "]]>" in text:
        return None
    found: list[Token] = _TOKEN.findall(text)
    inside = False
    for letters, _, _, _, _, tag, single, end, other in found:
        if letters or end:
            if not inside:
                return None
            inside = not end
        elif tag:
            if inside:
                return None
            inside = not single
        elif other:
            return None
    return None if inside else found


def text_of(value: str) -> str:
    """What stands between two tags."""
    return _ESCAPE.sub(lambda m: _ESCAPES[m[0]], value) if "&" in value else value


def number_of(attributes: str) -> int:
    """The number of a row; 0 where it has none."""
    found = _NUMBER.search(attributes)
    return int(found[1]) if found else 0
