from __future__ import annotations

import zipfile
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from gantool.data.conversion import reencode as module
from gantool.data.conversion.reencode import reencode
from gantool.data.decoding import UnreadableImageError, decode
from gantool.data.fitting import Fit, prepare


@pytest.fixture
def photograph():
    """[218, 178, 3]: soft patches of colour with some grain."""
    random = np.random.default_rng(1)
    patches = Image.fromarray(random.integers(0, 256, (7, 5, 3), np.uint8))
    soft = np.asarray(patches.resize((178, 218), Image.Resampling.BICUBIC), np.int16)
    return np.clip(soft + random.integers(-6, 7, soft.shape), 0, 255).astype(np.uint8)


@pytest.fixture
def emoji(real_data):
    with zipfile.ZipFile(real_data / "emoji" / "noto-emoji-136x128.zip") as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".png"))
        return [archive.read(name) for name in names[::200]]


def jpeg_quality(data):
    # The first number of the table for brightness falls with the quality, from 16 at 50.
    return Image.open(BytesIO(data)).quantization[0][0]


@pytest.mark.parametrize("crop", [None, (108, 108), (100, 60)])
def test_a_jpeg_is_what_prepare_makes_of_it_at_quality_95(photograph, encode, crop):
    source = encode(photograph, "JPEG", quality=95)
    expected = prepare(decode(source), Fit((64, 64), 3, crop, "white"))
    assert reencode(source, (64, 64), crop) == encode(
        expected, "JPEG", quality=95, subsampling="4:4:4"
    )


def test_the_quality_is_stepped_down_to_the_first_that_is_not_larger(photograph, encode):
    source = encode(photograph, "JPEG", quality=60)
    pixels = prepare(decode(source), Fit((210, 170), 3, (210, 170), "white"))
    tried = {
        quality: encode(pixels, "JPEG", quality=quality, subsampling="4:4:4")
        for quality in range(95, 9, -5)
    }
    fitting = [quality for quality in tried if len(tried[quality]) <= len(source)]
    assert max(fitting) < 95
    assert reencode(source, (210, 170), (210, 170)) == tried[max(fitting)]
    # What a record adds around the image counts too.
    spare = len(source) - len(tried[max(fitting)]) + 1
    assert reencode(source, (210, 170), (210, 170), spare) == tried[max(fitting) - 5]


def test_an_image_that_grows_keeps_the_best_quality(photograph, encode):
    small = encode(photograph[:64, :64], "JPEG", quality=30)
    grown = reencode(small, (128, 128), None)
    assert len(grown) > len(small)
    assert jpeg_quality(grown) == 2  # of quality 95


def test_grey_stays_grey(photograph, encode):
    for form in ("JPEG", "PNG"):
        image = decode(reencode(encode(photograph[..., 0], form), (64, 64), None))
        assert (image.format, image.mode, image.size) == (form, "L", (64, 64))


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_an_image_of_the_right_size_keeps_its_bytes(photograph, encode, form):
    source = encode(photograph, form)
    assert reencode(source, (218, 178), None) == source
    assert reencode(source, (218, 178), (218, 178)) == source
    assert reencode(source, (218, 178), (200, 178)) != source


def test_a_photograph_on_its_side_stays_a_jpeg_and_is_turned(photograph, encode):
    exif = Image.Exif()
    exif[0x0112] = 6
    source = encode(photograph, "JPEG", quality=95, exif=exif)
    upright = Image.open(BytesIO(reencode(source, (50, 60), (100, 120))))
    assert (upright.format, upright.size, dict(upright.getexif())) == ("JPEG", (60, 50), {})
    expected = prepare(decode(source), Fit((50, 60), 3, (100, 120), "white")).astype(int)
    assert np.abs(np.asarray(upright, int) - expected).max() <= 12


@pytest.mark.parametrize("form", ["BMP", "GIF", "TIFF", "WEBP", "PPM"])
def test_other_formats_become_png_even_at_their_size(encode, form):
    flat = np.full((8, 8, 3), 200, np.uint8)
    data = reencode(
        encode(flat, form, **({"lossless": True} if form == "WEBP" else {})), (8, 8), None
    )
    image = Image.open(BytesIO(data))
    assert image.format == "PNG"
    assert np.array_equal(np.asarray(image.convert("RGB")), flat)


