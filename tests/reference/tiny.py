"""Tiny copies of recipes: fewer channels, units, latents and images, and more weight decay.

All else stays as the recipe's file has it, so that a change of it is seen: layers, their order,
kernels, strides, activations, normalisation, loss, optimizers, updates.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from gantool.engine.state import TrainingState
from gantool.recipe.component import Component
from gantool.recipe.edit import Override
from gantool.recipe.load import LoadedRecipe, RecipeText, load

BATCH = 6
DECAY_MAGNIFIED = 1e4
"""Times the recipe's weight decay, which would be lost in the rounding of a single step."""


def tiny_copy(text: RecipeText, *more: Override) -> LoadedRecipe:
    """A recipe with one channel for each 64 and one more, sides above 28 halved, batches of 6."""
    recipe = load(text).recipe
    halve = 2 if recipe.data.size[0] > 28 else 1
    changes = {
        "latent.size": recipe.latent.size // 14,
        "data.size": [side // halve for side in recipe.data.size],
        "data.crop": None,
        "train.batch_size": BATCH,
        "train.precision": "float32",  # on every machine that the tests run on
        "regularizers": [_magnified(item) for item in recipe.regularizers],
        "generator.layers": _thinned(recipe.generator.layers, halve),
        "discriminator.layers": _thinned(recipe.discriminator.layers, halve),
    }
    return load(text, [*(override(path, value) for path, value in changes.items()), *more])


def override(path: str, value: Any) -> Override:
    """What `--set path=value` is read as."""
    return Override(tuple(path.split(".")), value, f"{path}={json.dumps(value)}")


def unsettle(state: TrainingState) -> None:
    """Move all variables to where a step says most.

    Biases, scales, offsets and statistics go off 0 and 1, where mistakes cancel. Kernels become so
    large that no layer's values are lost beside the next normalisation's ε, as those of tiny layers
    with a standard deviation of 0.02 are: gradients of 1e-8 would be left to compare.
    """
    random = np.random.default_rng(0)
    for network in (state.generator, state.discriminator):
        for variable in network.weights().values():
            if len(variable.shape) == 1:
                variable.assign(variable.numpy() + random.uniform(-0.2, 0.2, variable.shape))
            else:
                *window, one, other = variable.shape
                spread = (2.0 / (np.prod(window) * (one + other))) ** 0.5  # Glorot and Bengio's
                variable.assign(random.normal(0.0, spread, variable.shape))


def _magnified(item: Component) -> dict[str, Any]:
    keywords = dict(item.keywords)
    if item.name == "WeightDecay":
        keywords["weight"] *= DECAY_MAGNIFIED
    return {item.name: keywords}


def _thin(width: int) -> int:
    return width if width <= 3 else -(-width // 64) + 1


def _thinned(layers: Sequence[Component], halve: int) -> list[Any]:
    thinned = []
    for index, layer in enumerate(layers):
        keywords = dict(layer.keywords)
        if "filters" in keywords:
            keywords["filters"] = _thin(keywords["filters"])
        if "target_shape" in keywords:
            keywords["target_shape"] = _thin_shape(keywords["target_shape"], halve)
        if "units" in keywords:
            keywords["units"] = _thin_units(keywords["units"], layers[index:], halve)
        thinned.append({layer.name: keywords})
    return thinned


def _thin_shape(shape: Sequence[int], halve: int) -> list[int]:
    height, width, channels = shape
    return [height // halve, width // halve, _thin(channels)]


def _thin_units(units: int, following: Sequence[Component], halve: int) -> int:
    """As many units as a tiny image has numbers, where the recipe has as many as the whole one."""
    shapes = [it.keywords["target_shape"] for it in following if it.name == "Reshape"]
    if shapes and units == np.prod(shapes[0]):
        return int(np.prod(_thin_shape(shapes[0], halve)))
    return _thin(units)
