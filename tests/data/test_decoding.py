from __future__ import annotations

import struct
import subprocess
import sys
import warnings
import zlib
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from gantool.data import depth
from gantool.data.decoding import UnreadableImageError, decode
from gantool.data.fitting import Fit, decode_for, prepare, reduction
from gantool.data.formats import FORMATS
from gantool.data.jpeg import MAX_SCANS


def png(width, height, bits, kind, rows, transparent=b""):
    """A PNG by hand: what Pillow itself would not write."""

    def chunk(name, body):
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    header = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + (chunk(b"tRNS", transparent) if transparent else b"")
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def pixels_of(data, channels=3, background="white"):
    """A file's pixels, neither cropped nor resized."""
    image = decode(data)
    size = image.height, image.width
    return prepare(image, Fit(size, channels, background=background)).tolist()


# Decoding.


def test_the_reason_is_told_in_plain_words(encode):
    whole = encode(np.arange(12288, dtype=np.uint8).reshape(64, 64, 3))
    jpeg = encode(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8), "JPEG")
    no_image = (
        "not an image (PNG, JPEG, WEBP, GIF, BMP, TIFF, PPM, AVIF, JPEG2000, ICO, QOI, TGA, HEIF),"
        " or cut off in its first bytes"
    )
    reasons = {
        b"": "the file is empty",
        b"hello, I am text": no_image,
        whole[:7]: no_image,
        whole[:20]: "the image is truncated",
        whole[: len(whole) // 2]: "the image is truncated",
        jpeg[: len(jpeg) // 2]: "the image is truncated",
    }
    for data, reason in reasons.items():
        with pytest.raises(UnreadableImageError) as caught:
            decode(data)
        assert str(caught.value) == reason


def test_a_reason_of_several_lines_is_told_in_one(encode, monkeypatch):
    def fail(*_, **__):
        raise OSError("no box\n  of that kind\x1b")

    monkeypatch.setattr(Image, "open", fail)
    with pytest.raises(UnreadableImageError) as caught:
        decode(encode(np.zeros((1, 1), np.uint8)))
    assert str(caught.value) == "the image is damaged (no box of that kind\\x1b)"


def test_a_flipped_bit_is_told(encode):
    whole = bytearray(encode(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)))
    whole[200] ^= 0x10
    with pytest.raises(UnreadableImageError, match="the image is damaged"):
        decode(bytes(whole))


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@settings(max_examples=200, deadline=None)
@given(
    form=st.sampled_from(FORMATS[:-1]),
    edits=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=8),
    end=st.integers(0, 10_000),
)
def test_damage_of_any_kind_is_an_unreadable_image_or_none(form, edits, end):
    buffer = BytesIO()
    Image.effect_noise((24, 16), 60).convert("RGB").save(buffer, form)
    data = bytearray(buffer.getvalue())
    for position, value in edits:
        data[position % len(data)] = value
    try:
        image = decode(bytes(data[: max(1, len(data) - end % len(data))]))
        prepare(image, Fit((8, 8)))
    except UnreadableImageError:
        pass


def test_too_many_pixels_are_refused_before_they_unfold():
    bomb = png(20_000, 20_000, 8, 2, b"")
    with pytest.raises(UnreadableImageError) as caught:
        decode(bomb)
    assert str(caught.value) == "20,000×20,000 pixels are more than the 100,000,000 allowed"


@pytest.mark.parametrize("size", [(100_000, 10), (10, 65_536)])
def test_a_side_beyond_that_of_any_jpeg_is_refused(size):
    with pytest.raises(UnreadableImageError) as caught:
        decode(png(*size, 8, 0, b""))
    assert str(caught.value) == (
        f"{size[0]:,}×{size[1]:,} pixels: a side is longer than the 65,535 allowed"
    )


def test_the_longest_side():
    assert decode(png(65_535, 1, 8, 0, bytes(65_536))).size == (65_535, 1)


