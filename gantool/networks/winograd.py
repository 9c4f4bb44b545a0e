"""Convolution with fewer multiplications: Winograd's minimal filtering.

A tile of m × m outputs of an r × r filter needs (m + r − 1)² products of numbers where the
definition takes m² r² (Winograd, "Arithmetic Complexity of Computations", 1980; Lavin and Gray,
"Fast Algorithms for Convolutional Neural Networks", 2016). The products of all tiles, channels and
filters are (m + r − 1)² products of matrices; around them stand three linear maps: of the image, of
the kernel, and of the products into outputs. A stride of 2 is brought to 1 by making the four
pixels of a 2 × 2 square channels of one.

The maps go along one axis at a time, and each comes with its adjoint: the gradient of either is the
other. So a convolution, its transpose, and all their derivatives, of any order, are compositions of
the same few maps.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import tensorflow as tf

Tensors = Sequence[tf.Tensor]
LinearMap = Callable[..., list[tf.Tensor]]
BothWays = tuple[LinearMap, LinearMap]
"""A linear map and its adjoint."""

_POINTS = (0.0, 1.0, -1.0, 2.0, -2.0)
"""Where polynomials are evaluated, beside infinity; these small ones keep rounding small."""


@dataclass(frozen=True)
class Shapes:
    """Of a convolution with padding SAME, a square kernel and one stride.

    Attributes:
        batch: Images.
        sides: Height and width of the side with `channels`: the input of a convolution.
        channels: There.
        filters: Channels of the other side, whose sides are ⌈side / stride⌉.
        kernel: Its side, above the stride; the kernel is [kernel, kernel, channels, filters].
        stride: 1 or 2.
    """

    batch: int
    sides: tuple[int, int]
    channels: int
    filters: int
    kernel: int
    stride: int

    @property
    def outputs(self) -> tuple[int, int]:
        """The sides with `filters`."""
        height, width = (-(-side // self.stride) for side in self.sides)
        return height, width

    @property
    def before(self) -> tuple[int, int]:
        """Rows and columns of zeros that SAME puts before the first pixel."""
        top, left = (
            max((output - 1) * self.stride + self.kernel - side, 0) // 2
            for output, side in zip(self.outputs, self.sides, strict=True)
        )
        return top, left


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
    """A convolution of given shapes, and its transpose.

    Args:
        shapes: Of the convolution.
        tile: m, the side of a tile of outputs.
    """

    def __init__(self, shapes: Shapes, tile: int) -> None:
        self._depth = shapes.stride**2 * shapes.channels
        self._shapes = shapes
        taps = -(-shapes.kernel // shapes.stride)
        tiles = [-(-side // tile) for side in shapes.outputs]
        self._tiles = shapes.batch, *tiles
        cells = [tile * count + taps - 1 for count in tiles]
        outputs, kernel, signal = matrices(tile, taps)
        self._cells = _Linear(*_cells(shapes, cells))
        self._taps = _Linear(*_taps(shapes, taps))
        self._of_cells = [
            _Linear(*_along(axis, signal, tile, count, length))
            for axis, count, length in zip((1, 2), tiles, cells, strict=True)
        ]
        self._of_taps = [_Linear(*_along(axis, kernel, taps, 1, taps)) for axis in (0, 1)]
        self._of_outputs = [
            _Linear(*_along(axis, outputs.T, tile, count, length))
            for axis, count, length in zip((1, 2), tiles, shapes.outputs, strict=True)
        ]

    def convolve(self, images: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        """The outputs [B, h, w, filters] of images [B, H, W, channels], all float32."""
        [cells] = self._cells.forward(images)
        tiles = [tf.reshape(tile, [-1, self._depth]) for tile in _split(self._of_cells, cells)]
        pairs = zip(tiles, self._weights(kernel), strict=True)
        shape = [*self._tiles, self._shapes.filters]
        products = [tf.reshape(tf.matmul(tile, weights), shape) for tile, weights in pairs]
        return _join(self._of_outputs, products)

    def transpose(self, outputs: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        """The images [B, H, W, channels] that the adjoint of `convolve` makes of outputs."""
        filters = self._shapes.filters
        tiles = [tf.reshape(tile, [-1, filters]) for tile in _split(self._of_outputs, outputs)]
        pairs = zip(tiles, self._weights(kernel), strict=True)
        shape = [*self._tiles, self._depth]
        products = [
            tf.reshape(tf.matmul(tile, weights, transpose_b=True), shape) for tile, weights in pairs
        ]
        [images] = self._cells.adjoint(_join(self._of_cells, products))
        return images

    def _weights(self, kernel: tf.Tensor) -> Tensors:
        """n² matrices [depth, filters]."""
        [taps] = self._taps.forward(kernel)
        shape = [self._depth, self._shapes.filters]
        return [tf.reshape(weights, shape) for weights in _split(self._of_taps, taps)]


@cache
def winograd(shapes: Shapes, tile: int) -> Winograd:
    """The convolution of these shapes; compiled once, however many layers have them."""
    return Winograd(shapes, tile)


class _Linear:
    """A linear map of lists of tensors; the gradient of each direction is the other."""

    def __init__(self, forward: LinearMap, adjoint: LinearMap) -> None:
        # Compiled, a direction is one loop over the numbers for each tensor that it gives.
        self._compiled = [
            tf.function(direction, jit_compile=True, autograph=False)
            for direction in (forward, adjoint)
        ]

    def forward(self, *inputs: tf.Tensor) -> Tensors:
        return self._apply(0, *inputs)

    def adjoint(self, *inputs: tf.Tensor) -> Tensors:
        return self._apply(1, *inputs)

    def _apply(self, direction: int, *inputs: tf.Tensor) -> Tensors:
        def mapped(*values: tf.Tensor) -> tuple[Tensors, LinearMap]:
            return self._compiled[direction](*values), lambda *upstream: list(
                self._apply(1 - direction, *upstream)
            )

        outputs: Tensors = tf.custom_gradient(mapped)(*inputs)
        return outputs


def _split(maps: Sequence[_Linear], whole: tf.Tensor) -> Tensors:
    """Map along two axes, one after the other: n² tensors, row by row."""
    rows, columns = maps
    return [tile for row in rows.forward(whole) for tile in columns.forward(row)]


def _join(maps: Sequence[_Linear], tiles: Tensors) -> tf.Tensor:
    """The adjoint of `_split`."""
    rows, columns = maps
    count = math.isqrt(len(tiles))
    of_rows = [tiles[at : at + count] for at in range(0, len(tiles), count)]
    joined = [row for tiles in of_rows for row in columns.adjoint(*tiles)]
    [whole] = rows.adjoint(*joined)
    return whole


def _along(axis: int, matrix: np.ndarray, tile: int, tiles: int, length: int) -> BothWays:
    """Cut an axis of a given length into tiles, and map each.

    The tiles follow each other at a distance of `tile` and are as long as the matrix is wide, so
    that longer ones overlap. What stands behind the end is zero. Of each, the matrix [n, width]
    makes n numbers: n tensors, whose axis counts the tiles.
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
        return _mapped(matrix, places)

    def join(*parts: tf.Tensor) -> list[tf.Tensor]:
        places = _mapped(matrix.T, parts)
        overlap = int(width > tile)
        own = [padded(place, 0, overlap) for place in places[:tile]]
        for at, place in enumerate(places[tile:]):
            own[at] += padded(place, 1, 0)
        stacked = tf.stack(own, axis + 1)
        shape = stacked.shape.as_list()
        shape[axis : axis + 2] = [shape[axis] * shape[axis + 1]]
        return [tf.reshape(stacked, shape)[(*lead, slice(0, length))]]

    return split, join


