from typing import Any, Literal

import keras
import tensorflow as tf

from gantool.recipe.types import Count


class EmbedLabel(keras.layers.Layer):
    """A learned vector for each class, beside the input or times it.

    Of an image [B, H, W, C], each pixel gets it.

    Args:
        classes: How many classes there are; the builder gives it.
        units: Length of the vectors; that of the input where it is not given.
        merge: concatenate: [B, …, C] becomes [B, …, C + units]; multiply: stays [B, …, C].
        embeddings_initializer: Of the vectors [classes, units].
    """

    def __init__(
        self,
        classes: int,
        units: Count | None = None,
        merge: Literal["concatenate", "multiply"] = "concatenate",
        embeddings_initializer: Any = "uniform",
        **keywords: Any,
    ) -> None:
        super().__init__(**keywords)
        self.classes = classes
        self.units = units
        self.merge = merge
        self.embeddings_initializer = keras.initializers.get(embeddings_initializer)

    def build(self, inputs_shape: tuple[int | None, ...], label_shape: Any = None) -> None:  # noqa: ARG002 - Keras gives one of each input
        """Create the vectors."""
        channels = inputs_shape[-1]
        units = self.units or channels
        if self.merge == "multiply" and units != channels:
            raise ValueError(f"units={units} cannot be multiplied with {channels} channels")
        self.embeddings = self.add_weight(
            shape=(self.classes, units),
            initializer=self.embeddings_initializer,
            name="embeddings",
        )

    def call(self, inputs: tf.Tensor, label: tf.Tensor) -> tf.Tensor:
        """Inputs [B, …, C] and labels int32 [B]."""
        vectors = tf.gather(tf.convert_to_tensor(self.embeddings), label)
        spread = [-1, *([1] * (len(inputs.shape) - 2)), vectors.shape[-1]]
        vectors = tf.reshape(vectors, spread)
        if self.merge == "multiply":
            return inputs * vectors
        shape = tf.concat([tf.shape(inputs)[:-1], [vectors.shape[-1]]], axis=0)
        return tf.concat([inputs, tf.broadcast_to(vectors, shape)], axis=-1)

    def compute_output_shape(
        self,
        inputs_shape: tuple[int | None, ...],
        label_shape: Any = None,  # noqa: ARG002
    ) -> tuple[int | None, ...]:
        """The input's shape, with `units` more channels where they stand beside it."""
        *sides, channels = inputs_shape
        if self.merge == "multiply" or channels is None:
            return inputs_shape
        return (*sides, channels + (self.units or channels))
