"""What the text of a cell became: a value, what was repaired for it, or why it was refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


# Not frozen, although none is ever changed: a frozen one takes six times as long to make, and there are millions.
@dataclass(slots=True)
class Cell:
    """What a cell's text became.

    Attributes
    ----------
    value : object
        The value, or None where the cell is empty or refused.
    repairs : tuple of str
        Codes of the repairs that were made.
    error : str
        Code of the rule that refused it, or empty.
    warnings : tuple of str
        Codes of what is doubtful about a value that was taken all the same.
    proposal : str
        What a refused text may have meant: for a person to confirm, never applied.
    """

    value: Any = None
    repairs: tuple[str, ...] = ()
    error: str = ""
    warnings: tuple[str, ...] = ()
    proposal: str = ""