def _cells(shapes: Shapes, sides: Sequence[int]) -> BothWays:
    """Images [B, H, W, C], padded, as cells [B, *sides, depth] of stride × stride pixels."""
    stride, (top, left), (height, width) = shapes.stride, shapes.before, shapes.sides
    rows, columns = sides
    split = [shapes.batch, rows, stride, columns, stride, shapes.channels]

    def gather(images: tf.Tensor) -> list[tf.Tensor]:
        padding = [
            [before, max(stride * cells - before - side, 0)]
            for before, side, cells in zip(shapes.before, shapes.sides, sides, strict=True)
        ]
        padded = tf.pad(images, [[0, 0], *padding, [0, 0]])
        # Pixels behind the last that an output sees are left out.
        seen = tf.reshape(padded[:, : stride * rows, : stride * columns], split)
        ordered = tf.transpose(seen, [0, 1, 3, 2, 4, 5])
        return [tf.reshape(ordered, [shapes.batch, rows, columns, -1])]

    def scatter(cells: tf.Tensor) -> list[tf.Tensor]:
        ordered = tf.reshape(cells, [shapes.batch, rows, columns, stride, stride, shapes.channels])
        padded = tf.reshape(
            tf.transpose(ordered, [0, 1, 3, 2, 4, 5]),
            [shapes.batch, stride * rows, stride * columns, shapes.channels],
        )
        images = padded[:, top : top + height, left : left + width]
        unseen = [[0, height - images.shape[1]], [0, width - images.shape[2]]]
        return [tf.pad(images, [[0, 0], *unseen, [0, 0]])]

    return gather, scatter


def _taps(shapes: Shapes, taps: int) -> BothWays:
    """A kernel [k, k, C, filters], padded, as [taps, taps, depth, filters]."""
    stride, kernel = shapes.stride, shapes.kernel
    side = taps * stride
    rest = [0, side - kernel]

    def gather(weights: tf.Tensor) -> list[tf.Tensor]:
        padded = tf.pad(weights, [rest, rest, [0, 0], [0, 0]])
        split = tf.reshape(padded, [taps, stride, taps, stride, shapes.channels, shapes.filters])
        ordered = tf.transpose(split, [0, 2, 1, 3, 4, 5])
        return [tf.reshape(ordered, [taps, taps, -1, shapes.filters])]

    def scatter(cells: tf.Tensor) -> list[tf.Tensor]:
        ordered = tf.reshape(cells, [taps, taps, stride, stride, shapes.channels, shapes.filters])
        split = tf.transpose(ordered, [0, 2, 1, 3, 4, 5])
        padded = tf.reshape(split, [side, side, shapes.channels, shapes.filters])
        return [padded[:kernel, :kernel]]

    return gather, scatter


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
