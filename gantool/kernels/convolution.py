"""The fastest way to compute a convolution on a processor."""

import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import tensorflow as tf

from gantool.device import has_bfloat16
from gantool.kernels.gpu import has_gpu
from gantool.kernels.patches import Patches, patches
from gantool.kernels.stride import Shapes
from gantool.kernels.switch import are_plain
from gantool.kernels.ways import fastest
from gantool.kernels.winograd import LONGEST, Winograd, winograd

PLAIN = "plain"
TO_IMAGE, CELLS, TO_KERNEL = "patches to the image", "cells to the image", "patches to the kernel"
_TILES = {"tiles of 2": 2, "tiles of 4": 4}
"""Winograd's filtering, by the side of a tile."""

_WORTH_MEASURING = 2e7
"""Floating-point operations of a pass below which there is nothing to gain."""
_FEWEST_CHANNELS = 16
"""Below, the maps of Winograd's filtering cost more than the products that they save."""
_CHANNELS_OF_IMAGES, _CHANNELS_IN_CELLS = 4, 16
"""Up to so many, the way back to an image may be faster as a product with its patches, and by
cells."""
_PIXELS_OF_SMALL, _CHANNELS_OF_DEEP = 144, 32
"""Layers with so few outputs and so many channels may find the kernel's gradient in bfloat16 faster
by patches."""
_WORTH, _UNSURE = 0.9, 1.3
"""Of the direct way's time, as estimated: what Winograd's may take at most to be taken unmeasured,
and to be measured."""

# Seconds of one core at 2.6 GHz with AVX2, measured: the three passes of training by oneDNN, a
# product of matrices, and the linear maps both ways for each number that they read or write.
_DIRECT = 1 / 85e9 + 1 / 78e9 + 1 / 64e9
_PRODUCT = 1 / 72e9
_OF_CELL, _OF_TILE, _OF_PRODUCT, _OF_WEIGHT = 2.2e-9, 2.8e-9, 2.1e-9, 1.2e-9


def convolve(images: tf.Tensor, kernel: tf.Tensor, stride: int) -> tf.Tensor:
    """Convolve with padding SAME.

    Args:
        images: [B, H, W, C].
        kernel: [k, k, C, filters], of the images' type.
        stride: 1 or 2.

    Returns:
        [B, ⌈H / stride⌉, ⌈W / stride⌉, filters], of the images' type. Numbers in bfloat16 are
        multiplied in float32 where the processor has no products of them; the sums are rounded
        to bfloat16 as they are by processors that have.
    """
    shapes = _shapes(images.shape, kernel.shape, stride)
    wide, wide_kernel = _as_multiplied(images), _as_multiplied(kernel)
    way = _way(shapes, wide.dtype)
    if way is None:
        outputs = tf.nn.conv2d(wide, wide_kernel, stride, "SAME")
    else:
        outputs = way.convolve(wide, wide_kernel)
    return tf.cast(outputs, images.dtype)


def convolve_transposed(
    images: tf.Tensor, kernel: tf.Tensor, stride: int, sides: tuple[int, int]
) -> tf.Tensor:
    """Apply the adjoint of `convolve` with padding SAME.

    Args:
        images: [B, h, w, C].
        kernel: [k, k, filters, C], of the images' type.
        stride: 1 or 2.
        sides: H and W, with h = ⌈H / stride⌉ and w = ⌈W / stride⌉.

    Returns:
        [B, H, W, filters], of the images' type; see `convolve` for bfloat16.
    """
    batch, filters = images.shape[0], kernel.shape[2]
    shapes = _shapes(tf.TensorShape([batch, *sides, filters]), kernel.shape, stride)
    wide, wide_kernel = _as_multiplied(images), _as_multiplied(kernel)
    way = _way(shapes, wide.dtype)
    if way is None:
        sizes = [tf.shape(images)[0], *sides, filters]
        outputs = tf.nn.conv2d_transpose(wide, wide_kernel, sizes, stride, "SAME")
    else:
        outputs = way.transpose(wide, wide_kernel)
    return tf.cast(outputs, images.dtype)


def _shapes(images: tf.TensorShape, kernel: tf.TensorShape, stride: int) -> Shapes | None:
    """None where the batch is of any size, as while a model is built."""
    if not images.is_fully_defined():
        return None
    batch, height, width, channels = images
    return Shapes(batch, (height, width), channels, kernel[3], kernel[0], stride)


def _as_multiplied(numbers: tf.Tensor) -> tf.Tensor:
    narrow = numbers.dtype == tf.bfloat16 and not (has_bfloat16() or has_gpu())
    return tf.cast(numbers, tf.float32) if narrow else numbers


def _way(shapes: Shapes | None, dtype: tf.DType) -> Winograd | Patches | None:
    """A faster way than the plain one, if there is one.

    A GPU's own library (cuDNN) has ways like these.
    """
    if shapes is None or are_plain() or has_gpu() or shapes.kernel < shapes.stride:
        return None
    if dtype not in (tf.float32, tf.bfloat16):
        return None
    names = _names(shapes, dtype)
    expected = _expected(shapes, dtype)
    if len(names) == 1 or _operations(shapes) < _WORTH_MEASURING:
        return _made(expected, shapes)
    ways = {name: _passes(shapes, dtype, name) for name in names}
    return _made(fastest(f"{_described(shapes)} {dtype.name}", ways, expected), shapes)


