"""The updates of GAN training: what one step is made of, and the mathematics of each.

An update computes one or two descents. A descent is a pure function of the networks, a batch and
latents: it moves nothing, and `TrainableNetwork.apply` takes it. Between the two, means over
replicas can be formed and a descent that is not finite can be refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

import tensorflow as tf

from gantool.gan.augmentation import Augmentation
from gantool.gan.latents import Rows, part_of, stateless_seed, whole
from gantool.gan.network import TrainableNetwork
from gantool.gan.objective import Loss, Term, value_of
from gantool.gan.schedule import START, Progress
from gantool.gan.seen import Seen, Side
from gantool.recipe.model import Updates

SIDES: tuple[Side, ...] = ("real", "generated")
_WHILE_DISCRIMINATING: dict[Side, str] = {"real": "noise/real", "generated": "noise/generated"}
_WHILE_GENERATING: dict[Side, str] = {"real": "noise/judged-real", "generated": "noise/judged"}


class Given(NamedTuple):
    """What an update is given."""

    real: tf.Tensor
    """Examples of the data, [B, …] float32 in the recipe's range."""
    labels: tf.Tensor
    """Their classes, int32 [B]; the generated examples get the same ones."""
    latents: tf.Tensor
    """[B, size] float32."""
    index: tf.Tensor
    """Number of the update, int64; dropout and penalties are functions of it."""
    progress: Progress = START
    """How far the run has come; schedules are functions of it."""


class Descent(NamedTuple):
    """What a network, or each of two, is about to be moved by: values by the network's name."""

    losses: dict[str, tf.Tensor]
    """Without terms, scalars."""
    totals: dict[str, tf.Tensor]
    """With all that joins them, scalars."""
    gradients: dict[str, list[tf.Tensor]]
    """See `TrainableNetwork.gradients`."""
    state: dict[str, Sequence[tf.Tensor]]
    """See `Pass.state`."""
    signs: dict[str, tf.Tensor]
    """Mean sign of the logits of real examples, by "real", where the augmentation goes by it; zero
    where a descent of the discriminator is down its loss on generated examples alone."""


@dataclass(frozen=True)
class GAN:
    """Two networks, and what they learn by.

    Attributes:
        generator: Learns to be taken for the data.
        discriminator: Learns to tell real from generated.
        loss: What each minimises.
        terms: Join the losses.
        seed: Of all that is random.
        rows: Draws the numbers of a batch.
        augmentation: Changes examples before the discriminator sees them; None where they stay.
    """

    generator: TrainableNetwork
    discriminator: TrainableNetwork
    loss: Loss
    terms: tuple[Term, ...] = ()
    seed: int = 0
    rows: Rows = whole
    augmentation: Augmentation | None = None

    def seed_of(self, purpose: str, index: tf.Tensor) -> tf.Tensor:
        """The stateless seed [2] of update number `index` for one purpose."""
        return stateless_seed(self.seed, purpose, index)

    def part(self, number: tf.Tensor | int, of: int) -> GAN:
        """The same for one of several equal parts of a batch, whose numbers it draws."""
        rows = part_of(self.rows, number, of)
        generator, discriminator = self.generator.drawing(rows), self.discriminator.drawing(rows)
        return replace(self, generator=generator, discriminator=discriminator, rows=rows)

    @property
    def goes_by_signs(self) -> bool:
        """Whether the augmentation goes by the signs of the logits of real examples."""
        return self.augmentation is not None and self.augmentation.by_signs

    def network(self, name: str) -> TrainableNetwork:
        """The network of this name."""
        return self.generator if name == "generator" else self.discriminator


@dataclass(frozen=True)
class Update:
    """An entry of the list of updates that a step is made of.

    Attributes:
        network: Whose it is: "discriminator", "generator" or "both".
        times: How often it comes in a usual step.
        descents: What it is, one after the other.
    """

    network: str
    times: int
    descents: tuple[Callable[[GAN, Given], Descent], ...]

    @property
    def networks(self) -> tuple[str, ...]:
        """The networks that it moves."""
        return ("discriminator", "generator") if self.network == "both" else (self.network,)


def updates_of(updates: Updates) -> tuple[Update, ...]:
    """The updates of a usual step, in their order."""
    if updates.order == "simultaneous":
        return (Update("both", 1, (descend_both,)),)
    sides: tuple[tuple[Side, ...], ...]
    sides = (SIDES,) if updates.real_and_generated == "together" else (("real",), ("generated",))
    both = (
        Update(
            "discriminator",
            updates.discriminator,
            tuple(partial(descend_discriminator, sides=side) for side in sides),
        ),
        Update("generator", updates.generator, (descend_generator,)),
    )
    return both if updates.order == "discriminator-first" else both[::-1]


