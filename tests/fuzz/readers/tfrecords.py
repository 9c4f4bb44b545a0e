"""TFRecord files, and the examples in their records."""

from __future__ import annotations

import gzip
import struct

from gantool.data import records
from gantool.data.records import OpenFile, decode_example, encode_example, frame
from gantool.data.sources.choice import Choice
from gantool.data.sources.tfrecord import TFRecordSource
from gantool.errors import GantoolError

from .. import scratch
from ..limits import is_a_line

_RECORDS = 50


def target(data: bytes) -> None:
    """Read a file as it is, with its checksums mended, and as one record."""
    for form in dict.fromkeys((data, stamped(data), frame(data))):
        _read(form)


def stamped(data: bytes) -> bytes:
    """The file with the right checksums around as many records as its lengths lead to."""
    made, place = bytearray(data), 0
    while place + 12 <= len(made):
        (length,) = struct.unpack_from("<Q", made, place)
        content = bytes(made[place + 12 : place + 12 + min(length, len(made))])
        whole = frame(content)
        made[place + 8 : place + 12] = frame(bytes(made[place : place + 8]))[-4:]
        if place + 16 + length > len(made):
            break
        made[place + 12 + length : place + 16 + length] = whole[-4:]
        place += 16 + length
    return bytes(made)


def _read(data: bytes) -> None:
    path = scratch.file("x.tfrecord", data)
    try:
        spans = records.index(path)
    except GantoolError as error:
        is_a_line(error)
        return
    opened = OpenFile(path)
    for start, length in spans[:_RECORDS].tolist():
        assert start + length <= len(data)
        content = opened.read(start, length)
        if content is not None:
            decode_example(content)
    for labelled in (False, True):
        try:
            source = TFRecordSource([path], "x", Choice(labelled))
            assert (source.labels is not None) == labelled
            for index in range(min(len(source), _RECORDS)):
                source.encoded(index)
        except GantoolError as error:
            is_a_line(error)


def lying(length: int, content: bytes) -> bytes:
    """A record whose length is a lie with the right checksum."""
    stated = struct.pack("<Q", length)
    return stated + frame(stated)[-4:] + content


def seeds() -> list[bytes]:
    """Files of gantool, and some with lengths that lie."""
    one, two = encode_example(b"image", 3), encode_example(b"\x89PNG")
    return [
        frame(one),
        frame(one) + frame(two) + frame(b""),
        frame(one.replace(b"label", b"lapel")),
        one,
        two,
        lying(1 << 62, one),
        lying(len(one) + 1, one) + frame(two),
        lying((1 << 64) - 16, one),
        b"\x1f\x8b\x08",
        gzip.compress(frame(one) + frame(two), mtime=0),
    ]
