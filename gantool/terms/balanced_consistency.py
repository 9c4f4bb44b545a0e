from typing import ClassVar

import tensorflow as tf

from gantool.gan.network import TrainableNetwork
from gantool.gan.objective import Term
from gantool.gan.seen import Seen, Side
from gantool.recipe.types import Count, Positive, Scheduled
from gantool.terms.moved import inconsistency


class BalancedConsistency(Term):
    """`Consistency` at real and at generated images (Zhao et al. 2021, bCR-GAN).

    real · mean ‖D(T(x)) − D(x)‖² + generated · mean ‖D(T(G(z))) − D(G(z))‖², in the
    discriminator's loss alone.

    Args:
        real: Factor of the mean at real images.
        generated: Factor of the mean at generated images.
        shift: In pixels, by how many T may shift an image each way.
        every: Updates of the discriminator from one to the next, n; it is n times as strong then.
    """

    needs: ClassVar[tuple[Side, ...]] = ("real", "generated")
    of_images = True

    def __init__(
        self,
        real: Scheduled[Positive] = 10.0,
        generated: Scheduled[Positive] = 10.0,
        shift: Count = 4,
        every: Count = 1,
    ) -> None:
        self.real = real
        self.generated = generated
        self.shift = shift
        self.every = every

    def __call__(self, seen: Seen, network: TrainableNetwork) -> tf.Tensor:
        of_real = seen.now(self.real) * inconsistency(seen, "real", self.shift)
        return of_real + seen.now(self.generated) * inconsistency(seen, "generated", self.shift)
