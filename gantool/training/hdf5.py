"""Numbers and text out of an HDF5 file that nobody vouches for.

HDF5 can point to other files, compute data sets, call filters from libraries, claim shapes without
storing them, and keep text of any length on a heap. Nothing of that is followed here: a value is
taken only from where it lies in the file itself, as plain numbers or text of a fixed length, and
only after its type and size were looked at.
"""

from __future__ import annotations

import mmap
import struct
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np

MAX_TEXT = 1 << 20
"""Bytes of a text."""

_SUPERBLOCK = b"\x89HDF\r\n\x1a\n" + bytes([0, 0, 0, 0, 0, 8, 8, 0])
"""How HDF5 begins that h5py writes: version 0, with offsets and lengths of 8 bytes."""

_HEAP = struct.Struct("<5s3xQ")
_HEAP_MAGIC = b"GCOL\x01"
_SMALLEST_HEAP = 4096

_MAX_DEPTH = 100
_LAYOUTS = (h5py.h5d.CONTIGUOUS, h5py.h5d.COMPACT)
_NUMBERS = frozenset(
    np.dtype(name)
    for name in (
        *("bool", "float16", "float32", "float64", "int8", "int16", "int32", "int64"),
        *("uint8", "uint16", "uint32", "uint64"),
    )
)


class UntrustedError(Exception):
    """Something in a file is not of the plain kind that is read; the text says what and where."""


def refuse_heaps(path: Path, start: int) -> None:
    """Raise UntrustedError where a file's HDF5 is not plain, or has a global heap.

    Text of any length and virtual data sets lie on such heaps. A damaged one can keep HDF5's
    library from ever coming back (1.14.6), as soon as what lies there is opened: so heaps are
    looked for by the bytes that they begin with, before that. Numbers that are these bytes by
    chance are one in 2⁷⁰.

    Args:
        path: Of the file.
        start: Where in it the HDF5 begins.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if content[start : start + len(_SUPERBLOCK)] != _SUPERBLOCK:
            raise UntrustedError("the HDF5 in it does not begin as ours")
        place = content.find(_HEAP_MAGIC)
        while place >= 0:
            if place + _HEAP.size <= len(content):
                _, size = _HEAP.unpack_from(content, place)
                if _SMALLEST_HEAP <= size <= len(content):
                    raise UntrustedError("it holds text or pointers on a heap")
            place = content.find(_HEAP_MAGIC, place + 1)


class Tree(NamedTuple):
    """What is in a file, by paths such as `generator/00_Dense/kernel`."""

    groups: list[str]
    data_sets: dict[str, h5py.Dataset]


def tree(file: h5py.File) -> Tree:
    """Look through a file.

    Raises:
        UntrustedError: A link leads elsewhere, an object comes twice, or groups nest too deep.
    """
    found = Tree([], {})
    _look_through(file, "", found, {_address(file)})
    return found


def _look_through(group: h5py.Group, prefix: str, found: Tree, seen: set[int]) -> None:
    for name in group:
        path = f"{prefix}{name}"
        if group.id.links.get_info(name.encode()).type != h5py.h5l.TYPE_HARD:
            raise UntrustedError(f"{path} is a link to elsewhere")
        item = group[name]
        address = _address(item)
        if address in seen:
            raise UntrustedError(f"{path} stands there twice")
        seen.add(address)
        if isinstance(item, h5py.Dataset):
            found.data_sets[path] = item
        elif isinstance(item, h5py.Group) and path.count("/") < _MAX_DEPTH:
            found.groups.append(path)
            _look_through(item, f"{path}/", found, seen)
        else:
            raise UntrustedError(f"{path} is neither a data set nor a group of some")


def _address(item: Any) -> int:
    address: int = h5py.h5o.get_info(item.id).addr
    return address


def numbers(stored: h5py.Dataset, shape: tuple[int, ...]) -> np.ndarray:
    """The numbers of a data set that has this shape.

    Raises:
        UntrustedError: It has another shape or type, or its numbers do not lie in the file.
    """
    if stored.dtype not in _NUMBERS:
        raise UntrustedError(f"{_name(stored)} holds no numbers")
    if tuple(stored.shape) != shape:
        raise UntrustedError(f"{_name(stored)} has shape {tuple(stored.shape)}, not {shape}")
    _refuse_elsewhere(stored)
    value: np.ndarray = stored[()]
    return value


def text(stored: h5py.Dataset) -> str:
    """The text that a data set is.

    Raises:
        UntrustedError: It is not one text of a fixed length of at most `MAX_TEXT` bytes in UTF-8.
    """
    _refuse_other_than_text(stored.id, _name(stored))
    _refuse_elsewhere(stored)
    return _decoded(stored[()], _name(stored))


def text_attribute(attributes: h5py.AttributeManager, name: str) -> str:
    """The text in the attribute of this name.

    Raises:
        UntrustedError: As `text` does.
        KeyError: There is no such attribute.
    """
    _refuse_other_than_text(attributes.get_id(name), name)
    return _decoded(attributes[name], name)


def _refuse_other_than_text(found: Any, name: str) -> None:
    # NumPy's S is text of a fixed length; what lies on a heap is an object.
    if found.shape != () or found.dtype.kind != "S" or found.dtype.itemsize > MAX_TEXT:
        raise UntrustedError(f"{name} is not a text")


def _decoded(value: bytes, name: str) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        raise UntrustedError(f"{name} is not text in UTF-8") from None


def number(attributes: h5py.AttributeManager, name: str) -> Any:
    """The number in the attribute of this name.

    Raises:
        UntrustedError: It is not one plain number.
        KeyError: There is no such attribute.
    """
    found = attributes.get_id(name)
    if found.shape != () or found.dtype not in _NUMBERS:
        raise UntrustedError(f"{name} is not a number")
    return attributes[name].item()


def _refuse_elsewhere(stored: h5py.Dataset) -> None:
    """Raise UntrustedError where the content of a data set does not lie in the file as it is."""
    how = stored.id.get_create_plist()
    if how.get_layout() not in _LAYOUTS or how.get_external_count() or how.get_nfilters():
        raise UntrustedError(f"{_name(stored)} does not lie in the file as plain numbers")


def _name(stored: h5py.Dataset) -> str:
    return str(stored.name).lstrip("/")
