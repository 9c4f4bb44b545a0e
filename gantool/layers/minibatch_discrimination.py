from typing import Any

import keras
import tensorflow as tf

from gantool.recipe.types import Count


class MinibatchDiscrimination(keras.layers.Layer):
    """How near an example lies to all of its batch, as further numbers (Salimans et al. 2016).

    Section 3.2 of "Improved Techniques for Training GANs": a kernel makes a matrix [features,
    dimensions] of each example, and a feature of an example is the sum over the batch of exp(−d),
    with d the L1 distance between two examples' rows. Each replica takes its own part of a batch.

    Args:
        features: Number of numbers that are added.
        dimensions: Number of places of a row.
        kernel_initializer: Of the kernel [N, features · dimensions].
    """

    def __init__(
        self,
        features: Count = 100,
        dimensions: Count = 5,
        kernel_initializer: Any = "glorot_uniform",
        **keywords: Any,
    ) -> None:
        super().__init__(**keywords)
        self.features = features
        self.dimensions = dimensions
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.input_spec = keras.layers.InputSpec(ndim=2)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the kernel."""
        self.kernel = self.add_weight(
            shape=(input_shape[-1], self.features * self.dimensions),
            initializer=self.kernel_initializer,
            name="kernel",
        )

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Make [B, N + features] of [B, N]."""
        rows = tf.matmul(inputs, tf.convert_to_tensor(self.kernel))
        rows = tf.cast(tf.reshape(rows, [-1, self.features, self.dimensions]), tf.float32)
        distances = tf.reduce_sum(tf.abs(rows[:, tf.newaxis] - rows[tf.newaxis]), axis=-1)
        near = tf.reduce_sum(tf.exp(-distances), axis=1)
        return tf.concat([inputs, tf.cast(near, inputs.dtype)], axis=-1)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The input's shape with `features` more numbers."""
        batch, size = input_shape
        return batch, None if size is None else size + self.features
