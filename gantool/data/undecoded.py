"""Images as they lie in a source, on their way to the process that decodes them.

What a source holds open or in memory is there once, in one process, however many cores decode; a
file of its own is read by the process that decodes it. That one imports no source, so that it
starts fast.
"""

import os
import stat
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from gantool.data.decoding import MAX_BYTES, UnreadableImageError


class Unread(NamedTuple):
    """In place of an image that cannot be read; says why."""

    reason: str


Undecoded = bytes | Image.Image | Unread
"""An image file's bytes, or an image that comes from no file of its own."""


class InFile(NamedTuple):
    """In place of an image that is a file of its own."""

    place: str


def read(found: Undecoded | InFile) -> Undecoded:
    """Read the image if it is a file of its own."""
    if not isinstance(found, InFile):
        return found
    try:
        return read_file(found.place)
    except UnreadableImageError as error:
        return Unread(str(error))
    except OSError as error:
        return Unread(error.strerror or str(error))


def read_file(place: str, most: int = MAX_BYTES) -> bytes:
    """The bytes of an image file, `most` of them at most.

    Raises:
        UnreadableImageError: it is no plain file, or larger than `MAX_BYTES`.
        OSError: it cannot be read.
    """
    # A pipe would be waited for, a device may have no end.
    if not stat.S_ISREG(Path(place).stat().st_mode):
        raise UnreadableImageError("it is no plain file")
    with Path(place).open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size > MAX_BYTES:
            raise too_large(size)
        return file.read(min(size, most))


def too_large(size: int) -> UnreadableImageError:
    """What is said of a file of so many bytes."""
    return UnreadableImageError(f"{size:,} bytes are more than the {MAX_BYTES:,} allowed")
