"""Whether the values that the networks of a recipe end in suit the data and the loss."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from gantool.layers.batch_normalization import batch_normalization_layers
from gantool.networks.build import BuiltNetwork, PlacedLayer
from gantool.networks.messages import times
from gantool.recipe.document import Problem
from gantool.recipe.model import Recipe
from gantool.recipe.signatures import attributes

_SAME_SHAPE = ("Activation", "ELU", "LeakyReLU", "ReLU", "Rescaling", "Softmax")
_SAME_VALUES = (
    "Identity",
    "Flatten",
    "Reshape",
    "Permute",
    "Dropout",
    "GaussianNoise",
    "GaussianDropout",
)
_WITHIN_A_ROW = ("Attention", "AdditiveAttention")

WITHOUT_GRADIENT = (
    "ContrastLimitedAdaptiveHistogramEqualization",
    "RandAugment",
    "RandomHue",
    "RandomPosterization",
    "RandomSaturation",
)
"""Layers of Keras that let no gradient through."""
_BLACK_IS_ZERO = ("RandomInvert", "RandomSaturation")
"""Layers of Keras that take black for 0, whatever their `value_range`."""

_SLACK = 0.05
"""The part of the data's range that a generator may miss or exceed."""


def generator_problems(built: BuiltNetwork, recipe: Recipe) -> Iterator[Problem]:
    """Tell a generator whose last activation keeps it from a part of the data's range."""
    if recipe.data.size is None:
        return
    made, (low, high) = value_range(built.layers), recipe.data.range
    slack = _SLACK * (high - low)
    if made[0] > low + slack or made[1] < high - slack:
        yield Problem(_last(built).path, _misfit(made, recipe.data.range))


def generator_warnings(built: BuiltNetwork, recipe: Recipe) -> Iterator[Problem]:
    """Tell a generator whose last activation goes far beyond the data's range."""
    made, (low, high) = value_range(built.layers), recipe.data.range
    slack = _SLACK * (high - low)
    exceeds = -math.inf < made[0] < low - slack or high + slack < made[1] < math.inf
    if exceeds and recipe.data.size is not None:
        yield Problem(_last(built).path, _misfit(made, recipe.data.range))
    yield from _attention_warnings(built)


def discriminator_problems(built: BuiltNetwork, recipe: Recipe) -> Iterator[Problem]:
    """Tell a discriminator that ends in probabilities where the loss makes them of logits."""
    made = value_range(built.layers)
    losses = (recipe.losses.discriminator, recipe.losses.generator)
    within = {item.name: attributes("loss", item.name).get("within") for item in losses}
    loss, of_loss = next((it for it in within.items() if it[1]), ("", ""))
    if of_loss and made[0] >= 0.0 and made[1] <= 1.0:
        name = _activation_name(_last(built).layer)
        had = "it" if name.lower() == of_loss else f"a {of_loss}"
        yield Problem(
            _last(built).path,
            f"discriminator ends in a {name}, and {loss} takes logits:"
            f" remove the {name}, the loss has {had}",
        )


def discriminator_warnings(built: BuiltNetwork, recipe: Recipe) -> Iterator[Problem]:
    """Tell a discriminator whose logits are bounded, and layers that a penalty does not suit."""
    made = value_range(built.layers)
    if any(map(math.isfinite, made)):
        yield Problem(
            _last(built).path,
            f"discriminator gives numbers of {_span(made)}, and"
            f" {recipe.losses.discriminator.name} takes logits, which may be any number: remove the"
            f" {_activation_name(_last(built).layer)}",
        )
    terms = (item.name for item in recipe.regularizers)
    for kind in (name for name in terms if attributes("term", name).get("by_examples")):
        for placed in built.layers:
            if batch_normalization_layers(placed.layer):
                yield Problem(
                    placed.path,
                    f"BatchNormalization mixes the images of a batch, and {kind} takes the gradient"
                    " of each by itself: use LayerNormalization or GroupNormalization",
                )
    yield from _attention_warnings(built)
    yield from _augmentation_warnings(built, recipe)


