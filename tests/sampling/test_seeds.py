"""Seeds as text, and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gantool.sampling.seeds import MAX_SEED, ranges_of, text_of

SEEDS = st.integers(0, MAX_SEED)
RANGES = st.tuples(SEEDS, st.integers(1, 50)).map(
    lambda pair: range(min(pair[0], MAX_SEED - 50), min(pair[0], MAX_SEED - 50) + pair[1])
)


def seeds(ranges: tuple[range, ...]) -> list[int]:
    return [seed for part in ranges for seed in part]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("7", [7]), ("0-3", [0, 1, 2, 3]), (" 5 , 2 - 3,5", [5, 2, 3, 5]), ("4-4", [4])],
)
def test_text_is_read(text: str, expected: list[int]) -> None:
    assert seeds(ranges_of(text)) == expected


@pytest.mark.parametrize(
    ("ranges", "expected"),
    [
        ([range(8)], "0-7"),
        ([range(3, 4)], "3"),
        ([range(2), range(2, 5), range(9, 10)], "0-4,9"),
        ([range(1, 2), range(1, 2)], "1,1"),
        ([range(2, 3), range(1, 2)], "2,1"),
    ],
)
def test_text_is_short(ranges: list[range], expected: str) -> None:
    assert text_of(ranges) == expected


@given(st.lists(RANGES, min_size=1, max_size=5))
def test_the_text_of_ranges_names_the_same_seeds(ranges: list[range]) -> None:
    assert seeds(ranges_of(text_of(ranges))) == seeds(tuple(ranges))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "'' is no seed or range of seeds such as 0-9"),
        ("1,,2", "'' is no seed or range of seeds such as 0-9"),
        ("-1", "'-1' is no seed or range of seeds such as 0-9"),
        ("1e3", "'1e3' is no seed or range of seeds such as 0-9"),
        ("5-2", "the range '5-2' runs backwards"),
        (str(MAX_SEED + 1), f"seeds go up to {MAX_SEED}"),
    ],
)
def test_what_is_no_seed(text: str, complaint: str) -> None:
    with pytest.raises(ValueError) as raised:  # noqa: PT011 - the whole text is compared
        ranges_of(text)
    assert str(raised.value) == complaint
