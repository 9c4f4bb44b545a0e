from typing import Any

import keras
import tensorflow as tf


class NoiseInjection(keras.layers.Layer):
    """Noise in each pixel, times a learned scale for each channel (Karras et al. 2019, StyleGAN).

    Section 2: one normal number a pixel and example, the same for all channels; the scales begin
    at 0. Samples have one map of noise that is drawn with the first weights and never changes, so
    that an image depends on its seed alone.
    """

    def __init__(self, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.seed_generator = keras.random.SeedGenerator()

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the scales [C] and the map of samples [H, W, 1]."""
        self.scale = self.add_weight(shape=(input_shape[-1],), initializer="zeros", name="scale")
        self.noise = self.add_weight(
            shape=(*input_shape[1:-1], 1),
            initializer=keras.initializers.RandomNormal(stddev=1.0),
            trainable=False,
            name="noise",
        )

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Make [B, …, C] of [B, …, C]."""
        noise = tf.convert_to_tensor(self.noise)
        if training:
            shape = (tf.shape(inputs)[0], *noise.shape)
            noise = keras.random.normal(shape, dtype=inputs.dtype, seed=self.seed_generator)
        return inputs + noise * tf.convert_to_tensor(self.scale)
