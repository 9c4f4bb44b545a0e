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
"""Kind, place, how much, which of `_NUMBERS`: as bytes, a few draws of Hypothesis fewer."""

_STEP = 1 + 4 * _EDIT.size
"""Bytes that make a file: how many edits, four at most, and these."""
_FILES = 16
"""Made of one: to make up anything takes Hypothesis longer than most readers take to read it."""


def damaged(seeds: Sequence[bytes]) -> st.SearchStrategy[list[bytes]]:
    """One of these files, several times, each after up to four edits."""
    files = st.sampled_from(seeds)
    # Of a fixed size: left to itself, Hypothesis makes few bytes.
    edits = st.binary(min_size=_FILES * _STEP, max_size=_FILES * _STEP)
    return st.builds(_several, files, files, edits)


def _several(data: bytes, other: bytes, edits: bytes) -> list[bytes]:
    parts = [edits[start : start + _STEP] for start in range(0, len(edits), _STEP)]
    # The first says how many of the others are made.
    return [_edited(data, other, part[1 : 1 + part[0] % _STEP]) for part in parts]


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
