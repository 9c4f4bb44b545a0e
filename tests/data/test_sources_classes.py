"""How classes are numbered."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gantool.data.sources.classes import NoClassesError, classify, natural_order
from gantool.errors import InputError


@pytest.mark.parametrize(
    ("names", "order"),
    [
        (["10", "9", "1"], ["1", "9", "10"]),
        (["-1", "1", "0", "-10"], ["-10", "-1", "0", "1"]),
        (["01", "1", "2"], ["01", "1", "2"]),
        (["img10", "img9", "Img1"], ["Img1", "img9", "img10"]),
        (["b", "a", "a"], ["a", "b"]),
        (["٣", "٢", "10"], ["٢", "٣", "10"]),  # 3 and 2 in Arabic
        (["猫", "犬", "a"], ["a", "犬", "猫"]),
        (["9" * 5000, "1", "x"], ["1", "9" * 5000, "x"]),
    ],
)
def test_the_natural_order(names, order):
    assert natural_order(names) == tuple(order)


@given(
    st.lists(st.sampled_from(["2", "10", "b", "a", "é"]), min_size=2).filter(
        lambda found: len(set(found)) > 1
    )
)
def test_labels_are_places_in_the_names(found):
    classes = classify(found, "set")
    assert [classes.names[label] for label in classes.labels] == found
    assert sorted(classes.names) == sorted(set(found))
    assert classes.labels.dtype == np.int32


def test_numbers_that_skip_are_packed_and_told():
    classes = classify(np.array([7, 3, 7, 10]), "set")
    assert (classes.names, classes.labels.tolist()) == (("3", "7", "10"), [1, 0, 1, 2])
    assert classes.notes == ("set: the labels 3, 7, 10 are the classes 0 to 2, in order",)
    assert classify(np.array([1, 0]), "set").notes == ()


def test_names_for_numbers():
    classes = classify(np.array([7, 3, 7]), "set", wanted=("cat", "dog"))
    assert (classes.names, classes.labels.tolist()) == (("cat", "dog"), [1, 0, 1])


def test_names_of_the_set_itself():
    classes = classify(np.array([2, 0, 2]), "set", known=("cat", "cow", "dog"))
    assert (classes.names, classes.labels.tolist()) == (("cat", "dog"), [1, 0, 1])
    classes = classify(["b", "a", "b"], "set", known=("b", "a", "c"))
    assert (classes.names, classes.labels.tolist()) == (("b", "a"), [0, 1, 0])


def test_one_name_has_one_form():
    names = ["cafe\u0301", "caf\u00e9", "the\udce9", "line\nbreak"]
    classes = classify(names, "set", wanted=("caf\u00e9", r"line\nbreak", r"the\xe9"))
    assert classes.labels.tolist() == [0, 0, 2, 1]


def test_one_class_is_none():
    with pytest.raises(NoClassesError, match="all images are of one class, cat"):
        classify(["cat", "cat"], "set")


def test_other_classes_than_wanted():
    with pytest.raises(InputError, match=r"no image is of dog, and cow is not in it"):
        classify(["cat", "cow"], "set", wanted=("cat", "dog"))


def test_rare_classes_are_told():
    assert classify(["a"] * 99 + ["b"], "set").notes == ("set: class b has 1 of 100 images",)
    assert classify(["a"] * 9 + ["b"], "set").notes == ()


def test_classes_of_one_image_each_are_told():
    ages = [f"0.{number:02}" for number in range(11)]
    assert classify(ages, "set").notes == (
        "set: each of the 11 images is a class of its own: are these classes, and no measurements"
        " or names of images?",
    )
    assert classify([*ages, ages[0]], "set").notes == ()
