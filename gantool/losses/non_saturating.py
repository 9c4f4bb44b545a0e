"""The loss of the first GANs in the form that trains."""

from __future__ import annotations

import tensorflow as tf

from gantool.gan.objective import ElementwiseLoss


class NonSaturating(ElementwiseLoss):
    """Cross-entropy of a sigmoid; the generator maximises log D(G(z)) (Goodfellow et al. 2014).

    The discriminator minimises −log σ(l) on real and −log(1 − σ(l)) on generated examples, the
    generator −log σ(l) on its own (section 3).
    """

    within = "sigmoid"

    # −log σ(l) = softplus(−l) and −log(1 − σ(l)) = softplus(l): no σ is ever rounded to 0 or 1.
    def real(self, logits: tf.Tensor) -> tf.Tensor:
        """See `ElementwiseLoss`."""
        return tf.nn.softplus(-logits)

    def generated(self, logits: tf.Tensor) -> tf.Tensor:
        """See `ElementwiseLoss`."""
        return tf.nn.softplus(logits)

    def fooling(self, logits: tf.Tensor) -> tf.Tensor:
        """See `ElementwiseLoss`."""
        return tf.nn.softplus(-logits)
