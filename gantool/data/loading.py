"""All images of a source, brought to the size and channels of a recipe."""

import math
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gantool.data.batch import Batch, Jpeg, assemble, find_jpeg, of_one_size
from gantool.data.decoding import UnreadableImageError
from gantool.data.depth import told_of_white
from gantool.data.example import Example, example_of
from gantool.data.fitting import fit_of
from gantool.data.preparing import (
    Failures,
    Look,
    OnImage,
    Pixels,
    cannot_be_used,
    fill,
    listed_failures,
    look_at,
    side_by_side,
)
from gantool.data.sources.base import EncodedSource, ImageSource, PixelSource
from gantool.data.sources.classes import Labels, listed
from gantool.data.sources.points import PointSource
from gantool.errors import InputError
from gantool.recipe.data import Data

MAX_BYTES_IN_MEMORY = 1 << 30
"""A set that is larger when prepared is decoded again for each batch, in memory of fixed size."""

_REMEMBERED = 256
_SAMPLE = 64
"""Images of a set that is not held in memory, whose largest values are looked at."""


@dataclass
class Images:
    """The images of a data set, prepared; what training needs of the data, and nothing else.

    Attributes:
        source: where they come from.
        data: the recipe's section; its `white` is a number where the recipe says auto.
        example: what one of them is.
        labels: [N] int32, zeros where the recipe asks for no labels.
        classes: the name of each class; empty where the recipe asks for no labels.
        pixels: as they are stored, [N, …]; None where they are too many for memory.
        places: [N], the number in the source of each; None where all of them are used.
        notes: lines on what was left out or understood in a way to be told.
        failure: the first error that `read` or `batch` raised. A pipeline turns an exception into
            one of its own; whoever iterates over it finds the original here.
    """

    source: ImageSource | PointSource
    data: Data
    example: Example
    labels: Labels
    classes: tuple[str, ...]
    pixels: Pixels | None = None
    places: NDArray[np.int64] | None = None
    notes: tuple[str, ...] = ()
    failure: InputError | None = field(default=None, init=False)
    _recent: deque[NDArray[np.signedinteger[Any]]] = field(
        default_factory=lambda: deque(maxlen=_REMEMBERED), init=False
    )

    def __len__(self) -> int:
        return len(self.labels)

    def read(self, indices: NDArray[np.signedinteger[Any]]) -> Pixels:
        """The images of these numbers, [B, H, W, C] uint8.

        Raises:
            InputError: images cannot be read; names them.
        """
        if self.pixels is not None:
            chosen: Pixels = self.pixels[indices]
            return chosen
        try:
            return self._read(indices)
        except InputError as error:
            self.failure = self.failure or error
            raise

    def batch(self, indices: NDArray[np.signedinteger[Any]]) -> Batch:
        """The images of these numbers, those not decoded yet that TensorFlow decodes faster.

        Raises:
            InputError: images cannot be read; names them.
        """
        self._recent.append(indices)
        found = of_one_size([self._jpeg(index) for index in indices.tolist()])
        try:
            pixels = self._read(indices[[jpeg is None for jpeg in found]])
        except InputError:
            pixels = self.read(indices)  # which raises, with the count of the whole batch
        return assemble(found, pixels, self.data)

    def blank(self, count: int) -> Batch:
        """A batch of black images, for a pipeline that nobody looks at any more."""
        return assemble([None] * count, self._empty(count), self.data)

    def look_for_damage(self, is_refused: Callable[[Jpeg], bool]) -> None:
        """Decode the last batches again, so that `failure` tells which image stopped a pipeline.

        Args:
            is_refused: whether TensorFlow does not decode a file, which Pillow may do all the same.
        """
        for indices in tuple(self._recent):
            with suppress(InputError):
                self.read(indices)
        for index in np.unique(np.concatenate([np.empty(0, int), *self._recent])).tolist():
            jpeg = self._jpeg(index)
            if self.failure is None and jpeg is not None and is_refused(jpeg):
                where = self.source.where(self._place(index))
                self.failure = InputError(
                    f"{where}: a JPEG that Pillow reads and TensorFlow refuses; save it anew, or"
                    " remove it"
                )

    def look(self, index: int) -> Look:
        """One image, brought to the recipe's size."""
        return look_at(self._image_source, self._place(index), self.data)

    def leave_out(self, failures: Failures) -> None:
        """Go on without images that cannot be used; the notes list them.

        Raises:
            InputError: no image is left, or none of a class.
        """
        count = len(self)
        if len(failures) == count:
            raise cannot_be_used(failures, count, self.data)
        self.places = np.delete(np.arange(count), list(failures))
        self.labels = self.labels[self.places]
        empty = np.flatnonzero(np.bincount(self.labels, minlength=len(self.classes)) == 0)
        if self.classes and len(empty):
            names = listed([self.classes[number] for number in empty.tolist()])
            lost = listed_failures(failures, f"{len(failures):,} of {count:,} cannot be used:")
            raise InputError(
                f"{self.source.name}: no image of {names} can be used, and networks would be told"
                f" of a class without images; mend them, or take them out of the set\n{lost}"
            )
        told = f"{len(failures):,} of {count:,} images cannot be used and are left out:"
        self.notes += (listed_failures(failures, told),)

    @property
    def _image_source(self) -> ImageSource:
        assert not isinstance(self.source, PointSource)
        return self.source

    def _place(self, index: int) -> int:
        return index if self.places is None else int(self.places[index])

    def _jpeg(self, index: int) -> Jpeg | None:
        return _jpeg(self._image_source, self._place(index), self.data)

    def _read(self, indices: NDArray[np.signedinteger[Any]]) -> Pixels:
        batch = self._empty(len(indices))
        # One after the other: the pipeline asks for several batches at a time.
        looks = (self.look(index) for index in indices.tolist())
        failures, _ = fill(batch, looks)
        if failures:
            raise cannot_be_used(failures, len(batch), self.data)
        return batch

    def _empty(self, count: int) -> Pixels:
        return np.zeros((count, *self.example.shape), self.example.dtype)


