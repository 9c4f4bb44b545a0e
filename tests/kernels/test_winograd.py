from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from gantool.kernels.stride import Shapes
from gantool.kernels.winograd import Winograd, matrices

SHAPES = [
    (Shapes(2, (8, 8), 3, 5, 4, 2), 2),
    (Shapes(2, (13, 10), 3, 5, 4, 2), 4),
    (Shapes(3, (7, 9), 2, 3, 5, 2), 4),
    (Shapes(2, (9, 12), 2, 3, 5, 2), 2),
    (Shapes(2, (7, 6), 3, 2, 3, 1), 4),
    (Shapes(1, (5, 8), 3, 2, 3, 1), 2),
    (Shapes(2, (6, 6), 2, 3, 3, 2), 2),
    (Shapes(2, (2, 2), 2, 3, 4, 2), 4),
]


@pytest.mark.parametrize("tile", [2, 4])
@pytest.mark.parametrize("taps", [2, 3])
@given(numbers=st.lists(st.integers(-9, 9), min_size=8, max_size=8))
@settings(max_examples=20, deadline=None)
def test_the_matrices_filter_a_signal(tile, taps, numbers):
    outputs, kernel, signal = matrices(tile, taps)
    taken, weights = numbers[: tile + taps - 1], numbers[-taps:]
    filtered = outputs @ ((kernel @ weights) * (signal @ taken))
    np.testing.assert_allclose(filtered, np.correlate(taken, weights, "valid"), atol=1e-9)


def test_they_are_the_published_ones_for_two_outputs_of_three_taps():
    # F(2, 3) of Lavin and Gray, whose rows differ in sign where the signs of two rows cancel.
    outputs, kernel, signal = matrices(2, 3)
    assert outputs.tolist() == [[1, 1, 1, 0], [0, 1, -1, 1]]
    assert kernel.tolist() == [[-1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]]
    assert signal.tolist() == [[-1, 0, 1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, -1, 0, 1]]


def direct(shapes: Shapes, images: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """The definition, in float64."""
    stride, k = shapes.stride, shapes.kernel
    height, width = shapes.outputs
    padding = [
        (before, max((count - 1) * stride + k - side - before, 0))
        for before, count, side in zip(shapes.before, shapes.outputs, shapes.sides, strict=True)
    ]
    padded = np.pad(images.astype(np.float64), [(0, 0), *padding, (0, 0)])
    sums = np.zeros((shapes.batch, height, width, shapes.filters))
    for row in range(k):
        for column in range(k):
            seen = padded[
                :,
                row : row + stride * (height - 1) + 1 : stride,
                column : column + stride * (width - 1) + 1 : stride,
            ]
            sums += np.einsum("bhwc,cf->bhwf", seen, kernel[row, column].astype(np.float64))
    return sums


def drawn(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(np.float32)


def of(shapes: Shapes) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Images, a kernel and what stands on the other side."""
    images = drawn(shapes.batch, *shapes.sides, shapes.channels)
    kernel = 0.1 * drawn(shapes.kernel, shapes.kernel, shapes.channels, shapes.filters)
    return images, kernel, drawn(shapes.batch, *shapes.outputs, shapes.filters)


def assert_near(found: tf.Tensor, expected: np.ndarray | tf.Tensor, tolerance: float) -> None:
    difference = np.linalg.norm(np.asarray(found) - np.asarray(expected))
    assert difference <= tolerance * np.linalg.norm(np.asarray(expected))


@pytest.mark.parametrize(("shapes", "tile"), SHAPES)
class TestWinograd:
    @pytest.mark.slow
    def test_it_convolves(self, shapes, tile):
        images, kernel, _ = of(shapes)
        found = Winograd(shapes, tile).convolve(tf.constant(images), tf.constant(kernel))
        assert_near(found, direct(shapes, images, kernel), 2e-6)

    @pytest.mark.slow
    def test_its_transpose_is_the_adjoint(self, shapes, tile):
        images, kernel, outputs = of(shapes)
        found = Winograd(shapes, tile).transpose(tf.constant(outputs), tf.constant(kernel))
        assert found.shape == images.shape
        through = np.vdot(direct(shapes, images, kernel), outputs)
        back = np.vdot(images.astype(np.float64), found.numpy())
        size = np.linalg.norm(images) * np.linalg.norm(found)
        assert abs(through - back) <= 2e-6 * size


@pytest.mark.slow
def test_an_odd_kernel_of_stride_2_has_no_products_with_the_tap_that_it_lacks(monkeypatch):
    """Along an axis 2 · 6 − 1 of 2 · 6 numbers are left of F(4, 3)."""
    shapes = Shapes(1, (8, 8), 3, 5, 5, 2)
    images, kernel, _ = of(shapes)
    depths = []
    plain = tf.matmul
    monkeypatch.setattr(
        tf,
        "matmul",
        lambda rows, *rest, **how: depths.append(rows.shape[1]) or plain(rows, *rest, **how),
    )
    Winograd(shapes, 4).convolve(tf.constant(images), tf.constant(kernel))
    assert len(depths) == 6 * 6
    assert sum(depths) == 3 * (2 * 6 - 1) ** 2


@pytest.mark.slow
@pytest.mark.parametrize(("shapes", "tile"), [SHAPES[at] for at in (1, 3, 4)])
@pytest.mark.parametrize("transposed", [False, True])
def test_derivatives_are_the_plain_way_s_first_and_second(shapes, tile, transposed):
    images, kernel, outputs = of(shapes)
    fast = Winograd(shapes, tile)
    stride = shapes.stride
    if transposed:
        ways = (
            fast.transpose,
            lambda x, w: tf.nn.conv2d_transpose(x, w, images.shape, stride, "SAME"),
        )
        given = outputs
    else:
        ways = fast.convolve, lambda x, w: tf.nn.conv2d(x, w, stride, "SAME")
        given = images
    ours, plain = (derivatives(way, given, kernel) for way in ways)
    for found, expected in zip(ours, plain, strict=True):
        assert_near(found, expected, 1e-5)


def derivatives(way, images: np.ndarray, kernel: np.ndarray) -> list[tf.Tensor]:
    """Gradients of a loss, and of a penalty on them, as gradient penalties are."""
    x, w = tf.constant(images), tf.constant(kernel)
    with tf.GradientTape() as outer:
        outer.watch([x, w])
        with tf.GradientTape() as inner:
            inner.watch([x, w])
            loss = tf.reduce_sum(tf.sin(way(x, w)))
        first = inner.gradient(loss, [x, w])
        penalty = tf.add_n([tf.reduce_sum(gradient**2) for gradient in first])
    return [*first, *outer.gradient(penalty, [x, w])]
