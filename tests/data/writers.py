"""Image files and profiles of colours that no library at hand writes."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence


def png(width, height, bits, kind, rows, *chunks, interlaced=0):
    """A PNG of raw rows, each begun by its filter; `chunks` of (name, body) come before them."""

    def chunk(name, body):
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    header = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, interlaced)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + b"".join(chunk(*one) for one in chunks)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def tiff(width, height, bits: Sequence[int], photometric, data, *, order="<", planes=1, deflate=0):
    """A TIFF of one strip, or one a plane; tags of TIFF 6.0."""
    planar = len(bits) if planes == 2 else 1
    size = len(data) // planar
    pieces = [data[at * size : (at + 1) * size] for at in range(planar)]
    if deflate:
        pieces = [zlib.compress(piece) for piece in pieces]
    starts = [8 + sum(map(len, pieces[:number])) for number in range(planar)]
    tags = [
        *((256, 4, [width]), (257, 4, [height]), (258, 3, bits), (259, 3, [8 if deflate else 1])),
        *((262, 3, [photometric]), (273, 4, starts), (277, 3, [len(bits)]), (278, 4, [height])),
        *((279, 4, [len(piece) for piece in pieces]), (284, 3, [planes])),
    ]
    body = b"".join(pieces)
    body += bytes(len(body) % 2)
    more, entries = b"", b""
    for tag, kind, values in tags:
        value = struct.pack(order + ("H" if kind == 3 else "I") * len(values), *values)
        if len(value) > 4:
            place = 8 + len(body) + 2 + 12 * len(tags) + 4 + len(more)
            more, value = more + value, struct.pack(order + "I", place)
        entries += struct.pack(order + "HHI", tag, kind, len(values)) + value.ljust(4, b"\0")
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 8 + len(body))
    return head + body + struct.pack(order + "H", len(tags)) + entries + bytes(4) + more


SRGB = ((0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141))
"""X, Y and Z of sRGB's red, green and blue, seen in the light of D50."""


def rgb_profile(gamma, primaries=SRGB):
    """An ICC profile of RGB: linear light is value ** gamma."""
    curve = b"curv" + struct.pack(">IIH2x", 0, 1, round(gamma * 256))
    tags = {name + b"TRC": curve for name in (b"r", b"g", b"b")}
    for name, colour in zip((b"r", b"g", b"b"), primaries, strict=True):
        tags[name + b"XYZ"] = _xyz(colour)
    return _profile(b"mntr", b"RGB ", b"XYZ ", tags)


def grey_profile(gamma):
    """An ICC profile of grey: linear light is value ** gamma."""
    curve = b"curv" + struct.pack(">IIH2x", 0, 1, round(gamma * 256))
    return _profile(b"mntr", b"GRAY", b"XYZ ", {b"kTRC": curve})


def cmyk_profile(lightness):
    """An ICC profile of a printer of greys: `lightness`, its L*, of (c, m, y, k), each 0 or 1.

    A table of sixteen corners (lut8Type); in between it is interpolated.
    """
    straight = bytes(range(256))
    corners = [(c, m, y, k) for c in (0, 1) for m in (0, 1) for y in (0, 1) for k in (0, 1)]
    table = b"".join(bytes([round(lightness(*one) * 2.55), 128, 128]) for one in corners)
    unit = struct.pack(">9i", *(65536 if at % 4 == 0 else 0 for at in range(9)))
    body = b"mft1" + struct.pack(">IBBBx", 0, 4, 3, 2) + unit + straight * 4 + table + straight * 3
    return _profile(b"prtr", b"CMYK", b"Lab ", {b"A2B0": body})


def _xyz(values):
    return b"XYZ " + struct.pack(">I3i", 0, *(round(value * 65536) for value in values))


def _profile(kind, colours, space, tags):
    tags = {
        b"desc": b"desc" + struct.pack(">II", 0, 8) + b"written\0" + bytes(78),
        b"wtpt": _xyz((0.9642, 1.0, 0.8249)),
        **tags,
    }
    table, body = struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        content += bytes(-len(content) % 4)
        place = 128 + 4 + 12 * len(tags) + len(body)
        table += name + struct.pack(">II", place, len(content))
        body += content
    size = 128 + len(table) + len(body)
    header = struct.pack(
        ">I4sI4s4s4s12s4s", size, b"", 0x02400000, kind, colours, space, b"", b"acsp"
    )
    light = struct.pack(">3i", 63190, 65536, 54061)
    return header.ljust(68, b"\0") + light + bytes(48) + table + body
