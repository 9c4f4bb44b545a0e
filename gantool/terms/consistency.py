from typing import ClassVar

import tensorflow as tf

from gantool.gan.network import TrainableNetwork
from gantool.gan.objective import Term
from gantool.gan.seen import Seen, Side
from gantool.recipe.types import Count, Positive, Scheduled
from gantool.terms.moved import inconsistency


class Consistency(Term):
    """weight · mean ‖D(T(x)) − D(x)‖² at real images (Zhang et al. 2020, CR-GAN).

    T mirrors an image, or does not, and shifts it by up to `shift` whole pixels each way; the image
    goes on beyond its border as in a mirror. Of D both logits count where it has two.

    Args:
        weight: Factor of the mean, λ.
        shift: In pixels.
        every: Updates of the discriminator from one to the next, n; it is n times as strong then.
    """

    needs: ClassVar[tuple[Side, ...]] = ("real",)
    of_images = True

    def __init__(
        self, weight: Scheduled[Positive] = 10.0, shift: Count = 4, every: Count = 1
    ) -> None:
        self.weight = weight
        self.shift = shift
        self.every = every

    def __call__(self, seen: Seen, network: TrainableNetwork) -> tf.Tensor:
        return seen.now(self.weight) * inconsistency(seen, "real", self.shift)
