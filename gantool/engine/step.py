"""The compiled training step, many steps a call."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import tensorflow as tf

from gantool.engine.refusal import Fault, Made, NotFiniteError, Refusal, make_update
from gantool.engine.schedule import batches_before, in_burst, step_of_update
from gantool.engine.state import TrainingState
from gantool.gan.average import decay_at, move_average
from gantool.gan.latents import Rows, draw, whole
from gantool.gan.network import TrainableNetwork
from gantool.gan.objective import Constraint, Term
from gantool.gan.updates import GAN, Given, Update, updates_of
from gantool.networks.components import make
from gantool.networks.devices import compiles, find_device
from gantool.recipe.model import Recipe, Updates
from gantool.recipe.parts import part_of

Batch = tuple[tf.Tensor, tf.Tensor]
"""Examples [B, …] float32 and labels int32 [B]."""


def build_gan(
    state: TrainingState,
    recipe: Recipe,
    rows: Rows = whole,
    kind: type[TrainableNetwork] = TrainableNetwork,
) -> GAN:
    """The networks of a state, brought together with the loss and the terms of a recipe."""
    generator, discriminator = (
        kind(network.model, optimizer, network.takes_label, rows)
        for network, optimizer in (
            (state.generator, state.generator_optimizer),
            (state.discriminator, state.discriminator_optimizer),
        )
    )
    found = [make(part_of(item, "term")) for item in recipe.regularizers]
    return GAN(
        generator,
        discriminator,
        loss=make(part_of(recipe.loss, "loss")),
        terms=tuple(item for item in found if isinstance(item, Term)),
        constraints=tuple(item for item in found if isinstance(item, Constraint)),
        seed=recipe.seed,
        rows=rows,
    )


@dataclass(frozen=True)
class Losses:
    """What the last of some steps gave."""

    generator: float
    discriminator: float


class TrainingStep:
    """Moves a `TrainingState` by whole steps: its updates, in the recipe's order.

    Everything random in step n is a function of the recipe's seed and n, so it makes no difference
    how many steps one call runs, or whether the process is the same.

    Args:
        state: Is moved.
        recipe: Says how.
        gan: Its networks, with what they learn by; None to have it built.
        rows: Draws the latents of a batch.
    """

    def __init__(
        self,
        state: TrainingState,
        recipe: Recipe,
        gan: GAN | None = None,
        rows: Rows = whole,
    ) -> None:
        self._state, self._recipe, self._rows = state, recipe, rows
        self.gan = gan or build_gan(state, recipe)
        self.updates = updates_of(recipe.train.updates)
        self._refusal = Refusal()
        self._update = self._refusal.wrapped(self.make)
        self._run = tf.function(self._steps, autograph=False)

    def run(self, batches: Any, count: int) -> Losses:
        """Run `count` steps and return the losses of the last.

        Args:
            batches: Iterator over (examples [B, …], labels int32 [B]), at the batch that the
                state's next step begins with.
            count: At least 1.

        Raises:
            NotFiniteError: An update was skipped, and all that came after it: all variables are as
                they were before it, and `state.step` is the last whole step.
        """
        first = self._state.step
        numbers = first, first + count, batches_before(self._recipe.train.updates, first)
        losses = self._run(batches, *(tf.constant(number, tf.int64) for number in numbers))
        self._state.step = first + count
        if found := self._refusal.found():
            network, index, told = found
            step = step_of_update(self._recipe.train.updates, network, index)
            self._state.step = step
            raise NotFiniteError(Fault(network, index, step + 1, told))
        return Losses(**{name: float(loss) for name, loss in losses.items()})

    def make(self, update: Update, given: Given, allowed: tf.Tensor) -> Made:
        """Make an update, compiled by XLA where that was chosen."""
        made = partial(make_update, self.gan, update)
        if compiles(self._recipe.train, find_device()):
            made = tf.function(made, autograph=False, jit_compile=True)
        return made(given, allowed)

    def follow(self, step: tf.Tensor) -> None:
        """Have the moving average follow the generator."""
        follow(self._state, self._recipe, step)

    def given(self, update: Update, batch: Batch, step: tf.Tensor, index: tf.Tensor | int) -> Given:
        """What update number `index` of a step is given, beside its batch."""
        purpose, number = f"latent/{update.network}", index
        if update.network == "both" or self._recipe.train.updates.latents == "shared":
            purpose, number = "latent/shared", step
        seed = self.gan.seed_of(purpose, number)
        latents = self._rows(
            lambda count: draw(self._recipe.latent, count, seed), batch[0].shape[0]
        )
        return Given(*batch, latents, index)

    def _steps(
        self, batches: Any, first: tf.Tensor, end: tf.Tensor, first_batch: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        def one(
            step: tf.Tensor, first_batch: tf.Tensor, _: dict[str, tf.Tensor]
        ) -> tuple[tf.Tensor, tf.Tensor, dict[str, tf.Tensor]]:
            losses = self._step(batches, step, first_batch)
            taken = _discriminator_updates(self._recipe.train.updates, step)
            return step + 1, first_batch + taken, losses

        start = {"discriminator": tf.zeros([]), "generator": tf.zeros([])}
        # One iteration after the other: the next one reads the weights that this one writes.
        losses: dict[str, tf.Tensor]
        *_, losses = tf.while_loop(
            lambda step, *_: step < end, one, (first, first_batch, start), parallel_iterations=1
        )
        return losses

    def _step(self, batches: Any, step: tf.Tensor, first_batch: tf.Tensor) -> dict[str, tf.Tensor]:
        """Step number `step`, from 0; the losses of each network's last update.

        Its `first_batch` has the number of its first discriminator update.
        """
        batch: Batch = batches.get_next()
        losses: dict[str, tf.Tensor] = {}
        for update in self.updates:
            made, batch = self._updated(update, batches, batch, step, first_batch)
            losses |= made
        self._refusal.where_sound(lambda: self.follow(step))
        return losses

    def _updated(
        self, update: Update, batches: Any, batch: Batch, step: tf.Tensor, first_batch: tf.Tensor
    ) -> tuple[dict[str, tf.Tensor], Batch]:
        """Make all of a step's updates of a network; the losses of the last, and its batch.

        The first has the batch at hand; each of the discriminator's others takes the next one.
        """
        count: int | tf.Tensor = update.times
        first = step * update.times
        takes_batches = update.network == "discriminator"
        if takes_batches:
            count, first = _discriminator_updates(self._recipe.train.updates, step), first_batch

        def once(index: tf.Tensor | int, batch: Batch) -> dict[str, tf.Tensor]:
            return self._update(update, self.given(update, batch, step, first + index))

        if isinstance(count, int) and count == 1:
            return once(0, batch), batch

        def next_one(
            index: tf.Tensor, _: dict[str, tf.Tensor], batch: Batch
        ) -> tuple[tf.Tensor, dict[str, tf.Tensor], Batch]:
            if takes_batches:
                batch = tf.cond(index == 0, lambda: batch, lambda: batches.get_next())
            return index + 1, once(index, batch), batch

        start = {update.network: tf.zeros([])}
        _, losses, batch = tf.while_loop(
            lambda index, *_: index < count,
            next_one,
            (tf.constant(0, tf.int64), start, batch),
            parallel_iterations=1,
        )
        return losses, batch


def follow(state: TrainingState, recipe: Recipe, step: tf.Tensor) -> None:
    """Have the moving average of a state, where there is one, follow its generator."""
    if state.average is None or recipe.train.average is None:
        return
    averages, weights = state.average.weights(), state.generator.weights()
    decay = decay_at(recipe.train.average, step)
    move_average(list(averages.values()), list(weights.values()), decay)


def _discriminator_updates(updates: Updates, step: tf.Tensor) -> int | tf.Tensor:
    """How many updates of the discriminator a step has; a tensor where there are bursts."""
    if updates.burst is None:
        return updates.discriminator
    numbers = tf.constant([updates.discriminator, updates.burst.discriminator], tf.int64)
    return tf.gather(numbers, tf.cast(in_burst(updates.burst, step), tf.int32))
