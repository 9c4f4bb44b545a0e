"""Arrays in files of NumPy: .npy, and .npz, a zip of them. Pickled objects are never read."""

from __future__ import annotations

import math
import struct
import threading
import zipfile
import zlib
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from gantool.data.decoding import UnreadableImageError
from gantool.data.sources.array_names import array_source, is_label_name
from gantool.data.sources.arrays import Array, ArraySource, misfit
from gantool.data.sources.choice import Choice
from gantool.data.sources.splits import split_of
from gantool.errors import InputError, printable

MAGIC = b"\x93NUMPY"

MAX_UNPACKED_BYTES = 1 << 30
"""Of a compressed array, which is held in memory whole."""

_MAX_ARRAYS = 1000
_MAX_HEADER = 10_000
"""Bytes; NumPy's own limit."""
_MAX_AXES = 8
_LOCAL = struct.Struct("<4s22xHH")
_DAMAGED = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, NotImplementedError)


def npy_source(
    paths: Sequence[Path], name: str, choice: Choice, notes: tuple[str, ...] = ()
) -> ArraySource:
    """Open the images of .npy files, which are mapped into memory; labels lie beside them.

    Raises:
        InputError: A file is damaged; or see `array_source`.
    """
    arrays = {path.stem: mapped(path) for path in paths}
    if len(paths) > 1 or not choice.labelled:
        return array_source(arrays, name, choice, notes, pieces=True)
    [path] = paths
    if (reason := misfit(arrays[path.stem])) is not None:
        raise InputError(f"{arrays[path.stem]}: {reason}")
    beside = sorted(
        other
        for other in path.parent.glob("*.npy")
        if is_label_name(other.stem) and split_of(other.stem) == split_of(path.stem)
    )
    arrays |= {other.stem: mapped(other) for other in beside[:_MAX_ARRAYS]}
    return array_source(arrays, name, choice, notes)


def npz_source(path: Path, name: str, choice: Choice, notes: tuple[str, ...] = ()) -> ArraySource:
    """Open the images of an .npz file: mapped into memory, or unpacked where it is compressed.

    Raises:
        InputError: The file is damaged, or holds more than is unpacked; or see `array_source`.
    """
    arrays = {}
    try:
        with zipfile.ZipFile(path) as packed:
            members = [info for info in packed.infolist() if info.filename.endswith(".npy")]
            for info in members[:_MAX_ARRAYS]:
                inner = info.filename.removesuffix(".npy")
                arrays[inner] = _member(path, packed, info, f"{path}: {printable(inner)}")
    except _DAMAGED as error:
        raise InputError(
            f"{path}: no .npz file, or a damaged one ({error}); copy it again"
        ) from None
    return array_source(arrays, name, choice, notes)


def holds_arrays(path: Path) -> bool:
    """Whether a zip is an .npz file: all that it holds are .npy files."""
    try:
        with zipfile.ZipFile(path) as packed:
            names = packed.namelist()
    except _DAMAGED:
        return False
    return bool(names) and all(name.endswith(".npy") for name in names)


def mapped(path: Path) -> Array:
    """The array of a .npy file, mapped into memory.

    Raises:
        InputError: It is damaged, or none.
    """
    with path.open("rb") as file:
        shape, column_major, dtype, start = _header(file, str(path))
    return _in_file(path, str(path), start, shape, column_major, dtype)


def _in_file(
    path: Path,
    name: str,
    start: int,
    shape: tuple[int, ...],
    column_major: bool,
    dtype: np.dtype[Any],
) -> Array:
    """An array whose numbers lie plain in a file, from a byte on."""
    size = math.prod(shape) * dtype.itemsize
    there = path.stat().st_size - start
    if size > there:
        raise InputError(
            f"{name}: cut off: its header announces {size:,} bytes, and {max(there, 0):,} are"
            " there; copy it again"
        )
    if size == 0:
        return Array(name, shape, dtype, lambda *_: np.empty((0, *shape[1:]), dtype))
    order = "F" if column_major else "C"
    numbers = np.memmap(path, dtype, "r", start, shape or (1,), order)  # type: ignore[call-overload]
    return Array(name, shape, dtype, lambda begin, end: np.asarray(numbers[begin:end]))


