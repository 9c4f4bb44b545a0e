"""Pixels of 16 bits brought to 8: rounded, not cut off, and with the white that a recipe says."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, TiffImagePlugin

from gantool.errors import InputError

FULL = 65_535
"""The largest value of 16 bits, which is white unless a recipe says otherwise."""

STRIP_PIXELS = 1 << 22
"""Of a large image, at a time: memory is for one copy of it, not for one a conversion."""

_WIDE = re.compile(r"(RGB|RGBA|RGBX|CMYK);16([BLN])")
_LITTLE, _BIG = ("N", "B") if sys.byteorder == "little" else ("L", "N")
_OTHER = {"B": "L", "L": "B", "N": _BIG if _LITTLE == "N" else _LITTLE}
"""Pillow reads the upper byte of each sample; told the other order of bytes, it reads the lower."""

_BITS, _PHOTOMETRIC, _PLANES = 258, 262, 284
"""Tags of a TIFF."""


class TooWideError(InputError):
    """Pixels of more than 16 bits."""


@lru_cache(maxsize=8)
def _table(white: int) -> NDArray[np.uint8]:
    """What becomes of each value of 16 bits, [65536]."""
    return np.rint(np.minimum(np.arange(FULL + 1) / white, 1.0) * 255.0).astype(np.uint8)


def narrowed(image: Image.Image, white: int) -> Image.Image:
    """Grey of 16 bits with 8, as all other images are.

    Raises:
        TooWideError: a pixel has more than 16 bits.
    """
    if not image.mode.startswith("I"):
        return image
    transparent = image.info.get("transparency")
    grey = Image.new("L" if transparent is None else "LA", image.size)
    for box in strips(image.size):
        wide = np.asarray(image.crop(box))
        if wide.min() < 0 or wide.max() > FULL:
            raise TooWideError("its pixels have more than 16 bits; save it with 8 or 16 bits")
        strip = Image.fromarray(_table(white)[wide])
        if transparent is not None:
            strip.putalpha(Image.fromarray((wide != transparent).astype(np.uint8) * 255))
        grey.paste(strip, box)
    return grey


def largest_value(image: Image.Image) -> int | None:
    """The largest value in a decoded image whose file has more than 8 bits a sample, else None.

    Of transparency none is counted.
    """
    if image.mode.startswith("I"):
        return int(image.getextrema()[1])  # type: ignore[arg-type]
    found = image.info.get("largest value")
    return None if found is None else int(found)


def told_of_white(largest: int, white: int | str | None) -> str:
    """What is said of a set whose pixels of 16 bits use a part of their range, or go beyond white.

    Args:
        largest: the largest value in it; 0 where it has none of 16 bits.
        white: as a recipe gives it: a value, auto for the largest, or None.

    Returns:
        Nothing where they use most of it.
    """
    told = f"the largest value in pixels of 16 bits is {largest:,}"
    if largest and white == "auto":
        return f"{told}, which is white"
    if isinstance(white, int):
        beyond = f"{told}; what is above data.white, {white:,}, is white"
        return beyond if largest > white else ""
    is_dark = 0 < largest <= FULL // 2
    return f"{told} of {FULL:,}; data.white: auto makes it white" if is_dark else ""


def lower_bytes(image: ImageFile.ImageFile) -> list[Any] | None:
    """How the lower bytes of colours of 16 bits are read from a file, as Pillow's tiles.

    None for all other images: those of 8 bits, and grey, which Pillow keeps with 16.
    """
    made = []
    for tile in image.tile:
        args = tile.args if isinstance(tile.args, tuple) else (tile.args,)
        raw, other = args[0] if args else None, None
        if raw == "LA;16B":
            other = "RGBA"  # all four bytes of a pixel
        elif isinstance(raw, str) and (found := _WIDE.fullmatch(raw)):
            other = f"{found[1]};16{_OTHER[found[2]]}"
        if other is None:
            return None
        made.append(tile._replace(args=(other, *args[1:])))
    return made or None


def joined(upper: Image.Image, lower: Image.Image, is_grey: bool, white: int) -> Image.Image:
    """Colours of 16 bits with 8, of two images that hold the bytes of each sample.

    Args:
        upper: as Pillow reads the file.
        lower: the same by `lower_bytes`.
        is_grey: whether it holds all four bytes of grey with transparency, as mode RGBA.
        white: the value that becomes 255; transparency is of `FULL`.

    Returns:
        An image of mode LA for grey with transparency, else of that of `upper`, or RGBA where one
        colour means transparent.
    """
    transparent = upper.info.pop("transparency", None)
    mode = "LA" if is_grey else upper.mode if transparent is None else "RGBA"
    # The cyan, magenta, yellow and black of a print have no white: 0 is none, and 65,535 is full.
    colours, white = (4, FULL) if mode == "CMYK" else (1 if is_grey else 3, white)
    whole, largest = Image.new(mode, upper.size), 0
    for box in strips(upper.size):
        low = np.asarray(lower.crop(box)).astype(np.uint16)
        if is_grey:
            wide = low[..., 0::2] << 8 | low[..., 1::2]
        else:
            wide = np.asarray(upper.crop(box)).astype(np.uint16) << 8 | low
        largest = max(largest, int(wide[..., :colours].max()))
        narrow = np.empty((*wide.shape[:2], len(mode)), np.uint8)
        narrow[..., :colours] = _table(white)[wide[..., :colours]]
        if transparent is not None:
            narrow[..., 3] = (wide != np.array(transparent, np.uint16)).any(axis=-1) * 255
        elif len(mode) > colours:
            narrow[..., colours:] = _table(FULL)[wide[..., colours:]]
        whole.paste(Image.frombytes(mode, narrow.shape[1::-1], narrow.tobytes()), box)
    whole.info, whole.format = upper.info, upper.format
    if mode != "CMYK":
        whole.info["largest value"] = largest
    return whole


def mended(image: Image.Image) -> Image.Image:
    """Grey of more than 8 bits from a TIFF as its tags mean it, as mode I;16.

    Pillow gives 12 bits as 0 to 4095, white as 0 where a file says so, and bytes in the file's
    order, which few of its functions take.
    """
    if not isinstance(image, TiffImagePlugin.TiffImageFile) or not image.mode.startswith("I;16"):
        return image
    largest = 4095 if tuple(image.tag_v2.get(_BITS, ())) == (12,) else FULL
    is_inverted = image.tag_v2.get(_PHOTOMETRIC) == 0
    if largest == FULL and not is_inverted and image.mode == "I;16":
        return image
    table = np.rint(np.minimum(np.arange(FULL + 1) / largest, 1.0) * FULL).astype(np.uint16)
    made = Image.fromarray((FULL - table if is_inverted else table)[np.asarray(image)])
    made.info, made.format = image.info, image.format
    return made


def is_in_planes(image: Image.Image) -> bool:
    """Whether a TIFF has 16 bits in planes, a colour each, whose bytes Pillow takes for pixels."""
    if not isinstance(image, TiffImagePlugin.TiffImageFile) or image.tile[0].codec_name != "raw":
        return False
    bits = image.tag_v2.get(_BITS, ())
    return image.tag_v2.get(_PLANES) == 2 and len(bits) > 1 and max(bits) > 8


def strips(size: tuple[int, int]) -> Iterator[tuple[int, int, int, int]]:
    """Boxes one below the other that cover an image of this width and height."""
    width, height = size
    rows = max(1, STRIP_PIXELS // width)
    for top in range(0, height, rows):
        yield 0, top, width, min(top + rows, height)
