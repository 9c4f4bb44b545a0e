"""Flowers102: a folder of images, whose classes stand in a file of MATLAB beside it."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gantool.data.sources.base import Labels, numbered_classes
from gantool.data.sources.files import FolderSource
from gantool.errors import InputError

_NUMBER = re.compile(r"image_(\d+)")

_MAX_BYTES = 1 << 20
"""Of the file of labels, and of what is in it; the right one has 502."""

_ARRAY, _COMPRESSED = 14, 15
_NUMBERS = {1: "i1", 2: "u1", 3: "<i2", 4: "<u2", 5: "<i4", 6: "<u4"}
"""Types of elements of a MATLAB file."""


def flowers_source(folder: Path, name: str, labelled: bool) -> FolderSource:
    """Open the images of an unpacked folder `jpg`, with the labels of `imagelabels.mat` beside it.

    Raises:
        InputError: the folder holds no images, the label file is damaged, or an image has none.
    """
    source = FolderSource(folder, name, labelled=False)
    if labelled:
        source.labels = _labels(source, folder.with_name("imagelabels.mat"))
        source.classes = numbered_classes(source.labels)
    return source


def _labels(source: FolderSource, path: Path) -> Labels:
    """[N] int32 from 0 on, where the file counts from 1; image n has the n-th of its labels."""
    known = _read(path)
    numbers = [_NUMBER.fullmatch(Path(source.where(index)).stem) for index in range(len(source))]
    for index, number in enumerate(numbers):
        if number is None or not 1 <= int(number[1]) <= len(known):
            raise InputError(
                f"{source.where(index)}: {path} has no label for it (labels of image_00001 to"
                f" image_{len(known):05d}); remove the image, or set data.labels to false"
            )
    return known[[int(number[1]) - 1 for number in numbers if number is not None]]


def _read(path: Path) -> Labels:
    try:
        labels = _matlab_vector(path.read_bytes()[:_MAX_BYTES], b"labels")
        smallest = int(labels.min())
    except (struct.error, zlib.error, ValueError, KeyError) as error:
        raise InputError(
            f"{path}: the labels of Flowers102 cannot be read from it ({error}); run"
            " `gantool download flowers102` again"
        ) from None
    if smallest < 1:
        raise InputError(f"{path}: the labels of Flowers102 count from 1, and one is {smallest}")
    return labels.astype(np.int32) - 1


def _matlab_vector(content: bytes, name: bytes) -> NDArray[np.integer[Any]]:
    """The whole numbers of one array of a MATLAB file of level 5, little-endian.

    From MathWorks' "MAT-File Format": a header of 128 bytes, then elements; one of an array holds
    elements of its own: flags, dimensions, name, numbers.

    Raises:
        ValueError, KeyError, struct.error, zlib.error: the file is damaged, or holds no such array.
    """
    if content[124:128] != b"\x00\x01IM":
        raise ValueError("not a MATLAB file of level 5")
    for kind, element in _elements(content[128:]):
        if kind == _COMPRESSED:
            unpacked = zlib.decompressobj().decompress(element, _MAX_BYTES)
            [(kind, element)] = _elements(unpacked)
        if kind == _ARRAY:
            _, _, (_, found), (number, numbers) = _elements(element)
            if found == name:
                return np.frombuffer(numbers, _NUMBERS[number])
    raise ValueError(f"it holds no {name.decode()}")


def _elements(content: bytes) -> Iterator[tuple[int, bytes]]:
    """The type and the content of each element."""
    while content:
        kind, size = struct.unpack_from("<II", content)
        start, end = 8, 8 + size
        if kind > 0xFFFF:  # a small one: its size beside its type, up to four bytes behind them
            kind, size = kind & 0xFFFF, kind >> 16
            start, end = 4, 4 + size
        if end > len(content):
            raise ValueError("it is cut off")
        yield kind, content[start:end]
        content = content[end if kind == _COMPRESSED else -(-end // 8) * 8 :]
