import tensorflow as tf

from gantool.gan.objective import CrossEntropy


class Softmax(CrossEntropy):
    """Cross-entropy of a softmax over two logits: class 0 is generated, class 1 is real.

    −log softmax(l)₁ = softplus(l₀ − l₁): the loss of Goodfellow et al. 2014 of a difference of two
    logits.
    """

    logits = 2
    signed = False
    within = "softmax"

    def towards_real(self, logits: tf.Tensor) -> tf.Tensor:
        """How far class 1, real, lies above class 0, generated: [B, 2] → [B]."""
        return logits[:, 1] - logits[:, 0]
