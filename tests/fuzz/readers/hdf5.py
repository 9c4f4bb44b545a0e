"""HDF5 files: what the process that indexes one says, and how the numbers are read by it."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from gantool.data.sources import hdf5

from .. import scratch
from . import arrays

_PROGRAM = Path(__file__).parents[1] / "indexing.py"


def target(data: bytes) -> None:
    """Open an HDF5 file, and read what is in it.

    The library may crash or hang, so that it is asked in a copy of a process that does nothing
    else: a new one, as it is without fuzzing, would take a hundred times as long, and a copy of
    this one takes longer the more it holds.
    """
    hdf5._index = _index  # type: ignore[assignment]
    arrays.read(scratch.file("x.h5", data), len(data) % 2 == 0)


def _index(path: Path, inner: str | None = None) -> Any:
    process = _started()
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps([str(path), inner]) + "\n")
    process.stdin.flush()
    answer = json.loads(process.stdout.readline())
    return hdf5.answer_of(answer.encode("utf-8", "surrogateescape"), path)


@cache
def _started() -> subprocess.Popen[str]:
    """The process that is asked; it ends with this one, whose pipes it reads."""
    return subprocess.Popen(
        [sys.executable, _PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def hdf5_of(**data_sets: Any) -> bytes:
    """A small file of these data sets, a tuple of an array and the keywords of h5py each."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for name, (array, keys) in data_sets.items():
            file.create_dataset(name.replace("__", "/"), data=array, **keys)
    return buffer.getvalue()


def seeds() -> list[bytes]:
    """Small files of several layouts."""
    pixels = np.arange(60, dtype=np.uint8).reshape(2, 5, 6) * 4
    floats = np.linspace(0, 1, 60, dtype=np.float32).reshape(2, 5, 6)
    return [
        hdf5_of(images=(pixels, {}), labels=(np.array([0, 1]), {})),
        hdf5_of(images=(pixels, {"chunks": (1, 5, 6), "compression": "gzip"})),
        hdf5_of(train__x=(floats, {"chunks": (2, 3, 6), "compression": "gzip", "shuffle": True})),
    ]
