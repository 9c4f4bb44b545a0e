from typing import Any

import keras
import tensorflow as tf

from gantool.recipe.types import Positive


class PixelNormalization(keras.layers.Layer):
    """The channels of each pixel divided by their root mean square (Karras et al. 2018).

    Section 4.2 of "Progressive Growing of GANs"; of a latent vector, all its numbers.

    Args:
        epsilon: Is added to the mean square.
    """

    def __init__(self, epsilon: Positive = 1e-8, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.epsilon = epsilon

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Make [B, …, C] of [B, …, C]."""
        values = tf.cast(inputs, tf.float32)
        squares = tf.reduce_mean(tf.square(values), axis=-1, keepdims=True)
        return tf.cast(values * tf.math.rsqrt(squares + self.epsilon), inputs.dtype)
