from typing import Any

import keras
import tensorflow as tf


class Projection(keras.layers.Layer):
    """The logit of a projection discriminator (Miyato and Koyama 2018).

    Equation 3: φ · V[y] + ψ(φ), with φ [B, N] the features, V a learned vector for each class and ψ
    linear. It stands last, in place of Dense with one unit.

    Args:
        classes: How many classes there are; the builder gives it.
        kernel_initializer: Of ψ's kernel [N, 1].
        embeddings_initializer: Of V [classes, N].
    """

    def __init__(
        self,
        classes: int,
        kernel_initializer: Any = "glorot_uniform",
        embeddings_initializer: Any = "glorot_uniform",
        **keywords: Any,
    ) -> None:
        super().__init__(**keywords)
        self.classes = classes
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.embeddings_initializer = keras.initializers.get(embeddings_initializer)
        self.input_spec = keras.layers.InputSpec(ndim=2)

    def build(self, inputs_shape: tuple[int | None, ...], label_shape: Any = None) -> None:  # noqa: ARG002 - Keras gives one of each input
        """Create kernel, bias and vectors."""
        size = inputs_shape[-1]
        self.kernel = self.add_weight(
            shape=(size, 1), initializer=self.kernel_initializer, name="kernel"
        )
        self.bias = self.add_weight(shape=(1,), initializer="zeros", name="bias")
        self.embeddings = self.add_weight(
            shape=(self.classes, size),
            initializer=self.embeddings_initializer,
            name="embeddings",
        )
        self.kernels = [self.kernel, self.embeddings]

    def call(self, inputs: tf.Tensor, label: tf.Tensor) -> tf.Tensor:
        """Make logits [B, 1] of features [B, N] and labels int32 [B]."""
        kernel, bias, vectors = map(tf.convert_to_tensor, (self.kernel, self.bias, self.embeddings))
        products = tf.reduce_sum(inputs * tf.gather(vectors, label), axis=-1, keepdims=True)
        return tf.matmul(inputs, kernel) + bias + products

    def compute_output_shape(
        self,
        inputs_shape: tuple[int | None, ...],
        label_shape: Any = None,  # noqa: ARG002
    ) -> tuple[int | None, ...]:
        """One logit for an example."""
        return (inputs_shape[0], 1)
