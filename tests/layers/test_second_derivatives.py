"""First and second derivatives of layers, against differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

IMAGE, ROW = (3, 4, 4, 8), (4, 6)
LAYERS: dict[str, tuple[Any, tuple[int, ...]]] = {
    "Basis": ({"Basis": {"height": 2, "width": 3}}, ROW),
    "Conv2D in groups": ({"Conv2D": {"filters": 4, "kernel_size": 3, "groups": 2}}, IMAGE),
    "Conv2D by channels": ({"Conv2D": {"filters": 16, "kernel_size": 3, "groups": 8}}, IMAGE),
    "ConditionalBatchNormalization": ("ConditionalBatchNormalization", IMAGE),
    "Downsample": ("Downsample", IMAGE),
    "EmbedLabel": ({"EmbedLabel": {"merge": "multiply"}}, IMAGE),
    "Maxout": ({"Maxout": {"units": 3, "pieces": 2}}, ROW),
    "MinibatchDiscrimination": ({"MinibatchDiscrimination": {"features": 3}}, ROW),
    "Pack": ({"Pack": {"examples": 3}}, IMAGE),
    "PixelNormalization": ("PixelNormalization", ROW),
    "PixelShuffle": ("PixelShuffle", IMAGE),
    "PixelUnshuffle": ("PixelUnshuffle", IMAGE),
    "Projection": ("Projection", ROW),
    "SelfAttention": ("SelfAttention", IMAGE),
    "Upsample": ("Upsample", IMAGE),
}
STEP = 1e-3


@pytest.mark.parametrize("name", LAYERS)
def test_derivatives_are_those_of_differences(build: Callable[..., Any], name: str) -> None:
    layer, shape = LAYERS[name]
    model = build([layer], shape[1:], network="discriminator", classes=3).model
    random = np.random.default_rng(1)
    weights = [
        tf.constant(0.3 * random.normal(size=it.shape), tf.float32)
        for it in model.trainable_weights
    ]
    labels = tf.range(shape[0]) % 3
    inputs = tf.constant(random.normal(size=shape), tf.float32)
    state = [it.value for it in model.non_trainable_variables]

    @tf.function
    def value(values: list[tf.Tensor]) -> tf.Tensor:
        given = [values[0], labels] if len(model.inputs) > 1 else values[0]
        outputs, _ = model.stateless_call(values[1:], state, given, training=True)
        places = tf.range(tf.size(outputs), dtype=tf.float32)
        return tf.reduce_sum(tf.tanh(tf.reshape(outputs, [-1])) * tf.cos(places))

    def slope(values: list[tf.Tensor]) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """½ ‖∇x‖², as in a penalty, and the gradient by all."""
        with tf.GradientTape() as tape:
            tape.watch(values)
            found = value(values)
        gradients = tape.gradient(found, values, unconnected_gradients="zero")
        return 0.5 * tf.reduce_sum(tf.square(gradients[0])), gradients

    @tf.function
    def second(values: list[tf.Tensor]) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(values)
            penalty, _ = slope(values)
        return tape.gradient(penalty, values, unconnected_gradients="zero")

    values = [inputs, *weights]
    slope_of = tf.function(slope)
    for direction in range(3):
        random = np.random.default_rng(direction)
        moves = [tf.constant(random.normal(size=it.shape), tf.float32) for it in values]
        ahead, behind = (
            [it + sign * STEP * move for it, move in zip(values, moves, strict=True)]
            for sign in (1, -1)
        )
        for of, derivative in (
            (value, slope_of(values)[1]),
            (lambda them: slope_of(them)[0], second(values)),
        ):
            expected = float(of(ahead) - of(behind)) / (2 * STEP)
            found = sum(float(tf.reduce_sum(a * b)) for a, b in zip(derivative, moves, strict=True))
            assert found == pytest.approx(expected, rel=0.02, abs=0.02)
