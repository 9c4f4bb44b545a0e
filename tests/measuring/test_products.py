"""Products in graphs against numbers worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import tensorflow as tf

from gantool.measuring.products import count_operations


def count(function: Callable[..., Any], *shapes: list[int]) -> int:
    specs = [tf.TensorSpec(shape, tf.float32) for shape in shapes]
    traced = tf.function(function, autograph=False).get_concrete_function(*specs)
    found = count_operations(traced.graph)
    assert found.is_all
    return found.operations


@pytest.mark.parametrize(
    ("function", "shapes", "products"),
    [
        (tf.matmul, ([3, 4], [4, 5]), 3 * 4 * 5),
        (lambda a, b: tf.matmul(a, b, transpose_a=True), ([4, 3], [4, 5]), 3 * 4 * 5),
        (tf.matmul, ([2, 3, 4], [2, 4, 5]), 2 * 3 * 4 * 5),
        (lambda a, b: tf.matmul(a, b, adjoint_a=True), ([2, 4, 3], [2, 4, 5]), 2 * 3 * 4 * 5),
        (lambda a, b: tf.einsum("bik,bjk->bij", a, b), ([2, 3, 4], [2, 5, 4]), 2 * 3 * 4 * 5),
        (
            lambda a, b: tf.einsum("...ik,kj->...ij", a, b),
            ([6, 2, 3, 4], [4, 5]),
            6 * 2 * 3 * 4 * 5,
        ),
        (lambda a: tf.einsum("ij->ji", a), ([3, 4],), 0),
        (
            lambda a, b: tf.nn.conv2d(a, b, 1, "VALID"),  # two groups of two channels
            ([2, 5, 6, 4], [3, 3, 2, 8]),
            2 * (3 * 4 * 8) * (3 * 3 * 2),
        ),
        (
            lambda a, b: tf.nn.conv3d(a, b, [1, 1, 1, 1, 1], "SAME"),
            ([2, 4, 5, 6, 3], [3, 3, 3, 3, 7]),
            2 * (4 * 5 * 6 * 7) * (3 * 3 * 3 * 3),
        ),
        (
            lambda a, b: tf.nn.depthwise_conv2d(a, b, [1, 2, 2, 1], "SAME"),
            ([2, 8, 8, 3], [5, 5, 3, 2]),
            2 * (4 * 4 * 6) * (5 * 5),
        ),
    ],
)
def test_each_kind_of_product(
    function: Callable[..., Any], shapes: tuple[list[int], ...], products: int
) -> None:
    assert count(function, *shapes) == 2 * products


def both_gradients(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda a, b: tf.gradients(function(a, b), [a, b])


@pytest.mark.parametrize(
    ("function", "shapes"),
    [
        (tf.matmul, ([3, 4], [4, 5])),
        (lambda a, b: tf.nn.conv2d(a, b, 2, "SAME"), ([2, 8, 8, 3], [5, 5, 3, 2])),
        (
            lambda a, b: tf.nn.conv3d(a, b, [1, 1, 1, 1, 1], "SAME"),
            ([2, 4, 5, 6, 3], [3, 3, 3, 3, 7]),
        ),
        (
            lambda a, b: tf.nn.depthwise_conv2d(a, b, [1, 2, 2, 1], "SAME"),
            ([2, 8, 8, 3], [5, 5, 3, 2]),
        ),
        (lambda a, b: tf.einsum("bik,bjk->bij", a, b), ([2, 3, 4], [2, 5, 4])),
    ],
)
def test_each_gradient_of_a_product_has_as_many(
    function: Callable[..., Any], shapes: tuple[list[int], ...]
) -> None:
    assert count(both_gradients(function), *shapes) == 2 * count(function, *shapes)
