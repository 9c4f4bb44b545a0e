"""Which files are images, and what is read of those that few programs write."""

from __future__ import annotations

import struct
import sys
from io import BytesIO
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from gantool.data import formats
from gantool.data.decoding import SUFFIXES, UnreadableImageError, decode, is_image
from gantool.data.formats import is_heif, is_tga

from .writers import png

PIXELS = np.random.default_rng(0).integers(0, 256, (17, 19, 3), np.uint8)
OPTIONS = {"WEBP": {"lossless": True}, "AVIF": {"quality": 100, "subsampling": "4:4:4"}}
TOLD = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "AVIF", "JPEG2000", "ICO", "QOI")
EXACT = ("PNG", "WEBP", "BMP", "TIFF", "PPM", "JPEG2000", "QOI", "TGA")


MODES = {
    "JPEG": ("L", "RGB"),
    "JPEG2000": ("L", "RGB", "RGBA"),
    "PPM": ("1", "L", "RGB"),
    "QOI": ("RGB", "RGBA"),
}
"""That Pillow writes, where these are not all."""


@pytest.mark.parametrize("form", TOLD)
def test_the_first_bytes_tell_an_image(encode, form):
    for mode in MODES.get(form, ("1", "L", "P", "RGB", "RGBA")):
        image = Image.fromarray(PIXELS).convert(mode)
        data = encode(image, form, **({} if mode == "P" else OPTIONS.get(form, {})))
        assert is_image(data[:32])
        assert not is_image(data[1:33])


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"P is a letter of the alphabet, and so is B",
        b"BM is two letters of the alphabet, and so is P",
        bytes(64),
        b"\0\0\1\0" + bytes(60),
        b"PK\3\4" + bytes(60),
        b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(32),
        b"\0\0\0\x18ftypmif1\0\0\0\0mif1miaf" + bytes(32),
        b"RIFF\0\0\0\0WAVEfmt " + bytes(32),
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10",
    ],
)
def test_the_first_bytes_of_other_files(head):
    assert not is_image(head)


def test_containers_of_heic():
    for brand in (b"heic", b"heix", b"hevc"):
        head = b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0mif1heic" + bytes(32)
        assert is_image(head[:32])
        assert is_heif(head)
    for others, expected in ((b"mif1heic", True), (b"heicavif", False)):
        assert is_heif(b"\0\0\0\x18ftypmif1\0\0\0\0" + others + bytes(32)) == expected


@pytest.mark.parametrize("form", EXACT)
def test_pixels_of_files_without_loss(encode, form):
    data = encode(PIXELS, form, **OPTIONS.get(form, {}))
    image = decode(data)
    assert image.format == form
    np.testing.assert_array_equal(np.asarray(image), PIXELS)


def test_an_avif(encode):
    smooth = Image.linear_gradient("L").resize((40, 30)).convert("RGB")
    image = decode(encode(smooth, "AVIF", **OPTIONS["AVIF"]))
    assert (image.format, image.mode) == ("AVIF", "RGB")
    assert np.abs(np.asarray(image).astype(int) - np.asarray(smooth)).max() <= 3


def test_suffixes():
    for suffix in (".avif", ".heic", ".tga", ".ico", ".qoi", ".jp2", ".ppm"):
        assert suffix in SUFFIXES


# Targa.


def targa(rle=False, footer=True):
    buffer = BytesIO()
    Image.fromarray(PIXELS).save(buffer, "TGA", compression="tga_rle" if rle else None)
    return buffer.getvalue() if footer else buffer.getvalue()[:-26]


@pytest.mark.parametrize("rle", [False, True])
@pytest.mark.parametrize("footer", [False, True])
def test_a_targa_is_known_by_all_of_it(rle, footer):
    data = targa(rle, footer)
    assert is_tga(data)
    np.testing.assert_array_equal(np.asarray(decode(data)), PIXELS)
    if not footer:
        for other in (data[:-1], data + b"\0", b"\3" + data[1:]):
            assert not is_tga(other)
            with pytest.raises(UnreadableImageError, match="not an image"):
                decode(other)


def test_a_targa_with_palette():
    buffer = BytesIO()
    palette = Image.new("P", (2, 1))
    palette.putpalette([1, 2, 3, 4, 5, 6])
    palette.putdata([1, 0])
    palette.save(buffer, "TGA")
    for data in (buffer.getvalue(), buffer.getvalue()[:-26]):
        assert np.asarray(decode(data).convert("RGB")).tolist() == [[[4, 5, 6], [1, 2, 3]]]


def test_the_filler_of_a_targa_is_no_transparency():
    def made(*opacity):
        header = struct.pack("<BBBHHBHHHHBB", 0, 0, 2, 0, 0, 0, 0, 0, 2, 1, 32, 0x20)
        return header + bytes([3, 2, 1, opacity[0], 6, 5, 4, opacity[1]]) + bytes(8)

    footer = b"TRUEVISION-XFILE.\0"
    assert np.asarray(decode(made(0, 0) + footer)).tolist() == [[[1, 2, 3], [4, 5, 6]]]
    assert np.asarray(decode(made(0, 9) + footer)).tolist() == [[[1, 2, 3, 0], [4, 5, 6, 9]]]


