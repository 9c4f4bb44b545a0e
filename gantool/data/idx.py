"""IDX files, the format of MNIST: a big-endian header, then bytes; plain or compressed by gzip.

Header: two zero bytes, the type of the numbers (8: unsigned bytes), the number of dimensions,
then each dimension as four bytes.
"""

import gzip
import math
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from gantool.errors import InputError

GZIP_MAGIC = b"\x1f\x8b"
_UNSIGNED_BYTES = b"\x00\x00\x08"

MAX_BYTES = 1 << 30
"""Of the data of a file, which are held in memory; a small gzip file can unfold to any size."""

_MAX_DIMENSIONS = 4

Stream = BinaryIO | gzip.GzipFile


def is_idx(head: bytes) -> bool:
    """Whether a file whose (decompressed) content begins with `head` holds IDX bytes."""
    return head[:3] == _UNSIGNED_BYTES


def peek(path: Path, count: int) -> bytes:
    """The first `count` bytes of a file's content, decompressed if it is a gzip file.

    Raises:
        InputError: the file is damaged.
    """
    with _opened(path) as stream:
        return stream.read(count)


def shape(path: Path) -> tuple[int, ...]:
    """The dimensions that an IDX file states, without reading its numbers.

    Raises:
        InputError: the file is no IDX file of unsigned bytes, is damaged, or is beyond a limit.
    """
    with _opened(path) as stream:
        return _read_shape(stream, path)


def read(path: Path) -> NDArray[np.uint8]:
    """Read an IDX file of unsigned bytes, of the shape that its header states.

    Raises:
        InputError: the file is no IDX file of unsigned bytes, is truncated or otherwise damaged,
            is longer than its header says, or is beyond a limit.
    """
    with _opened(path) as stream:
        dimensions = _read_shape(stream, path)
        count = math.prod(dimensions)
        content = stream.read(count)
        if len(content) < count:
            raise InputError(
                f"{path}: the file is cut off: its header announces {count:,} bytes of data and"
                f" {len(content):,} are there; copy or download it again"
            )
        if stream.read(1):
            raise InputError(
                f"{path}: the file is longer than the {count:,} bytes of data that its header"
                " announces; copy or download it again"
            )
    return np.frombuffer(content, np.uint8).reshape(dimensions)


def _read_shape(stream: Stream, path: Path) -> tuple[int, ...]:
    magic = stream.read(4)
    if len(magic) < 4 or not is_idx(magic):
        found = f"begins with {magic.hex(' ')}" if magic else "is empty"
        raise InputError(
            f"{path}: not an IDX file of unsigned bytes: it {found}, where 00 00 08 is expected"
        )
    if magic[3] > _MAX_DIMENSIONS:
        raise InputError(
            f"{path}: {magic[3]} dimensions are more than the {_MAX_DIMENSIONS} allowed"
        )
    header = stream.read(4 * magic[3])
    if len(header) < 4 * magic[3]:
        raise InputError(f"{path}: the file is cut off in its header; copy or download it again")
    dimensions = tuple(np.frombuffer(header, ">u4").tolist())
    if math.prod(dimensions) > MAX_BYTES:
        raise InputError(
            f"{path}: its header announces {math.prod(dimensions):,} bytes of data, more than the"
            f" {MAX_BYTES:,} allowed"
        )
    return dimensions


@contextmanager
def _opened(path: Path) -> Iterator[Stream]:
    with path.open("rb") as raw:
        zipped = raw.read(2) == GZIP_MAGIC
        raw.seek(0)
        try:
            if not zipped:
                yield raw
            else:
                with gzip.open(raw) as stream:
                    yield stream
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise InputError(
                f"{path}: the gzip file is cut off or damaged ({error}); copy or download it again"
            ) from None
