from typing import Any

import keras
import tensorflow as tf

from gantool.recipe.types import Count


class PixelUnshuffle(keras.layers.Layer):
    """Pixels laid out as channels, as PixelShuffle lays channels out as pixels (Shi et al. 2016).

    Args:
        factor: How many times as low and narrow the maps become.
    """

    def __init__(self, factor: Count = 2, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.factor = factor
        self.input_spec = keras.layers.InputSpec(ndim=4)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Check the input [B, H, W, C]."""
        if any(side is None or side % self.factor for side in input_shape[1:3]):
            raise ValueError(f"{self.factor} does not divide both height and width")

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Make [B, H / factor, W / factor, factor² · C] of [B, H, W, C]."""
        return inputs if self.factor == 1 else tf.nn.space_to_depth(inputs, self.factor)