def _made(name: str, shapes: Shapes) -> Winograd | Patches | None:
    if name in _TILES:
        return winograd(shapes, _TILES[name])
    to = {TO_IMAGE: "image", CELLS: "cells", TO_KERNEL: "kernel"}.get(name)
    return None if to is None else patches(shapes, to)


def _names(shapes: Shapes, dtype: tf.DType) -> list[str]:
    """The ways that may be the fastest, the plain one first."""
    names = [PLAIN]
    if shapes.channels <= _CHANNELS_OF_IMAGES:
        names.append(TO_IMAGE)
    if shapes.channels <= _CHANNELS_IN_CELLS and shapes.stride == 2:
        names.append(CELLS)
    if dtype == tf.float32:
        names += _tiles(shapes, _UNSURE)
    elif _is_small_and_deep(shapes):
        names.append(TO_KERNEL)
    return names


def _expected(shapes: Shapes, dtype: tf.DType) -> str:
    """The fastest, as estimated: a function of the shapes alone."""
    found = _tiles(shapes, _WORTH) if dtype == tf.float32 else []
    if found:
        return found[0]
    if shapes.channels <= _CHANNELS_OF_IMAGES and dtype == tf.float32:
        return TO_IMAGE
    is_deep = dtype == tf.bfloat16 and _is_small_and_deep(shapes)
    return TO_KERNEL if is_deep else PLAIN


def _is_small_and_deep(shapes: Shapes) -> bool:
    is_deep = min(shapes.channels, shapes.filters) >= _CHANNELS_OF_DEEP
    return math.prod(shapes.outputs) <= _PIXELS_OF_SMALL and is_deep


def _operations(shapes: Shapes) -> float:
    """Floating-point operations of one of the three passes of training, by definition."""
    places = shapes.batch * math.prod(shapes.outputs) * shapes.kernel**2
    return 2.0 * places * shapes.channels * shapes.filters


def _described(shapes: Shapes) -> str:
    sides, kernel, stride = map(_times, (shapes.sides, [shapes.kernel] * 2, [shapes.stride] * 2))
    channels = f"{shapes.channels} and {shapes.filters} channels"
    return f"convolution of {shapes.batch}: {sides}, {channels}, {kernel} by {stride},"


def _times(sides: Sequence[int]) -> str:
    return "×".join(map(str, sides))


def _passes(shapes: Shapes, dtype: tf.DType, name: str) -> Callable[[], Any]:
    """What does the three passes of training in a way, of numbers drawn."""
    sizes = {
        "images": [shapes.batch, *shapes.sides, shapes.channels],
        "kernel": [shapes.kernel, shapes.kernel, shapes.channels, shapes.filters],
        "upstream": [shapes.batch, *shapes.outputs, shapes.filters],
    }

    def passes(images: tf.Tensor, kernel: tf.Tensor, upstream: tf.Tensor) -> list[tf.Tensor]:
        way = _made(name, shapes)
        with tf.GradientTape() as tape:
            tape.watch([images, kernel])
            outputs = (
                tf.nn.conv2d(images, kernel, shapes.stride, "SAME")
                if way is None
                else way.convolve(images, kernel)
            )
        return [outputs, *tape.gradient(outputs, [images, kernel], upstream)]

    traced = tf.function(passes, autograph=False)

    @cache
    def drawn() -> list[tf.Tensor]:
        return [tf.cast(tf.random.stateless_normal(size, [0, 0]), dtype) for size in sizes.values()]

    return lambda: traced(*drawn())


@cache
def _tiles(shapes: Shapes, worth: float) -> list[str]:
    """The fastest tiles of Winograd's filtering, where they take so much of the direct time."""
    if shapes.kernel <= shapes.stride or min(shapes.channels, shapes.filters) < _FEWEST_CHANNELS:
        return []
    limit = worth * _operations(shapes) * _DIRECT
    fitting = [name for name, tile in _TILES.items() if tile + shapes.taps - 1 <= LONGEST]
    seconds = {name: _seconds(shapes, _TILES[name]) for name in fitting}
    best = min(seconds, key=lambda name: seconds[name], default=None)
    return [best] if best is not None and seconds[best] <= limit else []


def _seconds(shapes: Shapes, tile: int) -> float:
    """The estimated time of the three passes of training by Winograd's filtering."""
    taps, depth = shapes.taps, shapes.depth
    side = tile + taps - 1
    # The numbers of all places of a tile: at infinity an odd kernel has one pixel instead of two.
    numbers = (shapes.stride * side - shapes.lacking) ** 2 * shapes.channels
    down, across = (-(-side // tile) for side in shapes.outputs)
    tiles = shapes.batch * down * across
    cells = shapes.batch * (tile * down + taps - 1) * (tile * across + taps - 1) * depth
    return (
        6.0 * numbers * tiles * shapes.filters * _PRODUCT
        + cells * _OF_CELL
        + numbers * tiles * _OF_TILE
        + side**2 * tiles * shapes.filters * _OF_PRODUCT
        + numbers * shapes.filters * _OF_WEIGHT
    )
