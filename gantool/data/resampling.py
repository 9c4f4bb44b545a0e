"""Pillow's Lanczos resampling as products of matrices, for whole rows and columns at once.

Pillow weighs, for each pixel of the result, only those of the source that lie near it, so the
matrix that leads from a row to the resized row is a band along the diagonal. It is cut into a few
blocks, which hold the band with little of the zeros around it.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

BLOCKS = 4
"""Of a band. More of them hold fewer zeros, but products of small matrices are slow."""

_LOBES = 3.0


class Band(NamedTuple):
    """A resizing of one axis from n pixels to m.

    Block k gives the pixels from k · M on, M = ⌈m / `BLOCKS`⌉, of the L source pixels from its
    start on. The last block may give more pixels than there are: they are zero.

    Attributes:
        starts: [BLOCKS] int32.
        weights: [BLOCKS, M, L] float32.
    """

    starts: NDArray[np.int32]
    weights: NDArray[np.float32]


@lru_cache(maxsize=64)
def band(source: int, target: int) -> Band:
    """The weights by which an axis of `source` pixels becomes one of `target` pixels."""
    matrix = lanczos(source, target)
    outputs = -(-target // BLOCKS)
    rows = np.zeros((BLOCKS * outputs, source))
    rows[:target] = matrix
    blocks = rows.reshape(BLOCKS, outputs, source)
    used = [np.flatnonzero(block.any(axis=0)) for block in blocks]
    length = max(int(columns[-1] - columns[0]) + 1 for columns in used if len(columns))
    starts = [min(int(columns[0]), source - length) if len(columns) else 0 for columns in used]
    weights = [
        block[:, start : start + length] for block, start in zip(blocks, starts, strict=True)
    ]
    return Band(np.array(starts, np.int32), np.array(weights, np.float32))


@lru_cache(maxsize=64)
def interleaved(source: int, target: int, channels: int) -> Band:
    """The same for rows whose pixels have several numbers each, one after the other.

    Returns:
        Starts counted in numbers, and weights [BLOCKS, L · channels, M · channels]: transposed, as
        rows stand to the left of the product.
    """
    starts, weights = band(source, target)
    each = np.eye(channels, dtype=np.float32)
    return Band(
        starts * np.int32(channels), np.array([np.kron(block.T, each) for block in weights])
    )


def lanczos(source: int, target: int) -> NDArray[np.float64]:
    """The weights of Pillow's LANCZOS, [target, source], each row with the sum 1.

    From `precompute_coeffs` of Pillow's Resample.c: when an axis shrinks, the filter widens by as
    much; what it would weigh beyond the edge is left out and the rest scaled to 1.
    """
    scale = source / target
    width = max(scale, 1.0)
    centres = (np.arange(target) + 0.5) * scale
    first = np.maximum(np.trunc(centres - _LOBES * width + 0.5), 0)
    end = np.minimum(np.trunc(centres + _LOBES * width + 0.5), source)
    pixels = np.arange(source)
    distances = (pixels - centres[:, np.newaxis] + 0.5) / width
    weights = np.sinc(distances) * np.sinc(distances / _LOBES)
    inside = (pixels >= first[:, np.newaxis]) & (pixels < end[:, np.newaxis])
    weights = np.where(inside & (np.abs(distances) < _LOBES), weights, 0.0)
    scaled: NDArray[np.float64] = weights / weights.sum(axis=1, keepdims=True)
    return scaled
