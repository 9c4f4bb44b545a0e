"""The compiled training step, many steps a call."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import tensorflow as tf

from gantool.engine.build import build_gan
from gantool.engine.refusal import Fault, NotFiniteError, Refusal
from gantool.engine.scheduled import half_life_of, scheduled_variables
from gantool.engine.state import TrainingState
from gantool.engine.timetable import batches_before, in_burst, step_of_update
from gantool.gan.accumulation import accumulated
from gantool.gan.average import decay_at, decay_of, move_average
from gantool.gan.latents import Rows, draw, whole
from gantool.gan.schedule import Progress, now
from gantool.gan.updates import GAN, Descent, Given, Update, updates_of
from gantool.networks.devices import compiles, find_device
from gantool.recipe.model import Recipe, Updates

Batch = tuple[tf.Tensor, tf.Tensor]
"""Examples [B, …] float32 and labels int32 [B] of an update, of all batches that it accumulates."""


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
        replicas: Number of replicas that share each batch.
        batches_per_epoch: For schedules in epochs.

    Attributes:
        recipe: See above.
        gan: See above.
        updates: Of a step.
    """

    def __init__(
        self,
        state: TrainingState,
        recipe: Recipe,
        gan: GAN | None = None,
        rows: Rows = whole,
        replicas: int = 1,
        batches_per_epoch: int = 1,
    ) -> None:
        self._state, self.recipe, self._rows = state, recipe, rows
        self._batches_per_epoch = batches_per_epoch
        self._scheduled = scheduled_variables(state, recipe)
        self._half_life = half_life_of(recipe)
        self.gan = gan or build_gan(state, recipe)
        self.updates = updates_of(recipe.train.updates)
        self._refusal = Refusal()
        self._compiled = compiles(recipe.train, find_device(), replicas)
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
        numbers = first, first + count, batches_before(self.recipe.train.updates, first)
        with self._state.ways.measured():
            losses = self._run(batches, *(tf.constant(number, tf.int64) for number in numbers))
        self._state.step = first + count
        if found := self._refusal.found():
            network, index, told = found
            step = step_of_update(self.recipe.train.updates, network, index)
            self._state.step = step
            raise NotFiniteError(Fault(network, index, step + 1, told))
        return Losses(**{name: float(loss) for name, loss in losses.items()})

    def make(self, update: Update, given: Given) -> dict[str, tf.Tensor]:
        """Make an update, where it is finite and none before it was skipped; its losses."""
        losses, signs = [], []
        for descend in update.descents:
            descent = self.agreed(self._descended(update, descend, given))
            permitted = self._refusal.permits(self.gan, update, given, descent)
            for name, gradients in descent.gradients.items():
                self.gan.network(name).apply(gradients, descent.state[name], permitted)
            losses.append(descent.losses)
            signs.append(descent.signs)
        if self.gan.augmentation is not None and all(signs):
            sign = tf.add_n([found["real"] for found in signs])
            self.gan.augmentation.follow(sign, self.recipe.train.update_size, permitted)
        return {name: tf.add_n([it[name] for it in losses]) for name in losses[0]}

    def _descended(
        self, update: Update, descend: Callable[[GAN, Given], Descent], given: Given
    ) -> Descent:
        """A descent of an update, from all batches that it accumulates."""
        count = self.recipe.train.accumulate
        compute: Callable[[Given], Descent] = partial(descend, self.gan)
        if count > 1:
            compute = partial(accumulated, descend, update.networks, self.gan, count=count)
        if self._compiled:  # without the optimizer, which does not gain by it
            compute = tf.function(compute, autograph=False, jit_compile=True)
        return compute(given)

    def begin(self, progress: Progress) -> None:
        """Give the optimizers those of their numbers that follow schedules."""
        for variable, schedule in self._scheduled:
            variable.assign(schedule(progress))

    def progress(self, step: tf.Tensor, batches: tf.Tensor | int) -> Progress:
        """How far the run has come before step number `step`, from 0, with so many batches."""
        count = tf.cast(batches, tf.float64)
        size, per_epoch = self.recipe.train.update_size, self._batches_per_epoch
        return Progress(step, batches * size, count / per_epoch)

    def agreed(self, descent: Descent) -> Descent:
        """The descent to be taken, from that of this step's own rows of a batch."""
        return descent

    def follow(self, progress: Progress, batches: tf.Tensor | int) -> None:
        """Have the moving average, where there is one, follow the generator after a step.

        Args:
            progress: Before the step.
            batches: How many the step took.
        """
        asked = self.recipe.train.average
        if self._state.average is None or asked is None:
            return
        if asked.decay is not None:
            decay = decay_at(asked.decay, progress.steps)
        else:
            half_life = now(self._half_life, progress)
            images = batches * self.recipe.train.update_size
            decay = decay_of(half_life, images, progress.images, asked.ramp_up)
        averages = list(self._state.average.weights().values())
        weights = list(self._state.generator.weights().values())
        tf.cond(
            self._refusal.is_sound(),
            partial(move_average, averages, weights, decay),
            lambda: None,
        )

    def given(
        self, update: Update, batch: Batch, progress: Progress, index: tf.Tensor | int
    ) -> Given:
        """What update number `index` of its network, counted from the run's start, is given."""
        purpose, number = f"latent/{update.network}", index
        if update.network == "both" or self.recipe.train.updates.latents == "shared":
            purpose, number = "latent/shared", progress.steps
        seed = self.gan.seed_of(purpose, number)
        latents = self._rows(lambda count: draw(self.recipe.latent, count, seed), batch[0].shape[0])
        return Given(*batch, latents, index, progress)

    def _steps(
        self, batches: Any, first: tf.Tensor, end: tf.Tensor, first_batch: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        start = {"discriminator": tf.zeros([]), "generator": tf.zeros([])}
        # One iteration after the other: the next one reads the weights that this one writes.
        losses: dict[str, tf.Tensor]
        *_, losses = tf.while_loop(
            lambda step, *_: step < end,
            partial(self._step, batches),
            (first, first_batch, start),
            parallel_iterations=1,
        )
        return losses

    def _step(
        self, batches: Any, step: tf.Tensor, first_batch: tf.Tensor, losses: dict[str, tf.Tensor]
    ) -> tuple[tf.Tensor, tf.Tensor, dict[str, tf.Tensor]]:
        """Make step number `step`, from 0; what the next one begins with.

        Args:
            batches: See `run`.
            step: Its number.
            first_batch: Number of its first batch, which is that of its first discriminator update.
            losses: Of each network's last update.
        """
        batch: Batch = batches.get_next()
        progress = self.progress(step, first_batch)
        self.begin(progress)
        taken = _discriminator_updates(self.recipe.train.updates, step)
        for update in self.updates:
            count, first = update.times, step * update.times
            if update.network == "discriminator":
                count, first = taken, first_batch
            made = partial(self._next, update, batches, progress, first)
            loop = (tf.constant(0, tf.int64), {update.network: tf.zeros([])}, batch)
            if isinstance(count, int) and count == 1:
                _, updated, batch = made(0, *loop[1:])
            else:
                _, updated, batch = tf.while_loop(
                    partial(_is_below, count), made, loop, parallel_iterations=1
                )
            losses = losses | updated
        self.follow(progress, taken)
        return step + 1, first_batch + taken, losses

    def _next(
        self,
        update: Update,
        batches: Any,
        progress: Progress,
        first: tf.Tensor,
        index: tf.Tensor | int,
        _: dict[str, tf.Tensor],
        batch: Batch,
    ) -> tuple[tf.Tensor | int, dict[str, tf.Tensor], Batch]:
        """Make the next of a step's updates of a network; what the one after it begins with.

        The first has the batch at hand; each of the discriminator's others takes the next one.
        """
        if update.network == "discriminator" and not isinstance(index, int):
            batch = tf.cond(index == 0, lambda: batch, batches.get_next)
        given = self.given(update, batch, progress, first + index)
        return index + 1, self.make(update, given), batch


def _is_below(count: int | tf.Tensor, index: tf.Tensor, *_: Any) -> tf.Tensor:
    return index < count


def _discriminator_updates(updates: Updates, step: tf.Tensor) -> int | tf.Tensor:
    """How many updates of the discriminator a step has; a tensor where there are bursts."""
    if updates.burst is None:
        return updates.discriminator
    numbers = tf.constant([updates.discriminator, updates.burst.discriminator], tf.int64)
    return tf.gather(numbers, tf.cast(in_burst(updates.burst, step), tf.int32))
