"""The shape of pictures, by pixels that are counted by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gantool.data.batch import find_jpeg
from gantool.data.fitting import Fit, fit_of, prepare, reduction, window
from gantool.recipe.data import Data


def numbered(height, width):
    """Each pixel's value is 10 · row + column."""
    rows, columns = np.mgrid[:height, :width]
    return Image.fromarray((10 * rows + columns).astype(np.uint8))


def shown(image, size, **keys):
    return prepare(image, Fit(size, 1, **keys))[..., 0].tolist()


@pytest.mark.parametrize(
    ("place", "crop", "expected"),
    [
        ("center", None, (0, 1, 4, 4)),
        ("left", None, (0, 0, 4, 4)),
        ("right", None, (0, 3, 4, 4)),
        ("top", None, (0, 1, 4, 4)),
        ("bottom", None, (0, 1, 4, 4)),
        ("top", (2, 4), (0, 1, 2, 4)),
        ("bottom", (2, 4), (2, 1, 2, 4)),
        ("left", (2, 4), (1, 0, 2, 4)),
        ("right", (2, 4), (1, 3, 2, 4)),
        ("center", (3, 4), (0, 1, 3, 4)),
    ],
)
def test_where_the_piece_lies(place, crop, expected):
    """Of 4×7 pixels."""
    fit = Fit((4, 4) if crop is None else crop, 1, crop, crop_at=place)
    assert window(4, 7, fit) == expected
    top, left, height, width = expected
    piece = np.asarray(numbered(4, 7))[top : top + height, left : left + width]
    np.testing.assert_array_equal(prepare(numbered(4, 7), fit)[..., 0], piece)


def test_stretched_to_the_size():
    """Two rows to one: their mean; each column twice."""
    image = Image.fromarray(np.array([[0, 10], [20, 30]], np.uint8))
    assert shown(image, (1, 4), fit="stretch", resize="box") == [[10, 10, 20, 20]]
    assert window(2, 2, Fit((1, 4), fit="stretch")) == (0, 0, 2, 2)


@pytest.mark.parametrize(
    ("source", "size", "top", "left", "height", "width"),
    [
        ((2, 4), (4, 4), 1, 0, 2, 4),
        ((4, 2), (4, 4), 0, 1, 4, 2),
        ((4, 2), (2, 3), 0, 1, 2, 1),
        ((1, 2), (8, 4), 3, 0, 2, 4),
        ((3, 3), (3, 3), 0, 0, 3, 3),
        ((1, 100), (4, 4), 1, 0, 1, 4),  # a row at least
    ],
)
def test_padded_to_the_size(source, size, top, left, height, width):
    made = np.array(shown(Image.new("L", source[::-1], 7), size, fit="pad", background="white"))
    expected = np.full(size, 255)
    expected[top : top + height, left : left + width] = 7
    assert made.tolist() == expected.tolist()


def test_what_is_padded_has_the_colour_of_the_background():
    image = Image.new("RGB", (2, 1), (1, 2, 3))
    fit = Fit((3, 2), 3, fit="pad", background="#0a141e")
    assert prepare(image, fit).tolist() == [[[10, 20, 30]] * 2, [[1, 2, 3]] * 2, [[10, 20, 30]] * 2]
    # Of blue, grey is 0.114 · 255.
    assert shown(image.convert("L"), (3, 2), fit="pad", background="blue")[0] == [29, 29]
    made = prepare(image, Fit((3, 2), 4, fit="pad", background="red"))
    assert made[0].tolist() == [[0, 0, 0, 0]] * 2
    assert made[1].tolist() == [[1, 2, 3, 255]] * 2


def test_a_crop_is_taken_before_padding():
    made = shown(numbered(4, 4), (4, 4), fit="pad", crop=(2, 4), crop_at="top")
    assert made == [[255] * 4, [0, 1, 2, 3], [10, 11, 12, 13], [255] * 4]


def test_pixel_art_stays_as_it_is():
    pixels = np.array([[[255, 0, 0], [0, 0, 255]], [[0, 255, 0], [9, 9, 9]]], np.uint8)
    made = prepare(Image.fromarray(pixels), Fit((6, 6), resize="nearest"))
    np.testing.assert_array_equal(made, pixels.repeat(3, 0).repeat(3, 1))
    # Every second pixel, from the second on: the middle of each pair lies at its border.
    large = numbered(4, 4)
    assert shown(large, (2, 2), resize="nearest") == [[11, 13], [31, 33]]
    soft = np.array([[[200, 0, 0, 1], [3, 7, 250, 130]]], np.uint8)
    made = prepare(Image.fromarray(soft), Fit((2, 4), 4, resize="nearest"))
    np.testing.assert_array_equal(made, soft.repeat(2, 0).repeat(2, 1))


