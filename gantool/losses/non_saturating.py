import tensorflow as tf

from gantool.gan.objective import ElementwiseLoss
from gantool.recipe.types import Share


class NonSaturating(ElementwiseLoss):
    """Cross-entropy of a sigmoid; the generator maximises log D(G(z)) (Goodfellow et al. 2014).

    The discriminator minimises −log σ(l) on real and −log(1 − σ(l)) on generated examples, the
    generator −log σ(l) on its own (section 3).

    Args:
        label_smoothing: What is taken from the target of real examples, 1 (one-sided, Salimans et
            al. 2016, section 3.4).
    """

    within = "sigmoid"

    def __init__(self, label_smoothing: Share = 0.0) -> None:
        self.label_smoothing = label_smoothing

    # −log σ(l) = softplus(−l) and −log(1 − σ(l)) = softplus(l): no σ is ever rounded to 0 or 1.
    def real(self, logits: tf.Tensor) -> tf.Tensor:
        loss = tf.nn.softplus(-logits)
        if not self.label_smoothing:
            return loss
        # −(1 − s) log σ(l) − s log(1 − σ(l)) = softplus(−l) + s · l
        return loss + self.label_smoothing * logits

    def generated(self, logits: tf.Tensor) -> tf.Tensor:
        return tf.nn.softplus(logits)

    def fooling(self, logits: tf.Tensor) -> tf.Tensor:
        return tf.nn.softplus(-logits)
