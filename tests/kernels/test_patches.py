from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from gantool.kernels.patches import Patches
from gantool.kernels.stride import Shapes

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
@pytest.mark.parametrize("to", ["image", "kernel", "cells"])
def test_both_ways_and_their_derivatives_are_the_plain_ones(shapes, transposed, to):
    kernel = 0.1 * drawn(shapes.kernel, shapes.kernel, shapes.channels, shapes.filters)
    images = shapes.batch, *shapes.sides, shapes.channels
    if transposed:
        given = drawn(shapes.batch, *shapes.outputs, shapes.filters)
        ours = Patches(shapes, to).transpose

        def plain(x: tf.Tensor, w: tf.Tensor) -> tf.Tensor:
            return tf.nn.conv2d_transpose(x, w, images, shapes.stride, "SAME")
    else:
        given = drawn(*images)
        ours = Patches(shapes, to).convolve

        def plain(x: tf.Tensor, w: tf.Tensor) -> tf.Tensor:
            return tf.nn.conv2d(x, w, shapes.stride, "SAME")

    pairs = zip(*(derivatives(way, given, kernel) for way in (ours, plain)), strict=True)
    for found, expected in pairs:
        assert found.shape == expected.shape
        assert np.linalg.norm(found - expected) <= 1e-5 * np.linalg.norm(expected)


@pytest.fixture
def products(monkeypatch) -> list[tuple[tuple[int, ...], ...]]:
    """The shapes of what is multiplied."""
    found = []
    plain = tf.matmul

    def spy(rows: tf.Tensor, matrix: tf.Tensor, **how: bool) -> tf.Tensor:
        found.append((tuple(rows.shape), tuple(matrix.shape)))
        return plain(rows, matrix, **how)

    monkeypatch.setattr(tf, "matmul", spy)
    return found


class TestProducts:
    shapes = SHAPES[0]
    kernel = drawn(4, 4, 3, 5)
    outputs = drawn(2, 4, 4, 5)

    def test_the_way_back_to_an_image_is_one(self, products):
        Patches(self.shapes, "image").transpose(self.outputs, self.kernel)
        assert products == [((2 * 4 * 4, 5), (4 * 4 * 3, 5))]

    @pytest.mark.parametrize("transposed", [False, True])
    def test_the_way_to_a_kernel_is_one(self, products, transposed):
        way = Patches(self.shapes, "kernel")
        given = self.outputs if transposed else drawn(2, 8, 8, 3)
        with tf.GradientTape() as tape:
            tape.watch(self.kernel)
            result = (way.transpose if transposed else way.convolve)(given, self.kernel)
        tape.gradient(result, self.kernel)
        assert products == [((2 * 4 * 4, 4 * 4 * 3), (2 * 4 * 4, 5))]
