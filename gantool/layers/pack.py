from typing import Any

import keras
import tensorflow as tf

from gantool.recipe.types import Count


class Pack(keras.layers.Layer):
    """Several examples as one, which the discriminator judges together (Lin et al. 2018, PacGAN).

    Neighbours in the batch have their channels one after the other. All that follows has a batch of
    B / examples: with batches of 64 and packs of two, the discriminator gives 32 logits.

    Args:
        examples: Number of examples of a pack, m; it has to divide the batch.
    """

    def __init__(self, examples: Count = 2, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.examples = examples

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Make [B / m, …, m · C] of [B, …, C]."""
        shape = inputs.shape[1:].as_list()
        packs = tf.reshape(inputs, [-1, self.examples, *shape])
        return tf.concat(tf.unstack(packs, axis=1), axis=-1)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The input's shape with a smaller batch and more channels."""
        batch, *sides, channels = input_shape
        return (
            None if batch is None else batch // self.examples,
            *sides,
            None if channels is None else channels * self.examples,
        )
