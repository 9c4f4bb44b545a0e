"""The compiled training step, many steps a call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import tensorflow as tf

from gantool.engine.fault import NONE, Fault, NotFiniteError, code_of, read_code
from gantool.engine.game import make_game
from gantool.engine.replicas import ALONE, Replicas
from gantool.engine.schedule import batches_before, in_burst
from gantool.engine.state import TrainingState
from gantool.gan.average import decay_at, move_average
from gantool.gan.latents import draw
from gantool.gan.updates import (
    update_both,
    update_discriminator,
    update_discriminator_separately,
    update_generator,
)
from gantool.kernels.ahead import compiling_ahead
from gantool.networks.devices import compiles, find_device
from gantool.recipe.model import Recipe

Batch = tuple[tf.Tensor, tf.Tensor]
"""Images [B, H, W, C] and labels int32 [B]."""

OfEach = list[tf.Tensor]
"""One for each replica of this process."""


@dataclass(frozen=True)
class Losses:
    """What the last of some steps gave."""

    generator: float
    discriminator: float


class _Taught(NamedTuple):
    """What the updates of a network have left, of each replica of this process."""

    losses: OfEach
    """Of the last update."""
    faults: OfEach
    """The first update of the step that was not made, as its code; `NONE` where all were."""

    @classmethod
    def of(cls, pairs: Sequence[tuple[tf.Tensor, tf.Tensor]]) -> _Taught:
        losses, faults = zip(*pairs, strict=True)
        return cls(list(losses), list(faults))


class TrainingStep:
    """Moves a `TrainingState` by whole steps: updates of both networks, in the recipe's order.

    Everything random in step n is a function of the recipe's seed and n, so it makes no difference
    how many steps one call runs, whether the process is the same, or how many replicas share each
    batch.

    Args:
        state: Is moved.
        recipe: Says how.
        replicas: That share each batch.
        copies: Of the state, for the replicas of this process after the first; are moved alike.

    Attributes:
        games: Of the replicas of this process.
    """

    def __init__(
        self,
        state: TrainingState,
        recipe: Recipe,
        replicas: Replicas = ALONE,
        copies: Sequence[TrainingState] = (),
    ) -> None:
        self._state = state
        self._recipe = recipe
        self._updates = recipe.train.updates
        self._replicas = replicas
        states = [state, *copies]
        self.games = [
            make_game(own, recipe, share)
            for own, share in zip(states, replicas.shares, strict=True)
        ]
        self._compiles = compiles(recipe.train, find_device(), replicas.count)
        self._averaged = [
            (
                list(own.average.weights().values()) if own.average is not None else [],
                list(own.generator.weights().values()),
            )
            for own in states
        ]
        self._run = tf.function(self._steps, autograph=False)
        self._ready = False

    def run(self, batches: Any, count: int) -> Losses:
        """Run `count` steps and return the losses of the last.

        An update whose loss or gradients are not finite is not made, and nothing after it: all
        variables stay as they were before it, and `state.step` is the last whole step.

        Args:
            batches: Iterator over (images [B, H, W, C], labels int32 [B]), at the batch that the
                state's next step begins with; of several workers, each has its own rows.
            count: At least 1.

        Raises:
            NotFiniteError: An update was not made.
        """
        first = self._state.step
        numbers = first, first + count, batches_before(self._updates, first)
        start = [tf.constant(number, tf.int64) for number in numbers]
        # The first call traces and compiles.
        with nullcontext() if self._ready else compiling_ahead():
            step, fault, discriminator, generator = self._run(batches, *start)
        self._ready = True
        self._state.step = int(step)
        losses = Losses(float(generator), float(discriminator))
        if int(fault) != NONE:
            number = self._state.step + 1
            raise NotFiniteError(
                Fault(*read_code(int(fault)), number, losses.generator, losses.discriminator)
            )
        return losses

    def _steps(
        self, batches: Any, step: tf.Tensor, end: tf.Tensor, batch: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
        none = tf.constant(NONE, tf.int64)

        def goes_on(step: tf.Tensor, fault: tf.Tensor, *_: tf.Tensor) -> tf.Tensor:
            return (step < end) & (fault == none)

        def one(
            step: tf.Tensor, _: tf.Tensor, batch: tf.Tensor, *_losses: tf.Tensor
        ) -> tuple[tf.Tensor, ...]:
            count = self._discriminator_updates(step)
            fault, *losses = self._step(batches, step, batch, count)
            whole = tf.cast(fault == none, tf.int64)
            return step + whole, fault, batch + count, *losses

        # One iteration after the other: the next one reads the weights that this one writes.
        step, fault, _, discriminator_loss, generator_loss = tf.while_loop(
            goes_on, one, (step, none, batch, tf.zeros([]), tf.zeros([])), parallel_iterations=1
        )
        return step, fault, discriminator_loss, generator_loss

    def _discriminator_updates(self, step: tf.Tensor) -> int | tf.Tensor:
        burst, usual = self._updates.burst, self._updates.discriminator
        if burst is None:
            return usual
        numbers = tf.constant([usual, burst.discriminator], tf.int64)
        return tf.gather(numbers, tf.cast(in_burst(burst, step), tf.int32))

    def _step(
        self, batches: Any, step: tf.Tensor, batch: tf.Tensor, count: int | tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Step number `step`, from 0; its fault, and the losses of both networks' last updates.

        Args:
            batches: See `run`.
            step: Its number.
            batch: The number of its first batch, which is that of its first discriminator update.
            count: How many updates the discriminator makes.
        """
        held, begun = self.shares_of_next(batches), self._begun()
        if self._updates.order == "simultaneous":
            discriminator, generator, faults = self._teach_both(held, step)
        elif self._updates.order == "generator-first":
            made = self._teach_generator([labels for _, labels in held], step, begun.faults)
            generator = made.losses
            made, _ = self._teach_discriminator(batches, held, step, batch, count, made.faults)
            discriminator, faults = made
        else:
            made, labels = self._teach_discriminator(
                batches, held, step, batch, count, begun.faults
            )
            discriminator = made.losses
            generator, faults = self._teach_generator(labels, step, made.faults)
        self._average(step, faults)
        return faults[0], *self._means(discriminator, generator)

    def _begun(self) -> _Taught:
        """Where a step begins: nothing is wrong yet."""
        return _Taught(
            [tf.zeros([]) for _ in self.games], [tf.constant(NONE, tf.int64) for _ in self.games]
        )

    def _average(self, step: tf.Tensor, faults: OfEach) -> None:
        """Have the moving average follow the generator, where all updates were made."""
        decay = self._recipe.train.average
        if decay is None:
            return

        def follow(own: int) -> tf.Tensor:
            def moved() -> tf.Tensor:
                move_average(*self._averaged[own], decay_at(decay, step))
                return tf.constant(True)

            return tf.cond(faults[own] == NONE, moved, lambda: tf.constant(False))

        self._replicas.each(follow)

    def shares_of_next(self, batches: Any) -> list[Batch]:
        """The next batch, the rows of each replica of this process."""
        images, labels = batches.get_next()
        count = len(self.games)
        if count == 1:
            return [(images, labels)]
        return list(zip(tf.split(images, count), tf.split(labels, count), strict=True))

    def _means(self, discriminator: OfEach, generator: OfEach) -> tuple[tf.Tensor, tf.Tensor]:
        """The losses of the whole batch from those of its shares."""

        def means(own: int) -> Sequence[tf.Tensor]:
            return self.games[own].share.mean([discriminator[own], generator[own]])

        first, second = self._replicas.each(means)[0]
        return first, second

    def _teach_both(self, held: list[Batch], step: tf.Tensor) -> tuple[OfEach, OfEach, OfEach]:
        def teach(own: int) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            latents = self.latents(own, "latent/shared", step)
            discriminator, generator, finite = self._chosen(update_both, own)(
                *held[own], latents, step, True
            )
            return (
                discriminator,
                generator,
                _after(tf.constant(NONE, tf.int64), finite, "both", step),
            )

        discriminator, generator, faults = zip(*self._replicas.each(teach), strict=True)
        return list(discriminator), list(generator), list(faults)

    def _teach_discriminator(
        self,
        batches: Any,
        held: list[Batch],
        step: tf.Tensor,
        batch: tf.Tensor,
        count: int | tf.Tensor,
        faults: OfEach,
    ) -> tuple[_Taught, OfEach]:
        """All of a step's updates of the discriminator, the first from the batch at hand.

        Returns:
            What the last has left, and the labels of its batch.
        """
        together = self._updates.real_and_generated == "together"
        update = update_discriminator if together else update_discriminator_separately

        def teach(index: tf.Tensor | int, given: list[Batch], before: OfEach) -> _Taught:
            def teach_one(own: int) -> tuple[tf.Tensor, tf.Tensor]:
                latents = self.latents(own, "latent/discriminator", step, batch + index)
                loss, finite = self._chosen(update, own)(
                    *given[own], latents, batch + index, before[own] == NONE
                )
                return loss, _after(before[own], finite, "discriminator", batch + index)

            return _Taught.of(self._replicas.each(teach_one))

        def teach_next(
            index: tf.Tensor, _losses: OfEach, before: OfEach, _labels: OfEach
        ) -> tuple[Any, ...]:
            given = tf.cond(index == 0, lambda: held, lambda: self.shares_of_next(batches))
            return index + 1, *teach(index, given, before), [labels for _, labels in given]

        labels = [labels for _, labels in held]
        if isinstance(count, int) and count == 1:
            return teach(0, held, faults), labels
        start = (self._begun().losses, faults, labels)
        _, losses, after, labels = _while_below(count, teach_next, start)
        return _Taught(losses, after), labels

    def _teach_generator(self, labels: OfEach, step: tf.Tensor, faults: OfEach) -> _Taught:
        """All of a step's updates of the generator."""
        count = self._updates.generator

        def teach(index: tf.Tensor | int, before: OfEach) -> _Taught:
            number = step * count + index

            def teach_one(own: int) -> tuple[tf.Tensor, tf.Tensor]:
                latents = self.latents(own, "latent/generator", step, number)
                loss, finite = self._chosen(update_generator, own)(
                    labels[own], latents, number, before[own] == NONE
                )
                return loss, _after(before[own], finite, "generator", number)

            return _Taught.of(self._replicas.each(teach_one))

        if count == 1:
            return teach(0, faults)
        _, losses, after = _while_below(
            count,
            lambda index, _, before: (index + 1, *teach(index, before)),
            (self._begun().losses, faults),
        )
        return _Taught(losses, after)

    def _chosen(self, update: Callable[..., Any], own: int) -> Callable[..., Any]:
        """An update of a replica's game, compiled by XLA where that was chosen."""
        of_game = partial(update, self.games[own])
        if not self._compiles:
            return of_game
        compiled: Callable[..., Any] = tf.function(of_game, autograph=False, jit_compile=True)
        return compiled

    def latents(
        self, own: int, purpose: str, step: tf.Tensor, number: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Those of update `number` for its purpose, or of the step where all updates share them."""
        if number is None or self._updates.latents == "shared":
            purpose, number = "latent/shared", step
        game = self.games[own]
        seed = game.seed_of(purpose, number)
        return game.share.rows(draw(self._recipe.latent, self._recipe.train.batch_size, seed))


def _after(before: tf.Tensor, finite: tf.Tensor, update: str, index: tf.Tensor) -> tf.Tensor:
    """The fault after an update, which is the one before it where there was one."""
    own = tf.where(finite, tf.constant(NONE, tf.int64), code_of(update, index))
    return tf.where(before == NONE, own, before)


def _while_below(
    count: int | tf.Tensor, body: Callable[..., tuple[Any, ...]], start: tuple[Any, ...]
) -> tuple[Any, ...]:
    """Run `body(index, *values)` → (index + 1, *values) for each index below `count`, in order."""
    result: tuple[Any, ...] = tf.while_loop(
        lambda index, *_: index < count,
        body,
        (tf.constant(0, tf.int64), *start),
        parallel_iterations=1,
    )
    return result
