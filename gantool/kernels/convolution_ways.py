"""The ways to compute a convolution on a processor, and which of them is taken."""

import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import tensorflow as tf

from gantool.kernels.estimates import TILES, best_tiles, operations
from gantool.kernels.gpu import has_gpu
from gantool.kernels.patches import Patches, patches
from gantool.kernels.stride import Shapes
from gantool.kernels.switch import are_plain
from gantool.kernels.ways import fastest
from gantool.kernels.winograd import Winograd, winograd

PLAIN = "plain"
TO_IMAGE, CELLS, TO_KERNEL = "patches to the image", "cells to the image", "patches to the kernel"
_WORTH_MEASURING = 2e7
"""Floating-point operations of a pass below which there is nothing to gain."""
_CHANNELS_OF_IMAGES, _CHANNELS_IN_CELLS = 4, 16
"""Up to so many, the way back to an image may be faster as a product with its patches, and by
cells."""
_PIXELS_OF_SMALL, _CHANNELS_OF_DEEP = 144, 32
"""Layers with so few outputs and so many channels may find the kernel's gradient in bfloat16 faster
by patches."""
_WORTH, _UNSURE = 0.9, 1.3
"""Of the direct way's time, as estimated: what Winograd's may take at most to be taken unmeasured,
and to be measured."""


def way_of(shapes: Shapes | None, dtype: tf.DType) -> Winograd | Patches | None:
    """A faster way than the plain one, if there is one.

    A GPU's own library (cuDNN) has ways like these.
    """
    if shapes is None or are_plain() or has_gpu() or shapes.kernel < shapes.stride:
        return None
    if dtype not in (tf.float32, tf.bfloat16):
        return None
    names = _names(shapes, dtype)
    expected = _expected(shapes, dtype)
    if len(names) == 1 or operations(shapes) < _WORTH_MEASURING:
        return _made(expected, shapes)
    ways = {name: _passes(shapes, dtype, name) for name in names}
    return _made(fastest(f"{_described(shapes)} {dtype.name}", ways, expected), shapes)


def _made(name: str, shapes: Shapes) -> Winograd | Patches | None:
    if name in TILES:
        return winograd(shapes, TILES[name])
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
        names += best_tiles(shapes, _UNSURE)
    elif _is_small_and_deep(shapes):
        names.append(TO_KERNEL)
    return names


def _expected(shapes: Shapes, dtype: tf.DType) -> str:
    """The fastest, as estimated: a function of the shapes alone."""
    found = best_tiles(shapes, _WORTH) if dtype == tf.float32 else []
    if found:
        return found[0]
    if shapes.channels <= _CHANNELS_OF_IMAGES and dtype == tf.float32:
        return TO_IMAGE
    is_deep = dtype == tf.bfloat16 and _is_small_and_deep(shapes)
    return TO_KERNEL if is_deep else PLAIN


def _is_small_and_deep(shapes: Shapes) -> bool:
    is_deep = min(shapes.channels, shapes.filters) >= _CHANNELS_OF_DEEP
    return math.prod(shapes.outputs) <= _PIXELS_OF_SMALL and is_deep


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
