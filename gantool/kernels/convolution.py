"""The fastest way to compute a convolution on a processor."""

import tensorflow as tf

from gantool.device import has_bfloat16
from gantool.kernels.convolution_ways import way_of
from gantool.kernels.gpu import has_gpu
from gantool.kernels.stride import Shapes


def convolve(images: tf.Tensor, kernel: tf.Tensor, stride: int) -> tf.Tensor:
    """Convolve with padding SAME.

    Args:
        images: [B, H, W, C].
        kernel: [k, k, C, filters], of the images' type.
        stride: 1 or 2.

    Returns:
        [B, ⌈H / stride⌉, ⌈W / stride⌉, filters], of the images' type. Numbers in bfloat16 are
        multiplied in float32 where the processor has no products of them; the sums are rounded
        to bfloat16 as they are by processors that have.
    """
    shapes = _shapes(images.shape, kernel.shape, stride)
    wide, wide_kernel = _as_multiplied(images), _as_multiplied(kernel)
    way = way_of(shapes, wide.dtype)
    if way is None:
        outputs = tf.nn.conv2d(wide, wide_kernel, stride, "SAME")
    else:
        outputs = way.convolve(wide, wide_kernel)
    return tf.cast(outputs, images.dtype)


def convolve_transposed(
    images: tf.Tensor, kernel: tf.Tensor, stride: int, sides: tuple[int, int]
) -> tf.Tensor:
    """Apply the adjoint of `convolve` with padding SAME.

    Args:
        images: [B, h, w, C].
        kernel: [k, k, filters, C], of the images' type.
        stride: 1 or 2.
        sides: H and W, with h = ⌈H / stride⌉ and w = ⌈W / stride⌉.

    Returns:
        [B, H, W, filters], of the images' type; see `convolve` for bfloat16.
    """
    batch, filters = images.shape[0], kernel.shape[2]
    shapes = _shapes(tf.TensorShape([batch, *sides, filters]), kernel.shape, stride)
    wide, wide_kernel = _as_multiplied(images), _as_multiplied(kernel)
    way = way_of(shapes, wide.dtype)
    if way is None:
        sizes = [tf.shape(images)[0], *sides, filters]
        outputs = tf.nn.conv2d_transpose(wide, wide_kernel, sizes, stride, "SAME")
    else:
        outputs = way.transpose(wide, wide_kernel)
    return tf.cast(outputs, images.dtype)


def _shapes(images: tf.TensorShape, kernel: tf.TensorShape, stride: int) -> Shapes | None:
    """None where the batch is of any size, as while a model is built."""
    if not images.is_fully_defined():
        return None
    batch, height, width, channels = images
    return Shapes(batch, (height, width), channels, kernel[3], kernel[0], stride)


def _as_multiplied(numbers: tf.Tensor) -> tf.Tensor:
    narrow = numbers.dtype == tf.bfloat16 and not (has_bfloat16() or has_gpu())
    return tf.cast(numbers, tf.float32) if narrow else numbers
