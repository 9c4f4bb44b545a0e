"""Damaged files: valid ones with bits flipped, numbers overwritten, pieces lost or moved."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from hypothesis import strategies as st

_TELLING = (0, 1, -1, 127, 128, 255, 256, 32767, 32768, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1)
_TELLING_WIDE = (*_TELLING, 2**63 - 1, 2**63, 2**64 - 1)
_NUMBERS = [
    struct.pack(f"{order}{code}", number % (1 << 8 * size))
    for order in "<>"
    for code, size in (("B", 1), ("H", 2), ("I", 4), ("Q", 8))
    for number in _TELLING_WIDE
    if number < 1 << 8 * size
]

_EDITS = st.tuples(
    st.sampled_from(["flip", "number", "bytes", "cut", "remove", "insert", "double", "move"]),
    st.floats(0, 1, exclude_max=True),
    st.integers(0, 255),
    st.sampled_from(_NUMBERS),
)


def damaged(seeds: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """One of these files after up to five edits."""
    return st.tuples(
        st.sampled_from(seeds), st.sampled_from(seeds), st.lists(_EDITS, max_size=5)
    ).map(lambda drawn: _edited(*drawn))


def _edited(data: bytes, other: bytes, edits: list[tuple[str, float, int, bytes]]) -> bytes:
    for kind, share, number, written in edits:
        at = int(share * len(data))
        before, here, after = data[:at], data[at : at + number], data[at + number :]
        if kind == "flip":
            changed = bytes([here[0] ^ 1 << number % 8]) if here else b""
            data = before + changed + data[at + 1 :]
        elif kind == "number":
            data = before + written + data[at + len(written) :]
        elif kind == "bytes":
            data = before + bytes([number]) * len(here) + after
        elif kind == "cut":
            data = before
        elif kind == "remove":
            data = before + after
        elif kind == "insert":
            data = before + written + data[at:]
        elif kind == "double":
            data = before + here * 3 + after
        else:
            data = before + other[number : 3 * number] + after
    return data
