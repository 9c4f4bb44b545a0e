import tensorflow as tf

from gantool.gan.network import TrainableNetwork
from gantool.gan.objective import Term
from gantool.gan.seen import Seen
from gantool.recipe.types import Positive, Scheduled


class WeightDecay(Term):
    """weight · ½ Σ w² over all weights of a network, biases too, in the loss of each network.

    Its gradient is weight · w (Krogh and Hertz 1991).

    Args:
        weight: Factor of the sum.
    """

    networks = ("generator", "discriminator")

    def __init__(self, weight: Scheduled[Positive]) -> None:
        self.weight = weight

    def __call__(self, seen: Seen, network: TrainableNetwork) -> tf.Tensor:
        squares = [tf.nn.l2_loss(variable.value) for variable in network.trainable]
        return seen.now(self.weight) * tf.add_n(squares)
