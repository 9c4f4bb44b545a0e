"""What the segments of a JPEG file tell of it, without decoding it."""

import re
import struct
from collections.abc import Iterator
from typing import NamedTuple

from gantool.data.colours import is_kept

MAX_SCANS = 50
"""Of a JPEG. Each goes over all pixels again, and a few bytes can announce one; ten are usual."""

_LENGTH = struct.Struct(">H")
_START, _END = b"\xff\xd8", b"\xff\xd9"
_APP1, _APP2 = 0xE1, 0xE2
_SCAN, _FINISH, _ALONE = 0xDA, 0xD9, 0x01
# Baseline, extended and progressive frames with Huffman codes (ITU-T T.81, table B.1); lossless
# and arithmetic ones are left to Pillow, which may refuse them.
_FRAMES = (0xC0, 0xC1, 0xC2)

_MARK = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])", re.DOTALL)
"""Among compressed pixels FF comes with 00 or with a mark of restart behind it."""

_PROFILE = b"ICC_PROFILE\0"
"""With the number of a piece and that of all behind it."""

_MAX_SIDE = 2048
"""A batch decodes many of them at a time; larger ones are left to Pillow, one after the other."""


class Header(NamedTuple):
    """Height and width in pixels; 1 component for grey, 3 for colours."""

    height: int
    width: int
    components: int


def plain_header(data: bytes) -> Header | None:
    """The header of a JPEG file that any decoder shows alike, None for every other file.

    That is one which is whole by its first and last two bytes, has 8 bits a sample, is grey or has
    three components in sRGB, is not too large, has no excess of scans, and holds no APP1 segment:
    EXIF and XMP, which may say that the picture is to be turned.
    """
    if not (data.startswith(_START) and data.endswith(_END)):
        return None
    header: Header | None = None
    pieces: list[bytes] = []
    for mark, start, end in segments(data):
        if mark == _APP1:
            return None
        if mark == _APP2 and data.startswith(_PROFILE, start + 4):
            pieces.append(data[start + 4 + len(_PROFILE) : end])
        if mark in _FRAMES:
            header = _frame(data[start + 4 : start + 10])
        if mark == _SCAN:
            break
    else:
        return None
    if header is None or has_excess_of_scans(data):
        return None
    # In the order of their numbers, as Pillow does it.
    profile = b"".join(piece[2:] for piece in sorted(pieces))
    return header if not profile or is_kept(profile, _KINDS[header.components]) else None


_KINDS = {1: "L", 3: "RGB"}


def has_excess_of_scans(data: bytes) -> bool:
    """Whether the picture of a JPEG, the first one where others follow, has too many scans."""
    # What looks like the mark of a scan is one among compressed pixels, and may be none elsewhere.
    if data.count(b"\xff\xda") <= MAX_SCANS:
        return False
    scans = 0
    for mark, _, _ in segments(data):
        scans += mark == _SCAN
        if scans > MAX_SCANS:
            return True
    return False


def segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """The mark of each segment of the first picture, and where it starts and ends.

    Whatever lies between segments is passed over, as decoders do it: compressed pixels, mostly.
    """
    place = len(_START)
    while (found := _MARK.search(data, place)) is not None:
        mark, place = found[1][0], found.end()
        if mark == _FINISH or place + _LENGTH.size > len(data):
            return
        if mark != _ALONE:
            start, place = place - 2, place + _LENGTH.unpack_from(data, place)[0]
            yield mark, start, place


def _frame(content: bytes) -> Header | None:
    """Read the first six bytes of a frame header: sample bits, height, width, components."""
    if len(content) < 6 or content[0] != 8 or content[5] not in (1, 3):
        return None
    height, width = struct.unpack_from(">HH", content, 1)
    if not (0 < height <= _MAX_SIDE and 0 < width <= _MAX_SIDE):
        return None
    return Header(height, width, content[5])
