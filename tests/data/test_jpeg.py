from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from gantool.data.jpeg import MAX_SCANS, plain_header

NOISE = np.random.default_rng(0).integers(0, 256, (21, 34, 3), np.uint8)


def jpeg(mode="RGB", **settings):
    buffer = BytesIO()
    Image.fromarray(NOISE).convert(mode).save(buffer, "JPEG", **settings)
    return buffer.getvalue()


def exif(orientation):
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags


@pytest.mark.parametrize("settings", [{}, {"progressive": True}, {"subsampling": "4:4:4"}])
@pytest.mark.parametrize(("mode", "components"), [("RGB", 3), ("L", 1)])
def test_the_header_of_what_every_decoder_shows_alike(mode, components, settings):
    assert plain_header(jpeg(mode, comment=b"\xff\xda\xff\xc0", **settings)) == (21, 34, components)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xd8",
        b"\xff\xd8\xff\xd9",
        b"\x89PNG\r\n\x1a\n",
        jpeg("CMYK"),
        jpeg(exif=exif(6)),
        jpeg(xmp=b'<x tiff:Orientation="6"/>'),
        jpeg()[:-1],
        jpeg()[: len(jpeg()) // 2],
        jpeg() + b"\0",
        jpeg()[:40] + b"\xff\xd9",
    ],
)
def test_what_is_left_to_pillow(data):
    assert plain_header(data) is None


def with_frame(old, new):
    data = jpeg()
    place = data.index(b"\xff\xc0")
    frame = data[place : place + 19]
    assert old in frame
    return data[:place] + frame.replace(old, new) + data[place + 19 :]


SIZE = bytes([0, 21, 0, 34])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (SIZE, b"\xff\xff\xff\xff"),  # 4,294,836,225 pixels from a kilobyte
        (SIZE, bytes([0, 0, 0, 34])),
        (SIZE, bytes([0, 21, 0, 0])),
        (b"\x08" + SIZE, b"\x0c" + SIZE),
        (b"\xff\xc0", b"\xff\xc3"),
        (b"\xff\xc0", b"\xff\xc9"),
    ],
)
def test_frames_that_are_left_to_pillow(old, new):
    assert plain_header(with_frame(old, new)) is None


def test_the_largest_image():
    assert plain_header(with_frame(SIZE, bytes.fromhex("08000800"))) == (2048, 2048, 3)
    assert plain_header(with_frame(SIZE, bytes.fromhex("08000801"))) is None
    assert plain_header(with_frame(SIZE, bytes.fromhex("08010800"))) is None


def test_scans_without_end_are_left_to_pillow():
    scan = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00"
    data = jpeg()
    assert data.count(b"\xff\xda") == 1
    assert plain_header(data[:-2] + scan * (MAX_SCANS - 1) + data[-2:]) is not None
    assert plain_header(data[:-2] + scan * MAX_SCANS + data[-2:]) is None


def test_no_header_is_read_beyond_the_end():
    for end in range(2, 640):
        plain_header(jpeg()[:end] + b"\xff\xd9")
