"""Reference numbers: nobody guesses one, and a slip of the pen is found."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given

from jitasa_analytics import privacy
from jitasa_analytics.service import references

KINDS = st.sampled_from(["request", "volunteer"])


@given(kind=KINDS, seed=st.text(max_size=40))
def test_a_form_has_one_number_that_reads_back(kind: str, seed: str) -> None:
    number = references.made(kind, b"key", seed)
    assert number == references.made(kind, b"key", seed) != references.made(kind, b"other key", seed)
    assert number[:2] == references.KINDS[kind] and len(number) == 15
    for written in (number, references.shown(number), references.shown(number).lower(),
                    " " + references.shown(number).replace("-", " ")):
        assert references.read(written) == number
    # A volunteer's number is a label, not an identity: the store takes it as it is.
    assert privacy.is_token(number)


@given(kind=KINDS, seed=st.text(max_size=20), place=st.integers(2, 14), other=st.sampled_from(references.LETTERS))
def test_every_wrong_letter_and_every_swap_is_found(kind: str, seed: str, place: int, other: str) -> None:
    number = references.made(kind, b"key", seed)
    wrong = number[:place] + other + number[place + 1:]
    assert (references.read(wrong) is not None) == (wrong == number)
    swapped = number[:place - 1] + number[place] + number[place - 1] + number[place + 1:]
    # The last letter and the one before it may change places unseen, where the sum happens to fit.
    assert place in (2, 14) or (references.read(swapped) is not None) == (swapped == number)


def test_numbers_do_not_repeat_and_tell_nothing() -> None:
    """2,000 seeds in a row: all different, and each of the 23 letters comes up about as often at every place."""
    numbers = [references.made("request", b"key", str(i)) for i in range(2000)]
    assert len(set(numbers)) == 2000
    for place in range(2, 14):
        seen = [sum(n[place] == letter for n in numbers) for letter in references.LETTERS]
        assert sum((s - 2000 / 23) ** 2 / (2000 / 23) for s in seen) < 60, f"place {place} is not even"  # p < 1e-5
    assert len({references.fresh("volunteer") for _ in range(500)}) == 500


@given(st.text(max_size=30))
def test_anything_else_is_no_number(text: str) -> None:
    found = references.read(text)
    assert found is None or len(found) == 15
    for known in ("R084", "1101700230708", "0812345678", "'; DROP TABLE requests", "=1+1", "../../etc/passwd"):
        assert references.read(known) is None
