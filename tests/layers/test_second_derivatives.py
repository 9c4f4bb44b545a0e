"""First and second derivatives of every layer that a discriminator can hold, against differences.

The derivatives are those of training, in float32 and with the fast convolutions. The differences
are the same layer's in float64, where nothing is fast and a step is too short to meet a kink.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

import keras
import numpy as np
import pytest
import tensorflow as tf

from gantool.kernels import convolution_ways, product
from gantool.kernels.switch import plain_kernels
from gantool.networks.build import BuiltNetwork
from gantool.recipe.signatures import activations

from ..networks.test_derivative_checks import FAULTS, FAULTY
from ..networks.test_derivative_checks import LAYERS as BY_NAME
from ..networks.test_every_layer import NOT_AS_DRAWN

IMAGE, ROW = (4, 4, 8), (6,)


def convolution(name: str, filters: int, kernel: int, strides: int = 1, **more: Any) -> Any:
    sizes = {"filters": filters, "kernel_size": kernel, "strides": strides}
    return {name: {**sizes, "padding": "same", **more}}


FAST: dict[str, tuple[Any, tuple[int, ...]]] = {
    "Conv2D by tiles": (convolution("Conv2D", 64, 3), (12, 12, 32)),
    "Conv2D by tiles, stride 2": (convolution("Conv2D", 64, 6, 2), (16, 16, 16)),
    "Conv2DTranspose by tiles": (convolution("Conv2DTranspose", 16, 5, 2), (8, 8, 128)),
    "Conv2D by patches": (convolution("Conv2D", 6, 3), (8, 8, 3)),
    "Conv2D by patches, stride 2": (convolution("Conv2D", 6, 4, 2), (8, 8, 3)),
    "Conv2DTranspose by patches": (convolution("Conv2DTranspose", 3, 3), (4, 4, 6)),
    "Conv2DTranspose by patches, stride 2": (convolution("Conv2DTranspose", 3, 4, 2), (4, 4, 6)),
    "Dense by XLA": ({"Dense": {"units": 512}}, ROW),
}
"""Layers whose products are not all TensorFlow's own."""
VARIANTS = {
    "Conv2D in groups": ({"Conv2D": {"filters": 4, "kernel_size": 3, "groups": 2}}, IMAGE),
    "Conv2D by channels": ({"Conv2D": {"filters": 16, "kernel_size": 3, "groups": 8}}, IMAGE),
    "Conv2D, stride 2": (convolution("Conv2D", 6, 4, 2), IMAGE),
    "Conv2D in groups, stride 2": (convolution("Conv2D", 4, 3, 2, groups=2), IMAGE),
    "Conv2D, dilated": (convolution("Conv2D", 6, 3, dilation_rate=2), IMAGE),
    "Conv2DTranspose, stride 2": (convolution("Conv2DTranspose", 6, 4, 2), IMAGE),
    "DepthwiseConv2D, stride 2": (
        {"DepthwiseConv2D": {"kernel_size": 3, "strides": 2, "padding": "same"}},
        IMAGE,
    ),
    "SeparableConv2D, stride 2": (convolution("SeparableConv2D", 6, 3, 2), IMAGE),
    "MaxPool2D, overlapping": (
        {"MaxPool2D": {"pool_size": 3, "strides": 2, "padding": "same"}},
        IMAGE,
    ),
    "EmbedLabel, multiplied": ({"EmbedLabel": {"merge": "multiply"}}, IMAGE),
    **{
        f"Activation {name}": ({"Activation": {"activation": name}}, ROW)
        for name in activations()
        if name not in ("softsign", "threshold")  # is refused; takes more arguments
    },
}
SOUND = {name: it for name, it in BY_NAME.items() if name not in FAULTS}
LAYERS = {**SOUND, **FAST, **VARIANTS}

IN_FLOAT32 = {
    *("AdaptiveAveragePooling3D", "AdaptiveMaxPooling3D", "AveragePooling3D", "MaxPool3D"),
    *("ConditionalBatchNormalization", "PixelNormalization", "SpectralNormalization"),
    *("MelSpectrogram", "STFTSpectrogram"),
    *("MinibatchDiscrimination", "MinibatchStdDev", "SelfAttention"),
}
"""Layers that compute in float32, whatever they are asked for."""

TRACED = {*FAST, "GRU", "LSTM", "RandomCrop"}
"""Layers that are computed in another way in a graph: compiled, or with loops and branches."""

BATCH = 4
STEP = {"float64": 1e-6, "float32": 1e-4}
CLOSE = {"float64": 1e-4, "float32": 0.02}
"""How far a derivative may be off, as a part of the gradient's length."""


class Found(NamedTuple):
    """Numbers in float64 and their gradients by the inputs and each weight."""

    number: tf.Tensor
    """A smooth one of all outputs."""
    penalty: tf.Tensor
    """Those of R1 and of WGAN-GP on the number's gradient by the inputs, together."""
    of_number: list[tf.Tensor]
    of_penalty: list[tf.Tensor]


