"""Images as gantool's own feature networks see them."""

import tensorflow as tf

LARGEST = 64
"""Pixels a side; larger images are made smaller, by the mean of what falls together."""


def floats(images: tf.Tensor) -> tf.Tensor:
    """Images uint8 [B, H, W, C] as float32 in [-1, 1], with no side above `LARGEST`."""
    values = tf.cast(images, tf.float32) / 127.5 - 1.0
    height, width = images.shape[1:3]
    if max(height, width) <= LARGEST:
        return values
    share = LARGEST / max(height, width)
    size = [max(1, round(side * share)) for side in (height, width)]
    return tf.image.resize(values, size, method="area")
