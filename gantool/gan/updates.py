"""The updates of GAN training: how the discriminator learns, how the generator does, or both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import tensorflow as tf

from gantool.gan.latents import stateless_seed
from gantool.gan.losses import Loss
from gantool.gan.network import Learner, Pass
from gantool.gan.penalties import half_squared_norm
from gantool.gan.share import WHOLE, Share

Penalty = Callable[[Callable[[tf.Tensor], tf.Tensor], tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor]
"""(discriminate, real, generated, stateless seed) to a scalar that joins the loss."""
Constraint = Callable[[], None]
"""Is applied to the discriminator's weights after each update of them."""


@dataclass(frozen=True)
class Game:
    """The two networks and the rules they learn by.

    Attributes:
        generator: Learns to be taken for real.
        discriminator: Learns to tell real from generated.
        loss: What each minimises.
        penalties: Join the discriminator's loss.
        weight_decay: Times ½ Σ w² of a network's own weights joins the loss of each; 0 for none.
        constraints: See `Constraint`.
        seed: Of all that is random.
        share: Of each batch, that updates are given; losses are means over it.
    """

    generator: Learner
    discriminator: Learner
    loss: Loss
    penalties: tuple[Penalty, ...]
    weight_decay: float
    constraints: tuple[Constraint, ...]
    seed: int
    share: Share = WHOLE

    def seed_of(self, purpose: str, index: tf.Tensor) -> tf.Tensor:
        """The stateless seed [2] of update number `index` for one purpose."""
        return stateless_seed(self.seed, purpose, index)


class Updated(NamedTuple):
    """What came of an update of one network."""

    loss: tf.Tensor
    """Without penalties."""
    finite: tf.Tensor
    """Whether it was made: its loss, with penalties, and all its gradients were finite."""


class BothUpdated(NamedTuple):
    """What came of an update of both networks at once."""

    discriminator_loss: tf.Tensor
    """Without penalties."""
    generator_loss: tf.Tensor
    """Without penalties."""
    finite: tf.Tensor
    """Whether it was made; see `Updated`."""


def update_discriminator(
    game: Game,
    images: tf.Tensor,
    labels: tf.Tensor,
    latents: tf.Tensor,
    index: tf.Tensor,
    allowed: tf.Tensor | bool = True,
) -> Updated:
    """One update from real and generated images together.

    Args:
        game: The networks and rules.
        images: Real images [B, H, W, C] in the recipe's range.
        labels: Their classes, int32 [B]; the generated images get the same ones.
        latents: [B, size], of the generated images.
        index: int64, the number of this update: dropout and penalties are a function of it.
        allowed: Where false, it is not made: one before it was not.
    """
    generated = _generate_for_discriminator(game, labels, latents, index)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        game.discriminator.watch(tape)
        judged = _judge(game, images, generated, labels, index)
    finite = game.discriminator.descend(tape, judged.total, judged.on_generated.state, allowed)
    _constrain(game, finite)
    return Updated(judged.loss, finite)


def update_discriminator_separately(
    game: Game,
    images: tf.Tensor,
    labels: tf.Tensor,
    latents: tf.Tensor,
    index: tf.Tensor,
    allowed: tf.Tensor | bool = True,
) -> Updated:
    """One update from real images, then one from generated ones; the loss is the sum of both.

    The arguments are those of `update_discriminator`.
    """
    generated = _generate_for_discriminator(game, labels, latents, index)
    turns = (
        (images, game.loss.real, "noise/real"),
        (generated, game.loss.generated, "noise/generated"),
    )
    losses = []
    for inputs, loss_of, purpose in turns:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            game.discriminator.watch(tape)
            judged = game.discriminator.forward(inputs, labels, game.seed_of(purpose, index))
            loss = tf.reduce_mean(loss_of(judged.outputs))
            total = loss + judged.regularization + _decay(game, game.discriminator)
        allowed = game.discriminator.descend(tape, total, judged.state, allowed)
        _constrain(game, allowed)
        losses.append(loss)
    return Updated(tf.add_n(losses), allowed)


