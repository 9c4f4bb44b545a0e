"""Data sets of an HDF5 file, read as plain numbers from where they lie.

What is where comes from another process (`hdf5_index.py`), because the library of HDF5 is not safe
with files from elsewhere; numbers are read, and unpacked where they are compressed, here.
"""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
import threading
import zlib
from collections import OrderedDict
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gantool.data.decoding import UnreadableImageError
from gantool.data.sources.array_names import array_source
from gantool.data.sources.arrays import Array, ArraySource
from gantool.data.sources.choice import Choice
from gantool.errors import InputError, printable

MAGIC = b"\x89HDF\r\n\x1a\n"

MAX_CHUNK = 1 << 26
"""Bytes of a chunk, unpacked; as many are held of those read last."""

_INDEX = Path(__file__).with_name("hdf5_index.py")

_MAX_CHUNKS = 1 << 20
"""Of a data set."""

_PATIENCE = 60
"""Seconds for the process that finds what is where."""

_DEFLATE, _SHUFFLE = 1, 2
"""Numbers of HDF5's filters."""

_INNER = re.compile(r"(.+\.(?:h5|hdf5|hdf|he5)):/?([^:]+)", re.IGNORECASE | re.DOTALL)


def file_and_set(source: str) -> tuple[str, str | None]:
    """A source as a file and the name of a data set in it: faces.h5:/train/images."""
    found = _INNER.fullmatch(source)
    return (found[1], found[2]) if found and not Path(source).exists() else (source, None)


def hdf5_source(path: Path, name: str, choice: Choice, notes: tuple[str, ...] = ()) -> ArraySource:
    """Open the images of an HDF5 file.

    Raises:
        InputError: The file is damaged, or its data sets lie in a way that is not read; or see
            `array_source`.
    """
    found = _index(path)
    if not isinstance(found, dict) or not found:
        raise InputError(f"{path}: no data sets in this HDF5 file")
    arrays = {inner: _array(path, inner, facts) for inner, facts in found.items()}
    return array_source(arrays, name, choice, notes)


def _index(path: Path, inner: str | None = None) -> Any:
    arguments = [sys.executable, str(_INDEX), str(path.absolute())]
    arguments += [] if inner is None else [inner]
    try:
        done = subprocess.run(
            arguments, capture_output=True, timeout=_PATIENCE, check=True, stdin=subprocess.DEVNULL
        )
    except subprocess.CalledProcessError as error:
        last = error.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise _damaged(path, last if error.returncode > 0 else "") from None
    except subprocess.TimeoutExpired:
        raise _damaged(path) from None
    return answer_of(done.stdout, path)


def answer_of(text: bytes, path: Path) -> Any:
    """What the process says of a file.

    Raises:
        InputError: It says nothing.
    """
    try:
        return json.loads(text)
    except ValueError:
        raise _damaged(path) from None


def _damaged(path: Path, reason: str = "") -> InputError:
    shown = f": {printable(reason[:200])}" if reason else ""
    return InputError(f"{path}: an HDF5 file that is damaged or cannot be read{shown}")


def _array(path: Path, inner: str, facts: Mapping[str, Any]) -> Array:
    shape, dtype = tuple(facts["shape"]), np.dtype(facts["dtype"])
    name = f"{path}:/{printable(inner)}"
    size = math.prod(shape) * dtype.itemsize
    unread = [number for number in facts["filters"] if number not in (_DEFLATE, _SHUFFLE)]
    problem = ""
    if dtype.hasobject:
        problem = "it holds things of any length, such as image files: save pixels as uint8"
    elif facts["layout"] not in ("plain", "chunked"):
        problem = f"it is {facts['layout']}: copy it into a plain data set"
    elif unread:
        problem = f"packed by filter {unread[0]} of HDF5; save it by gzip, or plain"
    elif facts["layout"] == "chunked":
        problem = _problem_of_chunks(shape, tuple(facts["chunk"]), dtype, facts["stored"])
    else:
        offset = facts["offset"]
        if size and (offset is None or offset + size > path.stat().st_size):
            problem = "cut off, or never written whole"
        return Array(name, shape, dtype, _Plain(path, offset or 0, shape, dtype).read, problem)
    if problem:
        return Array(name, shape, dtype, lambda *_: np.empty(0), problem)
    return Array(name, shape, dtype, _Chunked(path, inner, shape, dtype, facts).read)


