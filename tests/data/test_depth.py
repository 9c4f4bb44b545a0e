"""Pixels of 16 bits: value / 257, rounded, in whatever file they lie."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from gantool.data.decoding import UnreadableImageError, decode
from gantool.data.depth import largest_value
from gantool.data.fitting import Fit, prepare

from .writers import png, tiff

# 65535 / 257 = 255; 257 · 100 + 128 is the last that rounds to 100.
WIDE = np.array([0, 128, 129, 25_700, 25_828, 25_829, 65_535], np.uint16)
NARROW = [0, 0, 1, 100, 100, 101, 255]
COLOURS = np.stack([WIDE, WIDE[::-1], np.roll(WIDE, 1)], axis=-1)
NARROW_COLOURS = np.stack([NARROW, NARROW[::-1], np.roll(NARROW, 1)], axis=-1)
OPACITY = np.array([65_535, 129, 65_535, 65_535, 65_535, 65_535, 65_535], np.uint16)


def big(values):
    return values.astype(">u2").tobytes()


def shown(data, channels=3, white=65_535):
    image = decode(data, white)
    size = image.height, image.width
    return prepare(image, Fit(size, channels, white=white))[0]


FILES = {
    "PNG": png(7, 1, 16, 2, b"\0" + big(COLOURS)),
    "PNG with alpha": png(
        7, 1, 16, 6, b"\0" + big(np.concatenate([COLOURS, OPACITY[:, None]], axis=1))
    ),
    "PNG, interlaced": png(
        7, 1, 16, 2,
        b"".join(b"\0" + big(COLOURS[at]) for at in ([0], [4], [2, 6], [1, 3, 5])),
        interlaced=1,
    ),
    "TIFF": tiff(7, 1, [16] * 3, 2, COLOURS.astype("<u2").tobytes()),
    "TIFF, the upper byte first": tiff(7, 1, [16] * 3, 2, big(COLOURS), order=">"),
    "TIFF by libtiff": tiff(7, 1, [16] * 3, 2, COLOURS.astype("<u2").tobytes(), deflate=1),
    "TIFF by libtiff, the upper byte first": tiff(
        7, 1, [16] * 3, 2, big(COLOURS), order=">", deflate=1
    ),
    "PPM": b"P6 7 1 65535\n" + big(COLOURS),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_colours_are_rounded(name):
    if name == "PNG with alpha":
        found = shown(FILES[name], 4)
        assert found[:, 3].tolist() == [255, 1, *[255] * 5]
        found = found[:, :3]
    else:
        found = shown(FILES[name])
    np.testing.assert_array_equal(found, NARROW_COLOURS)


def test_grey_with_transparency():
    row = big(np.stack([WIDE, OPACITY], axis=-1))
    image = decode(png(7, 1, 16, 4, b"\0" + row))
    assert image.mode == "LA"
    assert np.asarray(image)[0].tolist() == [
        [value, 1 if place == 1 else 255] for place, value in enumerate(NARROW)
    ]


def test_one_colour_that_means_transparent():
    """All of its bits count: two colours that are one in 8 bits are not both transparent."""
    row = np.array([[25_700, 0, 0], [25_701, 0, 0]], np.uint16)
    data = png(2, 1, 16, 2, b"\0" + big(row), (b"tRNS", big(row[0])))
    assert shown(data, 4).tolist() == [[0, 0, 0, 0], [100, 0, 0, 255]]


def test_cmyk_of_a_tiff():
    inks = np.repeat(WIDE[:, None], 4, axis=1)
    inks[:, 3] = 0
    data = tiff(7, 1, [16] * 4, 5, inks.astype("<u2").tobytes())
    assert np.asarray(decode(data))[0, :, 0].tolist() == NARROW
    # White is of light, not of ink.
    assert np.asarray(decode(data, white=100))[0, :, 0].tolist() == NARROW


def test_a_large_image_is_put_together_of_strips(monkeypatch):
    values = np.random.default_rng(0).integers(0, 65_536, (9, 7, 3)).astype(np.uint16)
    rows = b"".join(b"\0" + big(row) for row in values)
    monkeypatch.setattr("gantool.data.depth.STRIP_PIXELS", 20)
    found = np.asarray(decode(png(7, 9, 16, 2, rows)))
    np.testing.assert_array_equal(found, np.rint(values / 257))


class TestWhite:
    """4,095 for cameras with 12 bits: 255 · value / 4,095, rounded, and nothing above it."""

    VALUES = np.array([0, 2048, 4095, 60_000], np.uint16)
    EXPECTED = (0, 128, 255, 255)

    def test_of_grey(self, encode):
        for data in (
            encode(self.VALUES[None]),
            encode(self.VALUES[None], "TIFF"),
            encode(Image.frombytes("I;16B", (4, 1), big(self.VALUES)), "TIFF"),
            b"P5 4 1 65535\n" + big(self.VALUES),
        ):
            assert tuple(shown(data, 1, 4095)[:, 0]) == self.EXPECTED

    def test_of_colours_but_not_of_opacity(self):
        rows = np.repeat(self.VALUES[:, None], 4, axis=1)
        rows[:, 3] = [65_535, 65_535, 65_535, 32_896]
        found = shown(png(4, 1, 16, 6, b"\0" + big(rows)), 4, 4095)
        assert found[:, 0].tolist() == list(self.EXPECTED)
        assert found[:, 3].tolist() == [255, 255, 255, 128]

    def test_the_largest_value_is_told(self, encode):
        grey = np.array([[7, 4095]], np.uint16)
        colours = np.array([[9, 4095, 1, 65_535]], np.uint16)
        assert [
            largest_value(decode(data))
            for data in (
                encode(grey),
                encode(grey, "TIFF"),
                encode(Image.frombytes("I;16B", (2, 1), big(grey)), "TIFF"),
                png(1, 1, 16, 6, b"\0" + big(colours)),
                encode(np.full((1, 1), 255, np.uint8)),
            )
        ] == [4095, 4095, 4095, 4095, None]

    def test_eight_bits_have_their_own(self, encode):
        assert shown(encode(np.array([[[40, 50, 60]]], np.uint8)), 3, 100).tolist() == [
            [40, 50, 60]
        ]


class TestTiff:
    """What Pillow does not look at."""

    def test_twelve_bits(self):
        # 0xFFF, 0x800: 255 · 2048 / 4095 = 127.5…
        image = decode(tiff(2, 1, [12], 1, bytes([0xFF, 0xF8, 0x00])))
        assert prepare(image, Fit((1, 2), 1)).reshape(-1).tolist() == [255, 128]

    def test_white_is_zero(self):
        data = tiff(7, 1, [16], 0, WIDE.astype("<u2").tobytes())
        assert shown(data, 1)[:, 0].tolist() == [255 - value for value in NARROW]

    def test_planes_of_sixteen_bits_are_refused(self):
        planes = np.moveaxis(COLOURS, -1, 0).astype("<u2").tobytes()
        with pytest.raises(UnreadableImageError) as caught:
            decode(tiff(7, 1, [16] * 3, 2, planes, planes=2))
        assert str(caught.value) == (
            "its colours of 16 bits lie in planes, one behind the other; save it as PNG"
        )

    def test_planes_of_eight_bits_are_read(self):
        planes = np.moveaxis(NARROW_COLOURS, -1, 0).astype(np.uint8).tobytes()
        np.testing.assert_array_equal(
            shown(tiff(7, 1, [8] * 3, 2, planes, planes=2)), NARROW_COLOURS
        )
