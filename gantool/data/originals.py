"""Images as they lie in a source, on their way to the process that decodes them.

One process reads: what a source holds open or in memory is there once, however many cores decode.
Those that decode import no source, so that they start fast.
"""

from __future__ import annotations

from typing import NamedTuple

from PIL import Image


class Unread(NamedTuple):
    """In place of an image that cannot be read; says why."""

    reason: str


Original = bytes | Image.Image | Unread
"""An image file's bytes, or an image that comes from no file of its own."""
