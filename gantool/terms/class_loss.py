import tensorflow as tf

from gantool.gan.network import TrainableNetwork
from gantool.gan.objective import Term
from gantool.gan.seen import Seen, Side
from gantool.recipe.types import Positive, Scheduled


class ClassLoss(Term):
    """weight · cross-entropy of what AuxiliaryClassifier says (Odena et al. 2017, ACGAN).

    The discriminator minimises that of real and of generated examples (L_C, equation 3), the
    generator that of its own.

    Args:
        weight: Factor of the means.
    """

    networks = ("generator", "discriminator")
    needs = ("real", "generated")
    classifies = True

    def __init__(self, weight: Scheduled[Positive] = 1.0) -> None:
        self.weight = weight

    def __call__(self, seen: Seen, network: TrainableNetwork) -> tf.Tensor:
        sides: tuple[Side, ...]
        sides = ("real", "generated") if network is seen.discriminator else ("generated",)
        entropies = [
            tf.nn.sparse_softmax_cross_entropy_with_logits(seen.labels, seen.class_logits(side))
            for side in sides
        ]
        return seen.now(self.weight) * tf.add_n([tf.reduce_mean(it) for it in entropies])
