"""All images of a source, brought to the size and channels of a recipe."""

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gantool.data.batch import Batch, Jpeg, assemble, find_jpeg, of_one_size
from gantool.data.example import Example, example_of
from gantool.data.images import UnreadableImageError, prepare
from gantool.data.sources.base import EncodedSource, ImageSource, Labels
from gantool.data.sources.idx import IdxSource
from gantool.data.sources.points import PointSource
from gantool.device import cores
from gantool.errors import InputError
from gantool.recipe.model import Data

MAX_BYTES_IN_MEMORY = 1 << 30
"""A set that is larger when prepared is decoded again for each batch, in memory of fixed size."""

Pixels = NDArray[Any]
Outcome = Pixels | UnreadableImageError
OnImage = Callable[[int, int], None]
"""Called with the number of images done and of all."""

_NAMED_FAILURES = 10
_CHUNK = 64
_REMEMBERED = 256


@dataclass
class Images:
    """The images of a data set, prepared; what training needs of the data, and nothing else.

    Attributes:
        source: where they come from.
        data: the recipe's section.
        example: what one of them is.
        labels: [N] int32, zeros where the recipe asks for no labels.
        classes: the name of each class; empty where the recipe asks for no labels.
        pixels: as they are stored, [N, …]; None where they are too many for memory.
        failure: the first error that `read` or `batch` raised. A pipeline turns an exception into
            one of its own; whoever iterates over it finds the original here.
    """

    source: ImageSource | PointSource
    data: Data
    example: Example
    labels: Labels
    classes: tuple[str, ...]
    pixels: Pixels | None = None
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
                self.failure = InputError(
                    f"{self.source.where(index)}: a JPEG that Pillow reads and TensorFlow refuses;"
                    " save it anew, or remove it"
                )

    def prepared(self, index: int) -> Outcome:
        """One image, or why it cannot be used."""
        return _prepared(self._image_source, index, self.data)

    @property
    def _image_source(self) -> ImageSource:
        assert not isinstance(self.source, PointSource)
        return self.source

    def _jpeg(self, index: int) -> Jpeg | None:
        return _jpeg(self._image_source, index, self.data)

    def _read(self, indices: NDArray[np.signedinteger[Any]]) -> Pixels:
        batch = self._empty(len(indices))
        # One after the other: the pipeline asks for several batches at a time.
        _fill(batch, map(self.prepared, indices.tolist()))
        return batch

    def _empty(self, count: int) -> Pixels:
        return np.zeros((count, *self.example.shape), self.example.dtype)


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
        progress: called after each image that is prepared.
        at_most: bytes of prepared images that are held in memory; None for `MAX_BYTES_IN_MEMORY`.

    Raises:
        InputError: images cannot be read or are smaller than the crop; the first of them are
            named with their reasons. Or a label is missing.
    """
    count, shape = len(source), data.shape
    labels = source.labels
    images = Images(
        source=source,
        data=data,
        example=example_of(data),
        labels=np.zeros(count, np.int32) if labels is None else labels,
        classes=source.classes,
    )
    if isinstance(source, PointSource):
        images.pixels = source.points
        return images
    if count * math.prod(shape) <= (MAX_BYTES_IN_MEMORY if at_most is None else at_most):
        images.pixels = _ready_made(source, data)
        if images.pixels is None:
            pixels = np.empty((count, *shape), np.uint8)
            with _threads() as pool:
                # Chunks: an image may take less time than handing it to a thread does.
                chunks = (range(start, count)[:_CHUNK] for start in range(0, count, _CHUNK))
                done = pool.map(lambda chunk: [images.prepared(index) for index in chunk], chunks)
                _fill(pixels, chain.from_iterable(done), progress)
            images.pixels = pixels
    return images


def _prepared(source: ImageSource, index: int, data: Data) -> Outcome:
    times = 1
    try:
        if isinstance(source, EncodedSource):
            image, times = source.image_for(index, data.image_size, data.crop)
        else:
            image = source.image(index)
    except UnreadableImageError as error:
        return error
    crop = None if data.crop is None else (data.crop[0] // times, data.crop[1] // times)
    try:
        return prepare(image, data.image_size, data.channels, data.background, crop)
    except UnreadableImageError as error:
        return error.at(source.where(index))


def _jpeg(source: ImageSource, index: int, data: Data) -> Jpeg | None:
    """The image's file if TensorFlow can decode it; `_prepared` tells what is wrong with others."""
    if not isinstance(source, EncodedSource):
        return None
    try:
        return find_jpeg(source.encoded(index), data)
    except (UnreadableImageError, OSError):
        return None


def _ready_made(source: ImageSource, data: Data) -> Pixels | None:
    """The pixels of an IDX file where nothing is left to do with them."""
    if not isinstance(source, IdxSource) or data.crop not in (None, data.image_size):
        return None
    pixels = source.pixels()
    if pixels.shape[1:] != data.image_size:
        return None
    repeated = np.repeat(pixels[..., np.newaxis], data.channels, axis=-1)
    if data.channels == 4:
        repeated[..., 3] = 255
    return repeated


def _fill(batch: Pixels, outcomes: Iterable[Outcome], progress: OnImage | None = None) -> None:
    """Write images into `batch` [N, H, W, C], one for each outcome.

    Raises:
        InputError: images cannot be used; all were tried first.
    """
    failures: list[UnreadableImageError] = []
    for place, outcome in enumerate(outcomes):
        if isinstance(outcome, UnreadableImageError):
            failures.append(outcome)
        else:
            batch[place] = outcome
        if progress is not None:
            progress(place + 1, len(batch))
    if failures:
        raise _cannot_be_used(failures, len(batch))


@contextmanager
def _threads() -> Iterator[ThreadPoolExecutor]:
    """Threads that do not hold up Ctrl-C: what is not begun by then is dropped."""
    pool = ThreadPoolExecutor(cores())
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _cannot_be_used(failures: list[UnreadableImageError], count: int) -> InputError:
    lines = [f"{len(failures):,} of {count:,} images cannot be used; remove or replace them:"]
    lines += [f"  {failure}" for failure in failures[:_NAMED_FAILURES]]
    if (more := len(failures) - _NAMED_FAILURES) > 0:
        lines.append(f"  and {more:,} more")
    return InputError("\n".join(lines))
