from typing import Any

import keras
import tensorflow as tf


class ConcatLabel(keras.layers.Layer):
    """The label beside the input, as in Mirza and Osindero 2014 (conditional GAN).

    A vector [B, N] becomes [B, N + classes] with the one-hot label after it; an image
    [B, H, W, C] becomes [B, H, W, C + classes], where the plane of its class is one.

    Args:
        classes: How many classes there are; the builder gives it.
    """

    def __init__(self, classes: int, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.classes = classes

    def call(self, inputs: tf.Tensor, label: tf.Tensor) -> tf.Tensor:
        """Inputs [B, …, C] and labels int32 [B]."""
        one_hot = tf.one_hot(label, self.classes, dtype=inputs.dtype)
        shape = tf.shape(inputs)
        spread = [-1] + [1] * (len(inputs.shape) - 2) + [self.classes]
        planes = tf.broadcast_to(
            tf.reshape(one_hot, spread), tf.concat([shape[:-1], [self.classes]], axis=0)
        )
        return tf.concat([inputs, planes], axis=-1)

    def compute_output_shape(
        self,
        inputs_shape: tuple[int | None, ...],
        label_shape: tuple[int | None, ...],  # noqa: ARG002 - Keras asks for one of each input
    ) -> tuple[int | None, ...]:
        """The input's shape with `classes` more channels."""
        channels = inputs_shape[-1]
        return (*inputs_shape[:-1], None if channels is None else channels + self.classes)
