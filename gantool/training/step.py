"""The compiled training step, many steps a call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import tensorflow as tf

from gantool.gan.average import decay_at, move_average
from gantool.gan.constraints import clip_weights
from gantool.gan.learner import Learner
from gantool.gan.losses import LOSSES
from gantool.gan.penalties import gradient_penalty
from gantool.gan.updates import (
    Game,
    Penalty,
    update_discriminator,
    update_discriminator_separately,
    update_generator,
)
from gantool.recipe.model import GradientPenalty, Recipe, WeightClip
from gantool.training.state import TrainingState


@dataclass(frozen=True)
class Losses:
    """What the last of some steps gave."""

    generator: float
    discriminator: float


class TrainingStep:
    """Moves a `TrainingState` by whole steps: the discriminator's updates, then the generator's.

    Everything random in step n is a function of the recipe's seed and n, so it makes no difference
    how many steps one call runs, nor whether the process is the same.
    """

    def __init__(self, state: TrainingState, recipe: Recipe) -> None:
        self._state = state
        self._recipe = recipe
        self._game = make_game(state, recipe)
        self._averaged = (
            list(state.average.weights().values()) if state.average is not None else [],
            list(state.generator.weights().values()),
        )
        self._run = tf.function(self._steps, autograph=False)

    def run(self, batches: Any, count: int) -> Losses:
        """Run `count` steps and return the losses of the last.

        Stops early after a step whose losses are not finite; `state.step` tells how many ran.

        Args:
            batches: Iterator over (images [B, H, W, C], labels int32 [B]), at the batch that the
                state's next step begins with.
            count: At least 1.
        """
        first = tf.constant(self._state.step, tf.int64)
        step, discriminator, generator = self._run(batches, first, tf.constant(count, tf.int64))
        self._state.step = int(step)
        return Losses(float(generator), float(discriminator))

    def _steps(
        self, batches: Any, first: tf.Tensor, count: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        def goes_on(
            step: tf.Tensor, discriminator_loss: tf.Tensor, generator_loss: tf.Tensor
        ) -> tf.Tensor:
            finite = tf.math.is_finite(discriminator_loss) & tf.math.is_finite(generator_loss)
            return (step < first + count) & finite

        def one(step: tf.Tensor, *_: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            return step + 1, *self._step(batches, step)

        # One iteration after the other: the next one reads the weights that this one writes.
        result: tuple[tf.Tensor, tf.Tensor, tf.Tensor] = tf.while_loop(
            goes_on, one, (first, tf.zeros([]), tf.zeros([])), parallel_iterations=1
        )
        return result

    def _step(self, batches: Any, step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Step number `step`, from 0; returns the losses of both networks' last updates."""
        updates = self._recipe.train.updates
        together = updates.real_and_generated == "together"
        update = update_discriminator if together else update_discriminator_separately
        batch_size = self._recipe.train.batch_size

        def teach_discriminator(
            index: tf.Tensor, _labels: tf.Tensor
        ) -> tuple[tf.Tensor, tf.Tensor]:
            images, labels = batches.get_next()
            number = step * updates.discriminator + index
            return update(self._game, images, labels, number), labels

        def teach_generator(index: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            number = step * updates.generator + index
            return update_generator(self._game, labels, number), labels

        labels = tf.zeros([batch_size], tf.int32)
        discriminator_loss, labels = _repeat(updates.discriminator, teach_discriminator, labels)
        generator_loss, _ = _repeat(updates.generator, teach_generator, labels)
        decay = self._recipe.train.average
        if decay is not None:
            move_average(*self._averaged, decay_at(decay, step))
        return discriminator_loss, generator_loss


def make_game(state: TrainingState, recipe: Recipe) -> Game:
    """Bring the networks of a state together with the rules of a recipe."""
    discriminator = Learner(
        state.discriminator.model, state.discriminator_optimizer, state.discriminator.takes_label
    )
    generator = Learner(
        state.generator.model, state.generator_optimizer, state.generator.takes_label
    )
    penalties = [item for item in recipe.regularizers if isinstance(item, GradientPenalty)]
    clips = [item for item in recipe.regularizers if isinstance(item, WeightClip)]
    return Game(
        generator=generator,
        discriminator=discriminator,
        latent=recipe.latent,
        loss=LOSSES[recipe.loss],
        penalties=tuple(_penalty(item) for item in penalties),
        constraints=tuple(
            partial(clip_weights, discriminator.trainable, item.limit) for item in clips
        ),
        seed=recipe.seed,
    )


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


def _repeat(
    count: int,
    update: Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]],
    labels: tf.Tensor,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Run `update(index, labels)` → (loss, labels) so many times; the last one's results."""
    if count == 1:
        return update(tf.constant(0, tf.int64), labels)
    _, loss, labels = tf.while_loop(
        lambda index, *_: index < count,
        lambda index, _loss, labels: (index + 1, *update(index, labels)),
        (tf.constant(0, tf.int64), tf.zeros([]), labels),
        parallel_iterations=1,
    )
    return loss, labels
