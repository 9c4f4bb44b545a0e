"""Images that are arrays of numbers: which axis is what, and an order of all."""

from __future__ import annotations

import math
import threading
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gantool.data.decoding import MAX_SIDE, UnreadableImageError
from gantool.data.sources.array_values import Values, values_of
from gantool.data.sources.choice import Choice
from gantool.data.sources.classes import Classes, Labels, classify
from gantool.data.sources.label_values import classes_of
from gantool.errors import InputError, printable

_DEPTHS = (1, 3, 4)
_SAMPLE = 256
"""Images, spread evenly, by whose numbers it is told what is black and white."""

_PIECE = 1 << 24
"""Bytes of numbers that are turned into pixels at a time."""

_MAX_PIXELS_BYTES = 1 << 30
"""Of all images as uint8; see `ArraySource.pixels`."""


@dataclass(frozen=True)
class Array:
    """An array that lies in a file.

    Attributes:
        name: What a message calls it: file, or file and name in it.
        shape: [N, …].
        dtype: Of numbers or fixed-length text.
        read: Gives the rows from the first number on, up to but without the second; raises
            UnreadableImageError where they are damaged, OSError where they cannot be read.
        problem: Why it is not read; empty where it is.
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    read: Callable[[int, int], NDArray[Any]]
    problem: str = ""

    def __str__(self) -> str:
        return f"{printable(self.name)} [{', '.join(map(str, self.shape))}] {self.dtype.name}"


def misfit(array: Array) -> str | None:
    """Why an array holds no images; None if it does."""
    if array.dtype.kind not in "buif":
        return f"its type is {printable(array.dtype.name)}: no numbers"
    if len(array.shape) < 2 or 0 in array.shape:
        return "it has no images; [N, H, W], [N, H, W, C] or [N, C, H, W] is expected"
    if _order(array.shape) is not None:
        return None
    if len(array.shape) == 3 and array.shape[2] in _DEPTHS:
        return "it looks like one image, and [N, H, W] or [N, H, W, C] are expected"
    return (
        "its axes are not those of images: [N, H, W], [N, H, W, C] or [N, C, H, W] with C of 1, 3"
        " or 4, or [N, side · side]"
    )


def _order(shape: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """How rows of an array become images: their shape, and the order of its axes; None for none.

    [H, W, C] in the end, or [H, W] for grey. Colours that are both first and last are last.
    """
    row = shape[1:]
    order: tuple[tuple[int, ...], tuple[int, ...]] | None = None
    if len(row) == 1 and (side := math.isqrt(row[0])) ** 2 == row[0] and side > 1:
        order = (side, side), (0, 1)
    elif len(row) == 2 and row[1] > max(_DEPTHS):
        order = row, (0, 1)
    elif len(row) == 3 and row[2] in _DEPTHS:
        order = (row[:2], (0, 1)) if row[2] == 1 else (row, (0, 1, 2))
    elif len(row) == 3 and row[0] in _DEPTHS:
        order = (row[1:], (0, 1)) if row[0] == 1 else (row, (1, 2, 0))
    return order if order is not None and max(order[0]) <= MAX_SIDE else None


class ArraySource:
    """The images of one or more arrays, one after the other.

    Args:
        parts: Arrays that `misfit` has nothing against.
        labels: Of each part, [N], [N, 1] or [N, K], as many as its images; empty where the recipe
            asks for none.
        name: See `ImageSource.name`.
        choice: What of them is taken.
        notes: What is told of how they were chosen.

    Raises:
        InputError: Labels name no classes.
    """

    def __init__(
        self,
        parts: Sequence[Array],
        labels: Sequence[Array],
        name: str,
        choice: Choice,
        notes: Sequence[str] = (),
    ) -> None:
        self.name = name
        self._parts = parts
        self._labels = labels
        self._choice = choice
        self._notes = notes
        self._orders = [order for part in parts if (order := _order(part.shape)) is not None]
        self._starts = [0, *accumulate(part.shape[0] for part in parts)]
        self._looking = threading.Lock()

    def __len__(self) -> int:
        return self._starts[-1]

    @property
    def labels(self) -> Labels | None:
        return self._classes.labels if self._choice.labelled else None

    @property
    def classes(self) -> tuple[str, ...]:
        return self._classes.names if self._choice.labelled else ()

    @property
    def notes(self) -> tuple[str, ...]:
        return (
            *self._notes,
            *self._values.notes,
            *(self._classes.notes if self._choice.labelled else ()),
        )

    def image(self, index: int) -> Image.Image:
        part, row = self._place(index)
        try:
            numbers = self._parts[part].read(row, row + 1)
            return Image.fromarray(self._pixels(part, numbers)[0])
        except UnreadableImageError as error:
            raise error.at(self.where(index)) from None
        except OSError as error:
            raise UnreadableImageError(error.strerror or str(error)).at(self.where(index)) from None

    def where(self, index: int) -> str:
        part, row = self._place(index)
        return f"{self._parts[part].name}, image {row}"

    @property
    def image_size(self) -> tuple[int, int] | None:
        sizes = {(sides[0], sides[1]) for sides in map(self._sides, range(len(self._parts)))}
        return sizes.pop() if len(sizes) == 1 else None

    def pixels(self) -> NDArray[np.uint8] | None:
        """All images at once, [N, H, W] or [N, H, W, C].

        None where they have several sizes, 16 bits or more bytes than are held, or some of them
        cannot be used, which `image` tells.
        """
        [sides, *others] = {self._sides(part) for part in range(len(self._parts))}
        count = len(self) * math.prod(sides)
        if others or self._values.dtype != np.uint8 or count > _MAX_PIXELS_BYTES:
            return None
        made = np.empty((len(self), *sides), np.uint8)
        try:
            for number, part in enumerate(self._parts):
                rows = max(1, _PIECE // (math.prod(sides) * part.dtype.itemsize))
                for row in range(0, part.shape[0], rows):
                    numbers = part.read(row, min(row + rows, part.shape[0]))
                    start = self._starts[number] + row
                    made[start : start + len(numbers)] = self._pixels(number, numbers)
        except (UnreadableImageError, OSError):
            return None
        return made

    def _place(self, index: int) -> tuple[int, int]:
        part = bisect_right(self._starts, index) - 1
        return part, index - self._starts[part]

    def _sides(self, part: int) -> tuple[int, ...]:
        """[H, W] or [H, W, C] of its images."""
        sides, order = self._orders[part]
        return tuple(sides[axis] for axis in order)

    def _arranged(self, part: int, numbers: NDArray[Any]) -> NDArray[Any]:
        """Rows of an array as images, [N, H, W] or [N, H, W, C]."""
        sides, order = self._orders[part]
        rows = numbers.reshape(len(numbers), *sides)
        return rows.transpose(0, *(axis + 1 for axis in order))

    def _pixels(self, part: int, numbers: NDArray[Any]) -> NDArray[Any]:
        return np.ascontiguousarray(self._values.pixels(self._arranged(part, numbers)))

    @property
    def _values(self) -> Values:
        # Threads ask at once, and to look takes long.
        with self._looking:
            return self._found_values

    @cached_property
    def _found_values(self) -> Values:
        types = {part.dtype for part in self._parts}
        if len(types) > 1:
            shown = " and ".join(sorted(map(str, types)))
            raise InputError(f"{self.name}: its arrays have the types {shown}; make them alike")
        step = -(-len(self) // _SAMPLE)
        chosen = [self._place(index) for index in range(0, len(self), step)]
        sample = []
        for part, row in chosen:
            try:
                sample.append(self._parts[part].read(row, row + 1).reshape(-1))
            except (UnreadableImageError, OSError):
                continue  # whoever reads this image is told
        coloured = any(len(sides) == 3 for sides, _ in self._orders)
        return values_of(sample, types.pop(), self.name, coloured)

    @cached_property
    def _classes(self) -> Classes:
        found: list[Any] = []
        for labels in self._labels:
            try:
                values = labels.read(0, labels.shape[0])
            except (UnreadableImageError, OSError) as error:
                raise InputError(f"{labels.name}: cannot be read ({error})") from None
            named = f"{labels.name}, label "
            found.extend(classes_of(values, lambda index, named=named: f"{named}{index}"))  # type: ignore[misc]
        words = [one for one in found if isinstance(one, str)]
        if words and len(words) < len(found):
            raise InputError(f"{self.name}: some labels are names and some are numbers")
        return classify(words or np.array(found, np.int64), self.name, self._choice.classes)
