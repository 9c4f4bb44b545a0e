"""HDF5 files: what the process that indexes one says, and how the numbers are read by it."""

from __future__ import annotations

import io
import os
import resource
import signal
from functools import cache
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from gantool.data.sources import hdf5, hdf5_index

from .. import scratch
from . import arrays

_SECONDS = 3
"""That the library may take; in a process of its own it may take more, and is ended then."""


def target(data: bytes) -> None:
    """Open an HDF5 file, and read what is in it.

    The library may crash or hang, so that it is asked in a copy of this process: a new one, as it
    is without fuzzing, would take a hundred times as long.
    """
    _patch()
    arrays.read(scratch.file("x.h5", data), len(data) % 2 == 0)


@cache
def _patch() -> None:
    hdf5._index = _index  # type: ignore[assignment]


def _index(path: Path, inner: str | None = None) -> Any:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _answer(path, inner, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    return hdf5.answer_of(answer, path)


def _answer(path: Path, inner: str | None, writing: int) -> None:
    """Write what the index says, and end."""
    try:
        signal.setitimer(signal.ITIMER_PROF, 0)
        for number in (signal.SIGPROF, signal.SIGXCPU):
            signal.signal(number, signal.SIG_DFL)
        used = int(resource.getrusage(resource.RUSAGE_SELF).ru_utime)
        resource.setrlimit(resource.RLIMIT_CPU, (used + _SECONDS, used + _SECONDS))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        text = hdf5_index.text(str(path), inner).encode()
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(text)
    finally:
        os._exit(0)


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
