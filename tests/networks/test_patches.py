from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from gantool.networks.patches import Patches
from gantool.networks.stride import Shapes

SHAPES = [
    Shapes(2, (8, 8), 3, 5, 4, 2),
    Shapes(2, (7, 10), 1, 4, 5, 2),
    Shapes(3, (6, 9), 2, 3, 3, 1),
    Shapes(2, (5, 6), 3, 4, 2, 2),
]


def drawn(*shape: int) -> tf.Tensor:
    return tf.constant(np.random.default_rng(sum(shape)).normal(size=shape), tf.float32)


def derivatives(way, inputs: tf.Tensor, kernel: tf.Tensor) -> list[tf.Tensor]:
    """The result, gradients of a loss, and of a penalty on them, as gradient penalties are."""
    with tf.GradientTape() as outer:
        outer.watch([inputs, kernel])
        with tf.GradientTape() as inner:
            inner.watch([inputs, kernel])
            result = way(inputs, kernel)
            loss = tf.reduce_sum(tf.sin(result))
        first = inner.gradient(loss, [inputs, kernel])
        penalty = tf.add_n([tf.reduce_sum(gradient**2) for gradient in first])
    return [result, *first, *outer.gradient(penalty, [inputs, kernel])]


@pytest.mark.parametrize("shapes", SHAPES)
@pytest.mark.parametrize("transposed", [False, True])
def test_both_ways_and_their_derivatives_are_the_plain_ones(shapes, transposed):
    kernel = 0.1 * drawn(shapes.kernel, shapes.kernel, shapes.channels, shapes.filters)
    images = shapes.batch, *shapes.sides, shapes.channels
    if transposed:
        given = drawn(shapes.batch, *shapes.outputs, shapes.filters)
        ours = Patches(shapes).transpose

        def plain(x: tf.Tensor, w: tf.Tensor) -> tf.Tensor:
            return tf.nn.conv2d_transpose(x, w, images, shapes.stride, "SAME")
    else:
        given = drawn(*images)
        ours = Patches(shapes).convolve

        def plain(x: tf.Tensor, w: tf.Tensor) -> tf.Tensor:
            return tf.nn.conv2d(x, w, shapes.stride, "SAME")

    pairs = zip(*(derivatives(way, given, kernel) for way in (ours, plain)), strict=True)
    for found, expected in pairs:
        assert found.shape == expected.shape
        assert np.linalg.norm(found - expected) <= 1e-5 * np.linalg.norm(expected)


def test_the_way_back_to_an_image_is_a_product_of_matrices(monkeypatch):
    shapes = SHAPES[0]
    products = []
    plain = tf.matmul

    def spy(rows: tf.Tensor, matrix: tf.Tensor, **how: bool) -> tf.Tensor:
        products.append((tuple(rows.shape), tuple(matrix.shape)))
        return plain(rows, matrix, **how)

    monkeypatch.setattr(tf, "matmul", spy)
    outputs = drawn(shapes.batch, *shapes.outputs, shapes.filters)
    Patches(shapes).transpose(outputs, drawn(4, 4, 3, 5))
    assert products == [((2 * 4 * 4, 5), (4 * 4 * 3, 5))]
