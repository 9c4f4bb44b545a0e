"""One image: from the bytes of a file to pixels of the size and channels that a recipe asks for."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageOps, UnidentifiedImageError

from gantool.errors import InputError

MAX_PIXELS = 100_000_000
"""A file of a few kilobytes can unfold to gigabytes; no image of a training set is this large."""

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM")
"""What is decoded. Not all that Pillow can: its EPS reader, for one, runs Ghostscript."""

SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".gif", ".bmp", ".tif", ".tiff"),
    *(".ppm", ".pgm", ".pbm", ".pnm"),
)
"""Of the files that count as images in a folder or a zip, in lower case."""

# Pillow warns at its own limit and refuses at twice that; `decode` has one limit and no warning.
Image.MAX_IMAGE_PIXELS = None
# What is wrong with an image is told by an error, and a camera's odd EXIF data by nobody. Set once,
# because changing filters around each call is not safe among threads.
warnings.filterwarnings("ignore", module=r"PIL\.")


class UnreadableImageError(InputError):
    """An image that cannot be used; its text is the reason, once known with the image's place."""

    def at(self, where: str) -> UnreadableImageError:
        """The same error, saying which image it is about."""
        return UnreadableImageError(f"{where}: {self}")


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
            the image has more than `MAX_PIXELS` pixels or floating-point ones.
    """
    return _decode(data, lambda height, width: reduction(height, width, size, crop))


def reduction(height: int, width: int, size: tuple[int, int], crop: tuple[int, int] | None) -> int:
    """How many times smaller a JPEG may be decoded: 8, 4, 2 or 1.

    What is kept of it stays at least twice as large as the result, so that the last and finer part
    of shrinking it is the filter's of `prepare`; and image and crop stay whole numbers of pixels.

    Args:
        height: of the image, as it lies in the file.
        width: of the image.
        size: see `prepare`.
        crop: see `prepare`.
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
        image = Image.open(BytesIO(data), formats=FORMATS)
        if image.width * image.height > MAX_PIXELS:
            raise UnreadableImageError(
                f"{image.width:,}×{image.height:,} pixels are more than the {MAX_PIXELS:,} allowed"
            )
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
    if image.mode == "F":
        raise UnreadableImageError(
            "its pixels are floating-point numbers, which have no fixed black and white;"
            " save it with 8 or 16 bits"
        )
    # Damaged EXIF data are no reason to refuse an image whose pixels are whole.
    with suppress(Exception):
        ImageOps.exif_transpose(image, in_place=True)
    return image, times


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
        channels: 1 for grey, 3 for RGB.
        background: the colour behind transparent pixels, as `PIL.ImageColor` reads it.
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
    image = _opaque(image, background)
    image = image.convert("L" if channels == 1 else "RGB")
    if (image.height, image.width) != size:
        image = image.resize((size[1], size[0]), Image.Resampling.LANCZOS)
    return np.asarray(image, np.uint8).reshape(*size, channels)


def window(
    height: int, width: int, size: tuple[int, int], crop: tuple[int, int] | None
) -> tuple[int, int, int, int]:
    """The centred piece of an image that is kept.

    Args:
        height: of the image.
        width: of the image.
        size: see `prepare`.
        crop: see `prepare`.

    Returns:
        Its first row, first column, height and width.

    Raises:
        UnreadableImageError: the crop is larger than the image.
    """
    kept = crop or _largest(height, width, size)
    if kept[0] > height or kept[1] > width:
        raise UnreadableImageError(
            f"a crop of {kept[0]}×{kept[1]} (height×width) is larger than the image,"
            f" {height}×{width}; make data.crop smaller or leave it out"
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
    wide = np.asarray(image).astype(np.int64)
    if wide.min() < 0 or wide.max() > 65535:
        raise UnreadableImageError("its pixels have more than 16 bits; save it with 8 or 16 bits")
    grey = Image.fromarray(np.rint(wide / 257).astype(np.uint8))
    if "transparency" in image.info:
        shown = wide != image.info["transparency"]
        grey.putalpha(Image.fromarray(shown.astype(np.uint8) * 255))
    return grey


def _opaque(image: Image.Image, background: str) -> Image.Image:
    """Grey stays grey; all else becomes RGB, over the background where it is transparent."""
    if image.has_transparency_data:
        colour = ImageColor.getrgb(background)[:3]
        base = Image.new("RGBA", image.size, (*colour, 255))
        base.alpha_composite(image.convert("RGBA"))
        return base.convert("RGB")
    # "1" and "L" are grey; RGB in between makes CMYK, LAB and palettes grey by their colours.
    return image if image.mode in ("1", "L") else image.convert("RGB")
