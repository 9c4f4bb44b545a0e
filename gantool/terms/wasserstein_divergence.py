import tensorflow as tf

from gantool.gan.network import TrainableNetwork
from gantool.gan.objective import Term
from gantool.gan.seen import Seen
from gantool.recipe.types import Count, Positive, Scheduled
from gantool.terms.slopes import between, squared_slopes


class WassersteinDivergence(Term):
    """weight · mean ‖∇D(x̂)‖₂^power between real and generated examples (Wu et al. 2018, WGAN-div).

    Beside the loss Wasserstein, in place of a critic that is kept Lipschitz; x̂ is that of
    GradientPenalty.

    Args:
        weight: Factor of the mean, k.
        power: Of the norm, p.
        every: Updates of the discriminator from one to the next, n; it is n times as strong then.
    """

    needs = ("real", "generated")
    by_examples = True

    def __init__(
        self, weight: Scheduled[Positive] = 2.0, power: Positive = 6.0, every: Count = 1
    ) -> None:
        self.weight = weight
        self.power = power
        self.every = every

    def __call__(self, seen: Seen, network: TrainableNetwork) -> tf.Tensor:
        squared = squared_slopes(seen, between(seen))
        # Powers below 2 have no slope at zero; the offset keeps a flat discriminator's update
        # finite.
        return seen.now(self.weight) * tf.reduce_mean(tf.pow(squared + 1e-12, 0.5 * self.power))
