"""Texts by number, where the same few ones come again and again."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Longs = npt.NDArray[np.int64]


class Texts:
    """Texts by number, in the order in which they came."""

    def __init__(self) -> None:
        self._numbers: dict[str | None, int] = {}
        self._words: Any = None  # those of the column before, and their numbers
        self._of_words: Longs = np.empty(0, np.int64)

    def numbers(self, column: pa.ChunkedArray) -> Longs:
        """The number of each text of a column; a missing one has a number, too."""
        index, known = self.indexed(column)
        found: Longs = known[index]
        return found

    def indexed(self, column: pa.ChunkedArray) -> tuple[npt.NDArray[Any], Longs]:
        """The same in two parts: each cell's place in a list, and the list of numbers."""
        whole = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
        some = whole if pa.types.is_dictionary(whole.type) else whole.dictionary_encode()
        known = self._of_all(some.dictionary)
        index = some.indices
        if index.null_count:
            index = pc.fill_null(index, len(known))
            known = np.append(known, self.of(None))
        return index.to_numpy(), known

    def _of_all(self, words: Any) -> Longs:
        """The numbers of words: block after block brings the same ones."""
        if self._words is None or not self._words.equals(words):
            self._words, self._of_words = words, np.array([self.of(text) for text in words.to_pylist()], np.int64)
        return self._of_words

    def of(self, text: str | None) -> int:
        """The number of a text."""
        return self._numbers.setdefault(text, len(self._numbers))

    def sorted(self) -> tuple[list[str | None], Longs]:
        """The texts in order, missing last, and the place of each number among them."""
        order = sorted(self._numbers, key=lambda text: (text is None, text or ""))
        places = {text: place for place, text in enumerate(order)}
        return order, np.array([places[text] for text in self._numbers], np.int64)

    def __len__(self) -> int:
        return len(self._numbers)