def _problem_of_chunks(
    shape: tuple[int, ...], chunk: tuple[int, ...], dtype: np.dtype[Any], stored: int
) -> str:
    if math.prod(chunk) * dtype.itemsize > MAX_CHUNK:
        return f"its chunks have more than the {MAX_CHUNK:,} bytes allowed"
    count = math.prod(-(-side // step) for side, step in zip(shape, chunk, strict=True))
    if count > _MAX_CHUNKS:
        return f"it is in {count:,} chunks, more than the {_MAX_CHUNKS:,} allowed"
    return "parts of it were never written" if stored < count else ""


class _Plain:
    """Numbers row by row, from a byte of a file on."""

    def __init__(
        self, path: Path, offset: int, shape: tuple[int, ...], dtype: np.dtype[Any]
    ) -> None:
        self._path, self._offset, self._shape, self._dtype = path, offset, shape, dtype

    def read(self, begin: int, end: int) -> NDArray[Any]:
        """See `Array.read`."""
        row = math.prod(self._shape[1:])
        content = np.fromfile(
            self._path,
            self._dtype,
            (end - begin) * row,
            offset=self._offset + begin * row * self._dtype.itemsize,
        )
        if content.size < (end - begin) * row:
            raise UnreadableImageError("cut off")
        return content.reshape(end - begin, *self._shape[1:])


class _Chunked:
    """Numbers in chunks, each compressed by itself; those read last are held."""

    def __init__(
        self,
        path: Path,
        inner: str,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        facts: Mapping[str, Any],
    ) -> None:
        self._path, self._inner, self._shape, self._dtype = path, inner, shape, dtype
        self._chunk = tuple(facts["chunk"])
        self._filters = facts["filters"]
        self._size = math.prod(self._chunk) * dtype.itemsize
        self._held: OrderedDict[tuple[int, ...], NDArray[Any]] = OrderedDict()
        self._places: dict[tuple[int, ...], tuple[int, int]] | None = None
        self._finding = threading.Lock()

    def read(self, begin: int, end: int) -> NDArray[Any]:
        """See `Array.read`."""
        made = np.empty((end - begin, *self._shape[1:]), self._dtype)
        first = begin // self._chunk[0] * self._chunk[0]
        starts = [range(first, end, self._chunk[0])] + [
            range(0, side, step)
            for side, step in zip(self._shape[1:], self._chunk[1:], strict=True)
        ]
        for start in product(*starts):
            chunk = self._unpacked(start)
            inside, outside = [], []
            for axis, at in enumerate(start):
                low, high = (begin, end) if axis == 0 else (0, self._shape[axis])
                a, b = max(at, low), min(at + self._chunk[axis], high)
                inside.append(slice(a - at, b - at))
                outside.append(slice(a - low, b - low))
            made[tuple(outside)] = chunk[tuple(inside)]
        return made

    def _unpacked(self, start: tuple[int, ...]) -> NDArray[Any]:
        with self._finding:
            if self._places is None:
                axes = len(self._shape)
                found = _index(self._path, self._inner)
                self._places = {tuple(one[:axes]): (one[axes], one[axes + 1]) for one in found}
            held = self._held.get(start)
            if held is not None:
                self._held.move_to_end(start)
                return held
            place = self._places.get(start)
        if place is None:
            raise UnreadableImageError("a piece of it was never written")
        chunk = self._decoded(*place).view(self._dtype).reshape(self._chunk)
        with self._finding:
            self._held[start] = chunk
            while len(self._held) > max(1, MAX_CHUNK // self._size):
                self._held.popitem(last=False)
        return chunk

    def _decoded(self, offset: int, size: int) -> NDArray[np.uint8]:
        if size > 2 * MAX_CHUNK:
            raise UnreadableImageError("a piece of it is damaged")
        with self._path.open("rb") as file:
            content = os.pread(file.fileno(), size, offset)
        for number in reversed(self._filters):
            if number == _DEFLATE:
                try:
                    content = zlib.decompressobj().decompress(content, self._size + 1)
                except zlib.error:
                    raise UnreadableImageError("a piece of it is damaged") from None
            elif len(content) == self._size:
                planes = np.frombuffer(content, np.uint8).reshape(self._dtype.itemsize, -1)
                content = planes.T.tobytes()
        if len(content) != self._size:
            raise UnreadableImageError("a piece of it is damaged or cut off")
        return np.frombuffer(content, np.uint8)
