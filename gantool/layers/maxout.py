from typing import Any

import tensorflow as tf

from gantool.layers.dense import Dense
from gantool.recipe.types import Count


class Maxout(Dense):
    """The largest of several linear functions in each unit (Goodfellow et al. 2013, maxout).

    Equation 1: h_i = max over j of x · W_ij + b_ij. The kernel is [N, units · pieces].

    Args:
        units: Number of outputs.
        pieces: Number of linear functions of each.
    """

    def __init__(self, units: Count, pieces: Count, **keywords: Any) -> None:
        super().__init__(units * pieces, activation=None, **keywords)
        self.pieces = pieces

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Make [B, …, units] of [B, …, N]."""
        values = super().call(inputs, training=training)
        shape = tf.concat([tf.shape(values)[:-1], [self.units // self.pieces, self.pieces]], 0)
        return tf.reduce_max(tf.reshape(values, shape), axis=-1)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The input's shape with `units` for its last side."""
        return (*input_shape[:-1], self.units // self.pieces)
