"""Checkpoints from elsewhere."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from gantool.errors import GantoolError
from gantool.runs.checkpoint import Checkpoint
from gantool.runs.checkpoint_format import SEAL_SIZE, Header, seal
from gantool.runs.checkpoint_writing import values_of, write_checkpoint

from .. import scratch
from ..limits import is_a_line


def stamped(data: bytes) -> bytes:
    """The file with the seal that belongs to its content."""
    rest = data[SEAL_SIZE:]
    return seal(hashlib.sha256(rest).hexdigest(), len(rest)) + rest


HDF5 = b"\x89HDF\r\n\x1a\n"


class Variable:
    """What is read into, without TensorFlow."""

    def __init__(self, *shape: int, dtype: str = "float32") -> None:
        self.shape = shape
        self.dtype = dtype
        self.value = np.zeros(shape, dtype)

    def assign(self, value: Any) -> None:
        """Take a value as a variable of Keras does."""
        self.value = np.asarray(value).astype(self.dtype).reshape(self.shape)

    def numpy(self) -> np.ndarray:
        """The value."""
        return self.value


def variables() -> Mapping[str, Mapping[str, Any]]:
    """Those of a small network."""
    return {
        "generator": {"00_Dense/kernel": Variable(2, 3), "00_Dense/bias": Variable(3)},
        "optimizers/generator": {"iteration": Variable(dtype="int64")},
    }


def target(data: bytes) -> None:
    """Read all that can be read, from the file as it is and from one whose seal is right."""
    for form in dict.fromkeys((data, stamped(data))):
        path = scratch.file("x.h5", form)
        try:
            Checkpoint(path).read(variables())
        except GantoolError as error:
            is_a_line(error)


@cache
def whole() -> bytes:
    """A checkpoint as gantool writes it."""
    header = Header(
        recipe="name: x", recipe_folder="/x", step=5, images=9, seconds=1.5, seed=3, classes=0
    )
    path = scratch.folder() / "whole.h5"
    write_checkpoint(path, header, values_of(variables()))
    return path.read_bytes()


def index() -> dict[str, Any]:
    """The index of a checkpoint as gantool writes it."""
    found: dict[str, Any] = json.loads(whole()[SEAL_SIZE:].partition(b"\n")[0])
    return found


def with_line(line: bytes) -> bytes:
    """A checkpoint with this line for its index, however long."""
    content = whole()
    start = content.index(HDF5)
    return stamped(content[:SEAL_SIZE] + line.ljust(start - SEAL_SIZE, b"\n") + content[start:])


KERNEL = "generator/00_Dense/kernel"


def _with(*way: str, value: object) -> bytes:
    changed = index()
    inside = changed
    for name in way[:-1]:
        inside = inside[name]
    inside[way[-1]] = value
    return with_line(json.dumps(changed).encode())


def hostile() -> list[bytes]:
    """What no gantool writes."""
    place = ("variables", KERNEL)
    return [
        _with("format", value=3),
        _with(*place, "offset", value=2**63 - 1),
        _with(*place, "offset", value=0),
        _with(*place, "shape", value=[1 << 31, 1 << 31]),
        _with(*place, "shape", value=[0, 1 << 62]),
        _with(*place, "dtype", value="float64"),
        _with(*place, "dtype", value="bool"),
        _with(*place, "dtype", value="object"),
        _with("header", "step", value=-1),
        _with("header", "recipe", value="\x1b[2J"),
        _with("groups", value=[]),
        with_line(b"[" * 10_000),
        with_line(b"{}"),
        with_line(b""),
    ]


def seeds() -> list[bytes]:
    """A checkpoint and what looks like one."""
    return [whole(), *hostile(), HDF5]
