import tensorflow as tf

from gantool.gan.objective import ElementwiseLoss


class Hinge(ElementwiseLoss):
    """max(0, 1 − l) on real and max(0, 1 + l) on generated examples (Lim and Ye 2017).

    The generator minimises −l (Geometric GAN; equations 16 and 17 of Miyato et al. 2018, SNGAN).
    """

    saturates = False

    def real(self, logits: tf.Tensor) -> tf.Tensor:
        return tf.nn.relu(1.0 - logits)

    def generated(self, logits: tf.Tensor) -> tf.Tensor:
        return tf.nn.relu(1.0 + logits)

    def fooling(self, logits: tf.Tensor) -> tf.Tensor:
        return -logits
