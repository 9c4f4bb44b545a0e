"""The compiled training step, many steps a call."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
import tensorflow as tf

from gantool.gan.average import decay_at, move_average
from gantool.gan.constraints import clip_weights
from gantool.gan.latents import draw
from gantool.gan.learner import Learner
from gantool.gan.losses import LOSSES
from gantool.gan.penalties import gradient_penalty
from gantool.gan.updates import (
    Game,
    Penalty,
    update_both,
    update_discriminator,
    update_discriminator_separately,
    update_generator,
)
from gantool.networks.ahead import compiling_ahead
from gantool.networks.build import BuiltNetwork
from gantool.recipe.model import GradientPenalty, Recipe, WeightClip, WeightDecay
from gantool.training.schedule import batches_before, in_burst
from gantool.training.state import TrainingState

Batch = tuple[tf.Tensor, tf.Tensor]
"""Images [B, H, W, C] and labels int32 [B]."""


@dataclass(frozen=True)
class Losses:
    """What the last of some steps gave."""

    generator: float
    discriminator: float


class TrainingStep:
    """Moves a `TrainingState` by whole steps: updates of both networks, in the recipe's order.

    Everything random in step n is a function of the recipe's seed and n, so it makes no difference
    how many steps one call runs, nor whether the process is the same.
    """

    def __init__(self, state: TrainingState, recipe: Recipe) -> None:
        self._state = state
        self._recipe = recipe
        self._updates = recipe.train.updates
        self._game = make_game(state, recipe)
        self._averaged = (
            list(state.average.weights().values()) if state.average is not None else [],
            list(state.generator.weights().values()),
        )
        self._run = tf.function(self._steps, autograph=False)
        self._ready = False

    def run(self, batches: Any, count: int) -> Losses:
        """Run `count` steps and return the losses of the last.

        Stops early after a step whose losses are not finite; `state.step` tells how many ran.

        Args:
            batches: Iterator over (images [B, H, W, C], labels int32 [B]), at the batch that the
                state's next step begins with.
            count: At least 1.
        """
        first = self._state.step
        numbers = first, first + count, batches_before(self._updates, first)
        start = [tf.constant(number, tf.int64) for number in numbers]
        # The first call traces and compiles.
        with nullcontext() if self._ready else compiling_ahead():
            step, discriminator, generator = self._run(batches, *start)
        self._ready = True
        self._state.step = int(step)
        return Losses(float(generator), float(discriminator))

    def _steps(
        self, batches: Any, step: tf.Tensor, end: tf.Tensor, batch: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        def goes_on(step: tf.Tensor, _batch: tf.Tensor, *losses: tf.Tensor) -> tf.Tensor:
            return (step < end) & tf.reduce_all(tf.math.is_finite(tf.stack(losses)))

        def one(step: tf.Tensor, batch: tf.Tensor, *_: tf.Tensor) -> tuple[tf.Tensor, ...]:
            count = self._discriminator_updates(step)
            return step + 1, batch + count, *self._step(batches, step, batch, count)

        # One iteration after the other: the next one reads the weights that this one writes.
        step, _, discriminator_loss, generator_loss = tf.while_loop(
            goes_on, one, (step, batch, tf.zeros([]), tf.zeros([])), parallel_iterations=1
        )
        return step, discriminator_loss, generator_loss

    def _discriminator_updates(self, step: tf.Tensor) -> int | tf.Tensor:
        burst, usual = self._updates.burst, self._updates.discriminator
        if burst is None:
            return usual
        numbers = tf.constant([usual, burst.discriminator], tf.int64)
        return tf.gather(numbers, tf.cast(in_burst(burst, step), tf.int32))

    def _step(
        self, batches: Any, step: tf.Tensor, batch: tf.Tensor, count: int | tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Step number `step`, from 0; returns the losses of both networks' last updates.

        Args:
            batches: See `run`.
            step: Its number.
            batch: The number of its first batch, which is that of its first discriminator update.
            count: How many updates the discriminator makes.
        """
        held: Batch = batches.get_next()
        if self._updates.order == "simultaneous":
            latents = self._latents("latent/shared", step)
            losses = update_both(self._game, *held, latents, step)
        elif self._updates.order == "generator-first":
            generator_loss = self._teach_generator(held[1], step)
            losses = self._teach_discriminator(batches, held, step, batch, count)[0], generator_loss
        else:
            loss, labels = self._teach_discriminator(batches, held, step, batch, count)
            losses = loss, self._teach_generator(labels, step)
        decay = self._recipe.train.average
        if decay is not None:
            move_average(*self._averaged, decay_at(decay, step))
        return losses

    def _teach_discriminator(
        self, batches: Any, held: Batch, step: tf.Tensor, batch: tf.Tensor, count: int | tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """All of a step's updates of the discriminator, the first from the batch at hand.

        Returns:
            The loss of the last, and the labels of its batch.
        """
        together = self._updates.real_and_generated == "together"
        update = update_discriminator if together else update_discriminator_separately

        def teach(index: tf.Tensor | int, images: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
            latents = self._latents("latent/discriminator", step, batch + index)
            return update(self._game, images, labels, latents, batch + index)

        def teach_next(index: tf.Tensor, *_: tf.Tensor) -> tuple[tf.Tensor, ...]:
            images, labels = tf.cond(index == 0, lambda: held, batches.get_next)
            return index + 1, teach(index, images, labels), labels

        if isinstance(count, int) and count == 1:
            return teach(0, *held), held[1]
        _, loss, labels = _while_below(count, teach_next, (tf.zeros([]), held[1]))
        return loss, labels

    def _teach_generator(self, labels: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
        """All of a step's updates of the generator; the loss of the last."""
        count = self._updates.generator

        def teach(index: tf.Tensor | int) -> tf.Tensor:
            number = step * count + index
            latents = self._latents("latent/generator", step, number)
            return update_generator(self._game, labels, latents, number)

        if count == 1:
            return teach(0)
        return _while_below(count, lambda index, _: (index + 1, teach(index)), (tf.zeros([]),))[1]

    def _latents(self, purpose: str, step: tf.Tensor, number: tf.Tensor | None = None) -> tf.Tensor:
        """Those of update `number` for its purpose, or of the step where all updates share them."""
        if number is None or self._updates.latents == "shared":
            purpose, number = "latent/shared", step
        seed = self._game.seed_of(purpose, number)
        return draw(self._recipe.latent, self._recipe.train.batch_size, seed)


def _while_below(
    count: int | tf.Tensor, body: Callable[..., tuple[tf.Tensor, ...]], start: tuple[tf.Tensor, ...]
) -> tuple[tf.Tensor, ...]:
    """Run `body(index, *values)` → (index + 1, *values) for each index below `count`, in order."""
    result: tuple[tf.Tensor, ...] = tf.while_loop(
        lambda index, *_: index < count,
        body,
        (tf.constant(0, tf.int64), *start),
        parallel_iterations=1,
    )
    return result


def make_game(state: TrainingState, recipe: Recipe) -> Game:
    """Bring the networks of a state together with the rules of a recipe."""
    discriminator = Learner(
        state.discriminator.model, state.discriminator_optimizer, state.discriminator.takes_label
    )
    generator = Learner(
        state.generator.model, state.generator_optimizer, state.generator.takes_label
    )
    penalties = [item for item in recipe.regularizers if isinstance(item, GradientPenalty)]
    decays = [item.weight for item in recipe.regularizers if isinstance(item, WeightDecay)]
    clips = [item for item in recipe.regularizers if isinstance(item, WeightClip)]
    return Game(
        generator=generator,
        discriminator=discriminator,
        loss=LOSSES[recipe.loss],
        penalties=tuple(_penalty(item) for item in penalties),
        weight_decay=sum(decays),
        constraints=tuple(
            partial(clip_weights, _clipped(state.discriminator, item), item.limit) for item in clips
        ),
        seed=recipe.seed,
    )


def _clipped(discriminator: BuiltNetwork, item: WeightClip) -> list[keras.Variable]:
    """The variables of the discriminator that are clipped."""
    of_normalization = [
        variable
        for placed in discriminator.layers
        if isinstance(placed.layer, keras.layers.BatchNormalization)
        for variable in placed.layer.weights
    ]
    own = {id(variable) for variable in of_normalization}
    others = [item for item in discriminator.model.trainable_variables if id(item) not in own]
    if item.batch_normalization == "none":
        return others
    if item.batch_normalization == "all":
        return others + of_normalization
    return others + [variable for variable in of_normalization if variable.trainable]


def _penalty(item: GradientPenalty) -> Penalty:
    def penalty(
        discriminate: Callable[[tf.Tensor], tf.Tensor],
        real: tf.Tensor,
        generated: tf.Tensor,
        seed: tf.Tensor,
    ) -> tf.Tensor:
        mix = tf.random.stateless_uniform([real.shape[0], 1, 1, 1], seed, alg="philox")
        return item.weight * gradient_penalty(discriminate, real, generated, mix)

    return penalty
