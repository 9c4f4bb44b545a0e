"""The switch to TensorFlow's own ways: nothing else is in a graph, and results are the same."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from gantool.kernels import product
from gantool.kernels.patches import Patches
from gantool.kernels.switch import are_plain, plain_kernels
from gantool.kernels.winograd import Winograd
from gantool.layers.conv2d import Conv2D
from gantool.layers.conv2d_transpose import Conv2DTranspose
from gantool.layers.dense import Dense

VARIABLE = "GANTOOL_PLAIN_KERNELS"


@pytest.fixture
def taken(monkeypatch):
    """Which faster ways have been taken, each by its name."""
    names = set()

    def note(owner, name, way):
        plain = getattr(owner, name)

        def spy(*arguments):
            names.add(way)
            return plain(*arguments)

        monkeypatch.setattr(owner, name, spy)

    for name in ("convolve", "transpose"):
        note(Winograd, name, "winograd")
        note(Patches, name, "patches")
    note(product, "_multiply", "product")
    return names


@pytest.fixture
def traced():
    """Trace the same network anew: a function, its graph's nodes and the functions in it."""
    keras.utils.set_random_seed(0)
    layers = [
        Conv2D(64, 3, padding="same"),
        Conv2D(64, 3, padding="same", activation="tanh"),
        Conv2DTranspose(64, 4, strides=2, padding="same", activation="tanh"),
        keras.layers.GlobalAveragePooling2D(),
        Dense(512),
    ]
    model = keras.Sequential([keras.Input((16, 16, 3)), *layers])
    images = tf.constant(np.random.default_rng(1).normal(size=(16, 16, 16, 3)), tf.float32)

    def run():
        variables = [variable.value for variable in model.trainable_variables]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(variables)
            outputs = model(images, training=True)
            loss = tf.reduce_sum(tf.sin(outputs))
        return [outputs, *tape.gradient(loss, variables)]

    def trace():
        function = tf.function(run, autograph=False).get_concrete_function()
        definition = function.graph.as_graph_def()
        inside = definition.library.function
        nodes = [*definition.node, *(node for it in inside for node in it.node_def)]
        compiled = [it for it in (*nodes, *inside) if it.attr["_XlaMustCompile"].b]
        return [it.numpy() for it in function()], {node.op for node in nodes}, compiled

    return trace


@pytest.mark.parametrize(
    ("value", "expected"), [(None, False), ("", False), ("0", False), ("1", True), ("yes", True)]
)
def test_the_variable_is_read(value, expected, monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    if value is not None:
        monkeypatch.setenv(VARIABLE, value)
    assert are_plain() == expected
    with plain_kernels():
        assert are_plain()
    assert are_plain() == expected


@pytest.mark.slow
def test_plain_kernels_are_in_a_graph_alone_and_compute_the_same(traced, taken, monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    fast, _, compiled = traced()
    assert taken == {"winograd", "patches", "product"}
    assert compiled
    taken.clear()
    monkeypatch.setenv(VARIABLE, "1")
    plain, operations, compiled = traced()
    assert taken == set()
    assert compiled == []
    assert {"Conv2D", "Conv2DBackpropInput", "Conv2DBackpropFilter", "MatMul"} <= operations
    for found, expected in zip(fast, plain, strict=True):
        assert np.linalg.norm(found - expected) <= 1e-5 * np.linalg.norm(expected)
    assert any((found != expected).any() for found, expected in zip(fast, plain, strict=True))


@pytest.mark.slow
def test_what_is_traced_before_it_is_switched_keeps_its_kernels(traced, taken):
    with plain_kernels():
        traced()
    assert taken == set()
    traced()
    assert taken
