"""Files without what lies in them beside the picture, for where a decoder stumbles over that."""

from __future__ import annotations

from collections.abc import Container, Iterator

from gantool.data.jpeg import segments

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8"

_ADOBE, _EXIF, _PROFILE = 0xEE, 0xE1, 0xE2
"""Of a JPEG: what its components mean, how it is turned, its profile of colours."""


def without_ballast(data: bytes) -> Iterator[bytes]:
    """The same picture with less and less beside it, as far as that makes a difference.

    First comments and texts go; then what only changes how it looks: the profile of its colours,
    and whether it is turned.
    """
    before = data
    for less in _lighter(data):
        if less != before:
            yield less
        before = less


def _lighter(data: bytes) -> Iterator[bytes]:
    if data.startswith(_PNG):
        for kept in ((b"tRNS", b"iCCP", b"eXIf"), (b"tRNS",)):
            yield _png(data, kept)
    elif data.startswith(_JPEG):
        for marks in ((_ADOBE, _EXIF, _PROFILE), (_ADOBE,)):
            yield _jpeg(data, marks)
    elif data[4:8] == b"ftyp":
        head, mark, rest = data.partition(b"mdat")
        # An item of a kind that no decoder knows is passed over.
        yield head.replace(b"Exif", b"Exi_") + mark + rest


def _png(data: bytes, kept: Container[bytes]) -> bytes:
    """A PNG of its critical chunks, whose names begin with a capital, and of those named."""
    parts, place = [_PNG], len(_PNG)
    while place + 8 <= len(data):
        name = data[place + 4 : place + 8]
        end = place + 12 + int.from_bytes(data[place : place + 4], "big")
        if name[:1].isupper() or name in kept:
            parts.append(data[place:end])
        place = end
        if name == b"IEND":
            break
    return b"".join(parts)


def _jpeg(data: bytes, kept: Container[int]) -> bytes:
    """A JPEG without the comments and segments of applications but those of the marks named."""
    parts, place = [], 0
    for mark, start, end in segments(data):
        if (0xE0 <= mark <= 0xEF or mark == 0xFE) and mark not in kept:
            parts.append(data[place:start])
            place = end
    return b"".join([*parts, data[place:]])
