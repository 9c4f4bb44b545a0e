"""One image: from the bytes of a file to pixels of the size and channels that a recipe asks for."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageFile, ImageOps, TiffImagePlugin, UnidentifiedImageError

from gantool.errors import InputError, printable

MAX_PIXELS = 100_000_000
"""A file of a few kilobytes can unfold to gigabytes; no image of a training set is this large."""

MAX_SIDE = 65_535
"""Pixels: no JPEG has a longer side."""

MAX_SCANS = 50
"""Of a JPEG. Each goes over all pixels again, and a few bytes can announce one; ten are usual."""

MAX_BYTES = 1 << 28
"""Of an image file. A member of a zip may claim to unfold to any size."""

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM")
"""What is decoded. Not all that Pillow can: its EPS reader, for one, runs Ghostscript."""

SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".gif", ".bmp", ".tif", ".tiff"),
    *(".ppm", ".pgm", ".pbm", ".pnm"),
)
"""Of the files that count as images in a folder or a zip, in lower case."""

_BY_PYTHON = ("ppm", "ppm_plain")
"""Decoders of Pillow that go from number to number in Python, in minutes for a large image."""
_MAX_PIXELS_BY_PYTHON = 4_000_000

_TILE_SIDES = (322, 323)
"""The tags of a TIFF for width and height of its tiles."""

_STRIP_PIXELS = 1 << 22
"""Of a large image, at a time: memory is for one copy of it, not for one a conversion."""

# Pillow warns at its own limit and refuses at twice that; `decode` has one limit and no warning.
Image.MAX_IMAGE_PIXELS = None
# What is wrong with an image is told by an error, and a camera's odd EXIF data by nobody. Set once,
# because changing filters around each call is not safe among threads.
warnings.filterwarnings("ignore", module=r"PIL\.")


class UnreadableImageError(InputError):
    """An image that cannot be used; its text is the reason, once known with the image's place."""

    def at(self, where: str) -> UnreadableImageError:
        """The same error, saying which image it is about."""
        return UnreadableImageError(f"{printable(where)}: {self}")


def decode(data: bytes) -> Image.Image:
    """Decode an image file whole; see `decode_for`."""
    return _decode(data, lambda *_: 1)[0]


def decode_for(
    data: bytes, size: tuple[int, int], crop: tuple[int, int] | None
) -> tuple[Image.Image, int]:
    """Decode an image file: its first frame, turned upright as its EXIF data say.

    Of a JPEG that is much larger than needed, the decoder makes a smaller image at once, in a
    fraction of the time.

    Args:
        data: the image file.
        size: see `prepare`.
        crop: see `prepare`.

    Returns:
        The image, and how many times smaller than in its file it is: 1, 2, 4 or 8.

    Raises:
        UnreadableImageError: the bytes are no image of `FORMATS`, are truncated or damaged, or
            the image is beyond a limit of this module or has floating-point pixels.
    """
    return _decode(data, lambda height, width: reduction(height, width, size, crop))


