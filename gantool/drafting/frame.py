"""The size that pictures are brought to, and what becomes of their proportions."""

import math
from collections.abc import Callable
from functools import partial
from itertools import accumulate
from typing import NamedTuple

from gantool.data.inspection.suggestion import CELEBA, FACE
from gantool.data.inspection.survey import Size, Survey
from gantool.drafting.means import Means
from gantool.errors import InputError

USUAL = (256, 128, 96, 64, 48, 32, 16, 8)
"""Sides; with fewer than 8 pixels there is nothing to double."""

_PROCESSOR, _GPU = 64, 128
"""Sides of what is drafted unasked. Twice the side is four times the work: at 64×64 the networks
for a processor train in hours, and those for a GPU at 128×128."""

_BASE = 4
"""The shorter side of the maps that generators begin with: from so many pixels to twice as many."""

_SHARE = 0.9
"""Of the pictures that are not to be enlarged, or have the same proportions."""

_ALIKE = 1.1
"""The factor by which the same proportions may differ."""

_LONG, _LONGEST = 1.5, 8.0
"""Proportions from which a square would lose a third of each picture, and the longest ones."""


class Frame(NamedTuple):
    """How large pictures are trained on, and why.

    Attributes:
        size: Height and width.
        reason: Of the size.
        crop: The side of a square that is cut out before; None for the usual crop.
        pads: Whether pictures are kept whole, with background beside them.
    """

    size: Size
    reason: str
    crop: int | None = None
    pads: bool = False


def doublings(size: Size) -> int | None:
    """How often maps are doubled on their way to a size; None where no such way leads to it."""
    times = max(0, math.floor(math.log2(min(size) / _BASE)))
    is_whole = all(side % 2**times == 0 for side in size)
    return times if is_whole and min(size) >= USUAL[-1] else None


def frame_of(found: Survey, means: Means, asked: Size | None = None) -> Frame:
    """The frame that suits pictures.

    Args:
        found: What is known of them.
        means: What they are trained with.
        asked: The size that the user wants.

    Raises:
        InputError: No networks of doubled maps make the size that was asked for.
    """
    if asked is not None:
        return Frame(checked_size(asked), "as asked", None, _loses_half(found, asked))
    most = _GPU if means.is_gpu else _PROCESSOR
    if set(found.sizes) == {CELEBA}:
        return Frame((64, 64), "of the faces, which the crop cuts out", FACE)
    if len(found.sizes) == 1:
        [size] = found.sizes
        if doublings(size) is not None and math.prod(size) <= most**2:
            return Frame(size, "as all pictures are")
    ratio = _proportions(found)
    long = min(_long(ratio), _LONGEST)
    if long < _LONG:
        is_padded = _loses_half(found, (1, 1))
        side = _largest(found, most, max if is_padded else min)
        return Frame((side, side), _why(found, side, most, means), None, is_padded)
    most = round(most / math.sqrt(long))
    side = _largest(found, most, min)
    unit = 2 ** (doublings((side, side)) or 0)
    longer = max(side, round(side * long / unit) * unit)
    size = (longer, side) if ratio > 1 else (side, longer)
    reason = f"in the proportions of the pictures; {_why(found, side, most, means)}"
    return Frame(size, reason, None, _loses_half(found, size))


def _proportions(found: Survey) -> float:
    """Height to width of the pictures; 1 where they differ in that."""
    ordered = sorted(found.sizes.items(), key=lambda item: item[0][0] / item[0][1])
    upto = accumulate(count for _, count in ordered)
    half = found.sizes.total() / 2
    height, width = next(size for (size, _), seen in zip(ordered, upto, strict=True) if seen > half)
    middle = height / width
    alike = _share(found, lambda height, width: 1 / _ALIKE <= height / width / middle <= _ALIKE)
    return middle if alike >= _SHARE else 1.0


def _largest(found: Survey, most: int, of: Callable[[int, int], int]) -> int:
    """The largest usual side that is not above one, nor above that of nearly all pictures."""
    sides = (side for side in USUAL if side <= most)
    return next(
        (side for side in sides if _share(found, partial(_has, of, side)) >= _SHARE), USUAL[-1]
    )


def _has(of: Callable[[int, int], int], side: int, height: int, width: int) -> bool:
    return of(height, width) >= side


def _why(found: Survey, side: int, most: int, means: Means) -> str:
    """Why a side was chosen."""
    if 2 * most > 3 * side:  # no usual side is between
        smaller = _share(found, lambda *size: min(size) < side)
        grown = f"; {smaller:.0%} of the pictures are smaller, and are enlarged" if smaller else ""
        return f"hardly any picture has to be enlarged to it{grown}"
    return f"the largest that trains in hours on {means.kind}; twice the side is 4 times the work"


def _loses_half(found: Survey, size: Size) -> bool:
    """Whether more than half of the pictures would lose half of themselves by a crop."""
    wanted = size[0] / size[1]
    return _share(found, lambda height, width: _long(height / width / wanted) >= 2) > 0.5


def _long(ratio: float) -> float:
    """The longer side as a multiple of the shorter one."""
    return max(ratio, 1 / ratio)


def _share(found: Survey, holds: Callable[[int, int], bool]) -> float:
    """The share of pictures of whose height and width something holds."""
    return sum(count for size, count in found.sizes.items() if holds(*size)) / found.sizes.total()


def checked_size(size: Size) -> Size:
    """A size that networks of doubled maps make.

    Raises:
        InputError: It is none; tells one.
    """
    if doublings(size) is not None:
        return size
    unit = 2 ** math.floor(math.log2(max(USUAL[-1], min(size)) / _BASE))
    near = "x".join(str(max(USUAL[-1], round(side / unit) * unit)) for side in size)
    raise InputError(
        f"--size {size[0]}x{size[1]}: the networks begin with 4 to 7 pixels and double them, once"
        f" or more; {near} would do"
    )
