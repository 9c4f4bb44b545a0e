"""How many floating-point operations the mathematics of a step has.

Each update is built as a graph and not run. The networks are in inference mode there, in which our
layers are Keras's own, and the operations on the way to an update's loss and gradients are added
up. What an update does not need, such as the gradient of the real images, is not among them. So
the number is the recipe's, however it is computed: minimal filtering, as in
`gantool.kernels.winograd`, takes fewer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from gantool.engine.game import make_game
from gantool.engine.state import TrainingState
from gantool.gan.updates import Game
from gantool.measuring.products import Count, count_operations
from gantool.networks.build import BuiltNetwork
from gantool.recipe.model import Recipe


@dataclass(frozen=True)
class Operations:
    """Of a usual step, one that is not a burst's.

    Attributes:
        step: Of all its updates.
        discriminator_update: Of one update of the discriminator by itself.
        is_all: False where a layer hides some in a loop, as recurrent ones do: there are more.
    """

    step: int
    discriminator_update: int
    is_all: bool


def step_operations(state: TrainingState, recipe: Recipe) -> Operations:
    """Count the operations of a step."""
    updates = recipe.train.updates
    graphs = _Graphs(state, recipe)
    of_discriminator = graphs.count(graphs.discriminator_update)
    if updates.order == "simultaneous":
        parts = [(1, graphs.count(graphs.update_of_both))]
    else:
        of_generator = graphs.count(graphs.generator_update)
        parts = [(updates.discriminator, of_discriminator), (updates.generator, of_generator)]
    return Operations(
        step=sum(times * count.operations for times, count in parts),
        discriminator_update=of_discriminator.operations,
        is_all=all(count.is_all for _, count in parts),
    )


class _Graphs:
    """The updates of `gantool.gan.updates` as far as they have products.

    The sum of the logits stands in for every loss, whose gradient has the same products.
    """

    def __init__(self, state: TrainingState, recipe: Recipe) -> None:
        self._state = state
        self._game: Game = make_game(state, recipe)
        batch, latent = recipe.train.batch_size, recipe.latent.size
        shape = [batch, *recipe.data.size, recipe.data.channels]
        self._inputs = (
            tf.TensorSpec(shape, tf.float32),
            tf.TensorSpec([batch], tf.int32),
            tf.TensorSpec([batch, latent], tf.float32),
        )

    def count(self, update: Callable[..., list[tf.Tensor]]) -> Count:
        """Of one update, from real images, labels and latents to losses and gradients."""
        traced = tf.function(update, autograph=False).get_concrete_function(*self._inputs)
        return count_operations(traced.graph)

    def discriminator_update(
        self, images: tf.Tensor, labels: tf.Tensor, latents: tf.Tensor
    ) -> list[tf.Tensor]:
        generated = _through(self._state.generator, latents, labels)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            weights = _watched(tape, self._state.discriminator)
            total = self._judged(images, generated, labels)
        return [total, *_gradients(tape, total, weights)]

    def generator_update(
        self,
        images: tf.Tensor,  # noqa: ARG002 - all updates are called alike
        labels: tf.Tensor,
        latents: tf.Tensor,
    ) -> list[tf.Tensor]:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            weights = _watched(tape, self._state.generator)
            generated = _through(self._state.generator, latents, labels)
            total = tf.reduce_sum(_through(self._state.discriminator, generated, labels))
        return [total, *_gradients(tape, total, weights)]

    def update_of_both(
        self, images: tf.Tensor, labels: tf.Tensor, latents: tf.Tensor
    ) -> list[tf.Tensor]:
        discriminator = self._state.discriminator
        with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
            of_generator = _watched(tape, self._state.generator)
            of_discriminator = _watched(tape, discriminator)
            generated = _through(self._state.generator, latents, labels)
            logits = _through(discriminator, generated, labels)
            judged = self._judged(images, generated, labels, logits)
            total = tf.reduce_sum(logits)
        return [
            judged,
            *_gradients(tape, judged, of_discriminator),
            *_gradients(tape, total, of_generator),
        ]

    def _judged(
        self,
        images: tf.Tensor,
        generated: tf.Tensor,
        labels: tf.Tensor,
        on_generated: tf.Tensor | None = None,
    ) -> tf.Tensor:
        def discriminate(inputs: tf.Tensor) -> tf.Tensor:
            return _through(self._state.discriminator, inputs, labels)

        logits = discriminate(generated) if on_generated is None else on_generated
        total = tf.reduce_sum(discriminate(images)) + tf.reduce_sum(logits)
        seed = tf.zeros([2], tf.int64)
        return total + sum(
            penalty(discriminate, images, generated, seed) for penalty in self._game.penalties
        )


def _through(network: BuiltNetwork, inputs: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    outputs = network.model([inputs, labels] if network.takes_label else inputs, training=False)
    return tf.cast(outputs, tf.float32)


def _watched(tape: tf.GradientTape, network: BuiltNetwork) -> list[Any]:
    weights = [variable.value for variable in network.model.trainable_variables]
    tape.watch(weights)
    return weights


def _gradients(tape: tf.GradientTape, total: tf.Tensor, weights: list[Any]) -> list[tf.Tensor]:
    found: list[tf.Tensor] = tape.gradient(
        total, weights, unconnected_gradients=tf.UnconnectedGradients.ZERO
    )
    return [tf.convert_to_tensor(gradient) for gradient in found]
