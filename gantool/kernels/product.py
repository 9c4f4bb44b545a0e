"""The fastest way to multiply a batch of vectors with the weights of a dense layer."""

from collections.abc import Callable
from functools import cache

import tensorflow as tf

from gantool.kernels.gpu import has_gpu
from gantool.kernels.switch import are_plain
from gantool.kernels.ways import fastest

_FEW_ROWS = 256
_SLOW_WIDTH = 512
"""oneDNN can take twice as long as XLA to multiply few rows with a matrix whose width this divides:
the numbers of a column then share places in the processor's cache."""
_WORTH_MEASURING = 2e7
"""Floating-point operations below which there is nothing to gain."""


def product(rows: tf.Tensor, matrix: tf.Tensor) -> tf.Tensor:
    """Multiply [M, K] with [K, N]."""
    if not _may_be_slow(rows.shape, matrix.shape, rows.dtype) or not _is_slow(rows, matrix):
        return tf.matmul(rows, matrix)
    return tf.custom_gradient(_multiplied)(rows, matrix)


def _may_be_slow(rows: tf.TensorShape, matrix: tf.TensorShape, dtype: tf.DType) -> bool:
    if rows[0] is None or dtype != tf.float32 or are_plain() or has_gpu():
        return False
    return bool(rows[0] <= _FEW_ROWS and matrix[1] % _SLOW_WIDTH == 0)


def _is_slow(rows: tf.Tensor, matrix: tf.Tensor) -> bool:
    """Whether XLA is faster; few numbers go to it unmeasured."""
    (count, depth), width = rows.shape, matrix.shape[1]
    if 2.0 * count * depth * width < _WORTH_MEASURING:
        return True

    @cache
    def drawn() -> list[tf.Tensor]:
        sizes = [count, depth], [depth, width]
        return [tf.random.stateless_normal(size, [0, 0]) for size in sizes]

    ways = {
        "plain": lambda: tf.matmul(*drawn()),
        "by XLA": lambda: _multiply(*drawn()),
    }
    what = f"product of {count}×{depth} and {depth}×{width}, float32"
    return fastest(what, ways, "by XLA") == "by XLA"


def _multiplied(
    rows: tf.Tensor, matrix: tf.Tensor
) -> tuple[tf.Tensor, Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]]:
    """The product, and from the gradient of it those of both."""

    def backward(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        of_rows = tf.matmul(upstream, matrix, transpose_b=True)
        return of_rows, tf.matmul(rows, upstream, transpose_a=True)

    # Or a tape that may want derivatives of higher order has a second function compiled.
    return _multiply(tf.stop_gradient(rows), tf.stop_gradient(matrix)), backward


_multiply = tf.function(tf.matmul, jit_compile=True, autograph=False)
