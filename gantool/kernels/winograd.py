"""Convolution with fewer multiplications: Winograd's minimal filtering.

A tile of m × m outputs of an r × r filter needs (m + r − 1)² products of numbers where the
definition takes m² r² (Winograd, "Arithmetic Complexity of Computations", 1980; Lavin and Gray,
"Fast Algorithms for Convolutional Neural Networks", 2016). The products of all tiles, channels and
filters are (m + r − 1)² products of matrices; around them stand three linear maps: of the image, of
the kernel, and of the products into outputs. A stride of 2 is brought to 1 by making the four
pixels of a 2 × 2 square channels of one. An odd kernel then lacks the last tap of every second
pixel, and the products at infinity, to which that tap alone contributes, are made without them.

The maps go along one axis at a time, and each comes with its adjoint: the gradient of either is the
other. So a convolution, its transpose, and all their derivatives, of any order, are compositions of
the same few maps.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
import tensorflow as tf

from gantool.kernels.linear import BothWays, Linear, Tensors, compiled, in_turn
from gantool.kernels.stride import Shapes, first_pixels, space_to_depth, taps_of

_POINTS = (0.0, 1.0, -1.0, 2.0, -2.0)
"""Where polynomials are evaluated, beside infinity; these small ones keep rounding small."""

LONGEST = len(_POINTS) + 1
"""How many samples of a signal a tile can be made from at most: m + r − 1."""


def matrices(tile: int, taps: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The three matrices of minimal filtering in one dimension, float64.

    Toom and Cook's construction: a filter is multiplied with a signal as polynomials are, by their
    values at `tile + taps - 2` points and at infinity, and transposed.

    Returns:
        O [tile, n], K [n, taps] and S [n, n] with n = tile + taps − 1, such that
        O · ((K · filter) ⊙ (S · signal)) is the filter's `tile` outputs for n samples of a signal.
    """
    count = tile + taps - 1
    points = np.array(_POINTS[: count - 1])
    outputs, kernel, signal = np.zeros((tile, count)), np.zeros((count, taps)), np.eye(count)
    for index, point in enumerate(points):
        others = np.delete(points, index)
        outputs[:, index] = point ** np.arange(tile)
        kernel[index] = point ** np.arange(taps) / np.prod(point - others)
        signal[index, :-1] = np.poly(others)[::-1]
    outputs[-1, -1] = kernel[-1, -1] = 1.0
    signal[-1] = np.poly(points)[::-1]
    return outputs, kernel, signal


