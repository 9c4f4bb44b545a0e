"""Which number the class of each image has, from the names that the images' labels have."""

import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gantool.errors import InputError, printable
from gantool.recipe.types import BOOLEANS

Labels = NDArray[np.int32]

_WHOLE = re.compile(r"-?\d{1,18}")

_FEW = 10
"""Times fewer images than the classes have on average are told."""

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_-]*|0|[1-9][0-9]{0,17}")
"""Names that YAML and a shell take as they are."""

_NAMED = 10
"""Of classes in a message."""


class NoClassesError(InputError):
    """Labels were asked for, and nothing tells more than one class.

    Attributes:
        note: What is told where labels were not asked for; empty for nothing.
    """

    def __init__(self, text: str, note: str = "") -> None:
        super().__init__(text)
        self.note = note


@dataclass(frozen=True)
class Classes:
    """The classes of a set.

    Attributes:
        labels: [N] int32, the number of each image's class, 0 to K - 1.
        names: Of the K classes, by their numbers; each has an image.
        notes: Lines on what a user should know of them.
    """

    labels: Labels
    names: tuple[str, ...]
    notes: tuple[str, ...] = ()


def natural_order(names: Sequence[str]) -> tuple[str, ...]:
    """Names without repetition, in order: 9 before 10, img2 before img10, else by characters.

    Whole numbers, of any script and also below 0, are ordered by their value.
    """
    if all(map(_WHOLE.fullmatch, names)):
        return tuple(sorted(set(names), key=lambda name: (int(name), name)))

    def parts(name: str) -> list[tuple[int, int, str]]:
        return [
            (0, int(part), "") if part.isdecimal() else (1, 0, part)
            for part in re.findall(r"\d{1,18}|\D+", name)
        ]

    return tuple(sorted(set(names), key=lambda name: (parts(name), name)))


def classify(
    found: Sequence[str] | NDArray[np.integer[Any]],
    where: str,
    wanted: Sequence[str] = (),
    known: Sequence[str] = (),
) -> Classes:
    """Number the classes of a set.

    Args:
        found: The name of each image's class, [N], or its number.
        where: What a message calls the set.
        wanted: The recipe's `data.classes`: the names in the order of their numbers. Where the
            names found are only numbers, they name these in their order.
        known: All names in their order, where the set itself states one; else the order is natural.
            Numbers found are places in it.

    Raises:
        InputError: There is only one class, or the classes are not those of `wanted`.
    """
    known, wanted = tuple(map(same_form, known)), tuple(map(same_form, wanted))
    present, numbers = _distinct(found)
    if known and isinstance(found, np.ndarray):
        present = [known[int(value)] for value in present]
    present = list(map(same_form, present))
    names = natural_order(present)
    if known:
        names = tuple(name for name in known if name in set(names))
    if len(names) == 1:
        raise NoClassesError(
            f"{where}: data.labels asks for classes, and all images are of one class,"
            f" {printable(names[0])}; set data.labels to false"
        )
    order = _order(names, where, wanted)
    place = {name: number for number, name in enumerate(order)}
    labels = np.array([place[name] for name in present], np.int32)[numbers]
    shown = wanted or names
    return Classes(labels, shown, _notes(labels, shown, names, where, known or wanted))


def same_form(name: str) -> str:
    """A name as recipes and terminals have it: composed (NFC), and without what is not printable.

    One and the same name comes decomposed from macOS, and composed from elsewhere.
    """
    return printable(unicodedata.normalize("NFC", name))


def _distinct(
    found: Sequence[str] | NDArray[np.integer[Any]],
) -> tuple[list[str], NDArray[np.integer[Any]]]:
    """The different ones, as text, and for each found its place among them."""
    if isinstance(found, np.ndarray):
        values, numbers = np.unique(found, return_inverse=True)
        return list(map(str, values)), numbers.reshape(-1)
    places: dict[str, int] = {}
    numbers = np.array([places.setdefault(name, len(places)) for name in found], np.int64)
    return list(places), numbers


def _order(names: tuple[str, ...], where: str, wanted: Sequence[str]) -> tuple[str, ...]:
    """The names found by their numbers."""
    if not wanted or set(wanted) == set(names):
        return tuple(wanted) or names
    if len(wanted) == len(names) and all(map(_WHOLE.fullmatch, names)):
        return names
    missing = [name for name in wanted if name not in names]
    new = [name for name in names if name not in wanted]
    fresh = iter(new)
    now = [name if name in names else next(fresh, "") for name in wanted]
    example = f", as in {as_setting(now)}"
    told = [
        *([f"no image is of {listed(missing)}"] if missing else []),
        *([f"{listed(new)} {'is' if len(new) == 1 else 'are'} not in it"] if new else []),
    ]
    raise InputError(
        f"{where}: its classes are not those of data.classes: {', and '.join(told)}; networks know"
        " a class by its place there: mend the set, or set data.classes to what the places mean"
        f" now{example if len(wanted) == len(names) <= _NAMED else ''}"
    )


def _notes(
    labels: Labels,
    shown: Sequence[str],
    names: Sequence[str],
    where: str,
    stated: Sequence[str],
) -> tuple[str, ...]:
    notes = []
    numbers = [int(name) for name in names if _WHOLE.fullmatch(name)]
    if not stated and len(numbers) == len(names) and numbers != list(range(len(names))):
        notes.append(
            f"{where}: the labels {listed(names)} are the classes 0 to {len(names) - 1}, in order"
        )
    counts = np.bincount(labels, minlength=len(shown))
    if len(labels) > _FEW and counts.max() == 1:
        notes.append(
            f"{where}: each of the {len(labels):,} images is a class of its own: are these classes,"
            " and no measurements or names of images?"
        )
    few = np.flatnonzero(counts * _FEW * len(shown) < len(labels))
    notes += [
        f"{where}: class {printable(shown[number])} has {counts[number]:,} of"
        f" {len(labels):,} images"
        for number in few[:_NAMED].tolist()
    ]
    if len(few) > _NAMED:
        notes.append(f"{where}: and {len(few) - _NAMED:,} more classes have as few")
    return tuple(notes)


def as_setting(names: Sequence[str]) -> str:
    """The option that states the classes of a recipe, for a shell."""
    words = [
        name if _PLAIN.fullmatch(name) and name.lower() not in BOOLEANS else json.dumps(name)
        for name in names
    ]
    return f"--set 'data.classes=[{', '.join(words)}]'"


def listed(names: Sequence[str]) -> str:
    """Names for a message, the first ten of many."""
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return ", ".join(map(printable, names[:_NAMED])) + more
