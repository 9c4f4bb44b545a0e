"""Classes by name and by number."""

from __future__ import annotations

import pytest

from gantool.errors import InputError
from gantool.sampling.labels import labels_of

PETS = ("cat", "dog", "guinea pig, white", "2", "caf\u00e9")
DIGITS = ("1", "2", "5")


@pytest.mark.parametrize(
    ("asked", "names", "labels"),
    [
        ("dog", PETS, [1]),
        (" dog , 0", PETS, [1, 0]),
        ("guinea pig, white", PETS, [2]),
        ("2", PETS, [3]),  # a name comes before a place
        ("0-2", PETS, [0, 1, 2]),
        ("cafe\u0301", PETS, [4]),  # the other form of the same letters
        ("1", DIGITS, [0]),
        ("5,1", DIGITS, [2, 0]),
        ("1-5", DIGITS, [0, 1, 2]),
        ("0-9", tuple(map(str, range(10))), list(range(10))),
    ],
)
def test_what_is_meant(asked, names, labels):
    assert labels_of(asked, names) == labels


@pytest.mark.parametrize(
    ("asked", "names", "told"),
    [
        (
            "dgo",
            PETS[:2],
            "there is no class 'dgo'; did you mean 'dog'? (classes 0 to 1: cat, dog)",
        ),
        ("0", DIGITS, "there is no class '0' (classes 0 to 2: 1, 2, 5)"),
        ("2-9", PETS[:2], "there is no class '2-9' (classes 0 to 1: cat, dog)"),
        (
            "x",
            ("cat", "guinea pig, white", r"the\xe9"),
            r"there is no class 'x' (classes 0 to 2: cat, 'guinea pig, white', 'the\xe9')",
        ),
        ("", PETS[:2], "there is no class '' (classes 0 to 1: cat, dog)"),
        ("1-0", PETS[:2], "the range '1-0' runs backwards"),
        ("-1", PETS[:2], "there is no class '-1' (classes 0 to 1: cat, dog)"),
    ],
)
def test_what_is_not_there(asked, names, told):
    with pytest.raises(InputError) as caught:
        labels_of(asked, names)
    assert str(caught.value) == f"--label: {told}"


def test_many_classes_are_cut_short():
    with pytest.raises(InputError) as caught:
        labels_of("x", [f"c{number}" for number in range(25)])
    assert str(caught.value).endswith("c18, c19 and 5 more)")
