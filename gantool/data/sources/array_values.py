"""What in an array of numbers is black and what is white."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gantool.data.decoding import UnreadableImageError
from gantool.errors import InputError

_SLACK = 1e-3
"""Of the span from black to white: what a network or a resizing puts beyond."""

_DARK = 128
"""Where no value of 0 to 255 is so large, they are others than they seem."""

Piece = NDArray[Any]


@dataclass(frozen=True)
class Values:
    """How numbers become pixels.

    Attributes:
        dtype: Of the pixels, uint8 or uint16.
        black: The number that is black.
        white: The number that is white; None where the numbers are pixels already.
        notes: See `ImageSource.notes`.
    """

    dtype: type[np.uint8] | type[np.uint16]
    black: float = 0.0
    white: float | None = None
    notes: tuple[str, ...] = ()

    def pixels(self, numbers: Piece) -> Piece:
        """Pixels of the same shape.

        Raises:
            UnreadableImageError: A number is beyond black and white, or none.
        """
        if self.white is None and numbers.dtype == self.dtype:
            return numbers
        top = float(np.iinfo(self.dtype).max) if self.white is None else self.white
        slack = _SLACK * (top - self.black)
        low, high = numbers.min(), numbers.max()
        if not (np.isfinite(low) and np.isfinite(high)):
            raise UnreadableImageError("it holds NaN or infinite numbers")
        if not (self.black - slack <= low and high <= top + slack):
            raise UnreadableImageError(
                f"its values go from {low:g} to {high:g}, and those of the others from"
                f" {self.black:g} to {top:g}"
            )
        if self.white is None:
            return numbers.astype(self.dtype)
        scaled = (numbers.astype(np.float64) - self.black) * (255.0 / (top - self.black))
        return np.rint(scaled).clip(0, 255).astype(np.uint8)


def values_of(sample: Sequence[Piece], dtype: np.dtype[Any], where: str, coloured: bool) -> Values:
    """How the numbers of a set become pixels.

    Args:
        sample: Some of its images.
        dtype: Of the set.
        where: What a message calls it.
        coloured: Whether an image has several channels.

    Raises:
        InputError: It cannot be told.
    """
    if not sample:
        return Values(np.uint8)
    # Of others it is told when they are read.
    finite = [piece for piece in sample if np.isfinite(piece).all()]
    if not finite:
        raise InputError(f"{where}: its images hold NaN or infinite numbers; replace them")
    low = float(min(piece.min() for piece in finite))
    high = float(max(piece.max() for piece in finite))
    shown = f"{where}: its values ({dtype.name}) go from {low:g} to {high:g}"
    if dtype.kind == "f":
        return _of_floats(low, high, shown)
    if dtype.kind == "b" or (low >= 0 and high == 1):
        return Values(np.uint8, white=1.0, notes=(f"{shown}: 0 is taken as black, 1 as white",))
    if dtype == np.uint8:
        note = f"{shown}, of 255: the pictures are dark; multiply them if this is not meant"
        return Values(np.uint8, notes=(note,) if high < _DARK else ())
    if low >= 0 and (_DARK <= high <= 255 or high == 0):
        return Values(np.uint8)
    if low >= 0 and 255 < high <= 65535 and not coloured:
        return Values(np.uint16)
    raise _unclear(shown, "integers of 0 to 255, or of 16 bits for grey")


def _of_floats(low: float, high: float, shown: str) -> Values:
    if low >= 0 and high <= 1 + _SLACK:
        return Values(np.uint8, 0, 1, (f"{shown}: 0 is taken as black, 1 as white",))
    if -1 - 2 * _SLACK <= low < 0 and high <= 1 + 2 * _SLACK:
        return Values(np.uint8, -1, 1, (f"{shown}: -1 is taken as black, 1 as white",))
    if low >= 0 and _DARK <= high <= 255 * (1 + _SLACK):
        return Values(np.uint8, 0, 255, (f"{shown}: 0 is taken as black, 255 as white",))
    raise _unclear(shown, "floating-point numbers from 0 to 1, from -1 to 1 or from 0 to 255")


def _unclear(shown: str, expected: str) -> InputError:
    return InputError(
        f"{shown}, so that black and white are not clear; save {expected}, best of all uint8"
    )
