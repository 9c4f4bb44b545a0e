from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from gantool.kernels import product
from gantool.layers.dense import Dense


@pytest.fixture
def compiled(monkeypatch):
    """The shapes of the products that XLA has been given."""
    shapes = []
    plain = product._multiply

    def spy(rows: tf.Tensor, matrix: tf.Tensor) -> tf.Tensor:
        shapes.append((*rows.shape, matrix.shape[1]))
        return plain(rows, matrix)

    monkeypatch.setattr(product, "_multiply", spy)
    return shapes


def drawn(*shape: int, dtype: str = "float32") -> tf.Tensor:
    return tf.cast(np.random.default_rng(sum(shape)).normal(size=shape), dtype)


class TestProduct:
    def test_few_rows_and_a_width_that_512_divides_go_to_xla(self, compiled):
        rows, matrix = drawn(8, 30), drawn(30, 1024)
        exact = rows.numpy().astype(np.float64) @ matrix.numpy().astype(np.float64)
        np.testing.assert_allclose(product.product(rows, matrix), exact, atol=1e-5)
        assert compiled == [(8, 30, 1024)]

    @pytest.mark.parametrize(
        ("rows", "width", "dtype"),
        [(8, 1000, "float32"), (257, 512, "float32"), (8, 512, "bfloat16")],
    )
    def test_others_do_not(self, compiled, rows, width, dtype):
        inputs, matrix = drawn(rows, 4, dtype=dtype), drawn(4, width, dtype=dtype)
        assert np.array_equal(product.product(inputs, matrix), tf.matmul(inputs, matrix))
        assert compiled == []

    def test_nor_do_those_of_a_gpu(self, compiled, monkeypatch):
        monkeypatch.setattr(product, "has_gpu", lambda: True)
        product.product(drawn(8, 4), drawn(4, 512))
        assert compiled == []

    def test_derivatives_are_the_plain_ones(self, compiled):
        rows, matrix = drawn(3, 5), drawn(5, 512)
        ours, plain = (derivatives(way, rows, matrix) for way in (product.product, tf.matmul))
        for found, expected in zip(ours, plain, strict=True):
            assert np.linalg.norm(found - expected) <= 1e-5 * np.linalg.norm(expected)
        assert compiled == [(3, 5, 512)]


def derivatives(way, rows: tf.Tensor, matrix: tf.Tensor) -> list[tf.Tensor]:
    """Gradients of a loss, and of a penalty on them."""
    with tf.GradientTape() as outer:
        outer.watch([rows, matrix])
        with tf.GradientTape() as inner:
            inner.watch([rows, matrix])
            loss = tf.reduce_sum(tf.sin(way(rows, matrix)))
        first = inner.gradient(loss, [rows, matrix])
        penalty = tf.add_n([tf.reduce_sum(gradient**2) for gradient in first])
    return [*first, *outer.gradient(penalty, [rows, matrix])]


@pytest.mark.parametrize("use_bias", [True, False])
class TestDense:
    def test_training_is_keras_s_to_rounding(self, compiled, use_bias):
        ours, theirs = self.pair(use_bias)
        rows = drawn(8, 30)
        np.testing.assert_allclose(ours(rows, training=True), theirs(rows), atol=2e-6)
        assert compiled == [(8, 30, 512)]

    @pytest.mark.parametrize(("shape", "training"), [((8, 30), False), ((8, 3, 30), True)])
    def test_inference_and_other_ranks_are_keras_s_own(self, compiled, use_bias, shape, training):
        ours, theirs = self.pair(use_bias)
        rows = drawn(*shape)
        assert np.array_equal(ours(rows, training=training), theirs(rows))
        assert compiled == []

    def pair(self, use_bias: bool) -> tuple[keras.layers.Layer, keras.layers.Layer]:
        kinds = Dense, keras.layers.Dense
        layers = [kind(512, activation="tanh", use_bias=use_bias) for kind in kinds]
        for layer in layers:
            layer.build((8, 30))
            layer.set_weights([0.1 * drawn(*weight.shape) for weight in layer.weights])
        return layers[0], layers[1]
