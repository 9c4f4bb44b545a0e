"""A few images to records: the work of each process that converts."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from gantool.data import records
from gantool.data.conversion.reencode import encode, reencode
from gantool.data.decoding import UnreadableImageError
from gantool.data.fitting import Size
from gantool.data.undecoded import InFile, Undecoded, Unread, read

_OVERHEAD = len(records.frame(records.encode_example(b"", 0))) + 8
"""Bytes that a record has beside its image; the lengths of larger images take a few more."""

_PIXELS, _IMAGES = 1 << 20, 32
"""Of the results of a task at most: memory is bounded by the first, lost time by the second."""


@dataclass(frozen=True)
class Task:
    """Consecutive images of a source, for one process to convert; see `reencode`."""

    images: list[Undecoded | InFile]
    labels: tuple[int, ...] | None
    size: Size
    crop: Size | None


@dataclass
class Converted:
    """What became of a task.

    Attributes:
        data: framed records.
        records: how many.
        digests: the SHA-256 of each image and its label as they were, one after the other.
        skipped: the place in the task of each image that cannot be used, and why.
    """

    data: bytes = b""
    records: int = 0
    digests: bytes = b""
    skipped: list[tuple[int, str]] = field(default_factory=list)


def split(numbers: range, size: Size) -> Iterator[range]:
    """Numbers of consecutive images, as many as `size` allows whatever else is converted."""
    step = max(1, min(_IMAGES, _PIXELS // (size[0] * size[1])))
    for start in range(0, len(numbers), step):
        yield numbers[start : start + step]


def convert_task(task: Task) -> Converted:
    """Convert the images of a task."""
    task = replace(task, images=[read(image) for image in task.images])
    done = Converted(digests=digests(task))
    framed: list[bytes] = []
    for place, (image, label) in enumerate(_labelled(task)):
        try:
            record = _record(image, label, task)
        except UnreadableImageError as error:
            done.skipped.append((place, str(error)))
        else:
            framed.append(records.frame(record))
    done.data, done.records = b"".join(framed), len(framed)
    return done


def _record(image: Undecoded, label: int | None, task: Task) -> bytes:
    record = records.encode_example(_image(image, task.size, task.crop), label)
    # An image whose size is right already stays as it is.
    if len(record) > records.MAX_BYTES:
        raise UnreadableImageError(
            f"its record would have {len(record):,} bytes, more than the {records.MAX_BYTES:,}"
            " allowed"
        )
    return record


def digests(task: Task) -> bytes:
    """The SHA-256 of each image with its label, one after the other."""
    return b"".join(_digest(image, label) for image, label in _labelled(task))


def _labelled(task: Task) -> Iterator[tuple[Undecoded, int | None]]:
    return zip(map(read, task.images), task.labels or (None,) * len(task.images), strict=True)


def _digest(image: Undecoded, label: int | None) -> bytes:
    digest = hashlib.sha256(f"{label} ".encode())
    if isinstance(image, bytes):
        digest.update(image)
    elif not isinstance(image, Unread):
        digest.update(image.tobytes())
    return digest.digest()


def _image(image: Undecoded, size: Size, crop: Size | None) -> bytes:
    if isinstance(image, Unread):
        raise UnreadableImageError(image.reason)
    if isinstance(image, bytes):
        return reencode(image, size, crop, _OVERHEAD)
    return encode(image, size, crop)
