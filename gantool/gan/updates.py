"""The two updates of GAN training: how the discriminator learns, and how the generator does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import tensorflow as tf

from gantool.gan.latents import draw, stateless_seed
from gantool.gan.learner import Learner
from gantool.gan.losses import Loss
from gantool.recipe.model import Latent

Penalty = Callable[[Callable[[tf.Tensor], tf.Tensor], tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor]
"""(discriminate, real, generated, stateless seed) to a scalar that joins the loss."""
Constraint = Callable[[], None]
"""Is applied to the discriminator's weights after each update of them."""


@dataclass(frozen=True)
class Game:
    """The two networks and the rules they learn by."""

    generator: Learner
    discriminator: Learner
    latent: Latent
    loss: Loss
    penalties: tuple[Penalty, ...]
    constraints: tuple[Constraint, ...]
    seed: int

    def seed_of(self, purpose: str, index: tf.Tensor) -> tf.Tensor:
        """The stateless seed [2] of update number `index` for one purpose."""
        return stateless_seed(self.seed, purpose, index)


def update_discriminator(
    game: Game, images: tf.Tensor, labels: tf.Tensor, index: tf.Tensor
) -> tf.Tensor:
    """One update from real and generated images together; returns the loss without penalties.

    Real and generated images pass separately, so that batch statistics do not mix.

    Args:
        game: The networks and rules.
        images: Real images [B, H, W, C] in the recipe's range.
        labels: Their classes, int32 [B]; the generated images get the same ones.
        index: int64, the number of this update: the latents are a function of it.
    """
    discriminator = game.discriminator
    generated = _generate_for_discriminator(game, labels, index)
    noise = game.seed_of("noise/real", index), game.seed_of("noise/generated", index)

    def discriminate(between: tf.Tensor) -> tf.Tensor:
        return discriminator.forward(between, labels, noise[0]).outputs

    with tf.GradientTape(watch_accessed_variables=False) as tape:
        discriminator.watch(tape)
        on_real = discriminator.forward(images, labels, noise[0])
        on_generated = discriminator.forward(generated, labels, noise[1], on_real.state)
        loss = tf.reduce_mean(game.loss.real(on_real.outputs)) + tf.reduce_mean(
            game.loss.generated(on_generated.outputs)
        )
        # Each pass reports the weights' regularization in full; half of each counts it once.
        total = loss + 0.5 * (on_real.regularization + on_generated.regularization)
        for penalty in game.penalties:
            total += penalty(discriminate, images, generated, game.seed_of("penalty", index))
    discriminator.descend(tape, total, on_generated.state)
    for constrain in game.constraints:
        constrain()
    return loss


def update_discriminator_separately(
    game: Game, images: tf.Tensor, labels: tf.Tensor, index: tf.Tensor
) -> tf.Tensor:
    """One update from real images, then one from generated ones; returns the sum of both losses.

    The arguments are those of `update_discriminator`.
    """
    generated = _generate_for_discriminator(game, labels, index)
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
            total = loss + judged.regularization
        game.discriminator.descend(tape, total, judged.state)
        for constrain in game.constraints:
            constrain()
        losses.append(loss)
    return tf.add_n(losses)


def update_generator(game: Game, labels: tf.Tensor, index: tf.Tensor) -> tf.Tensor:
    """One update of the generator through a discriminator that stays as it is; returns the loss.

    Args:
        game: The networks and rules.
        labels: Classes of the images to make, int32 [B].
        index: int64, the number of this update: the latents are a function of it.
    """
    generator = game.generator
    latents = draw(game.latent, labels.shape[0], game.seed_of("latent/generator", index))
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        generator.watch(tape)
        made = generator.forward(latents, labels, game.seed_of("noise/generator", index))
        judged = game.discriminator.forward(
            made.outputs, labels, game.seed_of("noise/judged", index)
        )
        loss = tf.reduce_mean(game.loss.generator(judged.outputs))
        total = loss + made.regularization
    generator.descend(tape, total, made.state)
    return loss


def _generate_for_discriminator(game: Game, labels: tf.Tensor, index: tf.Tensor) -> tf.Tensor:
    """Images [B, H, W, C] from fresh latents, outside every tape."""
    latents = draw(game.latent, labels.shape[0], game.seed_of("latent/discriminator", index))
    noise = game.seed_of("noise/generator-for-discriminator", index)
    return game.generator.forward(latents, labels, noise).outputs
