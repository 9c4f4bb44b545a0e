"""TFRecord files: the frame around each record, and the `tf.train.Example` inside it.

A record is framed as its length (8 bytes, little-endian), a checksum of these 8 bytes, the
bytes themselves and a checksum of them. There is no table of contents: `index` makes one by
going from length to length, and with it any record can be read alone. So a shuffled order is a
permutation of record numbers and needs no buffer.

Examples are encoded and decoded by protobuf's own parser (a dependency of TensorFlow), with the
message types declared here. That costs neither TensorFlow's start (seconds, in each worker
process that converts images) nor a parser of ours, which would have to be as hardened against
damaged bytes as this one.
"""

import gzip
import os
import struct
import zlib
from array import array
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import google_crc32c
import numpy as np
from google.protobuf import (  # type: ignore[import-untyped]
    descriptor_pb2,
    descriptor_pool,
    message,
    message_factory,
    text_format,
)
from numpy.typing import NDArray

from gantool.data.idx import GZIP_MAGIC
from gantool.errors import InputError

IMAGE = "image_raw"
"""The feature that an image is written under."""

LABEL = "label"
"""The feature that a class number is written under."""

MAX_BYTES = 1 << 26
"""Of a record, with all that it holds."""

MAX_UNPACKED_BYTES = 1 << 30
"""Of compressed files, which are held unpacked: inside a gzip there is no way to a record."""

_MAX_FEATURES = 1000
"""Of a record. An empty one takes two bytes there, and hundreds as a message."""

_PIECE = 1 << 20

_HEADER = struct.Struct("<QI")
_CHECKSUM = struct.Struct("<I")


def frame(record: bytes) -> bytes:
    """A record with its length and checksums around it."""
    length = struct.pack("<Q", len(record))
    checksums = _CHECKSUM.pack(_masked_crc(length)), _CHECKSUM.pack(_masked_crc(record))
    return length + checksums[0] + record + checksums[1]


def is_tfrecord(head: bytes) -> bool:
    """Whether a file that begins with `head` (12 bytes or more) is a TFRecord file."""
    return len(head) >= _HEADER.size and _length(head) is not None


def is_gzip(path: Path) -> bool:
    """Whether a file is compressed by gzip."""
    with path.open("rb") as file:
        return file.read(2) == GZIP_MAGIC


def index(path: Path) -> NDArray[np.int64]:
    """Find all records of a file by going from header to header; their content is not read.

    Returns:
        [N, 2] int64: where the content of each record begins, and how many bytes it has.

    Raises:
        InputError: the file is compressed, is no TFRecord file, or a record (numbered from 0)
            has a damaged header, does not lie in the file whole or is longer than `MAX_BYTES`.
    """
    with path.open("rb") as file:
        handle = file.fileno()
        return _index(lambda at, count: os.pread(handle, count, at), os.fstat(handle).st_size, path)


def _index(read: Callable[[int, int], bytes], end: int, path: Path) -> NDArray[np.int64]:
    """See `index`; `read` gives bytes by their place and number."""
    spans = array("q")  # starts and lengths: as objects they would take ten times the file
    position = 0
    while position < end:
        number = len(spans) // 2
        length = _checked_length(read(position, _HEADER.size), path, number)
        start = position + _HEADER.size
        position = start + length + _CHECKSUM.size
        if position > end:
            raise _cut_off(path, number)
        if length > MAX_BYTES:
            raise InputError(
                f"{path}: record {number} has {length:,} bytes, more than the {MAX_BYTES:,} allowed"
            )
        spans.extend((start, length))
    return np.array(spans, np.int64).reshape(-1, 2)


class UnpackedFile:
    """A file compressed by gzip, unpacked in memory.

    Attributes:
        spans: See `index`.
        size: Bytes, unpacked.

    Raises:
        InputError: It is damaged, or has more than `at_most` bytes; or see `index`.
        OSError: It cannot be read.
    """

    def __init__(self, path: Path, at_most: int) -> None:
        content = bytearray()
        try:
            with gzip.open(path) as stream:
                while len(content) <= at_most and (piece := stream.read(_PIECE)):
                    content += piece
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise InputError(
                f"{path}: the gzip file is cut off or damaged ({error}); copy or download it again"
            ) from None
        if len(content) > at_most:
            raise InputError(
                f"{path}: with it the compressed records have more than the"
                f" {MAX_UNPACKED_BYTES:,} bytes that are held unpacked; decompress the files"
                " (gunzip): they are read where they lie then"
            )
        self._content = memoryview(content)
        self.size = len(content)
        self.spans = _index(lambda at, count: bytes(content[at : at + count]), len(content), path)

    def read(self, start: int, length: int) -> bytes | None:
        """See `OpenFile.read`."""
        return _checked(bytes(self._content[start : start + length + _CHECKSUM.size]), length)


