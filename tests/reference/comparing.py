"""What of a run goes into the calculation in NumPy, and the comparison of what both come to."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from gantool.engine.state import TrainingState, optimizer_variables
from gantool.engine.step import Losses
from gantool.gan.latents import draw, stateless_seed
from gantool.networks.build import BuiltNetwork
from gantool.recipe.model import Recipe

from .published import Batches, Draw
from .published import Losses as Expected
from .reference import ReferenceNetwork
from .reference_gan import ReferenceGAN
from .reference_layers import Array


def feed_of(batches: Batches) -> Any:
    """What a training step takes its batches from."""
    images, labels = (np.stack(part) for part in zip(*batches, strict=True))
    return iter(tf.data.Dataset.from_tensor_slices((images, labels)))


def latents_of(recipe: Recipe) -> Draw:
    """The latents that a run of this recipe draws."""

    def drawn(purpose: str, number: int) -> Array:
        seed = stateless_seed(recipe.seed, purpose, number)
        made = draw(recipe.latent, recipe.train.batch_size, seed).numpy()
        return np.asarray(made, np.float64)

    return drawn


def assert_losses(made: Losses, expected: Expected) -> None:
    """Compare what a step reports."""
    for loss, (value, noise) in zip((made.discriminator, made.generator), expected, strict=True):
        assert abs(loss - value) <= noise


def assert_stands_at(state: TrainingState, gan: ReferenceGAN) -> None:
    """Compare every weight, moving statistic and slot, and see that there are no others."""
    _assert_network(state.discriminator, state.discriminator_optimizer, gan.discriminator)
    _assert_network(state.generator, state.generator_optimizer, gan.generator)


def _assert_network(
    network: BuiltNetwork, optimizer: keras.optimizers.Optimizer, reference: ReferenceNetwork
) -> None:
    made = network.weights() | optimizer_variables(optimizer, network)
    assert int(made.pop("iteration").numpy()) == reference.updates
    expected = reference.expected()
    assert set(made) == set(expected)
    for key, (value, noise) in expected.items():
        error = np.abs(made[key].numpy() - value)
        worst = (error / np.maximum(noise, 1e-30)).max()
        assert worst <= 1.0, f"{key} is off by {worst:.3g} times what float32 may lose"
