from typing import ClassVar

import tensorflow as tf

from gantool.gan.network import TrainableNetwork
from gantool.gan.objective import Term
from gantool.gan.seen import Seen, Side
from gantool.recipe.types import Count, Positive, Scheduled
from gantool.terms.slopes import squared_slopes_of


class R1(Term):
    """weight · ½ mean ‖∇D(x)‖² at real examples (Mescheder et al. 2018, equation 9).

    The squares are summed over an example, or over all examples of a pack, and the gradient is
    taken from the pass that gave the loss its logits.

    Args:
        weight: Factor of the penalty, γ.
        every: Updates of the discriminator from one to the next, n; it is n times as strong then.
    """

    needs: ClassVar[tuple[Side, ...]] = ("real",)
    differentiates: ClassVar[tuple[Side, ...]] = ("real",)
    by_examples = True

    def __init__(self, weight: Scheduled[Positive] = 10.0, every: Count = 1) -> None:
        self.weight = weight
        self.every = every

    def __call__(self, seen: Seen, network: TrainableNetwork) -> tf.Tensor:
        [side] = self.differentiates
        return 0.5 * seen.now(self.weight) * tf.reduce_mean(squared_slopes_of(seen, side))
