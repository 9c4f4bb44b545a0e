"""A few images to records: the work of each process that converts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from gantool.data import records
from gantool.data.conversion.reencode import Size, encode, reencode
from gantool.data.images import UnreadableImageError
from gantool.data.originals import InFile, Original, Unread, read

_OVERHEAD = len(records.frame(records.encode_example(b"", 0))) + 8
"""Bytes that a record has beside its image; the lengths of larger images take a few more."""

_PIXELS, _IMAGES = 1 << 20, 32
"""Of the results of a piece at most: memory is bounded by the first, lost time by the second."""


@dataclass(frozen=True)
class Piece:
    """Consecutive images of a source.

    Attributes:
        originals: the images, or their files.
        labels: one each; None for none.
        size: of each result.
        crop: see `reencode`.
    """

    originals: list[Original | InFile]
    labels: tuple[int, ...] | None
    size: Size
    crop: Size | None


@dataclass
class Converted:
    """What became of a piece.

    Attributes:
        data: framed records.
        records: how many.
        digests: the SHA-256 of each image and its label as they were, one after the other.
        skipped: the place in the piece of each image that cannot be used, and why.
    """

    data: bytes = b""
    records: int = 0
    digests: bytes = b""
    skipped: list[tuple[int, str]] = field(default_factory=list)


def split(numbers: range, size: Size) -> Iterator[range]:
    """Pieces whose results are of a size that depends on nothing but their own `size`."""
    step = max(1, min(_IMAGES, _PIXELS // (size[0] * size[1])))
    for start in range(0, len(numbers), step):
        yield numbers[start : start + step]


def convert_piece(piece: Piece) -> Converted:
    """Convert the images of a piece."""
    piece = replace(piece, originals=[read(original) for original in piece.originals])
    done = Converted(digests=digests(piece))
    framed: list[bytes] = []
    for place, (original, label) in enumerate(_labelled(piece)):
        try:
            record = _record(original, label, piece)
        except UnreadableImageError as error:
            done.skipped.append((place, str(error)))
        else:
            framed.append(records.frame(record))
    done.data, done.records = b"".join(framed), len(framed)
    return done


def _record(original: Original, label: int | None, piece: Piece) -> bytes:
    record = records.encode_example(_image(original, piece.size, piece.crop), label)
    # An image whose size is right already stays as it is.
    if len(record) > records.MAX_BYTES:
        raise UnreadableImageError(
            f"its record would have {len(record):,} bytes, more than the {records.MAX_BYTES:,}"
            " allowed"
        )
    return record


def digests(piece: Piece) -> bytes:
    """The SHA-256 of each image with its label, one after the other."""
    return b"".join(_digest(original, label) for original, label in _labelled(piece))


def _labelled(piece: Piece) -> Iterator[tuple[Original, int | None]]:
    return zip(
        map(read, piece.originals), piece.labels or (None,) * len(piece.originals), strict=True
    )


def _digest(original: Original, label: int | None) -> bytes:
    digest = hashlib.sha256(f"{label} ".encode())
    if isinstance(original, bytes):
        digest.update(original)
    elif not isinstance(original, Unread):
        digest.update(original.tobytes())
    return digest.digest()


def _image(original: Original, size: Size, crop: Size | None) -> bytes:
    if isinstance(original, Unread):
        raise UnreadableImageError(original.reason)
    if isinstance(original, bytes):
        return reencode(original, size, crop, _OVERHEAD)
    return encode(original, size, crop)
