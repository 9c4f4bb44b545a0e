"""From the bytes of an image file to a picture of Pillow's: whole, upright, within limits."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from itertools import chain
from typing import Any

from PIL import (
    AvifImagePlugin,
    Image,
    ImageFile,
    ImageOps,
    PngImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
)

from gantool.data.ballast import without_ballast
from gantool.data.colours import in_srgb, profile_of_jpeg2000
from gantool.data.depth import FULL, is_in_planes, joined, lower_bytes, mended
from gantool.data.formats import (
    FORMATS,
    SUFFIXES,
    formats_of,
    heif_is_readable,
    is_heif,
    is_image,
)
from gantool.data.jpeg import MAX_SCANS, has_excess_of_scans
from gantool.errors import InputError, printable

__all__ = [
    "MAX_BYTES",
    "MAX_PIXELS",
    "SUFFIXES",
    "UnreadableImageError",
    "decode",
    "decode_smaller",
    "is_image",
]

MAX_PIXELS = 100_000_000
"""A file of a few kilobytes can unfold to gigabytes; no image of a training set is this large."""

MAX_SIDE = 65_535
"""Pixels: no JPEG has a longer side."""

MAX_BYTES = 1 << 28
"""Of an image file. A member of a zip may claim to unfold to any size."""

_SLOW = {
    **dict.fromkeys(("ppm", "ppm_plain", "bmp_rle", "qoi"), 4_000_000),
    "jpeg2k": 16_000_000,
}
"""Pixels that some of Pillow's decoders are given at most. Those that go from number to number in
Python take minutes for a large image, that of JPEG 2000 half a second for each million of noise."""

_MAX_ICON = 4_000_000
"""Pixels of an icon, which Pillow decodes as soon as it is opened."""

_TILE_SIDES = (322, 323)
"""The tags of a TIFF for width and height of its tiles."""

_TILE_PIXELS = 1 << 22
"""Of a tile, whatever the size of its image."""

# Pillow warns at its own limit and refuses at twice that; `decode` has one limit and no warning.
Image.MAX_IMAGE_PIXELS = None
# Of texts and profiles in a PNG, unpacked. One that is larger is left out: see `without_ballast`.
PngImagePlugin.MAX_TEXT_CHUNK = 1 << 22
# Images are decoded side by side, one on a core.
AvifImagePlugin.DEFAULT_MAX_THREADS = 1
# What is wrong with an image is told by an error, and a camera's odd EXIF data by nobody. Set once,
# because changing filters around each call is not safe among threads.
warnings.filterwarnings("ignore", module=r"PIL\.")


class UnreadableImageError(InputError):
    """An image that cannot be used; its text is the reason, once known with the image's place."""

    def at(self, where: str) -> UnreadableImageError:
        """The same error, saying which image it is about."""
        return UnreadableImageError(f"{printable(where)}: {self}")


class _DamagedError(UnreadableImageError):
    """A decoder stumbled; perhaps over something beside the picture."""


def decode(data: bytes, white: int = FULL) -> Image.Image:
    """Decode an image file: its first frame, upright as its EXIF data say, in sRGB by its profile.

    Grey of 16 bits keeps them; colours have 8, rounded. What the file held is told by the image's
    `format`, by `gantool.data.colours.profile_name` and `gantool.data.depth.largest_value`.

    Args:
        data: the image file.
        white: the value of white in colours of 16 bits.

    Raises:
        UnreadableImageError: the bytes are no image of `FORMATS`, are truncated or damaged, or
            the image is beyond a limit of this module or has floating-point pixels.
    """
    return decode_smaller(data, lambda *_: 1, white)[0]


def decode_smaller(
    data: bytes, times_smaller: Callable[[int, int], int], white: int = FULL
) -> tuple[Image.Image, int]:
    """Decode an image file as `decode` does; a JPEG smaller at once, in a fraction of the time.

    Args:
        data: the image file.
        times_smaller: of the height and width in the file, how many times smaller it may be made.
        white: see `decode`.

    Returns:
        The image, and how many times smaller than in its file it is: 1, 2, 4 or 8.

    Raises:
        UnreadableImageError: see `decode`.
    """
    if not data:
        raise UnreadableImageError("the file is empty")
    if is_heif(data) and not heif_is_readable():
        raise UnreadableImageError(
            "HEIC is read by pillow-heif, which is not here: pip install '.[heic]' in the clone, or"
            " save it as JPEG"
        )
    image, times = _decoded_as_it_can_be(data, times_smaller, white)
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
    return in_srgb(mended(image)), times