@pytest.fixture(autouse=True)
def unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the way taken that is expected to be the fastest, on whatever machine."""
    for module in (convolution_ways, product):
        monkeypatch.setattr(module, "fastest", lambda _what, _ways, expected: expected)


# Quick ones most of them, but of some 190 layers.
@pytest.mark.slow
@pytest.mark.parametrize("name", LAYERS)
def test_derivatives_are_those_of_differences(build: Callable[..., Any], name: str) -> None:
    compare(build, name, *LAYERS[name])


@pytest.mark.slow
@pytest.mark.parametrize("case", FAULTY)
def test_what_check_refuses_lacks_them(build: Callable[..., Any], case: str) -> None:
    name, layer, shape, _ = FAULTY[case]
    with pytest.raises((AssertionError, LookupError)):
        compare(build, name, layer, shape)


def compare(build: Callable[..., Any], name: str, layer: Any, shape: Sequence[int]) -> None:
    """Compare gradients with differences along the inputs, and along the weights, at random."""
    make = partial(build, [layer], shape, network="discriminator", classes=3)
    built = make()
    random = np.random.default_rng(1)
    weights = [0.3 * random.normal(size=it.shape) for it in built.model.trainable_weights]
    inputs = random.uniform(-0.8, 0.8, (BATCH, *shape))
    values = [tf.constant(it, tf.float32) for it in (inputs, *weights)]
    if name.startswith("SpectralNormalization"):
        settle(built.model, values)
    state = [it.value for it in built.model.non_trainable_variables]
    with plain_kernels():
        scale = 1.0 + float(tf.reduce_max(tf.abs(outputs_of(built.model, values, state))))
    found = derived(built.model, name, values, state, scale)

    precision = precision_of_differences(name, built)
    with computing_in(precision):
        model = make(precision=precision).model
        variables = model.non_trainable_variables
        state = [tf.cast(it, own.dtype) for it, own in zip(state, variables, strict=True)]
        values = [tf.cast(it, precision) for it in values]
        step = STEP[precision]
        for moved in (slice(1), slice(1, None))[: len(values)]:
            moves = [random.normal(size=it.shape) for it in values[moved]]
            ahead, behind = (
                measured(model, moved_by(values, moved, moves, sign * step), state, scale)
                for sign in (1, -1)
            )
            for number, gradients in (("number", found.of_number), ("penalty", found.of_penalty)):
                expected = float(getattr(ahead, number) - getattr(behind, number)) / (2 * step)
                own = [it.numpy().astype(float) for it in gradients[moved]]
                length = np.sqrt(sum(np.sum(it**2) for it in own))
                derivative = sum(np.sum(a * b) for a, b in zip(own, moves, strict=True))
                assert derivative == pytest.approx(
                    expected, rel=0, abs=CLOSE[precision] * length + 1e-7
                )
                assert length > 1e-3 or (number, moved) == ("penalty", slice(1, None))


def precision_of_differences(name: str, built: BuiltNetwork) -> str:
    """Float32 where a layer computes in nothing else, or would draw other numbers."""
    draws = any(part in name for part in NOT_AS_DRAWN)
    prepares_images = ".preprocessing." in type(built.layers[0].layer).__module__
    return "float32" if draws or prepares_images or name in IN_FLOAT32 else "float64"


def moved_by(
    values: Sequence[tf.Tensor], moved: slice, moves: Sequence[np.ndarray], step: float
) -> list[tf.Tensor]:
    changed = list(values)
    changed[moved] = [
        it + tf.cast(step * move, it.dtype) for it, move in zip(values[moved], moves, strict=True)
    ]
    return changed


def derived(
    model: keras.Model, name: str, values: list[tf.Tensor], state: list[tf.Tensor], scale: float
) -> Found:
    """Differentiate twice, traced as in training where that makes a difference."""

    def derive(values: list[tf.Tensor]) -> Found:
        with tf.GradientTape() as tape:
            tape.watch(values)
            found = measured(model, values, state, scale)
        second = tape.gradient(found.penalty, values, unconnected_gradients="zero")
        return found._replace(of_penalty=[tf.convert_to_tensor(it) for it in second])

    if name not in TRACED:
        return derive(values)
    traced = tf.function(derive, autograph=False).get_concrete_function(values)
    nodes = traced.graph.as_graph_def().node
    assert any("_XlaMustCompile" in it.attr for it in nodes) == (name in FAST)
    return traced(values)


def measured(
    model: keras.Model, values: list[tf.Tensor], state: list[tf.Tensor], scale: float
) -> Found:
    with tf.GradientTape() as tape:
        tape.watch(values)
        outputs = tf.cast(tf.reshape(outputs_of(model, values, state), [-1]), tf.float64)
        places = tf.range(tf.size(outputs), dtype=tf.float64)
        number = tf.reduce_sum(tf.tanh(outputs / scale) * tf.cos(places))
    gradients = tape.gradient(number, values, unconnected_gradients="zero")
    by_images = tf.reshape(tf.cast(gradients[0], tf.float64), [BATCH, -1])
    squares = tf.reduce_sum(tf.square(by_images), axis=1)
    penalties = 0.5 * squares + tf.square(tf.sqrt(squares + 1e-12) - 1.0)
    dense = [tf.convert_to_tensor(it) for it in gradients]
    return Found(number, tf.reduce_sum(penalties), dense, [])


def outputs_of(model: keras.Model, values: list[tf.Tensor], state: list[tf.Tensor]) -> tf.Tensor:
    given = [values[0], tf.range(BATCH) % 3] if len(model.inputs) > 1 else values[0]
    return model.stateless_call(values[1:], state, given, training=True)[0]


def settle(model: keras.Model, values: list[tf.Tensor]) -> None:
    """Find σ to the last digit: to the gradient its vectors are constants, as there they are."""
    for _ in range(100):
        state = [it.value for it in model.non_trainable_variables]
        _, after = model.stateless_call(values[1:], state, values[0], training=True)
        for variable, value in zip(model.non_trainable_variables, after, strict=True):
            variable.assign(value)


@contextmanager
def computing_in(precision: str) -> Iterator[None]:
    """Within, Keras's own defaults are of this precision."""
    for it in (keras.config.set_floatx, keras.config.set_dtype_policy):
        it(precision)
    try:
        yield
    finally:
        for it in (keras.config.set_floatx, keras.config.set_dtype_policy):
            it("float32")
