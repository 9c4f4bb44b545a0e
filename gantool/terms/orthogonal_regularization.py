import tensorflow as tf

from gantool.gan.network import TrainableNetwork
from gantool.gan.objective import Term
from gantool.gan.seen import Seen
from gantool.recipe.types import Positive, Scheduled


class OrthogonalRegularization(Term):
    """weight · Σ ‖WᵀW ⊙ (1 − I)‖² over the kernels of a network (Brock et al. 2019, BigGAN).

    Equation 3: filters are kept from being alike, whatever their norms. A kernel [..., C] counts as
    a matrix W [N, C]; embeddings, scales, offsets and biases are left alone.

    Args:
        weight: Factor of the sum, β.
    """

    networks = ("generator", "discriminator")

    def __init__(self, weight: Scheduled[Positive] = 1e-4) -> None:
        self.weight = weight

    def __call__(self, seen: Seen, network: TrainableNetwork) -> tf.Tensor:
        sums = [tf.zeros([])]
        for variable in network.trainable:
            if variable.name.endswith("kernel"):
                matrix = tf.reshape(variable.value, [-1, variable.shape[-1]])
                products = tf.matmul(matrix, matrix, transpose_a=True)
                alike = tf.linalg.set_diag(products, tf.zeros([variable.shape[-1]]))
                sums.append(tf.reduce_sum(tf.square(alike)))
        return seen.now(self.weight) * tf.add_n(sums)