def _header(file: IO[bytes], name: str) -> tuple[tuple[int, ...], bool, np.dtype[Any], int]:
    """Shape, whether it is stored column by column, type, and where the numbers begin."""
    head = BytesIO(file.read(_MAX_HEADER))  # a header may claim to be of any length
    try:
        version = npy.read_magic(head)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, column_major, dtype = read(head)
    # A damaged header makes its parser raise nearly anything.
    except Exception:
        raise InputError(f"{name}: not a .npy file, or damaged in its header") from None
    if dtype.hasobject:
        raise InputError(
            f"{name}: it holds Python objects, which can run code when they are read and never are;"
            " save an array of numbers"
        )
    odd = dtype.fields or dtype.subdtype or not dtype.itemsize or len(shape) > _MAX_AXES
    if odd or any(not 0 <= side < 1 << 40 for side in shape):
        raise InputError(f"{name}: not an array of plain numbers")
    return tuple(map(int, shape)), bool(column_major), dtype, head.tell()


def _member(path: Path, packed: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> Array:
    if info.flag_bits & 0x1:
        raise InputError(f"{name}: it is encrypted; save it again without a password")
    with packed.open(info) as member:
        shape, column_major, dtype, header = _header(member, name)
    size = math.prod(shape) * dtype.itemsize
    if info.compress_type == zipfile.ZIP_STORED:
        with path.open("rb") as file:
            file.seek(info.header_offset)
            magic, names, extra = _LOCAL.unpack(file.read(_LOCAL.size))
        if magic != b"PK\x03\x04" or header + size != info.file_size:
            raise InputError(f"{name}: damaged: its length is not that of its header")
        start = info.header_offset + _LOCAL.size + names + extra + header
        return _in_file(path, name, start, shape, column_major, dtype)
    unpacked = _Unpacked(path, info, header, shape, column_major, dtype)
    problem = ""
    if size > MAX_UNPACKED_BYTES:
        problem = (
            f"it is compressed and has {size:,} bytes, more than the {MAX_UNPACKED_BYTES:,} that"
            " are held in memory; save it by numpy.savez or numpy.save, which is read where it lies"
        )
    elif info.compress_type != zipfile.ZIP_DEFLATED:
        problem = "it is packed in a way that is not read; save it by numpy.savez_compressed"
    return Array(name, shape, dtype, unpacked.read, problem)


class _Unpacked:
    """A compressed array, at most `MAX_UNPACKED_BYTES` of it; unpacked at the first use."""

    def __init__(
        self,
        path: Path,
        info: zipfile.ZipInfo,
        header: int,
        shape: tuple[int, ...],
        column_major: bool,
        dtype: np.dtype[Any],
    ) -> None:
        self._path, self._info, self._header = path, info, header
        self._shape, self._order, self._dtype = shape, "F" if column_major else "C", dtype
        self._array: NDArray[Any] | None = None
        self._unpacking = threading.Lock()

    def read(self, begin: int, end: int) -> NDArray[Any]:
        """See `Array.read`."""
        with self._unpacking:
            if self._array is None:
                self._array = self._unpack()
        return self._array[begin:end]

    def _unpack(self) -> NDArray[Any]:
        content = np.empty(math.prod(self._shape) * self._dtype.itemsize, np.uint8)
        try:
            with zipfile.ZipFile(self._path) as packed, packed.open(self._info) as member:
                member.read(self._header)
                filled = 0
                while filled < content.size and (piece := member.read(1 << 20)):
                    content[filled : filled + len(piece)] = np.frombuffer(piece, np.uint8)
                    filled += len(piece)
                whole = filled == content.size and not member.read(1)
        except _DAMAGED as error:
            raise UnreadableImageError(f"damaged in the zip file ({error})") from None
        if not whole:
            raise UnreadableImageError("damaged: its length is not that of its header")
        return content.view(self._dtype).reshape(self._shape, order=self._order)  # type: ignore[call-overload,no-any-return]
