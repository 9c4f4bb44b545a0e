from typing import ClassVar, Literal

import tensorflow as tf

from gantool.gan.network import TrainableNetwork
from gantool.gan.objective import Term
from gantool.gan.seen import Seen, Side
from gantool.recipe.types import Count, NonNegative, Positive, Scheduled
from gantool.terms.slopes import around_real, between, squared_slopes, squared_slopes_of


class GradientPenalty(Term):
    """weight · mean (‖∇D(x̂)‖ − center)² between real and generated ones (Gulrajani et al. 2017).

    WGAN-GP, equation 3 and algorithm 1: x̂ = u · real + (1 − u) · generated with u uniform in [0, 1)
    for each pair, the norm over all but the batch. Of Pack's inputs the examples of a pack share
    their u and their norm (Xu et al. 2019, CTGAN).

    Args:
        weight: Factor of the penalty, λ.
        center: The length of the gradient that costs nothing.
        one_sided: Whether shorter gradients cost nothing either (Petzka et al. 2018, WGAN-LP).
        at: interpolates: at x̂; real, generated: at the examples themselves; around-real: at x + u ·
            ½ σ · n with n uniform in [0, 1) for each number, u for each example and σ the standard
            deviation of the batch's numbers, as in the code of DRAGAN (Kodali et al. 2017).
        every: Updates of the discriminator from one to the next, n; it is n times as strong then.
    """

    needs_at: ClassVar[dict[str, tuple[Side, ...]]] = {
        "interpolates": ("real", "generated"),
        "real": ("real",),
        "generated": ("generated",),
        "around-real": ("real",),
    }
    by_examples = True

    def __init__(
        self,
        weight: Scheduled[Positive] = 10.0,
        center: NonNegative = 1.0,
        one_sided: bool = False,
        at: Literal["interpolates", "real", "generated", "around-real"] = "interpolates",
        every: Count = 1,
    ) -> None:
        self.weight = weight
        self.center = center
        self.one_sided = one_sided
        self.at = at
        self.every = every
        self.needs = self.needs_at[at]  # type: ignore[misc]
        self.differentiates = self.needs if at in ("real", "generated") else ()  # type: ignore[misc]

    def __call__(self, seen: Seen, network: TrainableNetwork) -> tf.Tensor:
        if self.at == "real" or self.at == "generated":
            squared = squared_slopes_of(seen, self.at)
        else:
            points = between(seen) if self.at == "interpolates" else around_real(seen)
            squared = squared_slopes(seen, points)
        # The square root has no slope at zero; the offset keeps a flat discriminator's update
        # finite.
        excess = tf.sqrt(squared + 1e-12) - self.center
        if self.one_sided:
            excess = tf.nn.relu(excess)
        return seen.now(self.weight) * tf.reduce_mean(tf.square(excess))
