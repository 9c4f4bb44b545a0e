"""PNG files without what they say of themselves."""

from __future__ import annotations

import struct


def without_text(content: bytes) -> bytes:
    """The bytes of a PNG but those of its tEXt chunks."""
    kept, place = [content[:8]], 8
    while place < len(content):
        (length,) = struct.unpack_from(">I", content, place)
        end = place + 12 + length
        if content[place + 4 : place + 8] != b"tEXt":
            kept.append(content[place:end])
        place = end
    return b"".join(kept)
