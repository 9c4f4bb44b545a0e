"""The largest batch that fits into memory, found by trying ever larger ones."""

import math
from collections.abc import Callable
from typing import NamedTuple

_GROWTH = 8
"""A batch is at most so many times as large as one that has fitted: lines drawn further err."""
_WORTH = 1.05
"""A batch that is larger by less is not tried."""
_FORESEEN = 0.8
"""Of the limit: what a batch may take that has not been tried."""
MULTIPLE = 8
"""Of which batches of several images are multiples, as vector units are wide."""


class Fitting(NamedTuple):
    """A batch that fits, and the bytes that training takes with it at most.

    These were measured, or are foreseen from smaller batches.
    """

    batch: int
    peak: int
    was_tried: bool = True


def largest_batch(
    peak_of: Callable[[int], int | None],
    limit: int,
    first: int,
    at_most: int,
    at_rest: int = 0,
    affordable: Callable[[], float] = lambda: math.inf,
) -> Fitting | None:
    """Find the largest batch whose peak is within a limit.

    What training takes grows linearly with the batch, or nearly so. The line through the last two
    that were tried tells what to try next; the first is taken with the memory before any training,
    which errs on the safe side. So a batch above the limit is only met where a line is none.

    Args:
        peak_of: The bytes that training takes with a batch, or None where it does not come through.
        limit: In bytes.
        first: Tried first, and halved until it fits.
        at_most: No larger batch is asked for.
        at_rest: The bytes that are taken before any training.
        affordable: The largest batch that is worth the time of trying it, asked after each trial.
            What lies beyond is foreseen, with more room below the limit.

    Returns:
        None where not even a single image fits.
    """
    fitting = _first_that_fits(peak_of, limit, min(first, at_most))
    if fitting is None:
        return None
    smaller, too_large = Fitting(0, at_rest), at_most + 1
    wanted = _at(limit, smaller, fitting)
    while True:
        reach = min(_GROWTH * fitting.batch, too_large - 1)
        batch = _rounded(min(wanted, reach))
        if batch < _WORTH * fitting.batch:
            return fitting
        if batch > affordable():
            batch = _rounded(int(affordable()))
            if batch < 2 * fitting.batch:
                return _foreseen(smaller, fitting, int(_FORESEEN * limit), reach)
        peak = peak_of(batch)
        if peak is not None and peak <= limit:
            smaller, fitting = fitting, Fitting(batch, peak)
            wanted = _at(limit, smaller, fitting)
        else:
            too_large = batch
            middle = (fitting.batch + batch) // 2
            wanted = middle if peak is None else _at(limit, fitting, Fitting(batch, peak))


def _first_that_fits(
    peak_of: Callable[[int], int | None], limit: int, batch: int
) -> Fitting | None:
    while batch:
        peak = peak_of(batch)
        if peak is not None and peak <= limit:
            return Fitting(batch, peak)
        batch //= 2
    return None


def _foreseen(smaller: Fitting, fitting: Fitting, limit: int, reach: int) -> Fitting:
    """The batch at a limit that has not been tried, or `fitting` if that one is no smaller."""
    batch = _rounded(min(_at(limit, smaller, fitting), reach))
    if batch <= fitting.batch:
        return fitting
    peak = fitting.peak + round(_rise(smaller, fitting) * (batch - fitting.batch))
    return Fitting(batch, peak, was_tried=False)


def _at(limit: int, smaller: Fitting, larger: Fitting) -> int:
    """The batch at which the line through two reaches the limit."""
    rise = _rise(smaller, larger)
    if rise <= 0:
        return _GROWTH * larger.batch
    return larger.batch + math.floor((limit - larger.peak) / rise)


def _rise(smaller: Fitting, larger: Fitting) -> float:
    """Bytes for an image more."""
    return (larger.peak - smaller.peak) / (larger.batch - smaller.batch)


def _rounded(batch: int) -> int:
    return batch if batch < MULTIPLE else batch // MULTIPLE * MULTIPLE
