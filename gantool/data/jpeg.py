"""What the header of a JPEG file tells of it, without decoding it."""

import struct
from typing import NamedTuple

from gantool.data.images import too_many_scans

_SEGMENT = struct.Struct(">BBH")
_START, _END = b"\xff\xd8", b"\xff\xd9"
_APP1 = 0xE1
_SCAN = 0xDA
# Baseline, extended and progressive frames with Huffman codes (ITU-T T.81, table B.1); lossless
# and arithmetic ones are left to Pillow, which may refuse them.
_FRAMES = (0xC0, 0xC1, 0xC2)


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
    three components, is not too large, has no excess of scans, and holds no APP1 segment: EXIF and
    XMP, which may say that the picture is to be turned.
    """
    if not (data.startswith(_START) and data.endswith(_END)):
        return None
    header: Header | None = None
    place = len(_START)
    while place + _SEGMENT.size <= len(data):
        mark, kind, length = _SEGMENT.unpack_from(data, place)
        if mark != 0xFF or kind == _APP1:
            return None
        if kind == _SCAN:
            return None if too_many_scans(data) else header
        if kind in _FRAMES:
            header = _frame(data[place + 4 : place + 10])
        place += 2 + length
    return None


def _frame(content: bytes) -> Header | None:
    """Read the first six bytes of a frame header: sample bits, height, width, components."""
    if len(content) < 6 or content[0] != 8 or content[5] not in (1, 3):
        return None
    height, width = struct.unpack_from(">HH", content, 1)
    if not (0 < height <= _MAX_SIDE and 0 < width <= _MAX_SIDE):
        return None
    return Header(height, width, content[5])
