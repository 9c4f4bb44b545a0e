"""Images as they lie in a source, on their way to the process that decodes them.

What a source holds open or in memory is there once, in one process, however many cores decode; a
file of its own is read by the process that decodes it. That one imports no source, so that it
starts fast.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from PIL import Image


class Unread(NamedTuple):
    """In place of an image that cannot be read; says why."""

    reason: str


Original = bytes | Image.Image | Unread
"""An image file's bytes, or an image that comes from no file of its own."""


class InFile(NamedTuple):
    """In place of an image that is a file of its own."""

    place: str


def read(found: Original | InFile) -> Original:
    """Read the image if it is a file of its own."""
    if not isinstance(found, InFile):
        return found
    try:
        return Path(found.place).read_bytes()
    except OSError as error:
        return Unread(error.strerror or str(error))