def value_range(layers: Sequence[PlacedLayer]) -> tuple[float, float]:
    """The least and the greatest value that a network can end in, as far as its end shows.

    The last layers without weights are run on numbers of every size; -inf and inf where there is
    no bound, and where layers that are not known here come last.
    """
    start = next((it for it in reversed(layers) if it.name not in _SAME_SHAPE + _SAME_VALUES), None)
    if start is None or None in start.shape:
        return -math.inf, math.inf
    tail = layers[layers.index(start) + 1 :]
    small, large = (_ends(start, tail, exponent) for exponent in (2, 4))
    slack = 0.02 * (large[1] - large[0])
    return (
        -math.inf if large[0] < small[0] - slack else large[0],
        math.inf if large[1] > small[1] + slack else large[1],
    )


def _ends(start: PlacedLayer, tail: Sequence[PlacedLayer], exponent: int) -> tuple[float, float]:
    """What the activation of `start` and the layers after it make of numbers up to 10^exponent."""
    size = math.prod(int(side or 1) for side in start.shape)
    batch = -(-4096 // size)
    numbers = np.logspace(-2, exponent, batch * size) * np.resize([1.0, -1.0], batch * size)
    np.random.default_rng(0).shuffle(numbers)
    values: Any = tf.constant(numbers.reshape(batch, *start.shape), tf.float32)
    activation = _activation(start.layer)
    if activation is not None:
        values = activation(values)
    for placed in tail:
        values = placed.layer(values)
    found = tf.cast(values, tf.float32).numpy()
    return float(np.nanmin(found)), float(np.nanmax(found))


def _last(built: BuiltNetwork) -> PlacedLayer:
    """The last layer that does more than arrange its input."""
    kept = [placed for placed in built.layers if placed.name not in _SAME_VALUES]
    return (kept or built.layers)[-1]


def _activation(layer: keras.layers.Layer) -> Any:
    """The activation function of a layer, or of the one that it wraps."""
    return getattr(layer, "activation", None) or getattr(
        getattr(layer, "layer", None), "activation", None
    )


def _activation_name(layer: keras.layers.Layer) -> str:
    return getattr(_activation(layer), "__name__", type(layer).__name__)


def _misfit(made: tuple[float, float], data: tuple[float, float]) -> str:
    """What a generator makes, what the data is, and what can be done."""
    low, high = data
    if (low, high) == (0.0, 1.0):
        end = "sigmoid"
    elif (low, high) == (-1.0, 1.0):
        end = "tanh"
    else:
        end = f"tanh and Rescaling: {{scale: {(high - low) / 2:g}, offset: {(high + low) / 2:g}}}"
    bounded = all(map(math.isfinite, made))
    other = f", or set data.range to [{made[0]:.3g}, {made[1]:.3g}]" if bounded else ""
    return (
        f"generator makes values of {_span(made)}, the data is {_span(data)}: end in {end}{other}"
    )


def _span(ends: tuple[float, float]) -> str:
    low, high = ends
    if math.isinf(high):
        return f"{low:.3g} and more"
    return f"{high:.3g} and less" if math.isinf(low) else f"{low:.3g} to {high:.3g}"


def _attention_warnings(built: BuiltNetwork) -> Iterator[Problem]:
    for placed in built.layers:
        if placed.name in _WITHIN_A_ROW and len(placed.shape) == 3:
            yield Problem(
                placed.path,
                f"{placed.name} on {times(placed.shape)} attends within each row alone: put Reshape"
                " to places × channels before it, or use MultiHeadAttention",
            )


def _augmentation_warnings(built: BuiltNetwork, recipe: Recipe) -> Iterator[Problem]:
    for placed in built.layers:
        if placed.name in WITHOUT_GRADIENT:
            yield Problem(
                placed.path,
                f"{placed.name} lets no gradient through, and without one the generator learns"
                " nothing: remove it",
            )
        elif placed.name in _BLACK_IS_ZERO and recipe.data.range[0] != 0:
            yield Problem(
                placed.path,
                f"{placed.name} takes black for 0, the data is {_span(recipe.data.range)}:"
                " set data.range to [0, 1], or remove it",
            )
