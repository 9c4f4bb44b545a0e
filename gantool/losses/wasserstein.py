import tensorflow as tf

from gantool.gan.objective import ElementwiseLoss


class Wasserstein(ElementwiseLoss):
    """Mean logit of generated minus that of real examples (Arjovsky et al. 2017, WGAN).

    Algorithm 1, with both signs turned so that each network minimises. The critic has to be kept
    Lipschitz: by WeightClip or GradientPenalty among the regularizers, or by its layers.
    """

    saturates = False
    signed = False

    def real(self, logits: tf.Tensor) -> tf.Tensor:
        return -logits

    def generated(self, logits: tf.Tensor) -> tf.Tensor:
        return logits

    def fooling(self, logits: tf.Tensor) -> tf.Tensor:
        return -logits
