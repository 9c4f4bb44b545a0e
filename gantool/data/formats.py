"""Which kinds of image files are read, and what their first bytes look like."""

from __future__ import annotations

import re
import struct
from functools import cache

FORMATS = (
    *("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "AVIF", "JPEG2000", "ICO", "QOI"),
    *("TGA", "HEIF"),
)
"""What is decoded, by Pillow's names. Not all that it can: its EPS reader runs Ghostscript."""

_TOLD = FORMATS[:-2]
"""Formats that Pillow knows by their first bytes, without another library."""

SUFFIXES = (
    *(".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".gif", ".bmp", ".tif", ".tiff"),
    *(".ppm", ".pgm", ".pbm", ".pnm", ".avif", ".heic", ".heif", ".hif", ".jp2", ".j2k", ".jpx"),
    *(".j2c", ".jpc", ".jpf", ".ico", ".qoi", ".tga"),
)
"""Of the files that count as images in a folder or a zip, in lower case."""

_STARTS = re.compile(
    rb"""\x89PNG\r\n\x1a\n | \xff\xd8\xff | GIF8[79]a | II\*\0 | MM\0\* | II\+\0 | MM\0\+
    | RIFF.{4}WEBP | qoif | \xff\x4f\xff\x51 | \0\0\0\x0cjP\ \ \r\n\x87\n
    | P[1-6]\s+[\d\#]
    | BM.{4}.{4}.{4}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0
    | \0\0\x01\0[\x01-\x40]\0...\0[\0\x01]\0[\0-\x20]\0""",
    re.DOTALL | re.VERBOSE,
)
"""Where a format has only two bytes or none of its own, with more of its header: for BMP the size
of what follows, for an icon the counts of pictures, planes and bits of the first."""

_AVIF_BRANDS = (b"avif", b"avis")
_HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs")
_MORE_BRANDS = (b"mif1", b"msf1")
"""Of a container whose other brands tell what is in it."""

_TGA = struct.Struct("<BBB HHB HHHH BB")
_TGA_FOOTER = b"TRUEVISION-XFILE.\0"
_MAX_TGA_PIXELS = 4_000_000
"""Of a compressed TGA without footer, which is gone through to its end to know it for one."""


def is_image(head: bytes) -> bool:
    """Whether a file with these first bytes, 32 or more, is an image, whatever it is called.

    A TGA has no mark of its own and is not known by this: it goes by its suffix.
    """
    return _STARTS.match(head) is not None or _is_container(
        head[:64], (*_AVIF_BRANDS, *_HEIF_BRANDS)
    )


def formats_of(data: bytes) -> tuple[str, ...]:
    """The formats that Pillow is to try on a file."""
    if is_heif(data):
        return ("HEIF",)
    return ("TGA",) if not is_image(data[:64]) and is_tga(data) else _TOLD


def is_heif(data: bytes) -> bool:
    """Whether a file is HEIC or the like, which Pillow needs another library for."""
    head = data[:64]
    return _is_container(head, _HEIF_BRANDS) and not _is_container(head, _AVIF_BRANDS)


def _is_container(head: bytes, brands: tuple[bytes, ...]) -> bool:
    """Whether an ISO media file is of one of these brands."""
    if head[4:8] != b"ftyp":
        return False
    first, others = head[8:12], head[16 : int.from_bytes(head[:4], "big")]
    among = [others[at : at + 4] for at in range(0, len(others), 4)]
    return first in brands or (first in _MORE_BRANDS and any(brand in brands for brand in among))


@cache
def heif_is_readable() -> bool:
    """Whether `pillow-heif` is installed; Pillow reads HEIF from then on."""
    try:
        from pillow_heif import options, register_heif_opener
    except ImportError:
        return False
    options.DECODE_THREADS = 1
    register_heif_opener()
    return True


def is_tga(data: bytes) -> bool:
    """Whether the whole of a file is that of a TGA: it has a footer, or the size its header says.

    Without that nearly any bytes could be taken for one: it has no mark at its start.
    """
    if len(data) < _TGA.size:
        return False
    name, has_map, kind, first, length, bits, _, _, width, height, depth, _ = _TGA.unpack_from(data)
    plausible = has_map in (0, 1) and kind in (1, 2, 3, 9, 10, 11) and depth in (1, 8, 16, 24, 32)
    if not plausible or not width or not height or (not has_map and (first, length) != (0, 0)):
        return False
    if data.endswith(_TGA_FOOTER):
        return True
    start = _TGA.size + name + (length * -(-bits // 8) if has_map else 0)
    if kind < 9:
        return len(data) == int(start + height * -(-width * depth // 8))
    return _ends_after(data, start, width * height, depth // 8)


def _ends_after(data: bytes, place: int, left: int, size: int) -> bool:
    """Whether a file ends with the packets of so many pixels of `size` bytes, from `place` on."""
    if left > _MAX_TGA_PIXELS:
        return False
    while left > 0 and place < len(data):
        head = data[place]
        count = (head & 127) + 1
        place += 1 + size * (1 if head & 128 else count)
        left -= count
    return left <= 0 and place == len(data)
