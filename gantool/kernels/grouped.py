"""Convolutions whose channels are divided into groups, on a processor.

TensorFlow has them on GPUs alone. Keras compiles them by XLA, whose derivatives there take 60 to 90
times as long as those of one usual convolution a group, which is what this is.
"""

from collections.abc import Sequence

import tensorflow as tf


def convolve_grouped(
    inputs: tf.Tensor,
    kernel: tf.Tensor,
    strides: Sequence[int],
    padding: str,
    dilations: Sequence[int],
) -> tf.Tensor:
    """Make [B, h, w, F] of [B, H, W, C] and a kernel [k, l, C / groups, F], group by group."""
    groups = inputs.shape[-1] // kernel.shape[2]
    if kernel.shape[2] == 1 and len(set(strides)) == 1 and set(dilations) == {1}:
        by_channels = tf.reshape(kernel, [*kernel.shape[:2], groups, -1])
        return tf.nn.depthwise_conv2d(inputs, by_channels, [1, *strides, 1], padding)
    parts = zip(tf.split(inputs, groups, -1), tf.split(kernel, groups, -1), strict=True)
    return tf.concat(
        [tf.nn.conv2d(own, its, strides, padding, dilations=dilations) for own, its in parts], -1
    )
