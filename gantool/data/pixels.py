"""Pixels as bytes and as the numbers that networks see: two exact inverses."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def to_range(pixels: Any, bounds: tuple[float, float]) -> Any:
    """Map 0 … 255 to low … high: x = low + (high − low) · p / 255.

    Args:
        pixels: a NumPy array of uint8, or a float32 tensor of TensorFlow with such values. One
            formula for both, so that a picture is the same number outside a pipeline and in it.
        bounds: low and high, what black and white become.

    Returns:
        float32 of the same shape and kind.
    """
    low, high = bounds
    if isinstance(pixels, np.ndarray):
        pixels = pixels.astype(np.float32)
    return pixels / 255.0 * (high - low) + low


def from_range(values: NDArray[Any], bounds: tuple[float, float]) -> NDArray[np.uint8]:
    """Map low … high back to 0 … 255: rounded, what lies outside cut off, NaN as black.

    Args:
        values: floats of any precision.
        bounds: low and high, what black and white are.

    Returns:
        uint8 of the same shape.
    """
    low, high = bounds
    pixels = (np.asarray(values).astype(np.float64) - low) * (255.0 / (high - low))
    return np.clip(np.rint(np.nan_to_num(pixels)), 0, 255).astype(np.uint8)
