from typing import Any

import tensorflow as tf

from gantool.layers.batch_normalization import BatchNormalization
from gantool.recipe.types import Positive, Share


class ConditionalBatchNormalization(BatchNormalization):
    """Batch normalisation with a scale and an offset of each class's own (de Vries et al. 2017).

    As Miyato and Koyama 2018 have it in the generator of cGANs with a projection discriminator:
    scales, gamma, begin at 1 and offsets, beta, at 0.

    Args:
        classes: How many classes there are; the builder gives it.
        momentum: Of the moving statistics.
        epsilon: Is added to the variance.
        synchronized: Whether replicas normalise by the whole batch together.
    """

    def __init__(
        self,
        classes: int,
        momentum: Share = 0.99,
        epsilon: Positive = 1e-3,
        synchronized: bool = False,
        **keywords: Any,
    ) -> None:
        super().__init__(
            axis=-1,
            center=False,
            scale=False,
            momentum=momentum,
            epsilon=epsilon,
            synchronized=synchronized,
            **keywords,
        )
        self.classes = classes

    def build(self, inputs_shape: tuple[int | None, ...], label_shape: Any = None) -> None:  # noqa: ARG002 - Keras gives one of each input
        """Create scales and offsets [classes, C]."""
        super().build(inputs_shape)
        shape = (self.classes, inputs_shape[-1])
        self.scales = self.add_weight(
            shape=shape,
            initializer=self.gamma_initializer,
            regularizer=self.gamma_regularizer,
            constraint=self.gamma_constraint,
            name="scales",
        )
        self.offsets = self.add_weight(
            shape=shape,
            initializer=self.beta_initializer,
            regularizer=self.beta_regularizer,
            constraint=self.beta_constraint,
            name="offsets",
        )

    def call(  # type: ignore[override]
        self, inputs: tf.Tensor, label: tf.Tensor, training: bool | None = None
    ) -> tf.Tensor:
        """Normalise [B, …, C] and scale it by the labels, int32 [B]."""
        normalized = super().call(inputs, training=training)
        spread = [-1, *([1] * (len(inputs.shape) - 2)), inputs.shape[-1]]
        scale, offset = (
            tf.cast(tf.reshape(tf.gather(tf.convert_to_tensor(it), label), spread), inputs.dtype)
            for it in (self.scales, self.offsets)
        )
        return normalized * scale + offset

    def compute_output_shape(
        self,
        inputs_shape: tuple[int | None, ...],
        label_shape: Any = None,  # noqa: ARG002
    ) -> tuple[int | None, ...]:
        """The input's."""
        return inputs_shape