def test_scans_without_end_are_refused(encode):
    data = encode(Image.linear_gradient("L"), "JPEG", progressive=True)
    start = data.rindex(b"\xff\xda")
    scans = data.count(b"\xff\xda")
    assert scans > 3
    for count in (MAX_SCANS, MAX_SCANS + 1):
        more = data[:-2] + data[start:-2] * (count - scans) + data[-2:]
        if count == MAX_SCANS:
            assert decode(more).size == (256, 256)
            continue
        with pytest.raises(UnreadableImageError) as caught:
            decode(more)
        assert str(caught.value) == (
            "it has more than the 50 scans that a JPEG may have; save it anew"
        )


@pytest.mark.parametrize("head", [b"P3 4001 1000 255 ", b"P6 4001 1000 99 "])
def test_what_pillow_would_read_for_minutes_is_refused(head):
    with pytest.raises(UnreadableImageError) as caught:
        decode(head + b"1 " * 100)
    assert str(caught.value) == (
        "4,001×1,000 pixels in a form that is read slowly are more than the 4,000,000 allowed; save"
        " it as PNG"
    )
    assert decode(b"P2 3 1 9 0 9 0").size == (3, 1)


_LARGEST = """
import resource, struct, sys, zlib
from gantool.data.fitting import Fit, decode_for, prepare
def chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
bits, kind, samples = map(int, sys.argv[1:])
header = struct.pack(">IIBBBBB", 10_000, 10_000, bits, kind, 0, 0, 0)
row = bytes(10_000 * bits * samples // 8 + 1)
packer = zlib.compressobj(1)
rows = b"".join(packer.compress(row) for _ in range(10_000)) + packer.flush()
data = b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", header)
if kind == 0:
    data += chunk(b"tRNS", b"\\0\\5")
image, _ = decode_for(data + chunk(b"IDAT", rows) + chunk(b"IEND", b""), Fit((8, 9)))
prepare(image, Fit((8, 9)))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_tiles_larger_than_the_image_are_refused(encode):
    """A TIFF of some hundred bytes with a tile of two gigabytes."""
    sides = [(322, 46_336), (323, 46_336)]
    tags = [(256, 9), (257, 9), (258, 8), (259, 8), (262, 1), (277, 1), *sides, (324, 8), (325, 9)]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    data = (
        struct.pack("<2sHI", b"II", 42, 17) + bytes(9) + bytes([len(tags), 0]) + entries + bytes(4)
    )
    with pytest.raises(UnreadableImageError) as caught:
        decode(data)
    assert str(caught.value) == (
        "its tiles of 46,336×46,336 pixels are larger than the image, which has 9×9"
    )
    tiled = encode(np.zeros((9, 9), np.uint8), "TIFF", tiffinfo={322: 256, 323: 256})
    assert decode(tiled).size == (9, 9)


def test_a_palette_that_is_missing_is_told():
    with pytest.raises(UnreadableImageError) as caught:
        decode(png(2, 2, 8, 3, bytes(6)))
    assert str(caught.value) == "the image is damaged (its palette is missing)"


@pytest.mark.slow
@pytest.mark.parametrize(("bits", "kind", "samples"), [(16, 0, 1), (8, 6, 4), (16, 6, 4)])
def test_the_largest_image_takes_less_than_two_gigabytes(bits, kind, samples):
    done = subprocess.run(
        [sys.executable, "-c", _LARGEST, *map(str, (bits, kind, samples))],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert 100_000 < int(done.stdout) < 2 << 20  # KiB


def test_no_warning_below_the_limit():
    # Pillow itself warns from 89,478,485 pixels on.
    large = png(9_999, 9_999, 1, 0, bytes(9_999 * 1_251))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert decode(large).size == (9_999, 9_999)


def test_floating_point_pixels_are_refused(encode):
    with pytest.raises(UnreadableImageError, match="have no fixed black and white"):
        decode(encode(np.zeros((2, 2), np.float32), "TIFF"))


def test_formats_that_run_programs_are_not_opened():
    with pytest.raises(UnreadableImageError, match="not an image"):
        decode(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n")


@pytest.mark.parametrize(
    ("orientation", "expected"),
    [
        # Of the grey values 0 | 80 | 160 in a row.
        (1, [[0, 80, 160]]),
        (2, [[160, 80, 0]]),
        (3, [[160, 80, 0]]),
        (4, [[0, 80, 160]]),
        (5, [[0], [80], [160]]),
        (6, [[0], [80], [160]]),
        (7, [[160], [80], [0]]),
        (8, [[160], [80], [0]]),
    ],
)
def test_exif_orientation_is_applied(encode, orientation, expected):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encode(np.array([[0, 80, 160]], np.uint8), "PNG", exif=exif)
    assert np.squeeze(pixels_of(data, 1), -1).tolist() == expected


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_damaged_exif_data_are_no_reason_to_refuse(encode):
    data = encode(np.full((8, 8, 3), 70, np.uint8), "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff")
    assert decode(data).size == (8, 8)


def test_the_first_frame_of_an_animation(encode):
    frames = [Image.new("RGB", (2, 2), colour) for colour in ("red", "blue")]
    data = encode(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert pixels_of(data) == [[[255, 0, 0]] * 2] * 2


# Modes.

BLUE = [0, 0, 255]


def test_half_transparent_red_over_blue(encode):
    data = encode(np.array([[[255, 0, 0, 0], [255, 0, 0, 51], [255, 0, 0, 255]]], np.uint8))
    assert pixels_of(data, background="blue") == [[BLUE, [51, 0, 204], [255, 0, 0]]]


def test_the_default_case_white(encode):
    data = encode(np.array([[[0, 0, 0, 0], [0, 0, 0, 51]]], np.uint8))
    assert pixels_of(data) == [[[255] * 3, [204] * 3]]
    assert pixels_of(data, channels=1) == [[[255], [204]]]


def test_grey_with_alpha(encode):
    data = encode(np.array([[[10, 0], [10, 255]]], np.uint8))
    assert pixels_of(data, background="blue") == [[BLUE, [10] * 3]]
    # Blue's grey is 0.114 · 255.
    assert pixels_of(data, 1, background="blue") == [[[29], [10]]]


def test_a_palette_with_transparency(encode):
    image = Image.new("P", (3, 1))
    image.putpalette([255, 0, 0, 0, 255, 0, 9, 9, 9])
    image.putdata([0, 1, 2])
    one = encode(image, transparency=1)
    assert pixels_of(one, background="blue") == [[[255, 0, 0], BLUE, [9, 9, 9]]]
    many = encode(image, transparency=bytes([255, 51, 0]))
    assert pixels_of(many, background="blue") == [[[255, 0, 0], [0, 51, 204], BLUE]]
    assert pixels_of(encode(image)) == [[[255, 0, 0], [0, 255, 0], [9, 9, 9]]]


def test_four_channels_keep_transparency_and_hide_what_lies_below(encode):
    data = encode(np.array([[[255, 9, 0, 0], [255, 9, 0, 51], [255, 9, 0, 255]]], np.uint8))
    assert pixels_of(data, 4, "blue") == [[[0, 0, 0, 0], [255, 9, 0, 51], [255, 9, 0, 255]]]
    grey = encode(np.array([[[10, 0], [10, 51]]], np.uint8))
    assert pixels_of(grey, 4) == [[[0, 0, 0, 0], [10, 10, 10, 51]]]
    palette = Image.new("P", (2, 1))
    palette.putpalette([255, 0, 0, 9, 9, 9])
    palette.putdata([0, 1])
    data = encode(palette, transparency=0)
    assert pixels_of(data, 4) == [[[0, 0, 0, 0], [9, 9, 9, 255]]]
    wide = png(2, 1, 16, 0, b"\0\x12\x34\xff\xff", b"\x12\x34")
    assert pixels_of(wide, 4) == [[[0, 0, 0, 0], [255, 255, 255, 255]]]


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "P", "CMYK", "YCbCr", "I;16"])
def test_images_without_transparency_are_opaque(mode):
    pixels = np.random.default_rng(0).integers(0, 256, (7, 9, 3), np.uint8)
    image = Image.fromarray(pixels).convert("L" if mode == "I;16" else mode).convert(mode)
    for size in ((7, 9), (4, 5), (14, 18)):
        found = prepare(image, Fit(size, 4))
        assert (found[..., 3] == 255).all()
        np.testing.assert_array_equal(found[..., :3], prepare(image, Fit(size, 3)))


def test_hidden_colours_do_not_bleed_where_an_image_is_resized():
    # Two pixels to one: each weighs a half. Opacity is 127.5, all of it red; of the visible third
    # kind, two pixels of opacity 100 and 200, the colour is (100 · 30 + 200 · 240) / 300 = 170.
    row = np.array([[[255, 0, 0, 255], [0, 255, 0, 0]]], np.uint8)
    assert prepare(Image.fromarray(row), Fit((1, 1), 4, (1, 2), "blue")).tolist() == [
        [[255, 0, 0, 128]]
    ]
    row = np.array([[[30, 30, 0, 100], [240, 30, 0, 200]]], np.uint8)
    [[[red, green, blue, alpha]]] = prepare(
        Image.fromarray(row), Fit((1, 1), 4, (1, 2), "blue")
    ).tolist()
    assert abs(red - 170) <= 1
    assert abs(green - 30) <= 1
    assert (blue, alpha) == (0, 150)


def test_a_crop_with_transparency():
    pixels = np.zeros((4, 6, 4), np.uint8)
    pixels[1:3, 2:4] = [1, 2, 3, 200]
    found = prepare(Image.fromarray(pixels), Fit((2, 2), 4, (2, 2), "white"))
    assert found.tolist() == [[[1, 2, 3, 200]] * 2] * 2


def test_a_large_image_with_transparency_is_put_together_of_strips(monkeypatch):
    pixels = np.random.default_rng(1).integers(0, 256, (10, 6, 4), np.uint8)
    whole = prepare(Image.fromarray(pixels), Fit((5, 3), 4))
    monkeypatch.setattr(depth, "STRIP_PIXELS", 20)
    np.testing.assert_array_equal(prepare(Image.fromarray(pixels), Fit((5, 3), 4)), whole)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (png(2, 1, 8, 0, b"\0\x03\x05", b"\0\x03"), [BLUE, [5] * 3]),
        (png(2, 1, 1, 0, b"\0\x80", b"\0\1"), [BLUE, [0] * 3]),
        (png(2, 1, 16, 0, b"\0\x12\x34\xff\xff", b"\x12\x34"), [BLUE, [255] * 3]),
        (png(2, 1, 8, 2, b"\0\1\2\3\4\5\6", b"\0\1\0\2\0\3"), [BLUE, [4, 5, 6]]),
    ],
    ids=["grey", "bilevel", "grey of 16 bits", "RGB"],
)
def test_one_colour_that_means_transparent(data, expected):
    assert pixels_of(data, background="blue") == [expected]


def test_sixteen_bits_are_scaled_not_cut_off(encode):
    # 65535 / 257 = 255; 257 · 100 + 128 is the last that rounds to 100.
    wide = np.array([[0, 128, 129, 25_700, 25_828, 25_829, 65_535]], np.uint16)
    expected = [0, 0, 1, 100, 100, 101, 255]
    netpbm = b"P5 7 1 65535\n" + wide.astype(">u2").tobytes()
    big_endian = Image.frombytes("I;16B", (7, 1), wide.astype(">u2").tobytes())
    for data in (encode(wide), encode(wide, "TIFF"), encode(big_endian, "TIFF"), netpbm):
        assert np.squeeze(pixels_of(data, 1)).tolist() == expected
        assert pixels_of(data) == [[[value] * 3 for value in expected]]
    assert {decode(encode(wide)).mode, decode(netpbm).mode} == {"I;16", "I"}


def test_more_than_sixteen_bits_are_refused(encode):
    image = decode(encode(np.array([[0, 70_000]], np.int32), "TIFF"))
    with pytest.raises(UnreadableImageError, match="more than 16 bits; save it with 8 or 16"):
        prepare(image, Fit((1, 2), 1))


def test_cmyk_becomes_rgb(encode):
    image = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    assert pixels_of(encode(image, "TIFF"))[0][0] == [255, 0, 0]
    red = np.array(pixels_of(encode(image, "JPEG", quality=95))[0][0])
    assert np.abs(red - [255, 0, 0]).max() < 8


def test_colours_become_grey_by_their_luminance(encode):
    data = encode(np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [7, 7, 7]]], np.uint8))
    # 0.299, 0.587 and 0.114 of 255.
    assert pixels_of(data, 1) == [[[76], [150], [29], [7]]]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "HSV"])
@pytest.mark.parametrize("channels", [1, 3])
def test_every_mode_gets_the_channels_asked_for(mode, channels):
    made = prepare(Image.new(mode, (9, 7)), Fit((4, 6), channels, background="#102030"))
    assert (made.shape, made.dtype) == ((4, 6, channels), np.uint8)


# Cropping and resizing.


def numbered(height, width):
    """Each pixel's value is 10 · row + column."""
    rows, columns = np.mgrid[:height, :width]
    return Image.fromarray((10 * rows + columns).astype(np.uint8))