def test_box_is_the_mean():
    assert shown(numbered(2, 4), (1, 2), resize="box") == [[6, 8]]  # 5.5 and 7.5


PICTURE = [[0, 1, 2], [10, 11, 12]]
TURNED = {
    (False, 90): [[10, 0], [11, 1], [12, 2]],
    (False, 180): [[12, 11, 10], [2, 1, 0]],
    (False, 270): [[2, 12], [1, 11], [0, 10]],
    (True, 0): [[0, 10], [1, 11], [2, 12]],
    (True, 90): [[2, 1, 0], [12, 11, 10]],
}


@pytest.mark.parametrize(("transpose", "rotate"), TURNED)
@pytest.mark.parametrize("kind", ["L", "I;16", "1"])
def test_turned_clockwise(transpose, rotate, kind):
    expected = TURNED[transpose, rotate]
    size = len(expected), len(expected[0])
    image = numbered(2, 3)
    if kind == "I;16":
        image = Image.fromarray(np.asarray(image).astype(np.uint16) * 257)
    elif kind == "1":
        image = image.point([255 * (value in (1, 10)) for value in range(256)]).convert("1")
        expected = [[255 * (value in (1, 10)) for value in row] for row in expected]
    assert shown(image, size, transpose=transpose, rotate=rotate) == expected


def test_a_crop_is_of_the_turned_picture():
    made = shown(numbered(2, 3), (1, 2), crop=(1, 2), rotate=90, crop_at="top")
    assert made == [[10, 0]]


@given(
    source=st.tuples(st.integers(1, 30), st.integers(1, 30)),
    size=st.tuples(st.integers(1, 30), st.integers(1, 30)),
    fit=st.sampled_from(["crop", "pad", "stretch"]),
    place=st.sampled_from(["center", "top", "bottom", "left", "right"]),
    resize=st.sampled_from(["lanczos", "nearest", "box"]),
    rotate=st.sampled_from([0, 90, 180, 270]),
    transpose=st.booleans(),
    channels=st.sampled_from([1, 3, 4]),
)
def test_any_picture_gets_the_shape(source, size, fit, place, resize, rotate, transpose, channels):
    asked = Fit(
        size,
        channels,
        background="teal",
        fit=fit,
        crop_at=place,
        resize=resize,
        transpose=transpose,
        rotate=rotate,
    )
    made = prepare(Image.new("RGB", source, "teal"), asked)
    assert made.shape == (*size, channels)
    if channels == 3:
        assert (made == (0, 128, 128)).all()


def test_all_keys_of_a_recipe_count():
    keys = {
        "channels": 1, "crop": (3, 4), "background": "red", "fit": "pad", "crop_at": "top",
        "resize": "box", "transpose": True, "rotate": 90, "white": 4095,
    }  # fmt: skip
    assert fit_of(Data(source="x", size=(5, 6), **keys)) == Fit((5, 6), **keys)
    assert fit_of(Data(source="x", size=(5, 6), white="auto")).white == 65_535


@pytest.mark.parametrize(
    ("keys", "times"),
    [
        ({}, 8),
        ({"resize": "box"}, 8),
        ({"resize": "nearest"}, 1),
        ({"fit": "stretch"}, 8),
        ({"fit": "pad"}, 8),
        ({"rotate": 90}, 8),
    ],
)
def test_a_jpeg_is_made_smaller_at_once_where_the_filter_allows(keys, times):
    assert reduction(1024, 1024, Fit((64, 64), **keys)) == times


def test_a_jpeg_that_is_padded_stays_twice_as_large_as_what_is_made_of_it():
    # Of 512×2048, 16×64 are made, 32 times smaller; 64×64 would need no more than 4 times.
    assert reduction(512, 2048, Fit((64, 64), fit="pad")) == 8
    assert reduction(512, 2048, Fit((64, 64), fit="stretch")) == 4


@pytest.mark.parametrize(
    ("keys", "is_fast"),
    [
        ({}, True),
        ({"crop_at": "left"}, True),
        ({"fit": "stretch"}, False),
        ({"fit": "pad"}, False),
        ({"resize": "nearest"}, False),
        ({"resize": "box"}, False),
        ({"rotate": 180}, False),
        ({"transpose": True}, False),
        ({"fit": "pad", "size": (20, 40)}, True),  # nothing is to be padded
    ],
)
def test_tensorflow_decodes_what_it_shows_alike(encode, keys, is_fast):
    data = encode(np.zeros((40, 80, 3), np.uint8), "JPEG")
    asked = Data(source="x", **{"size": (32, 32), **keys})
    assert (find_jpeg(data, asked) is not None) == is_fast
