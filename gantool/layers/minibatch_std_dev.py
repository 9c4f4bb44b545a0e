from typing import Any

import keras
import tensorflow as tf

from gantool.recipe.types import Count


class MinibatchStdDev(keras.layers.Layer):
    """Standard deviation over groups of examples, as further channels (Karras et al. 2018).

    Section 3 of "Progressive Growing of GANs". Examples of a group are neighbours at the same
    distance in the batch. Over each group the standard deviation of every number is taken, its mean
    over places and channels, and given to all places of all its examples: a discriminator sees when
    generated ones are too much alike.

    Args:
        group_size: Number of examples of a group: the largest up to this that divides the batch.
        features: Number of channels that are added; the input's are divided among them.
    """

    def __init__(self, group_size: Count = 4, features: Count = 1, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.group_size = group_size
        self.features = features

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Check the input [B, …, C]."""
        channels = input_shape[-1]
        if channels is None or channels % self.features:
            raise ValueError(f"features={self.features} does not divide {channels} channels")

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Make [B, …, C + features] of [B, …, C]."""
        batch, channels = inputs.shape[0], inputs.shape[-1]
        size = max(it for it in range(1, self.group_size + 1) if batch % it == 0)
        values = tf.cast(tf.reshape(inputs, [size, batch // size, -1, channels]), tf.float32)
        values -= tf.reduce_mean(values, axis=0)
        deviations = tf.sqrt(tf.reduce_mean(tf.square(values), axis=0) + 1e-8)
        means = tf.reduce_mean(
            tf.reshape(deviations, [batch // size, -1, self.features, channels // self.features]),
            axis=[1, 3],
        )
        spread = [batch, *([1] * (len(inputs.shape) - 2)), self.features]
        planes = tf.reshape(tf.tile(means, [size, 1]), spread)
        planes = tf.broadcast_to(planes, [*inputs.shape[:-1], self.features])
        return tf.concat([inputs, tf.cast(planes, inputs.dtype)], axis=-1)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The input's shape with `features` more channels."""
        channels = input_shape[-1]
        return (*input_shape[:-1], None if channels is None else channels + self.features)