def update_generator(
    game: Game,
    labels: tf.Tensor,
    latents: tf.Tensor,
    index: tf.Tensor,
    allowed: tf.Tensor | bool = True,
) -> Updated:
    """One update of the generator through a discriminator that stays as it is.

    Args:
        game: The networks and rules.
        labels: Classes of the images to make, int32 [B].
        latents: [B, size].
        index: int64, the number of this update: dropout is a function of it.
        allowed: See `update_discriminator`.
    """
    generator = game.generator
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        generator.watch(tape)
        made = generator.forward(latents, labels, game.seed_of("noise/generator", index))
        judged = game.discriminator.forward(
            made.outputs, labels, game.seed_of("noise/judged", index)
        )
        loss = tf.reduce_mean(game.loss.generator(judged.outputs))
        total = loss + made.regularization + _decay(game, generator)
    return Updated(loss, generator.descend(tape, total, made.state, allowed))


def update_both(
    game: Game,
    images: tf.Tensor,
    labels: tf.Tensor,
    latents: tf.Tensor,
    index: tf.Tensor,
    allowed: tf.Tensor | bool = True,
) -> BothUpdated:
    """One update of both networks at once, from one forward pass at the weights of both before it.

    The arguments are those of `update_discriminator`.
    """
    generator, discriminator = game.generator, game.discriminator
    with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
        generator.watch(tape)
        discriminator.watch(tape)
        made = generator.forward(latents, labels, game.seed_of("noise/generator", index))
        judged = _judge(game, images, made.outputs, labels, index)
        loss = tf.reduce_mean(game.loss.generator(judged.on_generated.outputs))
        total = loss + made.regularization + _decay(game, generator)
    of_discriminator = discriminator.gradients(tape, judged.total)
    of_generator = generator.gradients(tape, total)
    finite = of_discriminator.finite & of_generator.finite & allowed
    discriminator.move(of_discriminator.values, judged.on_generated.state, finite)
    generator.move(of_generator.values, made.state, finite)
    _constrain(game, finite)
    return BothUpdated(judged.loss, loss, finite)


class _Judged(NamedTuple):
    """What the discriminator makes of real and generated images."""

    on_generated: Pass
    """After the pass of the real images, whose state it starts from."""
    loss: tf.Tensor
    """Of both, without penalties."""
    total: tf.Tensor
    """With all that joins it."""


def _judge(
    game: Game, images: tf.Tensor, generated: tf.Tensor, labels: tf.Tensor, index: tf.Tensor
) -> _Judged:
    """Pass real and generated images one after the other: batch statistics do not mix."""
    discriminator = game.discriminator
    noise = game.seed_of("noise/real", index), game.seed_of("noise/generated", index)

    def discriminate(between: tf.Tensor) -> tf.Tensor:
        return discriminator.forward(between, labels, noise[0]).outputs

    on_real = discriminator.forward(images, labels, noise[0])
    on_generated = discriminator.forward(generated, labels, noise[1], on_real.state)
    loss = tf.reduce_mean(game.loss.real(on_real.outputs)) + tf.reduce_mean(
        game.loss.generated(on_generated.outputs)
    )
    # Each pass reports the weights' regularization in full; half of each counts it once.
    total = loss + 0.5 * (on_real.regularization + on_generated.regularization)
    total += _decay(game, discriminator)
    for penalty in game.penalties:
        total += penalty(discriminate, images, generated, game.seed_of("penalty", index))
    return _Judged(on_generated, loss, total)


def _decay(game: Game, learner: Learner) -> tf.Tensor:
    if not game.weight_decay:
        return tf.zeros([])
    weights = [variable.value for variable in learner.trainable]
    return game.weight_decay * half_squared_norm(weights)


def _constrain(game: Game, moved: tf.Tensor) -> None:
    def constrain() -> tf.Tensor:
        for constraint in game.constraints:
            constraint()
        return tf.constant(True)

    if game.constraints:
        tf.cond(moved, constrain, lambda: tf.constant(False))


def _generate_for_discriminator(
    game: Game, labels: tf.Tensor, latents: tf.Tensor, index: tf.Tensor
) -> tf.Tensor:
    """Images [B, H, W, C], made outside every tape."""
    noise = game.seed_of("noise/generator-for-discriminator", index)
    return game.generator.forward(latents, labels, noise).outputs
