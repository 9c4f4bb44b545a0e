"""What a source holds: images by format, mode and size, which are unreadable, which are double."""

import hashlib
import math
import random
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from gantool.data.colours import profile_name
from gantool.data.conversion import manifest
from gantool.data.decoding import UnreadableImageError, decode
from gantool.data.depth import largest_value
from gantool.data.inspection.appearance import Appearance, appearance
from gantool.data.reading import LabelsError, find_undecoded, open_named
from gantool.data.sources import ImageSource
from gantool.data.sources.choice import USUAL, Asked, Split
from gantool.data.undecoded import InFile, Undecoded, Unread, read
from gantool.data.workers import Workers
from gantool.errors import InputError
from gantool.recipe.data import Features

_PIECE = 32

Size = tuple[int, int]
"""Height and width."""


class Kind(NamedTuple):
    """What an image is.

    Attributes:
        format: of its file; "pixels" where it has none.
        mode: Pillow's, decoded.
        size: once it is upright.
        transparent: whether it has transparency.
        profile: the name of its profile of colours; empty without one.
        largest: its largest value, where it has more than 8 bits.
        appearance: what it shows.
    """

    format: str
    mode: str
    size: Size
    transparent: bool
    profile: str
    largest: int | None
    appearance: Appearance


class Look(NamedTuple):
    """What one image turned out to be.

    Attributes:
        digest: SHA-256 of its file, or of its pixels where it has none; empty if it has neither.
        kind: what it is; None if it cannot be used.
        reason: why it cannot be used; empty if it can.
    """

    digest: bytes
    kind: Kind | None
    reason: str = ""


@dataclass
class Survey:
    """What is known of a source.

    Attributes:
        source: as the user named it.
        name: see `ImageSource.name`.
        images: how many it holds.
        looked_at: how many of them were looked at.
        classes: the name and the number of images of each, by their numbers; empty without labels.
        lost: the names of classes of which no image can be used.
        notes: see `ImageSource.notes`.
        label_problem: why labels that seem to be there cannot be read; empty otherwise.
        formats, modes, sizes: how many images have which; "pixels" for a format where images lie
            in no files of their own.
        transparent: how many have transparency; of `see_through` a pixel is not opaque.
        grey: how many show nothing but grey.
        profiles: how many images have which profile of colours.
        deep: how many have more than 8 bits, and `largest`, the largest value in all of them.
        unreadable: the place of each image that cannot be used, and why.
        duplicates: the places of images whose bytes are equal, a group each.
    """

    source: str
    name: str
    images: int
    classes: dict[str, int]
    label_problem: str = ""
    notes: tuple[str, ...] = ()
    looked_at: int = 0
    lost: tuple[str, ...] = ()
    formats: Counter[str] = field(default_factory=Counter)
    modes: Counter[str] = field(default_factory=Counter)
    sizes: Counter[Size] = field(default_factory=Counter)
    transparent: int = 0
    see_through: int = 0
    grey: int = 0
    profiles: Counter[str] = field(default_factory=Counter)
    deep: int = 0
    largest: int = 0
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    duplicates: list[list[str]] = field(default_factory=list)


def survey(
    named: str,
    progress: Callable[[int, int], None],
    labels: Asked | None = None,
    split: Split | None = None,
    features: Features = USUAL,
    seconds: float = math.inf,
) -> Survey:
    """Look at the images of a source, on all cores: at every one, or at some for a time.

    Args:
        named: a catalogue name, a path or a pattern of paths.
        progress: told of the images done and of all.
        labels: what says the classes; see `open_named`.
        split: which split is taken.
        features: see `open_named`.
        seconds: after which no further image is looked at; they come in a random order then.

    Raises:
        InputError: the source cannot be opened.
    """
    problem = ""
    try:
        source = open_named(named, labels, split, features)
    except LabelsError as error:
        problem = str(error)
        source = open_named(named, False, split, features)
    classes, problem = _classes(source, problem)
    found = Survey(named, source.name, len(source), classes, problem, _notes(source))
    alike: dict[bytes, list[int]] = {}
    unusable: list[int] = []
    pieces: deque[Sequence[int]] = deque()

    def tasks() -> Iterator[list[Undecoded | InFile]]:
        until = time.monotonic() + seconds
        for piece in _pieces(len(source), in_order=seconds == math.inf):
            if time.monotonic() > until:
                return
            pieces.append(piece)
            yield [find_undecoded(source, number) for number in piece]

    with Workers(look_at, at_most=-(-len(source) // _PIECE)) as workers:
        for looks in workers.ordered(tasks()):
            for number, look in zip(pieces.popleft(), looks, strict=True):
                _count(found, look, source.where(number))
                if look.digest:
                    alike.setdefault(look.digest, []).append(number)
                if look.kind is None:
                    unusable.append(number)
            progress(found.looked_at, len(source))
    found.duplicates = [
        [source.where(number) for number in group] for group in alike.values() if len(group) > 1
    ]
    found.lost = _lost(source, classes, unusable)
    return found


def _pieces(count: int, *, in_order: bool) -> Iterator[Sequence[int]]:
    """The numbers of images, some at a time."""
    numbers = range(count) if in_order else random.Random(0).sample(range(count), count)
    return (numbers[at : at + _PIECE] for at in range(0, count, _PIECE))


def _lost(source: ImageSource, classes: dict[str, int], unusable: list[int]) -> tuple[str, ...]:
    """The classes all of whose images are among those that cannot be used."""
    if not classes or not unusable:
        return ()
    labels = source.labels
    assert labels is not None
    gone = Counter(labels[unusable].tolist())
    return tuple(
        name for number, (name, count) in enumerate(classes.items()) if gone[number] >= count
    )


def manifest_differences(named: str) -> list[str] | None:
    """What of a converted set is not as its manifest says; None if it is no converted set.

    Raises:
        InputError: its manifest is damaged.
    """
    folder = Path(named).expanduser()
    whole = manifest.read(folder) if folder.is_dir() else None
    return None if whole is None else manifest.differences(folder, whole)


def _classes(source: ImageSource, problem: str) -> tuple[dict[str, int], str]:
    try:
        labels, names = source.labels, source.classes
    except InputError as error:
        return {}, str(error)
    if labels is None:
        return {}, problem
    counts = Counter(labels.tolist())
    return {name: counts[number] for number, name in enumerate(names)}, ""


def _notes(source: ImageSource) -> tuple[str, ...]:
    try:
        return source.notes
    except InputError:  # labels are damaged, which `label_problem` says
        return ()


def _count(found: Survey, look: Look, where: str) -> None:
    kind = look.kind
    found.looked_at += 1
    if kind is None:
        found.unreadable.append((where, look.reason))
        return
    found.formats[kind.format] += 1
    found.modes[kind.mode] += 1
    found.sizes[kind.size] += 1
    found.transparent += kind.transparent
    found.see_through += kind.appearance.see_through
    found.grey += kind.appearance.grey
    found.profiles[kind.profile] += kind.profile != ""
    if kind.largest is not None:
        found.deep += 1
        found.largest = max(found.largest, kind.largest)


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


def _kind(image: Image.Image) -> Kind:
    return Kind(
        image.format or "pixels",
        image.mode,
        (image.height, image.width),
        image.has_transparency_data,
        profile_name(image),
        largest_value(image),
        appearance(image),
    )
