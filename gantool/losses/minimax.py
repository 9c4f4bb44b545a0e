import tensorflow as tf

from gantool.losses.non_saturating import NonSaturating


class Minimax(NonSaturating):
    """Cross-entropy of a sigmoid, for which both networks play (Goodfellow et al. 2014).

    The generator minimises log(1 − D(G(z))) (equation 1); its gradient vanishes where the
    discriminator is sure.
    """

    def fooling(self, logits: tf.Tensor) -> tf.Tensor:
        return -tf.nn.softplus(logits)
