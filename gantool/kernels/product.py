"""The fastest way to multiply a batch of vectors with the weights of a dense layer."""

from collections.abc import Callable

import tensorflow as tf

from gantool.kernels.gpu import has_gpu
from gantool.kernels.switch import are_plain

_FEW_ROWS = 256
_SLOW_WIDTH = 512
"""oneDNN takes up to twice as long as XLA to multiply few rows with a matrix whose width this
divides: the numbers of a column then share places in the processor's cache."""


def product(rows: tf.Tensor, matrix: tf.Tensor) -> tf.Tensor:
    """Multiply [M, K] with [K, N]."""
    if not _is_slow(rows.shape, matrix.shape, rows.dtype):
        return tf.matmul(rows, matrix)
    return tf.custom_gradient(_multiplied)(rows, matrix)


def _is_slow(rows: tf.TensorShape, matrix: tf.TensorShape, dtype: tf.DType) -> bool:
    if rows[0] is None or dtype != tf.float32 or are_plain() or has_gpu():
        return False
    return bool(rows[0] <= _FEW_ROWS and matrix[1] % _SLOW_WIDTH == 0)


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
