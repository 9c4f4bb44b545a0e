"""Convolutions of which one way, back to an image or to the kernel, is not the plain one.

The way back to an image of few channels: oneDNN fills the channels up to 8 or 16, and takes two to
five times as long as one product, whose rows are patches that are then added up; or as the same
convolution of cells, in which the pixels of a square are channels and so fill more of the 16.

The way to the kernel of small, deep layers in bfloat16: on two cores with AMX, that of
8 × 8 × 256 → 4 × 4 × 512 by a kernel of 5 × 5 takes oneDNN 44 ms for 64 images; their patches take
5 ms, and the product with them 10 ms.
"""

from collections.abc import Callable
from functools import cache

import tensorflow as tf

from gantool.kernels.stride import Shapes, space_to_depth, taps_of

_Backward = Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]


class Patches:
    """A convolution of given shapes, and its transpose; derivatives of any order are right.

    Args:
        shapes: Of the convolution.
        to: What is reached otherwise: `image` or `kernel` by patches, or the image by `cells`.
    """

    def __init__(self, shapes: Shapes, to: str) -> None:
        self._shapes = shapes
        self._weights, _ = taps_of(shapes)
        self._cells = [side + shapes.taps - 1 for side in shapes.outputs]
        _, images_of = space_to_depth(shapes, self._cells)
        self._images = tf.function(images_of, jit_compile=True, autograph=False)
        # Compiled, it reads each patch once.
        self._image = tf.function(self._added, jit_compile=True, autograph=False)
        self._to = to

    def convolve(self, images: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        """The outputs [B, h, w, filters] of images [B, H, W, channels]."""

        def way(images: tf.Tensor, kernel: tf.Tensor) -> tuple[tf.Tensor, _Backward]:
            outputs = tf.nn.conv2d(images, kernel, self._shapes.stride, "SAME")
            return outputs, lambda upstream: (
                self.transpose(upstream, kernel),
                self._of_kernel(images, upstream),
            )

        return tf.custom_gradient(way)(images, kernel)

    def transpose(self, outputs: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        """The images [B, H, W, channels] that the adjoint of `convolve` makes of outputs."""

        def way(outputs: tf.Tensor, kernel: tf.Tensor) -> tuple[tf.Tensor, _Backward]:
            return self._of_images(outputs, kernel), lambda upstream: (
                self.convolve(upstream, kernel),
                self._of_kernel(upstream, outputs),
            )

        return tf.custom_gradient(way)(outputs, kernel)

    def _of_images(self, outputs: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        shapes = self._shapes
        if self._to == "kernel":
            sizes = [shapes.batch, *shapes.sides, shapes.channels]
            return tf.nn.conv2d_transpose(outputs, kernel, sizes, shapes.stride, "SAME")
        [taps] = self._weights(kernel)
        if self._to == "cells":
            sizes = [shapes.batch, *self._cells, shapes.depth]
            cells = tf.nn.conv2d_transpose(outputs, taps, sizes, 1, "VALID")
            [images] = self._images(tf.stop_gradient(cells))
            return images
        weights = tf.reshape(taps, [-1, shapes.filters])
        rows = tf.reshape(outputs, [-1, shapes.filters])
        # Or a tape that may want derivatives of higher order has a second function compiled.
        return self._image(tf.stop_gradient(tf.matmul(rows, weights, transpose_b=True)))

    def _added(self, patches: tf.Tensor) -> tf.Tensor:
        """Patches [B · h · w, taps · taps · depth], each added where it lies."""
        taps, (height, width) = self._shapes.taps, self._shapes.outputs
        split = tf.reshape(patches, [-1, height, width, taps, taps, self._shapes.depth])
        placed = [
            tf.pad(
                split[:, :, :, row, column],
                [[0, 0], [row, taps - 1 - row], [column, taps - 1 - column], [0, 0]],
            )
            for row in range(taps)
            for column in range(taps)
        ]
        _, images_of = space_to_depth(self._shapes, self._cells)
        [images] = images_of(tf.add_n(placed))
        return images

    def _of_kernel(self, images: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
        """The gradient of the kernel [k, k, channels, filters]."""
        shapes = self._shapes
        side, strides = shapes.kernel, [1, shapes.stride, shapes.stride, 1]
        sizes = [side, side, shapes.channels, shapes.filters]
        if self._to != "kernel":
            return tf.raw_ops.Conv2DBackpropFilter(
                input=images,
                filter_sizes=sizes,
                out_backprop=outputs,
                strides=strides,
                padding="SAME",
            )
        rows = tf.reshape(self._patches(images), [-1, side * side * shapes.channels])
        product = tf.matmul(rows, tf.reshape(outputs, [-1, shapes.filters]), transpose_a=True)
        return tf.reshape(product, sizes)

    def _patches(self, images: tf.Tensor) -> tf.Tensor:
        """What each output sees, [B, h, w, k · k · channels]."""
        side, strides = self._shapes.kernel, [1, self._shapes.stride, self._shapes.stride, 1]
        if images.dtype.size == 4 or self._shapes.channels % 2:
            return tf.image.extract_patches(images, [1, side, side, 1], strides, [1] * 4, "SAME")
        # Two numbers of two bytes are copied as one of four: half as many.
        pairs = tf.bitcast(tf.reshape(images, [*images.shape[:3], -1, 2]), tf.int32)
        copied = tf.image.extract_patches(pairs, [1, side, side, 1], strides, [1] * 4, "SAME")
        return tf.bitcast(copied, images.dtype)


patches = cache(Patches)
"""So each is compiled once, however many layers have its shapes."""
