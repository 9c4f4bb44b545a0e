from typing import Any, Literal

import keras
import tensorflow as tf

from gantool.kernels.resampling import halved


class Downsample(keras.layers.Layer):
    """Maps of half the height and width, smoothed as in StyleGAN2 (Karras et al. 2020).

    Args:
        filter: bilinear: every second pixel after the filter [1, 3, 3, 1] / 8 along each axis, with
            zeros beyond the border; box: the mean of each 2×2 pixels.
    """

    def __init__(self, filter: Literal["bilinear", "box"] = "bilinear", **keywords: Any) -> None:
        super().__init__(**keywords)
        self.filter = filter
        self.input_spec = keras.layers.InputSpec(ndim=4)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Check the input [B, H, W, C]."""
        height, width = input_shape[1:3]
        if height is None or width is None or height % 2 or width % 2:
            raise ValueError("height and width have to be even")

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Make [B, H / 2, W / 2, C] of [B, H, W, C]."""
        taps = [0.5, 0.5] if self.filter == "box" else [0.125, 0.375, 0.375, 0.125]
        return halved(inputs, taps)