def test_a_png_without_loss_is_what_prepare_makes_of_it(photograph, encode):
    source = encode(photograph)
    image = decode(reencode(source, (64, 64), (108, 108)))
    assert (image.format, image.mode) == ("PNG", "RGB")
    assert np.array_equal(image, prepare(decode(source), Fit((64, 64), 3, (108, 108), "white")))


def test_few_colours_get_a_palette_without_loss(encode):
    random = np.random.default_rng(2)
    colours = random.integers(0, 256, (200, 4), np.uint8)
    colours[0] = 0
    pixels = colours[random.integers(0, 200, (32, 32))]
    for channels in (3, 4):
        source = encode(np.ascontiguousarray(pixels[..., :channels]), "TIFF")
        image = decode(reencode(source, (32, 32), None))
        assert image.mode == "P"
        theirs, ours = (
            prepare(one, Fit((32, 32), 3, background="teal")).astype(int)
            for one in (decode(source), image)
        )
        # Colours of pixels that are nearly transparent are known to within what shows of them.
        assert np.abs(theirs - ours).max() <= (0 if channels == 3 else 2)


@pytest.mark.parametrize("background", ["white", "black", "#e02080"])
def test_transparency_stays_and_looks_the_same_over_any_background(emoji, background):
    for source in emoji:
        image = decode(reencode(source, (64, 64), None, overhead=-1_000_000))
        assert image.has_transparency_data
        ours = prepare(image, Fit((64, 64), 3, background=background)).astype(int)
        theirs = prepare(decode(source), Fit((64, 64), 3, background=background)).astype(int)
        assert np.abs(ours - theirs).mean() < 1.5
        # The kernel overshoots at edges, and alpha and colours are cut off at 0 and 255 apart.
        assert np.percentile(np.abs(ours - theirs), 99) <= 28


@pytest.mark.parametrize("side", [64, 112, 128])
def test_emoji_do_not_outgrow_their_files(emoji, side):
    converted = [reencode(source, (side, side), None) for source in emoji]
    assert sum(map(len, converted)) <= sum(map(len, emoji))
    for source, data in zip(emoji, converted, strict=True):
        ours = prepare(decode(data), Fit((side, side))).astype(int)
        theirs = prepare(decode(source), Fit((side, side))).astype(int)
        assert np.sqrt(((ours - theirs) ** 2).mean()) < 12


def test_sixteen_bits_with_a_transparent_grey(encode):
    wide = np.full((8, 8), 40_000, np.uint16)
    wide[:, :4] = 500
    source = encode(Image.fromarray(wide), transparency=500)
    image = decode(reencode(source, (8, 6), (8, 6)))
    assert image.mode == "LA"
    alpha = np.asarray(image)[..., 1]
    assert (alpha[:, 0].max(), alpha[:, 5].min()) == (0, 255)
    assert np.asarray(image)[0, 5, 0] == round(40_000 / 257)


def test_grey_that_gets_fewer_shades_stays_transparent(encode):
    # Two colours and an edge at an angle: few bytes, and many more shades after resizing.
    y, x = np.mgrid[:96, :96]
    pixels = np.zeros((96, 96, 2), np.uint8)
    pixels[..., 0] = np.where(x > 2 * y, 250, 60)
    pixels[..., 1] = np.where((x - 48) ** 2 + (y - 48) ** 2 < 1600, 255, 0)
    source = encode(Image.fromarray(pixels), optimize=True)
    data = reencode(source, (88, 88), None)
    assert len(data) < len(reencode(source, (88, 88), None, overhead=-1_000_000))
    theirs = prepare(decode(source), Fit((88, 88), 3, background="#e02080")).astype(int)
    ours = prepare(decode(data), Fit((88, 88), 3, background="#e02080")).astype(int)
    assert np.abs(ours - theirs).mean() < 3


def test_an_image_without_a_file_becomes_png(photograph):
    image = decode(module.encode(Image.fromarray(photograph), (64, 64), (108, 108)))
    expected = prepare(Image.fromarray(photograph), Fit((64, 64), 3, (108, 108), "white"))
    assert image.format == "PNG"
    assert np.array_equal(image, expected)


def test_what_cannot_be_used(photograph, encode):
    with pytest.raises(UnreadableImageError) as caught:
        reencode(encode(photograph), (64, 64), (219, 100))
    assert str(caught.value) == (
        "a crop of 219×100 (height×width) is larger than the image, 218×178; make the crop smaller"
        " or leave it out"
    )
    with pytest.raises(UnreadableImageError, match="the image is truncated"):
        reencode(encode(photograph, "JPEG")[:2000], (64, 64), None)