@pytest.mark.parametrize(
    ("source", "crop", "size", "first", "last"),
    [
        ((6, 8), (2, 4), (2, 4), 22, 35),
        ((6, 8), (6, 8), (6, 8), 0, 57),
        ((5, 5), (2, 2), (2, 2), 11, 22),  # nothing in the middle: up and left
        ((6, 8), None, (6, 6), 1, 56),
        ((6, 8), None, (6, 8), 0, 57),
        ((8, 6), None, (4, 6), 20, 55),
        ((9, 3), None, (3, 3), 30, 52),
    ],
)
def test_the_centre_is_kept(source, crop, size, first, last):
    made = prepare(numbered(*source), Fit(size, 1, crop, "white"))
    assert (made[0, 0, 0], made[-1, -1, 0]) == (first, last)


def test_without_a_crop_the_largest_piece_is_kept():
    # 178×218 at 1:1 keeps the rows 20 to 197.
    image = Image.new("L", (178, 218), 0)
    image.paste(255, (0, 20, 178, 198))
    assert prepare(image, Fit((64, 64), 1)).min() == 255
    image = Image.new("L", (218, 178), 0)
    image.paste(255, (20, 0, 198, 178))
    assert prepare(image, Fit((64, 64), 1)).min() == 255


def test_a_crop_is_of_source_pixels_and_then_resized():
    image = Image.new("L", (178, 218), 0)
    image.paste(255, (35, 55, 143, 163))
    made = prepare(image, Fit((64, 64), 1, (108, 108), "white"))
    assert made.shape == (64, 64, 1)
    assert made.min() == 255


