import tensorflow as tf

from gantool.gan.network import TrainableNetwork
from gantool.gan.objective import Term
from gantool.gan.seen import Seen
from gantool.recipe.types import Positive, Scheduled


class GradientPenalty(Term):
    """weight · mean (‖∇D(x̂)‖₂ − 1)² between real and generated examples (Gulrajani et al. 2017).

    WGAN-GP, equation 3 and algorithm 1: x̂ = u · real + (1 − u) · generated with u uniform in [0, 1)
    for each pair, the norm over all but the batch.

    Args:
        weight: Factor of the penalty, λ.
    """

    needs = ("real", "generated")
    by_examples = True

    def __init__(self, weight: Scheduled[Positive] = 10.0) -> None:
        self.weight = weight

    def __call__(self, seen: Seen, network: TrainableNetwork) -> tf.Tensor:
        mix = seen.uniform("penalty")
        between = mix * seen.examples("real") + (1.0 - mix) * seen.examples("generated")
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(between)
            logits = seen.discriminate(between)
        gradients = tape.gradient(logits, between)
        squared = tf.reduce_sum(tf.square(gradients), axis=list(range(1, len(gradients.shape))))
        # The square root has no slope at zero; the offset keeps a flat discriminator's update
        # finite.
        return seen.now(self.weight) * tf.reduce_mean(tf.square(tf.sqrt(squared + 1e-12) - 1.0))
