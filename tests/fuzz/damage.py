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

_EDIT = struct.Struct(">BHBB")
"""Kind, place, how much, and which of `_NUMBERS`. As bytes, a few draws of Hypothesis fewer."""

_MOST = 5


def damaged(seeds: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """One of these files after up to five edits."""
    files = st.sampled_from(seeds)
    return st.builds(_edited, files, files, st.binary(max_size=_MOST * _EDIT.size))


def _edited(data: bytes, other: bytes, edits: bytes) -> bytes:
    for edit in _EDIT.iter_unpack(edits[: len(edits) // _EDIT.size * _EDIT.size]):
        data = _changed(data, other, *edit)
    return data


def _changed(data: bytes, other: bytes, kind: int, place: int, number: int, which: int) -> bytes:
    at = place * len(data) >> 16
    before, here, after = data[:at], data[at : at + number], data[at + number :]
    written = _NUMBERS[which % len(_NUMBERS)]
    changes = (
        before + bytes(byte ^ 1 << number % 8 for byte in data[at : at + 1]) + data[at + 1 :],
        before + written + data[at + len(written) :],
        before + bytes([number]) * len(here) + after,
        before,
        before + after,
        before + written + data[at:],
        before + here * 3 + after,
        before + other[number : 3 * number] + after,
    )
    return changes[kind % len(changes)]