def reduction(height: int, width: int, size: tuple[int, int], crop: tuple[int, int] | None) -> int:
    """How many times smaller a JPEG may be decoded: 8, 4, 2 or 1.

    What is kept of it stays at least twice as large as the result, so that the last and finer part
    of shrinking it is the filter's of `prepare`; and image and crop stay whole numbers of pixels.
    Height and width are those of the file.
    """
    try:
        # EXIF data may turn it on its side.
        kept = [window(*sides, size, crop)[2:] for sides in ((height, width), (width, height))]
    except UnreadableImageError:
        return 1
    enough = min(min(h // (2 * size[0]), w // (2 * size[1])) for h, w in kept)
    common = math.gcd(height, width, *(crop or ()))
    return next(times for times in (8, 4, 2, 1) if times <= max(enough, 1) and common % times == 0)


def _decode(data: bytes, times_smaller: Callable[[int, int], int]) -> tuple[Image.Image, int]:
    if not data:
        raise UnreadableImageError("the file is empty")
    times = 1
    try:
        opened = Image.open(BytesIO(data), formats=FORMATS)
        _refuse_excess(opened, data)
        image: Image.Image = opened
        if image.format == "JPEG" and (times := times_smaller(image.height, image.width)) > 1:
            image.draft("", (image.width // times, image.height // times))
        image.load()
    except UnreadableImageError:
        raise
    except UnidentifiedImageError:
        raise UnreadableImageError(
            f"not an image ({', '.join(FORMATS)}), or cut off in its first bytes"
        ) from None
    # A damaged file makes Pillow's decoders raise nearly anything: SyntaxError, struct.error, …
    except Exception as error:
        truncated = "truncated" in str(error).lower()
        text = "the image is truncated" if truncated else f"the image is damaged ({error})"
        raise UnreadableImageError(text) from None
    if image.format == "WEBP":
        image = image.copy()  # without the decoder, which keeps two pictures of its own
    if image.mode == "P" and image.palette is None:
        raise UnreadableImageError("the image is damaged (its palette is missing)")
    if image.mode == "F":
        raise UnreadableImageError(
            "its pixels are floating-point numbers, which have no fixed black and white;"
            " save it with 8 or 16 bits"
        )
    # Damaged EXIF data are no reason to refuse an image whose pixels are whole.
    with suppress(Exception):
        ImageOps.exif_transpose(image, in_place=True)
    return image, times


def too_many_scans(data: bytes) -> bool:
    """Whether a JPEG has more than `MAX_SCANS` scans.

    Among compressed pixels no two bytes look like the mark of a scan. Elsewhere, in a profile of
    colours, they may by chance, as seldom as once in 65,536.
    """
    return data.count(b"\xff\xda") > MAX_SCANS


def _refuse_excess(image: ImageFile.ImageFile, data: bytes) -> None:
    """Refuse an opened image that is beyond a limit, before it is decoded."""
    width, height = image.size
    if max(width, height) > MAX_SIDE:
        raise UnreadableImageError(
            f"{width:,}×{height:,} pixels: a side is longer than the {MAX_SIDE:,} allowed"
        )
    if width * height > MAX_PIXELS:
        raise UnreadableImageError(
            f"{width:,}×{height:,} pixels are more than the {MAX_PIXELS:,} allowed"
        )
    if image.format in ("JPEG", "MPO") and too_many_scans(data):
        raise UnreadableImageError(
            f"it has more than the {MAX_SCANS} scans that a JPEG may have; save it anew"
        )
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        _refuse_large_tiles(image)
    by_python = image.format == "PPM" and image.tile[0][0] in _BY_PYTHON
    if by_python and width * height > _MAX_PIXELS_BY_PYTHON:
        raise UnreadableImageError(
            f"{width:,}×{height:,} pixels as text or of an odd depth are more than the"
            f" {_MAX_PIXELS_BY_PYTHON:,} allowed; save it as PNG"
        )


def _refuse_large_tiles(image: TiffImagePlugin.TiffImageFile) -> None:
    """Refuse a TIFF of which a tile, that is unpacked whole, is larger than the image."""
    width, height = (int(image.tag_v2.get(tag, 1)) for tag in _TILE_SIDES)
    if width * height > max(image.width * image.height, _STRIP_PIXELS):
        raise UnreadableImageError(
            f"its tiles of {width:,}×{height:,} pixels are larger than the image, which has"
            f" {image.width:,}×{image.height:,}"
        )


def prepare(
    image: Image.Image,
    size: tuple[int, int],
    channels: int,
    background: str,
    crop: tuple[int, int] | None = None,
) -> NDArray[np.uint8]:
    """Bring an image to a size and a number of channels.

    Args:
        image: of any mode that `decode` returns.
        size: height and width of the result.
        channels: 1 for grey, 3 for RGB, 4 for RGB with transparency (0 transparent, 255 opaque).
        background: the colour behind transparent pixels, as `PIL.ImageColor` reads it; without
            effect on 4 channels.
        crop: height and width of the centred piece that is kept before resizing; None for the
            largest one with the proportions of `size`.

    Returns:
        [height, width, channels] uint8.

    Raises:
        UnreadableImageError: the crop is larger than the image, or a pixel of it has more than
            16 bits.
    """
    image = _eight_bits(image)
    top, left, height, width = window(image.height, image.width, size, crop)
    if (height, width) != (image.height, image.width):
        image = image.crop((left, top, left + width, top + height))
    if channels == 4:
        return _with_alpha(image, size)
    image = _in_mode(_opaque(image, background), "L" if channels == 1 else "RGB")
    if (image.height, image.width) != size:
        image = image.resize((size[1], size[0]), Image.Resampling.LANCZOS)
    return np.asarray(image, np.uint8).reshape(*size, channels)


def window(
    height: int, width: int, size: tuple[int, int], crop: tuple[int, int] | None
) -> tuple[int, int, int, int]:
    """The centred piece of an image of this height and width that `prepare` keeps.

    Returns:
        Its first row, first column, height and width.

    Raises:
        UnreadableImageError: the crop is larger than the image.
    """
    kept = crop or _largest(height, width, size)
    if kept[0] > height or kept[1] > width:
        raise UnreadableImageError(
            f"a crop of {kept[0]}×{kept[1]} (height×width) is larger than the image,"
            f" {height}×{width}; make the crop smaller or leave it out"
        )
    return (height - kept[0]) // 2, (width - kept[1]) // 2, *kept


def _largest(height: int, width: int, size: tuple[int, int]) -> tuple[int, int]:
    """Height and width of the largest piece with the proportions of `size`."""
    if width * size[0] >= height * size[1]:
        return height, max(1, round(height * size[1] / size[0]))
    return max(1, round(width * size[0] / size[1])), width


def _eight_bits(image: Image.Image) -> Image.Image:
    """Grey of 16 bits scaled to 8, where Pillow would cut off all that is above 255."""
    if not image.mode.startswith("I"):
        return image
    transparent = image.info.get("transparency")
    grey = Image.new("L" if transparent is None else "LA", image.size)
    for box in _strips(image.size):
        wide = np.asarray(image.crop(box))
        if wide.min() < 0 or wide.max() > 65535:
            raise UnreadableImageError(
                "its pixels have more than 16 bits; save it with 8 or 16 bits"
            )
        strip = Image.fromarray(_NARROW[wide])
        if transparent is not None:
            strip.putalpha(Image.fromarray((wide != transparent).astype(np.uint8) * 255))
        grey.paste(strip, box)
    return grey


_NARROW = np.rint(np.arange(65536) / 257).astype(np.uint8)


def _opaque(image: Image.Image, background: str) -> Image.Image:
    """Grey stays grey; all else becomes RGB, over the background where it is transparent."""
    if image.has_transparency_data:
        colour = ImageColor.getrgb(background)[:3]
        whole = Image.new("RGB", image.size)
        for box in _strips(image.size):
            strip = image.crop(box).convert("RGBA")
            base = Image.new("RGBA", strip.size, (*colour, 255))
            base.alpha_composite(strip)
            whole.paste(base.convert("RGB"), box)
        return whole
    # "1" and "L" are grey; RGB in between makes CMYK, LAB and palettes grey by their colours.
    return image if image.mode in ("1", "L") else _in_mode(image, "RGB")


def _with_alpha(image: Image.Image, size: tuple[int, int]) -> NDArray[np.uint8]:
    """[height, width, 4] uint8 of any size; transparent pixels are black below.

    Colours are resized weighted by their opacity, and the weight is taken out again: what lies
    hidden below transparent pixels does not bleed into those beside them.
    """
    fits = (image.height, image.width) == size
    mode = "RGBA" if fits else "RGBa"  # weighted
    whole = Image.new(mode, image.size)
    for box in _strips(image.size):
        strip = image.crop(box)
        if not image.has_transparency_data:
            strip = _in_mode(strip, "RGB")
        whole.paste(_in_mode(strip.convert("RGBA"), mode), box)
    if not fits:
        whole = whole.resize((size[1], size[0]), Image.Resampling.LANCZOS).convert("RGBA")
    pixels = np.array(whole)
    pixels[pixels[..., 3] == 0] = 0
    return pixels


def _in_mode(image: Image.Image, mode: str) -> Image.Image:
    """The image itself where it has the mode; Pillow would copy it."""
    return image if image.mode == mode else image.convert(mode)


def _strips(size: tuple[int, int]) -> Iterator[tuple[int, int, int, int]]:
    """Boxes one below the other that cover an image of this width and height."""
    width, height = size
    rows = max(1, _STRIP_PIXELS // width)
    for top in range(0, height, rows):
        yield 0, top, width, min(top + rows, height)
