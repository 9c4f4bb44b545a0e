"""Checkpoints changed behind a seal that fits: what an attacker can do, and no accident does."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py

from gantool.runs.checkpoint_format import SEAL_SIZE, seal

HDF5 = b"\x89HDF\r\n\x1a\n"


def index_of(path: Path) -> dict[str, Any]:
    """The index of a checkpoint, as JSON."""
    index: dict[str, Any] = json.loads(path.read_bytes()[SEAL_SIZE:].partition(b"\n")[0])
    return index


def with_index(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the index of a checkpoint."""
    index = index_of(path)
    change(index)
    with_line(path, json.dumps(index).encode())


def with_line(path: Path, line: bytes) -> None:
    """Put another line in the place of the index of a checkpoint."""
    content = path.read_bytes()
    room = content.index(HDF5) - SEAL_SIZE
    assert len(line) < room
    reseal(path, line.ljust(room, b"\n") + content[SEAL_SIZE + room :])


def with_numbers(path: Path, key: str, value: float) -> None:
    """Give all numbers of a variable one value, where they lie."""
    with h5py.File(path, "r+") as file:
        file[key][...] = value
    reseal(path, path.read_bytes()[SEAL_SIZE:])


def reseal(path: Path, content: bytes) -> None:
    """Write a file of this content with the seal that belongs to it."""
    path.write_bytes(seal_of(content) + content)


def seal_of(content: bytes) -> bytes:
    """The seal of a file whose other bytes are `content`."""
    return seal(hashlib.sha256(content).hexdigest(), len(content))
