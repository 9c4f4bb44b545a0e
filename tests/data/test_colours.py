"""Profiles of colours, worked out by the formula of sRGB (IEC 61966-2-1) and of CIELAB."""

from __future__ import annotations

import os
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, ImageCms

from gantool.data import colours
from gantool.data.batch import find_jpeg
from gantool.data.colours import profile_name
from gantool.data.decoding import decode
from gantool.data.fitting import Fit, prepare
from gantool.recipe.data import Data

from .writers import SRGB, cmyk_profile, grey_profile, png, rgb_profile

USUAL = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
EXCHANGED = rgb_profile(2.2, (SRGB[1], SRGB[0], SRGB[2]))
"""Red and green exchanged."""

LINEAR = rgb_profile(1.0)
"""Of light 128 / 255 the value of sRGB is 255 (1.055 · 0.50196 ** (1 / 2.4) − 0.055) = 187.8; of
64 / 255 it is 137.3."""

RED = Image.new("RGB", (16, 16), (255, 0, 0))
LOSSLESS = {"PNG": {}, "TIFF": {}, "WEBP": {"lossless": True}}


def shown(data, channels=3):
    image = decode(data)
    return prepare(image, Fit((image.height, image.width), channels, background="blue"))[0, 0]


@pytest.mark.parametrize("form", LOSSLESS)
def test_colours_are_those_of_the_profile(encode, form):
    data = encode(RED, form, icc_profile=EXCHANGED, **LOSSLESS[form])
    assert shown(data).tolist() == [0, 255, 0]
    image = decode(data)
    assert (image.format, image.mode, profile_name(image)) == (form, "RGB", "written")
    grey = Image.new("RGB", (2, 2), (128, 128, 64))
    assert shown(encode(grey, form, icc_profile=LINEAR, **LOSSLESS[form])).tolist() == [
        *(188, 188, 137)
    ]


@pytest.mark.parametrize("form", ["JPEG", "AVIF"])
def test_colours_of_lossy_files(encode, form):
    found = shown(encode(RED, form, icc_profile=EXCHANGED)).astype(int)
    assert np.abs(found - [0, 255, 0]).max() <= 2


def test_a_jpeg_2000_holds_its_profile_in_a_box(encode):
    data = encode(RED, "JPEG2000")
    old = b"\0\0\0\x0fcolr\1\0\0\0\0\0\x10"
    new = struct.pack(">I4s3s", 11 + len(EXCHANGED), b"colr", b"\2\0\0") + EXCHANGED
    place = data.index(b"jp2h") - 4
    length = int.from_bytes(data[place : place + 4], "big") + len(new) - len(old)
    assert old in data
    made = data[:place] + struct.pack(">I", length) + data[place + 4 :].replace(old, new)
    assert shown(data).tolist() == [255, 0, 0]
    assert shown(made).tolist() == [0, 255, 0]


def test_palettes_and_transparency(encode):
    palette = Image.new("P", (2, 1))
    palette.putpalette([255, 0, 0, 128, 128, 64])
    palette.putdata([0, 1])
    data = encode(palette, icc_profile=EXCHANGED, transparency=1)
    assert decode(data).mode == "P"
    assert shown(data, 4).tolist() == [0, 255, 0, 255]
    half = Image.new("RGBA", (2, 1), (255, 0, 0, 51))
    assert shown(encode(half, icc_profile=EXCHANGED), 4).tolist() == [0, 255, 0, 51]
    # The colour that means transparent is one of the file.
    data = encode(RED, icc_profile=EXCHANGED, transparency=(255, 0, 0))
    assert shown(data, 4).tolist() == [0, 0, 0, 0]
    data = encode(RED, icc_profile=EXCHANGED, transparency=(0, 255, 0))
    assert shown(data, 4).tolist() == [0, 255, 0, 255]


def test_grey_stays_grey(encode):
    grey = Image.fromarray(np.array([[128, 64]], np.uint8))
    data = encode(grey, icc_profile=grey_profile(1.0))
    assert (decode(data).mode, np.asarray(decode(data)).tolist()) == ("L", [[188, 137]])
    both = Image.merge("LA", (grey, Image.new("L", (2, 1), 51)))
    assert np.asarray(decode(encode(both, icc_profile=grey_profile(1.0)))).tolist() == [
        [[188, 51], [137, 51]]
    ]
    data = encode(grey, icc_profile=grey_profile(1.0), transparency=128)
    assert np.asarray(decode(data)).tolist() == [[[188, 0], [137, 255]]]


