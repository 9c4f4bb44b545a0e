from typing import Any

import keras
import tensorflow as tf

from gantool.recipe.types import Count


class Basis(keras.layers.Layer):
    """A learned map for each channel, times the input (Huang et al. 2024, R3GAN).

    After Dense without a bias it is where R3GAN's generator begins. The maps begin with normal
    numbers of standard deviation 1.

    Args:
        height: Of the maps.
        width: Of the maps.
    """

    def __init__(self, height: Count = 4, width: Count = 4, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.height = height
        self.width = width
        self.input_spec = keras.layers.InputSpec(ndim=2)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the maps [H, W, C]."""
        self.basis = self.add_weight(
            shape=(self.height, self.width, input_shape[-1]),
            initializer=keras.initializers.RandomNormal(stddev=1.0),
            name="basis",
        )

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Make [B, H, W, C] of [B, C]."""
        return inputs[:, tf.newaxis, tf.newaxis, :] * tf.convert_to_tensor(self.basis)
