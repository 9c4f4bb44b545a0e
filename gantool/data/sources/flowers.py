"""Flowers102: a folder of images, whose classes stand in a file of MATLAB beside it."""

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from gantool.data.sources.choice import Choice
from gantool.data.sources.classes import Labels, classify
from gantool.data.sources.files import FolderSource
from gantool.errors import InputError

_NUMBER = re.compile(r"image_(\d+)")

_MAX_BYTES = 1 << 20
"""Of the file of labels, and of what is in it; the right one has 502."""

_COMPRESSED = 15
_NUMBERS = {1: "i1", 2: "u1", 3: "<i2", 4: "<u2", 5: "<i4", 6: "<u4"}
"""Types of elements of a MATLAB file."""


def flowers_source(folder: Path, name: str, choice: Choice) -> FolderSource:
    """Open the images of an unpacked folder `jpg`, with the labels of `imagelabels.mat` beside it.

    Raises:
        InputError: the folder holds no images, the label file is damaged, or an image has none.
    """
    own = choice.labels is True
    source = FolderSource(folder, name, replace(choice, labels=False) if own else choice)
    if own:
        found = classify(_labels(source, folder.with_name("imagelabels.mat")), name, choice.classes)
        source.labels, source.classes = found.labels, found.names
        source.notes = (*source.notes, *found.notes)
    return source


def _labels(source: FolderSource, path: Path) -> Labels:
    """[N] int32 from 0 on, where the file counts from 1; image n has the n-th of its labels."""
    known = _read(path)
    numbers = [_NUMBER.fullmatch(Path(source.place(index)).stem) for index in range(len(source))]
    for index, number in enumerate(numbers):
        if number is None or not 1 <= int(number[1]) <= len(known):
            raise InputError(
                f"{source.where(index)}: {path} has no label for it (labels of image_00001 to"
                f" image_{len(known):05d}); remove the image, or set data.labels to false"
            )
    return known[[int(number[1]) - 1 for number in numbers if number is not None]]


def _read(path: Path) -> Labels:
    """The labels of MATLAB's file of level 5, from 0 on."""
    try:
        labels = _only_array(path.read_bytes()[:_MAX_BYTES]) - 1
        if labels.min() < 0:
            raise ValueError(f"they count from 1, and one is {labels.min() + 1}")
    except (struct.error, zlib.error, ValueError, KeyError) as error:
        raise InputError(
            f"{path}: the labels of Flowers102 cannot be read from it ({error}); run"
            " `gantool download flowers102` again"
        ) from None
    return labels


def _only_array(content: bytes) -> Labels:
    """The whole numbers of the one array in a MATLAB file of level 5, little-endian.

    From MathWorks' "MAT-File Format": a header of 128 bytes, then the array as an element, which
    may be compressed and holds elements of its own: flags, dimensions, name, numbers.
    """
    [(kind, array)] = _elements(content[128:])
    if kind == _COMPRESSED:
        [(_, array)] = _elements(zlib.decompressobj().decompress(array, _MAX_BYTES))
    *_, (number, numbers) = _elements(array)
    return np.frombuffer(numbers, _NUMBERS[number]).astype(np.int32)


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
