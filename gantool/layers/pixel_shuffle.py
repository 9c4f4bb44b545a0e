from typing import Any

import keras
import tensorflow as tf

from gantool.recipe.types import Count


class PixelShuffle(keras.layers.Layer):
    """Channels laid out as pixels: larger maps of fewer channels (Shi et al. 2016).

    Channel (i · factor + j) · C' + c of a pixel becomes channel c of its part in row i, column j.

    Args:
        factor: How many times as high and wide the maps become.
    """

    def __init__(self, factor: Count = 2, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.factor = factor
        self.input_spec = keras.layers.InputSpec(ndim=4)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Check the input [B, H, W, C]."""
        channels = input_shape[-1]
        if channels is None or channels % self.factor**2:
            raise ValueError(f"{self.factor**2} does not divide {channels} channels")

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Make [B, factor · H, factor · W, C'] of [B, H, W, factor² · C']."""
        return inputs if self.factor == 1 else tf.nn.depth_to_space(inputs, self.factor)