class Winograd:
    """A convolution of given shapes, and its transpose, by tiles of m × m outputs."""

    def __init__(self, shapes: Shapes, tile: int) -> None:
        taps = shapes.taps
        tiles = [-(-side // tile) for side in shapes.outputs]
        self._tiles = shapes.batch, *tiles
        cells = [tile * count + taps - 1 for count in tiles]
        outputs, kernel, signal = matrices(tile, taps)
        self._of_images = Linear(
            *in_turn(
                (compiled(*space_to_depth(shapes, cells)), 1),
                *_along_both(1, signal, tile, tiles, cells, self._tiles, _narrowed(shapes, 3)),
            )
        )
        self._of_kernel = Linear(
            *in_turn(
                (compiled(*taps_of(shapes)), 1),
                *_along_both(
                    0, kernel, taps, (1, 1), (taps, taps), (1, 1, -1), _narrowed(shapes, 2)
                ),
            )
        )
        self._of_outputs = Linear(
            *in_turn(*_along_both(1, outputs.T, tile, tiles, shapes.outputs, self._tiles))
        )

    def convolve(self, images: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        """The outputs [B, h, w, filters] of images [B, H, W, channels], all float32."""
        tiles, weights = self._of_images.forward(images), self._of_kernel.forward(kernel)
        products = [tf.matmul(*pair) for pair in zip(tiles, weights, strict=True)]
        [outputs] = self._of_outputs.adjoint(*products)
        return outputs

    def transpose(self, outputs: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        """The images [B, H, W, channels] that the adjoint of `convolve` makes of outputs."""
        tiles, weights = self._of_outputs.forward(outputs), self._of_kernel.forward(kernel)
        pairs = zip(tiles, weights, strict=True)
        [images] = self._of_images.adjoint(*(tf.matmul(*it, transpose_b=True) for it in pairs))
        return images


winograd = cache(Winograd)
"""So each is compiled once, however many layers have its shapes."""


def _narrowed(shapes: Shapes, of_depth: int) -> list[BothWays | None]:
    """What is kept of the last of the rows, and of the columns, where it lacks pixels.

    Args:
        shapes: Of the convolution.
        of_depth: The axis of the depth, in which the pixels' rows come before their columns.
    """
    if not shapes.lacking:
        return [None, None]
    return [first_pixels(of_depth, pixels * shapes.channels) for pixels in (2, 1)]


def _along_both(
    axis: int,
    matrix: np.ndarray,
    tile: int,
    counts: Sequence[int],
    lengths: Sequence[int],
    leading: Sequence[int],
    lasts: Sequence[BothWays | None] = (None, None),
) -> list[tuple[BothWays, int]]:
    """Map along an axis, and each result along the next: stages for `in_turn`; see `_along`.

    What comes out are matrices, of which a row has the last axis's numbers; `leading` are the other
    axes that they stand for.
    """
    rows, (split, join) = (
        _along(axis + at, matrix, tile, counts[at], lengths[at], lasts[at]) for at in (0, 1)
    )

    def split_to_matrices(whole: tf.Tensor) -> list[tf.Tensor]:
        return [tf.reshape(part, [-1, part.shape[-1]]) for part in split(whole)]

    def join_matrices(*parts: tf.Tensor) -> list[tf.Tensor]:
        return join(*(tf.reshape(part, [*leading, part.shape[-1]]) for part in parts))

    columns = split_to_matrices, join_matrices
    return [(compiled(*rows), len(matrix)), (compiled(*columns), len(matrix))]


def _along(
    axis: int,
    matrix: np.ndarray,
    tile: int,
    tiles: int,
    length: int,
    last: BothWays | None = None,
) -> BothWays:
    """Cut an axis of a given length into tiles, and map each.

    The tiles follow each other at a distance of `tile` and are as long as the matrix is wide, so
    that longer ones overlap. What stands behind the end is zero. Of each, the matrix [n, width]
    makes n numbers: n tensors, whose axis counts the tiles. `last` is applied to the last of them.
    """
    lead = (slice(None),) * axis
    width = matrix.shape[1]
    span = tile * (tiles - 1)

    def padded(whole: tf.Tensor, before: int, after: int) -> tf.Tensor:
        padding = [[0, 0]] * whole.shape.rank
        padding[axis] = [before, after]
        return tf.pad(whole, padding)

    def split(whole: tf.Tensor) -> list[tf.Tensor]:
        whole = padded(whole, 0, span + width - length)
        places = [whole[(*lead, slice(at, at + span + 1, tile))] for at in range(width)]
        parts = _mapped(matrix, places)
        return parts if last is None else parts[:-1] + last[0](parts[-1])

    def join(*parts: tf.Tensor) -> list[tf.Tensor]:
        whole = parts if last is None else [*parts[:-1], *last[1](parts[-1])]
        places = _mapped(matrix.T, whole)
        overlap = int(width > tile)
        own = [padded(place, 0, overlap) for place in places[:tile]]
        for at, place in enumerate(places[tile:]):
            own[at] += padded(place, 1, 0)
        stacked = tf.stack(own, axis + 1)
        shape = stacked.shape.as_list()
        shape[axis : axis + 2] = [shape[axis] * shape[axis + 1]]
        return [tf.reshape(stacked, shape)[(*lead, slice(0, length))]]

    return split, join


def _mapped(matrix: np.ndarray, terms: Tensors) -> list[tf.Tensor]:
    """The matrix times the column of terms; each row becomes a sum of few."""
    rows = []
    for row in matrix:
        summands = [
            term if weight == 1.0 else weight * term
            for weight, term in zip(row.tolist(), terms, strict=True)
            if weight
        ]
        rows.append(sum(summands[1:], summands[0]))
    return rows
