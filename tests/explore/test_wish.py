"""What pages ask for, read."""

from __future__ import annotations

import pytest

from gantool.errors import InputError
from gantool.explore.wish import Wish, wish_of


def test_all_of_it_is_read() -> None:
    query = {"seed": "7", "label": "3", "end": "12", "share": "0.25", "moves": "0,-3,1.5"}
    assert wish_of(query) == Wish(seed=7, label=3, end=12, share=0.25, moves=(0.0, -3.0, 1.5))
    assert wish_of({"seed": str(2**62)}) == Wish(
        seed=2**62, label=None, end=None, share=0, moves=()
    )


@pytest.mark.parametrize(
    ("query", "is_moved"),
    [
        ({}, False),
        ({"label": "3"}, False),
        ({"moves": "0,0,-0"}, False),
        ({"end": "9", "share": "0"}, False),
        ({"share": "0.5"}, False),
        ({"moves": "0,0.1"}, True),
        ({"end": "9", "share": "0.01"}, True),
    ],
)
def test_another_latent_than_that_of_the_seed(query: dict[str, str], is_moved: bool) -> None:
    assert wish_of({"seed": "7", **query}).is_moved is is_moved


@pytest.mark.parametrize(
    ("query", "line"),
    [
        ({"seed": "-1"}, "seed: '-1' is no whole number from 0"),
        ({"seed": "1e99"}, "seed: '1e99' is no whole number from 0"),
        ({"seed": ""}, "seed: '' is no whole number from 0"),
        ({"seed": "7.0"}, "seed: '7.0' is no whole number from 0"),
        ({"seed": "٣"}, "seed: '٣' is no whole number from 0"),
        ({"seed": str(2**62 + 1)}, f"seed: Input should be less than or equal to {2**62}"),
        ({}, "seed: Field required"),
        ({"seed": "1", "end": "x"}, "end: 'x' is no whole number from 0"),
        ({"seed": "1", "label": "cat"}, "label: 'cat' is no whole number from 0"),
        ({"seed": "1", "share": "nan"}, "share: Input should be a finite number"),
        ({"seed": "1", "share": "1.1"}, "share: Input should be less than or equal to 1"),
        ({"seed": "1", "moves": "0,nan"}, "moves 1: Input should be a finite number"),
        ({"seed": "1", "moves": "inf"}, "moves 0: Input should be a finite number"),
        ({"seed": "1", "moves": "3.01"}, "moves 0: Input should be less than or equal to 3"),
        ({"seed": "1", "colour\x1b": "1"}, "colour\\x1b: Extra inputs are not permitted"),
    ],
)
def test_anything_else_is_refused_in_a_line(query: dict[str, str], line: str) -> None:
    with pytest.raises(InputError) as refused:
        wish_of(query)
    assert str(refused.value) == line


def test_a_number_of_any_length_is_refused() -> None:
    with pytest.raises(InputError, match=r"^seed: [^\n]+$"):
        wish_of({"seed": "9" * 60_000})
