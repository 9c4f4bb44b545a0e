import tensorflow as tf

from gantool.gan.objective import LabelledLoss


class LeastSquares(LabelledLoss):
    """Half the squared distance of logits to 1 for real, 0 for generated (Mao et al. 2017, LSGAN).

    Equation 9, with a = 0 and b = c = 1.
    """

    saturates = False
    signed = False

    def real(self, logits: tf.Tensor) -> tf.Tensor:
        return 0.5 * tf.square(logits - (1.0 - self.label_smoothing))

    def generated(self, logits: tf.Tensor) -> tf.Tensor:
        return 0.5 * tf.square(logits - self.generated_smoothing)

    def fooling(self, logits: tf.Tensor) -> tf.Tensor:
        return 0.5 * tf.square(logits - 1.0)
