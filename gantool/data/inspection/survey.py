"""What a source holds: images by format, mode and size, which are unreadable, which are double."""

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from gantool.data.conversion import manifest
from gantool.data.images import UnreadableImageError, decode
from gantool.data.reading import find_undecoded, open_named
from gantool.data.sources import ImageSource
from gantool.data.undecoded import InFile, Undecoded, Unread, read
from gantool.data.workers import Workers
from gantool.errors import InputError

_PIECE = 32

Size = tuple[int, int]
"""Height and width."""


class Look(NamedTuple):
    """What one image turned out to be.

    Attributes:
        digest: SHA-256 of its file, or of its pixels where it has none; empty if it has neither.
        kind: its format, mode, size and whether it has transparency; None if it cannot be used.
        reason: why it cannot be used; empty if it can.
    """

    digest: bytes
    kind: tuple[str, str, Size, bool] | None
    reason: str = ""


@dataclass
class Survey:
    """What is known of a source.

    Attributes:
        source: as the user named it.
        name: see `ImageSource.name`.
        images: how many it holds.
        classes: the name and the number of images of each; empty without labels.
        label_problem: why labels that seem to be there cannot be read; empty otherwise.
        formats, modes, sizes: how many images have which; "pixels" for a format where images lie
            in no files of their own.
        transparent: how many have transparency.
        unreadable: the place of each image that cannot be used, and why.
        duplicates: the places of images whose bytes are equal, a group each.
    """

    source: str
    name: str
    images: int
    classes: dict[str, int]
    label_problem: str = ""
    formats: Counter[str] = field(default_factory=Counter)
    modes: Counter[str] = field(default_factory=Counter)
    sizes: Counter[Size] = field(default_factory=Counter)
    transparent: int = 0
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    duplicates: list[list[str]] = field(default_factory=list)


def survey(named: str, progress: Callable[[int, int], None]) -> Survey:
    """Look at every image of a source, on all cores.

    Args:
        named: a catalogue name, a path or a pattern of paths.
        progress: told of the images done and of all.

    Raises:
        InputError: the source cannot be opened.
    """
    source = open_named(named, labels=None)
    classes, problem = _classes(source)
    found = Survey(named, source.name, len(source), classes, problem)
    alike: dict[bytes, list[int]] = {}
    pieces = [range(len(source))[at : at + _PIECE] for at in range(0, len(source), _PIECE)]
    found_images = ([find_undecoded(source, number) for number in piece] for piece in pieces)
    with Workers(look_at, at_most=len(pieces)) as workers:
        looks = workers.ordered(found_images)
        for piece in pieces:
            for number, look in zip(piece, next(looks), strict=True):
                _count(found, look, source.where(number))
                if look.digest:
                    alike.setdefault(look.digest, []).append(number)
            progress(piece.stop, len(source))
    found.duplicates = [
        [source.where(number) for number in group] for group in alike.values() if len(group) > 1
    ]
    return found


def manifest_differences(named: str) -> list[str] | None:
    """What of a converted set is not as its manifest says; None if it is no converted set.

    Raises:
        InputError: its manifest is damaged.
    """
    folder = Path(named).expanduser()
    whole = manifest.read(folder) if folder.is_dir() else None
    return None if whole is None else manifest.differences(folder, whole)


def _classes(source: ImageSource) -> tuple[dict[str, int], str]:
    try:
        labels, names = source.labels, source.classes
    except InputError as error:
        return {}, str(error)
    if labels is None:
        return {}, ""
    counts = Counter(labels.tolist())
    return {name: counts[number] for number, name in enumerate(names)}, ""


def _count(found: Survey, look: Look, where: str) -> None:
    if look.kind is None:
        found.unreadable.append((where, look.reason))
        return
    form, mode, size, transparent = look.kind
    found.formats[form] += 1
    found.modes[mode] += 1
    found.sizes[size] += 1
    found.transparent += transparent


def look_at(found: list[Undecoded | InFile]) -> list[Look]:
    """Look at some images."""
    return [_look(read(original)) for original in found]


def _look(original: Undecoded) -> Look:
    if isinstance(original, Unread):
        return Look(b"", None, original.reason)
    if not isinstance(original, bytes):
        return Look(hashlib.sha256(original.tobytes()).digest(), _kind(original))
    digest = hashlib.sha256(original).digest()
    try:
        return Look(digest, _kind(decode(original)))
    except UnreadableImageError as error:
        return Look(digest, None, str(error))


def _kind(image: Image.Image) -> tuple[str, str, Size, bool]:
    size = (image.height, image.width)
    return image.format or "pixels", image.mode, size, image.has_transparency_data
