"""Whole pictures with something beside them that is damaged, large, or looks like a picture."""

from __future__ import annotations

import os
import struct

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from gantool.data.ballast import without_ballast
from gantool.data.batch import find_jpeg
from gantool.data.decoding import UnreadableImageError, decode
from gantool.data.jpeg import MAX_SCANS, segments
from gantool.recipe.data import Data

from .writers import png

PIXELS = np.random.default_rng(0).integers(0, 256, (24, 24, 3), np.uint8)
ASKED = Data(source="x", size=(24, 24))
SCANS = b"\xff\xda" * (MAX_SCANS + 1)


def segment(mark, content):
    return bytes([255, mark]) + struct.pack(">H", len(content) + 2) + content


@pytest.fixture
def jpeg(encode):
    return encode(PIXELS, "JPEG")


def beside(jpeg):
    """The same JPEG with ballast, and whether TensorFlow may decode it."""
    begin, rest = jpeg[:2], jpeg[2:]
    return {
        "a video behind it": (jpeg + b"\0\0\0\x18ftypmp42" + SCANS + os.urandom(5000), False),
        "pictures behind it": (jpeg + jpeg * (MAX_SCANS + 1), True),
        "scans in a comment": (begin + segment(0xFE, SCANS) + rest, True),
        "large segments": (begin + segment(0xE4, SCANS + bytes(60_000)) * 40 + rest, True),
        "damaged EXIF": (begin + segment(0xE1, b"Exif\0\0MM\0*\xff\xff\xff\xff") + rest, False),
        "damaged XMP": (
            begin + segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x tiff:Orien\xff") + rest,
            False,
        ),
        "damaged list of pictures": (
            begin + segment(0xE2, b"MPF\0MM\0*\0\0\0\x08\xff\xff") + rest,
            True,
        ),
        "a damaged profile": (begin + segment(0xE2, b"ICC_PROFILE\0\1\1noise") + rest, True),
        "an empty profile": (begin + segment(0xE2, b"ICC_PROFILE\0") + rest, True),
    }


@pytest.mark.parametrize("name", beside(b""))
def test_a_jpeg_with_ballast_is_the_same_picture(jpeg, name):
    data, is_fast = beside(jpeg)[name]
    np.testing.assert_array_equal(np.asarray(decode(data)), np.asarray(decode(jpeg)))
    assert (find_jpeg(data, ASKED) is not None) == is_fast


def test_scans_of_the_picture_itself_are_counted(encode):
    data = encode(Image.linear_gradient("L"), "JPEG", progressive=True)
    start = data.rindex(b"\xff\xda")
    more = data[:-2] + data[start:-2] * MAX_SCANS + data[-2:]
    # Junk between segments is passed over, and does not hide the scans behind it.
    for tried in (more, more[:start] + b"junk" + more[start:], more + data):
        with pytest.raises(UnreadableImageError, match="more than the 50 scans"):
            decode(tried)
        assert find_jpeg(tried, Data(source="x", size=(256, 256))) is None


def test_segments_by_hand():
    data = (
        b"\xff\xd8"
        + segment(0xFE, b"\xff\xda\xff\xd9")
        + b"\xff\xff"  # fillers
        + segment(0xC0, b"abc")
        + b"\xff\x01"  # a mark without a length
        + segment(0xDA, b"x")
        + b"\x12\xff\x00\x34\xff\xd0\x56\xff\xff\xd7"  # pixels, with marks of restart
        + b"\xff\xd9"
        + segment(0xDA, b"y")
    )
    assert list(segments(data)) == [(0xFE, 2, 10), (0xC0, 12, 19), (0xDA, 21, 26)]
    assert list(segments(data[:18])) == [(0xFE, 2, 10), (0xC0, 12, 19)]
    assert list(segments(b"\xff\xd8\xff\xe0\0")) == []


def texts(*names, zipped=True):
    made = PngImagePlugin.PngInfo()
    for name in names:
        getattr(made, name)("workflow", "x" * (5 << 20), zip=zipped)
    return made


ROWS = b"".join(b"\0" + row.tobytes() for row in PIXELS)
PNGS = {
    "a packed text": lambda encode: encode(PIXELS, pnginfo=texts("add_text")),
    "an international text": lambda encode: encode(PIXELS, pnginfo=texts("add_itxt", zipped=False)),
    "a packed international text": lambda encode: encode(PIXELS, pnginfo=texts("add_itxt")),
    "a large profile": lambda encode: encode(PIXELS, icc_profile=os.urandom(1 << 20)),
    "a larger profile": lambda encode: encode(PIXELS, icc_profile=os.urandom(5 << 20)),
    "a profile packed in no known way": lambda _: png(24, 24, 8, 2, ROWS, (b"iCCP", b"x\0\7abc")),
    "a profile that does not unpack": lambda _: png(24, 24, 8, 2, ROWS, (b"iCCP", b"x\0\0abc")),
    "an empty profile": lambda _: png(24, 24, 8, 2, ROWS, (b"iCCP", b"")),
    "a text packed in no known way": lambda _: png(24, 24, 8, 2, ROWS, (b"zTXt", b"x\0\7abc")),
    "a density cut off": lambda _: png(24, 24, 8, 2, ROWS, (b"pHYs", b"\0")),
    "a gamma cut off": lambda _: png(24, 24, 8, 2, ROWS, (b"gAMA", b"\0")),
    "damaged EXIF": lambda _: png(24, 24, 8, 2, ROWS, (b"eXIf", b"MM\0*\xff\xff")),
    "a wrong checksum of a text": lambda _: png(24, 24, 8, 2, ROWS, (b"tEXt", b"a\0abc")).replace(
        b"a\0abc", b"a\0abd"
    ),
}


@pytest.mark.parametrize("name", PNGS)
def test_a_png_with_ballast_is_the_same_picture(encode, name):
    np.testing.assert_array_equal(np.asarray(decode(PNGS[name](encode))), PIXELS)


def test_what_changes_how_a_png_looks_is_kept_as_long_as_it_can_be(encode):
    turned = Image.Exif()
    turned[0x0112] = 6
    data = encode(PIXELS[:, :9], pnginfo=texts("add_text"), exif=turned)
    assert decode(data).size == (24, 9)
    data = png(2, 1, 8, 0, b"\0\3\5", (b"zTXt", b"x\0\7"), (b"tRNS", b"\0\3"))
    assert decode(data).info["transparency"] == 3


def test_a_damaged_picture_is_none_without_ballast_either(encode):
    whole = encode(PIXELS, pnginfo=texts("add_text"))
    with pytest.raises(UnreadableImageError, match="the image is truncated"):
        decode(whole[:-400])


def test_an_avif_with_damaged_exif(encode):
    image = Image.new("RGB", (16, 16), (10, 20, 30))
    data = encode(image, "AVIF", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0")
    damaged = data.replace(b"MM\0*\0\0\0\x08", b"no tiff!")
    assert damaged != data
    assert decode(damaged).size == (16, 16)


def test_steps_by_hand():
    plain = png(1, 1, 8, 0, b"\0\1")
    text, profile, colour = (b"tEXt", b"a\0b"), (b"iCCP", b"x\0\0"), (b"tRNS", b"\0\1")
    data = png(1, 1, 8, 0, b"\0\1", text, profile, colour)
    assert list(without_ballast(data)) == [
        png(1, 1, 8, 0, b"\0\1", profile, colour),
        png(1, 1, 8, 0, b"\0\1", colour),
    ]
    assert list(without_ballast(plain)) == []
    assert list(without_ballast(b"GIF89a")) == []