def unprepared(source: ImageSource | PointSource, data: Data) -> Images:
    """The images of a source, none of them looked at.

    Raises:
        InputError: a label is missing.
    """
    labels = source.labels
    return Images(
        source=source,
        data=data,
        example=example_of(data),
        labels=np.zeros(len(source), np.int32) if labels is None else labels,
        classes=source.classes,
    )


def load_images(
    source: ImageSource | PointSource,
    data: Data,
    progress: OnImage | None = None,
    at_most: int | None = None,
) -> Images:
    """Prepare all images at once where they fit into memory; otherwise each time they are read.

    Args:
        source: of the images.
        data: the recipe's section.
        progress: called after each image that is prepared, or looked at before.
        at_most: bytes of prepared images that are held in memory; None for `MAX_BYTES_IN_MEMORY`.

    Raises:
        InputError: images cannot be read or are smaller than the crop; the first of them are
            named with their reasons. Or a label is missing.
    """
    count, shape = len(source), data.shape
    images = unprepared(source, data)
    if isinstance(source, PointSource):
        images.pixels = source.points
        return images
    fits = count * math.prod(shape) <= (MAX_BYTES_IN_MEMORY if at_most is None else at_most)
    ready = _ready_made(source, data) if fits else None
    if ready is not None:
        images.pixels = ready
        return images
    failures, largest = _look_ahead(images, fits, progress)
    if fits:
        pixels = np.empty((count, *shape), np.uint8)
        failures, found = fill(pixels, side_by_side(images.look, range(count)), progress)
        largest = max(largest, found)
        if failures and not data.skip_unreadable:
            raise cannot_be_used(failures, count, data)
        pixels.resize((count - len(failures), *shape), refcheck=False)
        images.pixels = pixels
    if failures and data.skip_unreadable:
        images.leave_out(failures)
    if told := told_of_white(largest, data.white):
        images.notes += (f"{source.name}: {told}",)
    return images


def verify(images: Images, progress: OnImage | None = None) -> None:
    """Look at every image of a set that is not held in memory, before training begins.

    Raises:
        InputError: images cannot be used; the first of them are named with their reasons.
    """
    if images.pixels is None:
        failures, _ = _look_through(images, range(len(images)), progress)
        if failures:
            raise cannot_be_used(failures, len(images), images.data)


def _look_ahead(images: Images, fits: bool, progress: OnImage | None) -> tuple[Failures, int]:
    """What is to be known of images before they are prepared; makes a number of a white of auto.

    Returns:
        Which cannot be used, as far as that is known, and the largest value of 16 bits.
    """
    data, count = images.data, len(images)
    if data.white == "auto" or (data.skip_unreadable and not fits):
        failures, largest = _look_through(images, range(count), progress)
        if data.white == "auto":
            images.data = data.model_copy(update={"white": largest or None})
        return failures, largest
    if fits:
        return {}, 0
    return {}, _look_through(images, range(0, count, -(-count // _SAMPLE)))[1]


def _look_through(
    images: Images, numbers: Sequence[int], progress: OnImage | None = None
) -> tuple[Failures, int]:
    """Which images of these numbers cannot be used, and the largest value of all others."""

    def look(number: int) -> Look:
        seen = images.look(number)
        is_failure = isinstance(seen.outcome, UnreadableImageError)
        return seen if is_failure else seen._replace(outcome=nothing)

    nothing = np.empty(0, np.uint8)
    failures: Failures = {}
    largest = 0
    for done, (number, seen) in enumerate(
        zip(numbers, side_by_side(look, numbers), strict=True), 1
    ):
        largest = max(largest, seen.largest)
        if isinstance(seen.outcome, UnreadableImageError):
            failures[number] = seen.outcome
        if progress is not None:
            progress(done, len(numbers))
    return failures, largest


def _jpeg(source: ImageSource, index: int, data: Data) -> Jpeg | None:
    """The image's file if TensorFlow can decode it; `look_at` tells what is wrong with others."""
    if not isinstance(source, EncodedSource):
        return None
    try:
        return find_jpeg(source.encoded(index), data)
    except (UnreadableImageError, OSError):
        return None


def _ready_made(source: ImageSource, data: Data) -> Pixels | None:
    """The pixels of arrays where nothing is left to do with them."""
    if not isinstance(source, PixelSource) or data.crop not in (None, data.image_size):
        return None
    if fit_of(data).is_turned:
        return None
    if source.image_size != data.image_size or (pixels := source.pixels()) is None:
        return None
    if pixels.ndim == 4:
        return pixels if pixels.shape[3] == data.channels == 3 else None
    repeated = np.repeat(pixels[..., np.newaxis], data.channels, axis=-1)
    if data.channels == 4:
        repeated[..., 3] = 255
    return repeated