def _decoded(
    data: bytes, times_smaller: Callable[[int, int], int], white: int
) -> tuple[Image.Image, int]:
    """The picture of a file, neither turned nor in sRGB."""
    times = 1
    try:
        _refuse_large_icon(data)
        opened = _opened(data)
        _refuse_excess(opened, data)
        if opened.format == "JPEG" and (times := times_smaller(opened.height, opened.width)) > 1:
            opened.draft("", (opened.width // times, opened.height // times))
        lower = lower_bytes(opened)
        opened.load()
        if opened.format == "JPEG2000" and (profile := profile_of_jpeg2000(data)):
            opened.info["icc_profile"] = profile
        image: Image.Image = opened
        if lower is not None:
            image = joined(opened, _opened(data, lower), lower[0].args == ("RGBA",), white)
    except UnreadableImageError:
        raise
    except UnidentifiedImageError:
        raise _DamagedError(
            f"not an image ({', '.join(FORMATS)}), or cut off in its first bytes"
        ) from None
    # A damaged file makes Pillow's decoders raise nearly anything: SyntaxError, struct.error, …
    except Exception as error:
        reason = printable(" ".join(str(error).split()))
        truncated = "truncated" in reason.lower()
        text = "the image is truncated" if truncated else f"the image is damaged ({reason})"
        raise _DamagedError(text) from None
    if image.format == "WEBP":
        image = image.copy()  # without the decoder, which keeps two pictures of its own
        image.format = "WEBP"
    if image.format == "TGA" and image.mode == "RGBA" and not image.getchannel("A").getbbox():
        image = image.convert("RGB")  # the fourth byte of its pixels is a filler
        image.format = "TGA"
    return image, times


def _opened(data: bytes, tiles: list[Any] | None = None) -> ImageFile.ImageFile:
    """The file, opened; loaded where other tiles are to be read than Pillow's own."""
    opened = Image.open(BytesIO(data), formats=formats_of(data))
    if tiles is not None:
        opened.tile = tiles
        opened.load()
    return opened


def _decoded_as_it_can_be(
    data: bytes, times_smaller: Callable[[int, int], int], white: int
) -> tuple[Image.Image, int]:
    """The picture of a file, or of the file without what lies beside it."""
    reason = ""
    for tried in chain((data,), without_ballast(data)):
        try:
            return _decoded(tried, times_smaller, white)
        except _DamagedError as error:
            reason = str(error)  # the error itself would keep all that was decoded in memory
    raise UnreadableImageError(reason)


def _refuse_large_icon(data: bytes) -> None:
    """Refuse an icon of which a picture, a PNG or a BMP without its header, is large."""
    if not data.startswith(b"\0\0\1\0"):
        return
    for entry in range(6, min(6 + 16 * int.from_bytes(data[4:6], "little"), len(data) - 15), 16):
        place = int.from_bytes(data[entry + 12 : entry + 16], "little")
        is_png = data.startswith(b"\x89PNG", place)
        sides = data[place + 16 : place + 24] if is_png else data[place + 4 : place + 12]
        width, height = struct.unpack(">II" if is_png else "<ii", sides.ljust(8, b"\0"))
        if abs(width * height) > _MAX_ICON:
            raise UnreadableImageError(
                f"{width:,}×{height:,} pixels are more than the {_MAX_ICON:,} allowed in an icon"
            )


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
    if image.format in ("JPEG", "MPO") and has_excess_of_scans(data):
        raise UnreadableImageError(
            f"it has more than the {MAX_SCANS} scans that a JPEG may have; save it anew"
        )
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        _refuse_large_tiles(image)
    allowed = min([MAX_PIXELS, *(_SLOW.get(tile.codec_name, MAX_PIXELS) for tile in image.tile)])
    if width * height > allowed:
        raise UnreadableImageError(
            f"{width:,}×{height:,} pixels in a form that is read slowly are more than the"
            f" {allowed:,} allowed; save it as PNG"
        )
    if is_in_planes(image):
        raise UnreadableImageError(
            "its colours of 16 bits lie in planes, one behind the other; save it as PNG"
        )


def _refuse_large_tiles(image: TiffImagePlugin.TiffImageFile) -> None:
    """Refuse a TIFF of which a tile, that is unpacked whole, is larger than the image."""
    width, height = (int(image.tag_v2.get(tag, 1)) for tag in _TILE_SIDES)
    if width * height > max(image.width * image.height, _TILE_PIXELS):
        raise UnreadableImageError(
            f"its tiles of {width:,}×{height:,} pixels are larger than the image, which has"
            f" {image.width:,}×{image.height:,}"
        )
