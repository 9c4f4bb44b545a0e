"""How many floating-point operations the mathematics of a step has.

Each update is traced and not run, its convolutions and products as they are defined. What it does
not need, such as the gradient of the real images, is not counted, and faster ways to compute it,
as in `gantool.kernels`, do not change the number.
"""

from dataclasses import dataclass

import tensorflow as tf

from gantool.engine.build import build_gan
from gantool.engine.state import TrainingState
from gantool.gan.updates import GAN, Given, Update, updates_of
from gantool.kernels.switch import plain_kernels
from gantool.measuring.products import Count, count_operations
from gantool.recipe.model import Recipe


@dataclass(frozen=True)
class Operations:
    """Of a usual step, one that is not a burst's.

    Attributes:
        step: Of all its updates.
        discriminator_update: Of one update of the discriminator, or of both networks.
        is_all: False where a layer hides some in a loop, as recurrent ones do: there are more.
    """

    step: int
    discriminator_update: int
    is_all: bool


def step_operations(state: TrainingState, recipe: Recipe) -> Operations:
    """Count the operations of a step."""
    gan, batch = build_gan(state, recipe), recipe.train.batch_size
    given = Given(
        tf.TensorSpec([batch, *recipe.data.shape], tf.float32),
        tf.TensorSpec([batch], tf.int32),
        tf.TensorSpec([batch, recipe.latent.size], tf.float32),
        tf.TensorSpec([], tf.int64),
    )
    updates, repeated = updates_of(recipe.train.updates), recipe.train.accumulate
    counts = {update.network: _count(gan, update, given) for update in updates}
    return Operations(
        step=sum(update.times * counts[update.network].operations for update in updates) * repeated,
        discriminator_update=repeated
        * next(count.operations for network, count in counts.items() if network != "generator"),
        is_all=all(count.is_all for count in counts.values()),
    )


def _count(gan: GAN, update: Update, given: Given) -> Count:
    """Of one update, from what it is given to losses and gradients."""

    def losses_and_gradients(given: Given) -> list[tf.Tensor]:
        descents = [descend(gan, given) for descend in update.descents]
        found = [(descent.totals, descent.gradients) for descent in descents]
        return [tf.convert_to_tensor(tensor) for tensor in tf.nest.flatten(found)]

    with plain_kernels():
        traced = tf.function(losses_and_gradients, autograph=False).get_concrete_function(given)
    return count_operations(traced.graph)