def test_a_crop_larger_than_the_image_is_told():
    with pytest.raises(UnreadableImageError) as caught:
        prepare(Image.new("RGB", (136, 128)), Fit((64, 64), 3, (128, 200), "white"))
    assert str(caught.value) == (
        "a crop of 128×200 (height×width) is larger than the image, 128×136;"
        " make the crop smaller or leave it out"
    )


def test_shrinking_averages_so_that_stripes_do_not_alias():
    stripes = np.tile(np.array([[0, 255]], np.uint8), (64, 32))
    made = prepare(Image.fromarray(stripes), Fit((16, 16), 1))
    assert np.abs(made[:, 2:-2].astype(int) - 127).max() <= 2


def test_an_image_of_the_right_size_stays_as_it_is():
    pixels = np.random.default_rng(0).integers(0, 256, (12, 10, 3), np.uint8)
    np.testing.assert_array_equal(
        prepare(Image.fromarray(pixels), Fit((12, 10), 3, background="red")), pixels
    )


@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
)
def test_any_size_from_any_size(height, width, size):
    made = prepare(Image.new("RGB", (width, height), "teal"), Fit(size, 3))
    assert made.shape == (*size, 3)
    assert (made == (0, 128, 128)).all()


# Decoding at a smaller scale.


@pytest.mark.parametrize(
    ("height", "width", "size", "crop", "times"),
    [
        (1024, 1024, (64, 64), None, 8),
        (2048, 2048, (64, 64), None, 8),  # the decoder knows no more
        (1023, 1024, (64, 64), None, 1),
        (1020, 1024, (32, 32), None, 4),
        (300, 2000, (64, 64), None, 2),  # 300×300 are kept
        (2000, 300, (64, 64), None, 2),
        (256, 256, (64, 64), None, 2),
        (255, 256, (64, 64), None, 1),
        (218, 178, (64, 64), (108, 108), 1),
        (218, 178, (27, 27), (108, 108), 2),
        (1000, 1000, (32, 32), (512, 512), 8),
        (1000, 1000, (32, 32), (510, 512), 2),  # 510 is no multiple of 4
        (1000, 1000, (32, 32), (511, 511), 1),
        (100, 100, (10, 10), (200, 200), 1),  # `prepare` refuses it
        (800, 400, (100, 25), None, 2),  # or turned: of 400×800, 400×100 are kept
        (16, 16, (64, 64), None, 1),
    ],
)
def test_a_jpeg_is_made_smaller_only_while_twice_the_size_is_left(height, width, size, crop, times):
    assert reduction(height, width, Fit(size, crop=crop)) == times


