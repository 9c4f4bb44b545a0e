"""A convolution of an image with few channels, the way back as a product with its patches.

oneDNN fills up the channels of an image to 8 on the way back to it, and takes three to five times
as long as one product of matrices, whose rows are patches that are then added up. The way there,
and to the kernel, it is fast.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import tensorflow as tf

from gantool.networks.stride import Shapes, cells_of, taps_of

_Backward = Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]


class Patches:
    """A convolution of given shapes, and its transpose; derivatives of any order are right.

    Args:
        shapes: Of the convolution.
    """

    def __init__(self, shapes: Shapes) -> None:
        self._shapes = shapes
        self._weights, _ = taps_of(shapes)
        # Compiled, it reads each patch once.
        self._images = tf.function(self._added, jit_compile=True, autograph=False)

    def convolve(self, images: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        """The outputs [B, h, w, filters] of images [B, H, W, channels], all float32."""

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
            return self._sum_of_patches(outputs, kernel), lambda upstream: (
                self.convolve(upstream, kernel),
                self._of_kernel(upstream, outputs),
            )

        return tf.custom_gradient(way)(outputs, kernel)

    def _sum_of_patches(self, outputs: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        filters = self._shapes.filters
        [taps] = self._weights(kernel)
        weights = tf.reshape(taps, [-1, filters])
        return self._images(
            tf.matmul(tf.reshape(outputs, [-1, filters]), weights, transpose_b=True)
        )

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
        _, images_of = cells_of(self._shapes, [height + taps - 1, width + taps - 1])
        [images] = images_of(tf.add_n(placed))
        return images

    def _of_kernel(self, images: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
        """The gradient of the kernel [k, k, channels, filters]."""
        shapes, strides = self._shapes, [1, self._shapes.stride, self._shapes.stride, 1]
        sizes = [shapes.kernel, shapes.kernel, shapes.channels, shapes.filters]
        return tf.raw_ops.Conv2DBackpropFilter(
            input=images, filter_sizes=sizes, out_backprop=outputs, strides=strides, padding="SAME"
        )


@cache
def patches(shapes: Shapes) -> Patches:
    """The convolution of these shapes; compiled once, however many layers have them."""
    return Patches(shapes)
