"""TFRecord files: the frame around each record, and the `tf.train.Example` inside it.

A record is framed as its length (8 bytes, little-endian), a checksum of these 8 bytes, the
bytes themselves and a checksum of them. There is no table of contents: `index` makes one by
going from length to length, and with it any record can be read alone. So a shuffled order is a
permutation of record numbers and needs no buffer.

Examples are encoded and decoded by protobuf's own parser (a dependency of TensorFlow), with the
three message types declared here. That costs neither TensorFlow's start (seconds, in each worker
process that converts images) nor a parser of ours, which would have to be as hardened against
damaged bytes as this one.
"""

import os
import struct
from array import array
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

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

IMAGE_FEATURES = ("image_raw", "image/encoded", "image")
"""Names under which an image's encoded bytes are found; the first is written."""

LABEL_FEATURES = ("label", "image/class/label")
"""Names under which an image's class number is found; the first is written."""

MAX_BYTES = 1 << 26
"""Of a record, with all that it holds."""

_MAX_FEATURES = 1000
"""Of a record. An empty one takes two bytes there, and hundreds as a message."""

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


def index(path: Path) -> NDArray[np.int64]:
    """Find all records of a file by going from header to header; their content is not read.

    Returns:
        [N, 2] int64: where the content of each record begins, and how many bytes it has.

    Raises:
        InputError: the file is compressed, is no TFRecord file, or a record (numbered from 0)
            has a damaged header, does not lie in the file whole or is longer than `MAX_BYTES`.
    """
    spans = array("q")  # starts and lengths: as objects they would take ten times the file
    with path.open("rb") as file:
        end = os.fstat(file.fileno()).st_size
        position = 0
        while position < end:
            head = os.pread(file.fileno(), _HEADER.size, position)
            number = len(spans) // 2
            length = _checked_length(head, path, number)
            start = position + _HEADER.size
            position = start + length + _CHECKSUM.size
            if position > end:
                raise _cut_off(path, number)
            if length > MAX_BYTES:
                raise InputError(
                    f"{path}: record {number} has {length:,} bytes, more than the {MAX_BYTES:,}"
                    " allowed"
                )
            spans.extend((start, length))
    return np.array(spans, np.int64).reshape(-1, 2)


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
        content = os.pread(self._handle, length + _CHECKSUM.size, start)
        record, checksum = content[:length], content[length:]
        return record if checksum == _CHECKSUM.pack(_masked_crc(record)) else None


class Example(NamedTuple):
    """What gantool reads of a `tf.train.Example`."""

    image: bytes | None
    label: int | None
    names: tuple[str, ...]
    """Of all features that it holds, sorted."""


def encode_example(image: bytes, label: int | None = None) -> bytes:
    """An encoded image, and its class number if there is one, as a `tf.train.Example`."""
    example, entry = _message("Example")(), _message("Entry")
    first = entry(key=IMAGE_FEATURES[0])
    first.value.bytes_list.value.append(image)
    example.features.feature.append(first.SerializeToString())
    if label is not None:
        second = entry(key=LABEL_FEATURES[0])
        second.value.int64_list.value.append(label)
        example.features.feature.append(second.SerializeToString())
    encoded: bytes = example.SerializeToString()
    return encoded


def decode_example(record: bytes) -> Example | None:
    """The image and the label of a `tf.train.Example`; None if the record is none.

    One of more than `_MAX_FEATURES` features counts as none.
    """
    try:
        found = _message("Example").FromString(record).features.feature
        if len(found) > _MAX_FEATURES:
            return None
        entries = map(_message("Entry").FromString, found)
        features = {entry.key: entry.value for entry in entries}
    except message.DecodeError:
        return None
    return Example(
        image=_first(features, IMAGE_FEATURES, "bytes_list"),
        label=_first(features, LABEL_FEATURES, "int64_list"),
        names=tuple(sorted(features)),
    )


def _first(features: dict[str, Any], names: Iterable[str], kind: str) -> Any:
    """The first value of the first of these features that has any of this kind."""
    for name in names:
        if name in features and (values := getattr(features[name], kind).value):
            return values[0]
    return None


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
message_type { name: "Feature"
  field { name: "bytes_list"  number: 1  type: TYPE_MESSAGE  type_name: ".gantool.BytesList" }
  field { name: "int64_list"  number: 3  type: TYPE_MESSAGE  type_name: ".gantool.Int64List" } }
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