def photograph(height, width):
    """Soft colours, edges and grain."""
    random = np.random.default_rng(5)
    soft = Image.fromarray(random.integers(0, 256, (7, 6, 3), np.uint8))
    pixels = np.asarray(soft.resize((width, height), Image.Resampling.BICUBIC)).astype(np.int64)
    pixels[height // 3 : height // 2, width // 4 : width // 2] = [250, 30, 60]
    return np.clip(pixels + random.integers(-8, 9, pixels.shape), 0, 255).astype(np.uint8)


@pytest.mark.parametrize(("crop", "times"), [(None, 8), ((256, 256), 4)])
def test_a_jpeg_made_smaller_by_its_decoder_is_the_same_picture(encode, crop, times):
    data = encode(photograph(600, 520), "JPEG", quality=95)
    size = (32, 32)
    image, found = decode_for(data, Fit(size, crop=crop))
    assert found == times
    assert image.size == (520 // times, 600 // times)
    small = crop and (crop[0] // times, crop[1] // times)
    made = prepare(image, Fit(size, 3, small, "white")).astype(int)
    expected = prepare(decode(data), Fit(size, 3, crop, "white")).astype(int)
    assert np.abs(made - expected).mean() < 1.0
    assert np.quantile(np.abs(made - expected), 0.99) <= 6


def test_a_turned_jpeg_is_turned_when_it_is_made_smaller(encode):
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encode(photograph(400, 800), "JPEG", exif=exif)
    image, times = decode_for(data, Fit((64, 32), crop=None))
    assert (times, image.size) == (2, (200, 400))


@pytest.mark.parametrize("form", ["PNG", "BMP"])
def test_other_files_are_decoded_whole(encode, form):
    image, times = decode_for(encode(photograph(400, 400), form), Fit((16, 16), crop=None))
    assert (times, image.size) == (1, (400, 400))
