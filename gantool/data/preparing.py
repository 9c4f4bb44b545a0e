"""Images of a source brought to the size of a recipe, or why they cannot be; many side by side."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain
from typing import Any, NamedTuple, TypeVar

from numpy.typing import NDArray

from gantool.data.decoding import UnreadableImageError
from gantool.data.depth import largest_value
from gantool.data.fitting import fit_of, prepare
from gantool.data.sources.base import EncodedSource, ImageSource
from gantool.device import cores
from gantool.errors import InputError
from gantool.recipe.data import Data

Pixels = NDArray[Any]
Failures = dict[int, UnreadableImageError]
"""Why images cannot be used, by their numbers."""
OnImage = Callable[[int, int], None]
"""Called with the number of images done and of all."""

_T = TypeVar("_T")
_NAMED_FAILURES = 10
_CHUNK = 64


class Look(NamedTuple):
    """What an image turned out to be.

    Attributes:
        outcome: its pixels, or why it cannot be used.
        largest: the largest value in it where its file has 16 bits, else 0.
    """

    outcome: Pixels | UnreadableImageError
    largest: int = 0


def look_at(source: ImageSource, index: int, data: Data) -> Look:
    """One image of a source, brought to a recipe's size."""
    fit = fit_of(data)
    times = 1
    try:
        if isinstance(source, EncodedSource):
            image, times = source.image_for(index, fit)
        else:
            image = source.image(index)
    except UnreadableImageError as error:
        return Look(error)
    try:
        return Look(prepare(image, fit.smaller(times)), largest_value(image) or 0)
    except UnreadableImageError as error:
        return Look(error.at(source.where(index)))


def fill(
    batch: Pixels, looks: Iterable[Look], progress: OnImage | None = None
) -> tuple[Failures, int]:
    """Write the images that can be used into `batch` [N, H, W, C], one behind the other.

    Returns:
        Those that cannot, by their places among the N, and the largest value of 16 bits.
    """
    failures: Failures = {}
    largest = 0
    for place, (outcome, value) in enumerate(looks):
        if isinstance(outcome, UnreadableImageError):
            failures[place] = outcome
        else:
            batch[place - len(failures)] = outcome
            largest = max(largest, value)
        if progress is not None:
            progress(place + 1, len(batch))
    return failures, largest


def side_by_side(look: Callable[[int], _T], numbers: Sequence[int]) -> Iterator[_T]:
    """Do something with each of some numbers, on all cores; the results in order."""
    with _threads() as pool:
        # Chunks: an image may take less time than handing it to a thread does.
        chunks = (numbers[start : start + _CHUNK] for start in range(0, len(numbers), _CHUNK))
        done = pool.map(lambda chunk: [look(number) for number in chunk], chunks)
        yield from chain.from_iterable(done)


@contextmanager
def _threads() -> Iterator[ThreadPoolExecutor]:
    """Threads that do not hold up Ctrl-C: what is not begun by then is dropped."""
    pool = ThreadPoolExecutor(cores())
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def cannot_be_used(failures: Failures, count: int, data: Data) -> InputError:
    """The error that names images, of so many, that cannot be used."""
    way_on = "" if data.skip_unreadable else ", or leave them out (data.skip_unreadable: true)"
    told = f"{len(failures):,} of {count:,} images cannot be used; remove or replace them{way_on}:"
    return InputError(listed_failures(failures, told))


def listed_failures(failures: Failures, title: str) -> str:
    """A title, and a line for each of the first failures."""
    lines = [title, *(f"  {failure}" for failure in list(failures.values())[:_NAMED_FAILURES])]
    if (more := len(failures) - _NAMED_FAILURES) > 0:
        lines.append(f"  and {more:,} more")
    return "\n".join(lines)
