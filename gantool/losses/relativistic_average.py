import tensorflow as tf

from gantool.gan.objective import CrossEntropy
from gantool.gan.seen import Seen, batch_mean


class RelativisticAverage(CrossEntropy):
    """Cross-entropy of "more real than the others on average" (Jolicoeur-Martineau 2018, RaSGAN).

    With d the logit of an example minus the mean logit of the batch's other side, the discriminator
    minimises −log σ(d) on real and −log(1 − σ(d)) on generated examples, the generator the same
    with the sides exchanged (section 4.2). The mean is that of the whole batch, also where several
    replicas share it.
    """

    pairs = True
    signed = False

    def discriminator(self, seen: Seen) -> tf.Tensor:
        real, generated = _differences(seen)
        return self.judged("real", real, seen) + self.judged("generated", generated, seen)

    def generator(self, seen: Seen) -> tf.Tensor:
        real, generated = _differences(seen)
        on_real, on_generated = tf.nn.softplus(real), tf.nn.softplus(-generated)
        return tf.reduce_mean(on_real) + tf.reduce_mean(on_generated)


def _differences(seen: Seen) -> tuple[tf.Tensor, tf.Tensor]:
    """How far the logits of each side lie above the mean of the other's, [B, 1] each."""
    real, generated = seen.logits("real"), seen.logits("generated")
    return real - batch_mean(generated), generated - batch_mean(real)