class OpenFile:
    """A file to read records from; closed when nobody holds it any more.

    Raises:
        OSError: it cannot be opened.
    """

    _handle = -1

    def __init__(self, path: Path) -> None:
        self._handle = os.open(path, os.O_RDONLY)

    def __del__(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)

    def read(self, start: int, length: int) -> bytes | None:
        """Read one record that `index` found; None if its bytes are not those that were written.

        Raises:
            OSError: the file cannot be read.
        """
        return _checked(self.plain(start, length + _CHECKSUM.size), length)

    def plain(self, start: int, length: int) -> bytes:
        """Read bytes as they lie there; fewer at the end of the file.

        Raises:
            OSError: the file cannot be read.
        """
        return os.pread(self._handle, length, start)


def _checked(content: bytes, length: int) -> bytes | None:
    record, checksum = content[:length], content[length:]
    return record if checksum == _CHECKSUM.pack(_masked_crc(record)) else None


class Feature(NamedTuple):
    """A feature of a `tf.train.Example`: the kind of its values, and these."""

    kind: Literal["bytes", "float", "int64"]
    values: Sequence[Any]


def encode_example(image: bytes, label: int | None = None) -> bytes:
    """An encoded image, and its class number if there is one, as a `tf.train.Example`."""
    example, entry = _message("Example")(), _message("Entry")
    first = entry(key=IMAGE)
    first.value.bytes_list.value.append(image)
    example.features.feature.append(first.SerializeToString())
    if label is not None:
        second = entry(key=LABEL)
        second.value.int64_list.value.append(label)
        example.features.feature.append(second.SerializeToString())
    encoded: bytes = example.SerializeToString()
    return encoded


def decode_example(record: bytes) -> Mapping[str, Feature] | None:
    """The features of a `tf.train.Example` that hold any value; None if the record is none.

    One of more than `_MAX_FEATURES` features counts as none.
    """
    try:
        found = _message("Example").FromString(record).features.feature
        if len(found) > _MAX_FEATURES:
            return None
        entries = list(map(_message("Entry").FromString, found))
    except message.DecodeError:
        return None
    features = {}
    for entry in entries:
        if (kind := entry.value.WhichOneof("kind")) is not None:
            values = getattr(entry.value, kind).value
            if values:
                features[entry.key] = Feature(kind.removesuffix("_list"), values)
    return features


def _masked_crc(data: bytes) -> int:
    crc: int = google_crc32c.value(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def _length(head: bytes) -> int | None:
    length: int
    length, checksum = _HEADER.unpack_from(head)
    return length if checksum == _masked_crc(head[:8]) else None


def _checked_length(head: bytes, path: Path, number: int) -> int:
    if len(head) < _HEADER.size and number > 0:
        raise _cut_off(path, number)
    length = _length(head) if len(head) == _HEADER.size else None
    if length is not None:
        return length
    if number > 0:
        raise InputError(f"{path}: record {number} has a damaged header; copy the file again")
    if head.startswith(GZIP_MAGIC):
        raise InputError(
            f"{path}: a TFRecord file compressed by gzip; decompress it (gunzip) first"
        )
    if head[:1] == b"\x78" and int.from_bytes(head[:2], "big") % 31 == 0:
        raise InputError(
            f"{path}: a TFRecord file compressed by zlib, or none; write it uncompressed or as GZIP"
        )
    raise InputError(f"{path}: not a TFRecord file, or damaged in its first bytes")


def _cut_off(path: Path, number: int) -> InputError:
    return InputError(f"{path}: the file is cut off in record {number}; copy it again")


# The original's map of features is declared as the repeated entries that it is on the wire, so
# features are written in the order in which they are added: equal input, equal bytes. The entries
# are bytes at first, and messages once their number is known.
_SCHEMA = """
name: "gantool/example.proto"  package: "gantool"  syntax: "proto3"
message_type { name: "BytesList"
  field { name: "value"       number: 1  label: LABEL_REPEATED  type: TYPE_BYTES } }
message_type { name: "Int64List"
  field { name: "value"       number: 1  label: LABEL_REPEATED  type: TYPE_INT64 } }
message_type { name: "FloatList"
  field { name: "value"       number: 1  label: LABEL_REPEATED  type: TYPE_FLOAT } }
message_type { name: "Feature"  oneof_decl { name: "kind" }
  field { name: "bytes_list"  number: 1  type: TYPE_MESSAGE  type_name: ".gantool.BytesList"
          oneof_index: 0 }
  field { name: "float_list"  number: 2  type: TYPE_MESSAGE  type_name: ".gantool.FloatList"
          oneof_index: 0 }
  field { name: "int64_list"  number: 3  type: TYPE_MESSAGE  type_name: ".gantool.Int64List"
          oneof_index: 0 } }
message_type { name: "Entry"
  field { name: "key"         number: 1  type: TYPE_STRING }
  field { name: "value"       number: 2  type: TYPE_MESSAGE  type_name: ".gantool.Feature" } }
message_type { name: "Features"
  field { name: "feature"     number: 1  label: LABEL_REPEATED  type: TYPE_BYTES } }
message_type { name: "Example"
  field { name: "features"    number: 1  type: TYPE_MESSAGE  type_name: ".gantool.Features" } }
"""


@cache
def _message(name: str) -> Any:
    pool = descriptor_pool.DescriptorPool()
    pool.Add(text_format.Parse(_SCHEMA, descriptor_pb2.FileDescriptorProto()))
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"gantool.{name}"))
