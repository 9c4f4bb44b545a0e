from typing import Any, Literal

import keras
import tensorflow as tf

from gantool.kernels.resampling import doubled


class Upsample(keras.layers.Layer):
    """Maps of twice the height and width, smoothed as in StyleGAN2 (Karras et al. 2020).

    Args:
        filter: bilinear: zeros between the pixels, then the filter [1, 3, 3, 1] / 4 along each
            axis, with zeros beyond the border; nearest: each pixel four times.
    """

    def __init__(
        self, filter: Literal["bilinear", "nearest"] = "bilinear", **keywords: Any
    ) -> None:
        super().__init__(**keywords)
        self.filter = filter
        self.input_spec = keras.layers.InputSpec(ndim=4)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Make [B, 2H, 2W, C] of [B, H, W, C]."""
        taps = [1.0, 1.0] if self.filter == "nearest" else [0.25, 0.75, 0.75, 0.25]
        return doubled(inputs, taps)
