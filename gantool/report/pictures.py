"""Pictures of a run folder as WebP, small enough for a page that holds many."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from gantool.report.run import Run

FRAMES = 100
"""Grids that a page shows at most."""

FILM_BYTES = 2_400_000
"""Of all of them together, before base64 makes four of three."""

PICTURE_BYTES = 220_000
"""Of a picture that stands alone: the newest grid, real images."""

_BUCKETS = (8, 16, 32, 64, FRAMES)
"""Numbers of grids from which on each has fewer bytes: so that they are seldom encoded anew."""

_LARGEST = 1600
"""Side of a picture, in pixels."""

_QUALITIES = (85, 60, 35)
_SMALLEST = 32


class Picture(NamedTuple):
    """A picture in a page.

    Attributes:
        source: A `data:` address that holds it whole.
        width: Of the file that it is of, in pixels.
        height: Likewise.
    """

    source: str
    width: int
    height: int


class Frame(NamedTuple):
    """A grid of a film."""

    step: int
    picture: Picture


class Pictures:
    """Encodes pictures, and keeps what it has encoded until the file is another."""

    def __init__(self) -> None:
        self._kept: dict[tuple[Path, int], tuple[tuple[int, int], Picture | None]] = {}
        self._used: set[tuple[Path, int]] = set()

    def of(self, path: Path, most: int = PICTURE_BYTES) -> Picture | None:
        """A picture of at most so many bytes; None where there is none that can be read."""
        try:
            status = path.stat()
        except OSError:
            return None
        key, version = (path, most), (status.st_mtime_ns, status.st_size)
        kept = self._kept.get(key)
        if kept is None or kept[0] != version:
            kept = self._kept[key] = version, _read(path, most)
        self._used.add(key)
        return kept[1]

    def film(self, run: Run) -> list[Frame]:
        """The grids of a run up to its step, at most `FRAMES`, the first and the newest among them.

        Later ones are of a run that was gone back from.
        """
        grids = thinned([(at, path) for at, path in run.folder.grids().items() if at <= run.step])
        bucket = next(it for it in _BUCKETS if len(grids) <= it)
        film = [(at, self.of(path, FILM_BYTES // bucket)) for at, path in grids]
        return [Frame(at, picture) for at, picture in film if picture is not None]

    def forget_unused(self) -> None:
        """Drop what was not asked for since the last time."""
        self._kept = {key: self._kept[key] for key in self._used}
        self._used.clear()


def thinned(grids: Sequence[tuple[int, Path]]) -> list[tuple[int, Path]]:
    """Every grid, every second, every fourth, …, and the newest: at most `FRAMES`.

    Which ones are shown so changes only where their number doubles.
    """
    shown, stride = list(grids), 1
    while len(shown) > FRAMES:
        stride *= 2
        shown = list(dict.fromkeys([*grids[::stride], grids[-1]]))
    return shown


def _read(path: Path, most: int) -> Picture | None:
    try:
        with Image.open(path) as image:
            width, height = image.size
            image.load()
            encoded = _encoded(image if image.mode == "L" else image.convert("RGB"), most)
    # Pillow's readers raise many kinds of errors at damaged files.
    except Exception:
        return None
    return Picture(f"data:image/webp;base64,{b64encode(encoded).decode()}", width, height)


def _encoded(image: Image.Image, most: int) -> bytes:
    """As WebP of at most so many bytes: at lower quality, then smaller, until it fits."""
    side = min(max(image.size), _LARGEST)
    while True:
        scaled = image.copy()
        scaled.thumbnail((side, side), Image.Resampling.BOX)
        for quality in _QUALITIES:
            file = BytesIO()
            scaled.save(file, format="WEBP", quality=quality, method=2)
            if file.tell() <= most:
                return file.getvalue()
        if side <= _SMALLEST:
            return file.getvalue()
        side = max(_SMALLEST, side * 2 // 3)
