"""A short look at images before training: which cannot be opened, and which are too small."""

import random
import time
from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from gantool.data.decoding import MAX_PIXELS, MAX_SIDE, UnreadableImageError, decode
from gantool.data.fitting import Fit, Size, fit_of, window
from gantool.data.formats import formats_of
from gantool.data.sources.base import EncodedSource, ImageSource
from gantool.recipe.data import Data

_NAMED = 3
"""Images in a line."""

_ORIENTATION, _ON_ITS_SIDE = 0x0112, (5, 6, 7, 8)
"""The tag of EXIF, and its values for an image that is turned by 90°."""


_WAY_ON = "remove or replace them, or leave them out (data.skip_unreadable: true)"


@dataclass(frozen=True)
class HeaderReport:
    """What the headers of a source's images tell.

    Attributes:
        images: How many the source holds.
        looked_at: How many of them were looked at before the time was over.
        unreadable: The place of each that cannot be opened, and why.
        small: The place of each that is smaller than the recipe's crop, and its size.
    """

    images: int
    looked_at: int
    unreadable: tuple[tuple[str, str], ...] = ()
    small: tuple[tuple[str, Size], ...] = ()

    def problems(self, skipped: bool) -> list[str]:
        """What is wrong, a line each; and the way on, unless such images are skipped."""
        broken = _line(
            f"{len(self.unreadable):,} of {self.looked_at:,} images cannot be read",
            [f"{where}: {reason}" for where, reason in self.unreadable],
        )
        are = "is" if len(self.small) == 1 else "are"
        small = _line(
            f"{len(self.small):,} of {self.looked_at:,} images {are} smaller than data.crop",
            [f"{where} ({size[0]}×{size[1]})" for where, size in self.small],
        )
        way_on = "" if skipped else f"; {_WAY_ON}"
        return [line + way_on for line in (*broken, *small)]

    def unseen(self) -> str:
        """The line on what was not looked at; empty if all was."""
        missed = self.images - self.looked_at
        if missed == 0:
            return ""
        return (
            f"{missed:,} of {self.images:,} images were not looked at, which would take longer;"
            " --data opens every one"
        )


def look_at_headers(source: ImageSource, data: Data, seconds: float) -> HeaderReport:
    """Look at the headers of a source's images, in a random order until the time is over.

    An image whose header is not understood is decoded, so that only what training refuses is
    called unreadable; damage behind a whole header is not seen. Images that lie in no files of
    their own have no headers: none is looked at, and none missed.
    """
    if not isinstance(source, EncodedSource):
        return HeaderReport(0, 0)
    fit = fit_of(data)
    on_side = data.transpose != (data.rotate in (90, 270))
    unreadable: dict[int, str] = {}
    small: dict[int, Size] = {}
    looked_at, until = 0, time.monotonic() + seconds
    for index in random.Random(0).sample(range(len(source)), len(source)):
        if time.monotonic() > until:
            break
        looked_at += 1
        try:
            size = _size(source, index)
        except UnreadableImageError as error:
            unreadable[index] = str(error)
        except OSError as error:
            unreadable[index] = error.strerror or str(error)
        else:
            if _too_small(size[::-1] if on_side else size, fit):
                small[index] = size
    return HeaderReport(
        len(source),
        looked_at,
        tuple((source.where(index), reason) for index, reason in sorted(unreadable.items())),
        tuple((source.where(index), size) for index, size in sorted(small.items())),
    )


def _size(source: EncodedSource, index: int) -> Size:
    """Height and width of an image once it is upright."""
    try:
        head = source.head(index)
        image: Image.Image = Image.open(BytesIO(head), formats=formats_of(head))
        beyond = max(image.size) > MAX_SIDE or image.width * image.height > MAX_PIXELS
        turned = "exif" in image.info and image.getexif().get(_ORIENTATION) in _ON_ITS_SIDE
    # A header that is cut off or damaged makes Pillow raise nearly anything.
    except Exception:
        beyond = True
    if beyond:
        image, turned = decode(source.encoded(index)), False
    return (image.width, image.height) if turned else (image.height, image.width)


def _too_small(size: Size, fit: Fit) -> bool:
    try:
        window(*size, fit)
    except UnreadableImageError:
        return True
    return False


def _line(what: str, found: list[str]) -> list[str]:
    """The line that names the first of them; none where there are none."""
    more = f"; and {len(found) - _NAMED:,} more" if len(found) > _NAMED else ""
    return [f"{what}: {'; '.join(found[:_NAMED])}{more}"] if found else []
