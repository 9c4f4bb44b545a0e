import tensorflow as tf

from gantool.gan.objective import Loss, is_flipped
from gantool.gan.seen import Seen
from gantool.recipe.types import Share


class RelativisticPaired(Loss):
    """Cross-entropy of "real is more real than generated", by pairs (Jolicoeur-Martineau 2018).

    With d the logit of a real example minus that of the generated one at the same place of the
    batch, the discriminator minimises softplus(−d) and the generator softplus(d) (RSGAN, section
    4.1: −log σ(d) and −log σ(−d)).

    Args:
        label_smoothing: What is taken from the discriminator's target, 1, that real is more real.
        flip: Share of the pairs of which the discriminator is told the opposite, at random.
    """

    pairs = True
    signed = False

    def __init__(self, label_smoothing: Share = 0.0, flip: Share = 0.0) -> None:
        self.label_smoothing = label_smoothing
        self.flip = flip

    def discriminator(self, seen: Seen) -> tf.Tensor:
        difference = _difference(seen)
        if self.flip:
            is_opposite = is_flipped(seen, "pairs", self.flip, difference)
            difference = tf.where(is_opposite, -difference, difference)
        loss = tf.nn.softplus(-difference)
        if self.label_smoothing:
            # −(1 − s) log σ(d) − s log σ(−d) = softplus(−d) + s · d
            loss += self.label_smoothing * difference
        return tf.reduce_mean(loss)

    def generator(self, seen: Seen) -> tf.Tensor:
        return tf.reduce_mean(tf.nn.softplus(_difference(seen)))


def _difference(seen: Seen) -> tf.Tensor:
    """How much more real the discriminator finds the real example of each pair, [B, 1]."""
    return seen.logits("real") - seen.logits("generated")