def test_grey_of_sixteen_bits(encode):
    wide = np.array([[0, 128 * 257, 64 * 257, 65535]], np.uint16)
    for form in ("PNG", "TIFF"):
        image = decode(encode(wide, form, icc_profile=grey_profile(1.0)))
        assert image.mode == "I;16"
        assert prepare(image, Fit((1, 4), 1)).reshape(-1).tolist() == [0, 188, 137, 255]


def test_colours_of_sixteen_bits():
    row = b"\0" + b"".join(bytes([value, value]) for value in (255, 0, 0))
    body = b"x\0\0" + zlib.compress(EXCHANGED)
    data = png(1, 1, 16, 2, row, (b"iCCP", body))
    assert shown(data).tolist() == [0, 255, 0]


@pytest.mark.parametrize("form", ["TIFF", "JPEG"])
def test_cmyk_by_its_profile(encode, form):
    """A printer whose cyan is grey of L* = 50, in sRGB 119; without the profile cyan is cyan."""
    profile = cmyk_profile(lambda c, _m, _y, k: 0 if k else 50 if c else 100)
    options = {"quality": 100} if form == "JPEG" else {}
    for ink, expected in [
        ((0, 0, 0, 0), [255, 255, 255]),
        ((255, 0, 0, 0), [119, 119, 119]),
        ((0, 0, 0, 255), [0, 0, 0]),
    ]:
        data = encode(Image.new("CMYK", (8, 8), ink), form, icc_profile=profile, **options)
        assert np.abs(shown(data).astype(int) - expected).max() <= 1
    assert shown(encode(Image.new("CMYK", (8, 8), (255, 0, 0, 0)), "TIFF")).tolist() == [
        *(0, 255, 255)
    ]


def test_a_jpeg_with_adobes_mark_holds_inverted_inks(encode):
    """255 less the ink, and APP14 that says so: Pillow writes both."""
    data = encode(Image.new("CMYK", (8, 8), (0, 0, 0, 255)), "JPEG")
    assert b"\xff\xee\x00\x0eAdobe" in data
    assert shown(data).tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("profile", "name"),
    [
        (USUAL, "sRGB built-in"),
        (os.urandom(100), "unusable"),
        (EXCHANGED[:300], "unusable"),
        (b"x" * (colours.MAX_BYTES + 1), "unusable"),
        (EXCHANGED + b"mpet", "unusable"),
        (grey_profile(1.0), "written"),
        (cmyk_profile(lambda *_: 0), "written"),
    ],
    ids=["sRGB", "noise", "cut", "large", "computing elements", "of grey", "of CMYK"],
)
def test_profiles_that_change_nothing(encode, profile, name):
    image = decode(encode(RED, "TIFF", icc_profile=profile))
    assert (image.getpixel((0, 0)), profile_name(image)) == ((255, 0, 0), name)


def test_an_image_without_a_profile(encode):
    assert profile_name(decode(encode(RED))) == ""


def test_what_a_converted_image_is_saved_with(encode):
    """A second reader must not convert again."""
    image = decode(encode(RED, icc_profile=EXCHANGED))
    assert "icc_profile" not in image.info
    assert shown(encode(image)).tolist() == [0, 255, 0]


def test_one_transform_serves_many_threads(encode):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8))
    files = [encode(noise, icc_profile=rgb_profile(1.0 + number / 256)) for number in range(4)] * 16
    one_by_one = [decode(data).tobytes() for data in files]
    colours._known.clear()
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda data: decode(data).tobytes(), files)) == one_by_one
    assert len(set(one_by_one)) == 4


def test_not_more_profiles_are_remembered_than_fit(encode, monkeypatch):
    monkeypatch.setattr(colours, "_REMEMBERED", 3)
    colours._known.clear()
    for number in range(8):
        decode(encode(RED, icc_profile=rgb_profile(1.0 + number / 256)))
        assert 0 < len(colours._known) <= 3


ASKED = Data(source="x", size=(16, 16))


@pytest.mark.parametrize(
    ("mode", "profile", "is_fast"),
    [
        ("RGB", USUAL, True),
        ("RGB", b"noise", True),
        ("RGB", grey_profile(1.0), True),
        ("RGB", EXCHANGED, False),
        ("L", grey_profile(1.0), False),
        ("L", USUAL, True),
        ("RGB", EXCHANGED + bytes(100_000), False),  # in two pieces
        ("RGB", USUAL + bytes(100_000), True),
    ],
    # A profile made here says at which second.
    ids=["usual", "noise", "grey", "exchanged", "L-grey", "L-usual", "two-pieces", "long"],
)
def test_tensorflow_gets_the_files_whose_colours_stay(encode, mode, profile, is_fast):
    data = encode(RED.convert(mode), "JPEG", icc_profile=profile)
    assert (find_jpeg(data, ASKED) is not None) == is_fast
