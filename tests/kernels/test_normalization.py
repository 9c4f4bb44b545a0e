from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from gantool.kernels import normalization
from gantool.kernels.normalization import normalize, pixels_side_by_side
from gantool.kernels.switch import plain_kernels
from gantool.layers.batch_normalization import BatchNormalization

SHAPES = [(8, 4, 6, 54), (16, 9, 10), (8, 5, 4, 3)]


@pytest.fixture(autouse=True)
def large(monkeypatch):
    """Have small batches count as large."""
    monkeypatch.setattr(normalization, "_FEWEST", 1)


def drawn(*shape: int) -> np.ndarray:
    """Channels with means and deviations of their own."""
    random = np.random.default_rng(sum(shape))
    return random.normal(random.normal(size=shape[-1]), 1.0 + random.random(shape[-1]), shape)


def by_definition(inputs, scale, offset, epsilon):
    axes = list(range(inputs.shape.rank - 1))
    mean, variance = tf.nn.moments(inputs, axes)
    outputs = (inputs - mean) / tf.sqrt(variance + tf.cast(epsilon, inputs.dtype)) * scale + offset
    return outputs, mean, variance


def derivatives(way, dtype, inputs, scale, offset):
    """Results, gradients of a loss, and of a penalty on them, as gradient penalties are."""
    given = [tf.constant(item, dtype) for item in (inputs, scale, offset)]
    with tf.GradientTape() as outer:
        outer.watch(given)
        with tf.GradientTape() as inner:
            inner.watch(given)
            outputs, mean, variance = way(*given, 1e-3)
            loss = tf.reduce_sum(tf.sin(outputs))
        first = inner.gradient(loss, given)
        penalty = tf.add_n([tf.reduce_sum(gradient**2) for gradient in first])
    return [outputs, mean, variance, *first, *outer.gradient(penalty, given)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_it_and_its_derivatives_are_the_definition(shape):
    assert pixels_side_by_side(tf.TensorShape(shape), tf.float32) > 1
    given = drawn(*shape), drawn(2, shape[-1])[0], drawn(3, shape[-1])[0]
    found = derivatives(normalize, tf.float32, *given)
    expected = derivatives(by_definition, tf.float64, *given)
    for ours, exact in zip(found, expected, strict=True):
        assert np.linalg.norm(ours.numpy() - exact.numpy()) <= 1e-5 * np.linalg.norm(exact)


def test_numbers_far_from_zero_keep_their_variance():
    inputs = drawn(8, 4, 4, 54) + 1000.0
    _, mean, variance = normalize(tf.constant(inputs, tf.float32), tf.ones(54), tf.zeros(54), 1e-3)
    np.testing.assert_allclose(mean, inputs.mean((0, 1, 2)), rtol=1e-6)
    np.testing.assert_allclose(variance, inputs.var((0, 1, 2)), rtol=1e-3)


def test_the_layer_normalises_pixels_side_by_side():
    layer = BatchNormalization()
    layer.build((8, 4, 6, 54))
    traced = tf.function(lambda inputs: layer(inputs, training=True)).get_concrete_function(
        tf.TensorSpec([8, 4, 6, 54])
    )
    [operation] = [it for it in traced.graph.get_operations() if it.type == "FusedBatchNormV3"]
    assert operation.inputs[0].shape == [8 * 4 * 6 // 8, 1, 1, 8 * 54]


class TestPixelsSideBySide:
    """16 numbers fill a vector: 16 is the least common multiple of what it is for."""

    @pytest.mark.parametrize(
        ("channels", "pixels"), [(54, 8), (90, 8), (250, 8), (3, 16), (8, 2), (12, 4), (64, 1)]
    )
    def test_fill_vectors(self, channels, pixels):
        assert pixels_side_by_side(tf.TensorShape([16, 4, 4, channels]), tf.float32) == pixels

    @pytest.mark.parametrize("shape", [(9, 54), (None, 4, 4, 54)], ids=str)
    def test_are_one_where_they_do_not_fit_or_are_not_known(self, shape):
        assert pixels_side_by_side(tf.TensorShape(shape), tf.float32) == 1

    def test_are_one_in_small_batches(self, monkeypatch):
        monkeypatch.setattr(normalization, "_FEWEST", 16 * 54 + 1)
        assert pixels_side_by_side(tf.TensorShape([16, 54]), tf.float32) == 1

    def test_are_one_on_a_gpu(self, monkeypatch):
        monkeypatch.setattr(normalization, "has_gpu", lambda: True)
        assert pixels_side_by_side(tf.TensorShape([16, 54]), tf.float32) == 1

    def test_are_one_where_faster_ways_are_switched_off(self):
        with plain_kernels():
            assert pixels_side_by_side(tf.TensorShape([16, 54]), tf.float32) == 1

    @pytest.mark.parametrize("has_it", [True, False])
    def test_of_bfloat16_are_for_processors_that_have_it(self, monkeypatch, has_it):
        monkeypatch.setattr(normalization, "has_bfloat16", lambda: has_it)
        shape = tf.TensorShape([16, 54])
        assert pixels_side_by_side(shape, tf.bfloat16) == (8 if has_it else 1)


def test_bfloat16_is_rounded_once(monkeypatch):
    monkeypatch.setattr(normalization, "has_bfloat16", lambda: True)
    inputs = drawn(8, 4, 6, 54)
    ours = normalize(tf.cast(inputs, tf.bfloat16), tf.ones(54), tf.zeros(54), 1e-3).outputs
    rounded = tf.cast(tf.cast(inputs, tf.bfloat16), tf.float64)
    exact = by_definition(rounded, tf.ones(54, tf.float64), tf.zeros(54, tf.float64), 1e-3)[0]
    np.testing.assert_allclose(tf.cast(ours, tf.float64), exact, rtol=2.0**-8, atol=1e-5)
