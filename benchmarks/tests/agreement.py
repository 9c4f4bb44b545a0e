"""What a peer is tested by: a tiny copy of its recipe, the same weights, images and latents.

Plain gradient descent takes the place of the recipes' optimizers, on both sides. So a weight's
change is its gradient, and all of that is compared; Adam's first change is little more than the
gradient's sign, and a matter of rounding where the gradient is 0. The recipes' own optimizers are
compared by themselves, on gradients that are given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gantool.engine.plan import make_plan
from gantool.engine.state import TrainingState
from gantool.engine.step import Losses, TrainingStep
from gantool.networks.build import BuiltNetwork
from gantool.recipe.data import Data
from gantool.recipe.load import find_recipe
from gantool.recipe.model import Network, Recipe
from tests.reference.comparing import feed_of, latents_of
from tests.reference.tiny import override, tiny_copy, unsettle

from ..peers.settings import Setting

Array = np.ndarray[Any, Any]
Arrays = dict[str, Array]

STEPS = 2
RATES = {"generator": 0.05, "discriminator": 0.02}
"""Of gradient descent, on either side."""
CLIP = 0.15
"""A bound that some of the critic's weights reach and others do not."""
CHANGE_NOISE = 1e-3
"""What float32 may lose of a change, for the largest one of its array."""
STORAGE_NOISE = 1e-6
"""What float32 may lose of a variable, for the largest one of its array."""


@dataclass(frozen=True)
class Match:
    """Ours, at the weights from which the peer is to start.

    Attributes:
        recipe: The tiny copy.
        setting: The same for the peer.
        state: Has the weights.
        batches: Real images and labels of all steps.
        latents: As ours draws them, in the order in which a peer's steps do.
    """

    recipe: Recipe
    setting: Setting
    state: TrainingState
    batches: list[tuple[Array, Array]]
    latents: list[Array]

    def run(self) -> Losses:
        """Run the steps; the losses of the last."""
        return TrainingStep(self.state, self.recipe).run(feed_of(self.batches), STEPS)

    def networks(self) -> tuple[BuiltNetwork, BuiltNetwork]:
        """Generator and discriminator."""
        return self.state.generator, self.state.discriminator


def match(name: str, real_batches: Callable[..., Any]) -> Match:
    """A tiny copy of a reference recipe, moved off where mistakes cancel."""
    changes = [
        override(f"optimizers.{network}", {"SGD": {"learning_rate": rate}})
        for network, rate in RATES.items()
    ]
    if name == "wgan-celeba":
        clip = {"WeightClip": {"limit": CLIP, "batch_normalization": "all"}}
        changes.append(override("regularizers", [clip]))
    loaded = tiny_copy(find_recipe(name), *changes)
    state = make_plan(loaded).state
    unsettle(state)
    recipe, updates = loaded.recipe, loaded.recipe.train.updates
    draw, latents = latents_of(recipe), []
    for step in range(STEPS):
        if updates.latents == "shared" or updates.order == "simultaneous":
            latents.append(draw("latent/shared", step))
        else:
            first = step * updates.discriminator
            for number in range(first, first + updates.discriminator):
                latents.append(draw("latent/discriminator", number))
            latents.append(draw("latent/generator", step))
    return Match(
        recipe,
        setting_of(recipe),
        state,
        real_batches(STEPS * updates.discriminator, *_pictures(recipe.data)),
        [it.astype(np.float32) for it in latents],
    )


def _pictures(data: Data) -> tuple[str, float, float, int, int]:
    """The set of real images, the value of black, that of white, side and channels."""
    side = data.size[0]
    return "mnist" if side == 28 else "emoji", *data.range, side, data.channels


def setting_of(recipe: Recipe) -> Setting:
    """The numbers that a peer of this recipe is built from."""
    terms = {it.name: it.keywords for it in recipe.regularizers}
    [first_shape] = [
        layer.keywords["target_shape"]
        for layer in recipe.generator.layers
        if layer.name == "Reshape"
    ]
    height, _, channels = first_shape
    return Setting(
        batch=recipe.train.batch_size,
        latent=recipe.latent.size,
        base=height,
        side=recipe.data.size[0],
        channels=recipe.data.channels,
        black=recipe.data.range[0],
        white=recipe.data.range[1],
        generator=tuple(
            channels if width == np.prod(first_shape) else width
            for width in _widths(recipe.generator)
        ),
        discriminator=_widths(recipe.discriminator),
        clip=terms.get("WeightClip", {}).get("limit", 0.0),
        decay=terms.get("WeightDecay", {}).get("weight", 0.0),
    )


def _widths(network: Network) -> tuple[int, ...]:
    """Units and filters of the hidden layers."""
    words = [layer.keywords.get("units", layer.keywords.get("filters")) for layer in network.layers]
    return tuple(width for width in words if width is not None)[:-1]


def values(network: BuiltNetwork) -> Arrays:
    """Weights and moving statistics by their keys."""
    return {key: variable.numpy().copy() for key, variable in network.weights().items()}


def assert_agree(before: Arrays, ours: Arrays, theirs: Arrays) -> None:
    """Compare what the steps made of every variable."""
    assert list(theirs) == list(ours)
    changes = {key: np.abs(ours[key] - before[key]).max() for key in ours}
    for key, expected in ours.items():
        layer, _, word = key.rpartition("/")
        # The gradient of a bias before a normalisation is what rounding leaves of a sum that is 0.
        change = changes[f"{layer}/kernel"] if word == "bias" else changes[key]
        noise = CHANGE_NOISE * change + STORAGE_NOISE * np.abs(expected).max()
        np.testing.assert_allclose(theirs[key], expected, rtol=0.0, atol=noise, err_msg=key)


def assert_losses_agree(ours: Losses, theirs: Sequence[float]) -> None:
    """Compare the losses of the last step, of discriminator and generator."""
    np.testing.assert_allclose(theirs, (ours.discriminator, ours.generator), rtol=2e-5, atol=1e-6)