def test_a_large_packed_targa_is_not_gone_through(monkeypatch):
    monkeypatch.setattr(formats, "_MAX_TGA_PIXELS", 17 * 19 - 1)
    assert is_tga(targa(rle=True))
    assert not is_tga(targa(rle=True, footer=False))


# What would take too long, or too much memory.


def icon(content, sides=b"\0\0"):
    return b"\0\0\1\0\1\0" + sides + struct.pack("<BBHHII", 0, 0, 1, 32, len(content), 22) + content


def test_icons_are_looked_at_before_pillow_decodes_them():
    large = [
        png(20_000, 20_000, 8, 2, b""),
        struct.pack("<IiiHHIIiiII", 40, 20_000, 20_000, 1, 32, 0, 0, 0, 0, 0, 0),
    ]
    for content in large:
        with pytest.raises(UnreadableImageError) as caught:
            decode(icon(content))
        assert str(caught.value) == (
            "20,000×20,000 pixels are more than the 4,000,000 allowed in an icon"
        )


def test_the_largest_picture_of_an_icon(encode):
    image = Image.fromarray(PIXELS).convert("RGBA").resize((48, 48))
    assert decode(encode(image, "ICO", sizes=[(16, 16), (48, 48)])).size == (48, 48)


def jpeg2000(side):
    buffer = BytesIO()
    Image.new("L", (8, 8)).save(buffer, "JPEG2000")
    data = buffer.getvalue()
    assert data.count(struct.pack(">II", 8, 8)) >= 2
    return data.replace(struct.pack(">II", 8, 8), struct.pack(">II", side, side))


@pytest.mark.parametrize(
    ("data", "told", "allowed"),
    [
        (b"qoif" + struct.pack(">IIBB", 2001, 2000, 3, 0), "2,001×2,000", "4,000,000"),
        (jpeg2000(4001), "4,001×4,001", "16,000,000"),
        (
            b"BM" + struct.pack("<IHHI", 54, 0, 0, 54 + 1024)
            + struct.pack("<IiiHHIIiiII", 40, 2001, 2000, 1, 8, 1, 0, 0, 0, 256, 0) + bytes(1024),
            "2,001×2,000",
            "4,000,000",
        ),
    ],
    ids=["QOI", "JPEG 2000", "packed BMP"],
)  # fmt: skip
def test_what_is_read_slowly_may_be_less_large(data, told, allowed):
    with pytest.raises(UnreadableImageError) as caught:
        decode(data)
    assert str(caught.value) == (
        f"{told} pixels in a form that is read slowly are more than the {allowed} allowed; save it"
        " as PNG"
    )


def test_a_jpeg_2000_whose_sizes_differ_is_refused(encode):
    """The size that counts for memory is that of the codestream, behind the one that is told."""
    data = encode(Image.new("L", (8, 8)), "JPEG2000")
    place = data.index(b"\xff\x4f\xff\x51") + 8
    with pytest.raises(UnreadableImageError, match="damaged"):
        decode(data[:place] + struct.pack(">II", 20_000, 20_000) + data[place + 8 :])


# HEIC.


HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(64)


@pytest.fixture
def afresh():
    formats.heif_is_readable.cache_clear()
    yield
    formats.heif_is_readable.cache_clear()


@pytest.mark.usefixtures("afresh")
def test_heic_without_its_library(monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(UnreadableImageError) as caught:
        decode(HEIC)
    assert str(caught.value) == (
        "HEIC is read by pillow-heif, which is not here: pip install '.[heic]' in the clone, or"
        " save it as JPEG"
    )


@pytest.mark.usefixtures("afresh")
def test_the_library_is_taken_up_at_the_first_heic(monkeypatch, encode):
    told = []
    options = SimpleNamespace(DECODE_THREADS=4)
    library = SimpleNamespace(options=options, register_heif_opener=lambda: told.append("here"))
    monkeypatch.setitem(sys.modules, "pillow_heif", library)
    decode(encode(PIXELS))
    assert told == []
    for _ in range(2):
        with pytest.raises(UnreadableImageError):
            decode(HEIC)
    assert (told, options.DECODE_THREADS) == (["here"], 1)


@pytest.mark.usefixtures("afresh")
def test_a_heic(encode):
    library = pytest.importorskip("pillow_heif")
    library.register_heif_opener()
    smooth = Image.linear_gradient("L").resize((64, 48)).convert("RGB")
    data = encode(smooth, "HEIF", quality=95)
    image = decode(data)
    assert (image.format, image.size) == ("HEIF", (64, 48))
    assert np.abs(np.asarray(image).astype(int) - np.asarray(smooth)).mean() < 3