def descend_discriminator(gan: GAN, given: Given, sides: tuple[Side, ...] = SIDES) -> Descent:
    """Down the discriminator's loss on both sides, or on one alone."""
    discriminator = gan.discriminator
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        discriminator.watch(tape)
        seen = _seen(gan, given, partial(_generate, gan, given), _WHILE_DISCRIMINATING)
        loss = gan.loss.discriminator(seen) if sides == SIDES else gan.loss.on(sides[0], seen)
        total = _discriminator_total(gan, seen, loss, sides)
    gradients = discriminator.gradients(tape, total)
    signs = _signs(gan, seen, sides)
    return _descent(("discriminator", loss, total, gradients, seen.state), signs=signs)


def descend_generator(gan: GAN, given: Given) -> Descent:
    """Down the generator's loss, through a discriminator that stays as it is."""
    generator = gan.generator
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        generator.watch(tape)
        made = generator.forward(
            given.latents, given.labels, gan.seed_of("noise/generator", given.index)
        )
        seen = _seen(gan, given, lambda: made.outputs, _WHILE_GENERATING)
        loss = gan.loss.generator(seen)
        total = loss + made.activity + _joining(gan, seen, "generator")
    gradients = generator.gradients(tape, total)
    return _descent(("generator", loss, total, gradients, made.state), signs={})


def descend_both(gan: GAN, given: Given) -> Descent:
    """Down both losses at once, from one forward pass at the weights of both."""
    generator, discriminator = gan.generator, gan.discriminator
    with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
        generator.watch(tape)
        discriminator.watch(tape)
        made = generator.forward(
            given.latents, given.labels, gan.seed_of("noise/generator", given.index)
        )
        seen = _seen(gan, given, lambda: made.outputs, _WHILE_DISCRIMINATING)
        judging = gan.loss.discriminator(seen)
        making = gan.loss.generator(seen)
        judging_total = _discriminator_total(gan, seen, judging, SIDES)
        making_total = making + made.activity + _joining(gan, seen, "generator")
    of_discriminator = discriminator.gradients(tape, judging_total)
    of_generator = generator.gradients(tape, making_total)
    return _descent(
        ("discriminator", judging, judging_total, of_discriminator, seen.state),
        ("generator", making, making_total, of_generator, made.state),
        signs=_signs(gan, seen, SIDES),
    )


def _descent(
    *parts: tuple[str, tf.Tensor, tf.Tensor, list[tf.Tensor], Sequence[tf.Tensor]],
    signs: dict[str, tf.Tensor],
) -> Descent:
    names, *columns = zip(*parts, strict=True)
    losses, totals, gradients, state = (dict(zip(names, it, strict=True)) for it in columns)
    return Descent(losses, totals, gradients, state, signs)


def _signs(gan: GAN, seen: Seen, sides: tuple[Side, ...]) -> dict[str, tf.Tensor]:
    if not gan.goes_by_signs:
        return {}
    of_real = "real" in sides
    return {"real": tf.reduce_mean(tf.sign(seen.logits("real"))) if of_real else tf.zeros([])}


def _seen(
    gan: GAN, given: Given, generate: Callable[[], tf.Tensor], noise: dict[Side, str]
) -> Seen:
    return Seen(
        gan.discriminator,
        given.real,
        generate,
        given.labels,
        given.index,
        partial(gan.seed_of, index=given.index),
        noise,
        {side for term in gan.terms for side in term.differentiates},
        gan.rows,
        given.progress,
        gan.augmentation,
    )


def _generate(gan: GAN, given: Given) -> tf.Tensor:
    """Examples for the discriminator, [B, …]."""
    noise = gan.seed_of("noise/generator-for-discriminator", given.index)
    return gan.generator.forward(given.latents, given.labels, noise).outputs


def _discriminator_total(
    gan: GAN, seen: Seen, loss: tf.Tensor, sides: tuple[Side, ...]
) -> tf.Tensor:
    return loss + seen.activity + _joining(gan, seen, "discriminator", sides)


def _joining(gan: GAN, seen: Seen, name: str, sides: tuple[Side, ...] = SIDES) -> tf.Tensor:
    """Sum of a network's regularizers of weights and of the terms that join its loss."""
    network = gan.network(name)
    terms = [value_of(term, seen, network) for term in _terms_of(gan, name, sides)]
    return tf.add_n([network.regularization(), *terms])


def _terms_of(gan: GAN, name: str, sides: tuple[Side, ...]) -> Iterator[Term]:
    for term in gan.terms:
        if name in term.networks and set(term.needs) <= set(sides):
            yield term
