"""The fastest way to compute a convolution on a processor."""

import math
from functools import cache

import tensorflow as tf

from gantool.device import has_bfloat16
from gantool.kernels.gpu import has_gpu
from gantool.kernels.patches import Patches, patches
from gantool.kernels.stride import Shapes
from gantool.kernels.switch import are_plain
from gantool.kernels.winograd import LONGEST, Winograd, winograd

_TILES = (2, 4)
_FEWEST_CHANNELS = 16
"""Below, the maps of Winograd's filtering cost more than the products that they save."""
_CHANNELS_OF_IMAGES = 4
"""Up to so many, the way back to an image is faster as a product with its patches."""
_PIXELS_OF_SMALL, _CHANNELS_OF_DEEP = 64, 64
"""Layers with so few outputs and so many channels find the kernel's gradient in bfloat16 faster
by patches."""
_WORTH = 0.9
"""Of the direct way's time, as estimated: what Winograd's may take at most."""

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
    """A faster way than the direct one, if there is one.

    A function of device and shapes alone, so that the same recipe is rounded alike in every
    process. A GPU's own library (cuDNN) has ways like these.
    """
    if shapes is None or are_plain() or has_gpu() or shapes.kernel < shapes.stride:
        return None
    if dtype == tf.bfloat16:
        is_small = math.prod(shapes.outputs) <= _PIXELS_OF_SMALL
        is_deep = min(shapes.channels, shapes.filters) >= _CHANNELS_OF_DEEP
        return patches(shapes, "kernel") if is_small and is_deep else None
    if dtype != tf.float32:
        return None
    tile = _fastest(shapes)
    if tile:
        return winograd(shapes, tile)
    return patches(shapes, "image") if shapes.channels <= _CHANNELS_OF_IMAGES else None


@cache
def _fastest(shapes: Shapes) -> int:
    """The side of the tiles in Winograd's filtering, or 0 where it saves no time."""
    if shapes.kernel <= shapes.stride or min(shapes.channels, shapes.filters) < _FEWEST_CHANNELS:
        return 0
    outputs = shapes.outputs[0] * shapes.outputs[1]
    sums = 2.0 * shapes.batch * outputs * shapes.channels * shapes.filters * shapes.kernel**2
    tiles = [tile for tile in _TILES if tile + shapes.taps - 1 <= LONGEST]
    seconds = {0: _WORTH * sums * _DIRECT, **{tile: _seconds(shapes, tile) for tile in tiles}}
    return min(seconds, key=lambda tile: seconds[tile])


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
