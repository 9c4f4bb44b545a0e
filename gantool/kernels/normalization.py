"""The fastest way to normalise a batch by its own moments, on a processor.

oneDNN has fast code for numbers of channels that fill its vectors, and takes five to ten times as
long for others, such as 54 or 90. Several pixels side by side fill them: the moments of each of
them are those of a part of the batch, from which those of all follow.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from gantool.device import has_bfloat16
from gantool.kernels.gpu import has_gpu
from gantool.kernels.switch import are_plain

_VECTOR = 16
"""Numbers of a processor's vector, of AVX-512 in float32; half of that fills those of AVX2."""
_FEWEST = 2**17
"""Numbers of a batch below which passes over it cost less than what is around them."""


_Mapped = tuple[tuple[tf.Tensor, ...], Callable[..., tuple[tf.Tensor | None, ...]]]
"""What `tf.custom_gradient` takes: results, and gradients by those of the results."""


class Normalized(NamedTuple):
    """A batch normalised by its moments.

    Attributes:
        outputs: [B, …, C], of the inputs' type.
        mean: [C] float32.
        variance: Of the batch (not of a sample), [C] float32.
    """

    outputs: tf.Tensor
    mean: tf.Tensor
    variance: tf.Tensor


def normalize(inputs: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor, epsilon: float) -> Normalized:
    """Normalise by the moments of each channel over all other axes; derivatives of outputs only.

    Args:
        inputs: [B, …, C].
        scale: [C] float32, times what is normalised.
        offset: [C] float32, added to that.
        epsilon: Added to the variance.
    """
    pixels = pixels_side_by_side(inputs.shape, inputs.dtype)
    if pixels == 1:
        return _fused(inputs, scale, offset, epsilon)
    wide = _Wide(inputs.shape, pixels, epsilon)
    return Normalized(*tf.custom_gradient(wide.normalize)(inputs, scale, offset))


def pixels_side_by_side(shape: tf.TensorShape, dtype: tf.DType) -> int:
    """How many pixels are normalised as one with more channels; 1 where that is no faster."""
    is_known = dtype == tf.float32 or (dtype == tf.bfloat16 and has_bfloat16())
    if not is_known or not shape.is_fully_defined() or are_plain() or has_gpu():
        return 1
    pixels = _VECTOR // math.gcd(shape[-1], _VECTOR)
    count = shape.num_elements()
    fits = count // shape[-1] % pixels == 0
    return pixels if fits and count >= _FEWEST else 1


def _fused(inputs: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor, epsilon: float) -> Normalized:
    """By TensorFlow's operation, which reads the activations once."""
    channels = inputs.shape[-1]
    images = inputs if inputs.shape.rank == 4 else tf.reshape(inputs, [-1, 1, 1, channels])
    # Not tf.compat.v1.nn.fused_batch_norm: that one raises a small epsilon to 1.001e-5.
    outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
        x=images,
        scale=scale,
        offset=offset,
        mean=tf.zeros([0]),
        variance=tf.zeros([0]),
        epsilon=epsilon,
        is_training=True,
    )
    count = tf.cast(tf.size(images) // channels, tf.float32)
    return Normalized(tf.reshape(outputs, tf.shape(inputs)), mean, _of_batch(variance, count))


def _of_batch(variance: tf.Tensor, count: tf.Tensor | float) -> tf.Tensor:
    """What TensorFlow's operation reports is that of a sample, n / (n − 1) times the batch's."""
    return variance * (tf.maximum(count - 1.0, 1.0) / count)


class _Wide:
    """Normalisation of a batch with several pixels side by side.

    Args:
        shape: Of the batch, [B, …, C].
        pixels: How many are one.
        epsilon: Added to the variance.
    """

    def __init__(self, shape: tf.TensorShape, pixels: int, epsilon: float) -> None:
        self._channels, self._pixels, self._epsilon = shape[-1], pixels, epsilon
        self._count = shape.num_elements() // self._channels
        self._axes = list(range(shape.rank - 1))

    def normalize(self, inputs: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor) -> _Mapped:
        """`Normalized`, and what makes gradients of that of the outputs."""
        mean, variance = self._moments(inputs)
        factor = scale * tf.math.rsqrt(variance + self._epsilon)
        outputs = _weighted(tf.stop_gradient(inputs), factor, offset - mean * factor)

        def backward(upstream: tf.Tensor, *_: tf.Tensor) -> tuple[tf.Tensor, ...]:
            gradients = tf.custom_gradient(self._gradients)
            return tuple(gradients(inputs, scale, upstream, mean, variance))

        return (outputs, mean, variance), backward

    def _moments(self, inputs: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        wide = self._wide(tf.stop_gradient(inputs))
        width = self._pixels * self._channels
        parts = _fused(wide, tf.ones([width]), tf.zeros([width]), self._epsilon)
        means, variances = (tf.reshape(part, [self._pixels, self._channels]) for part in parts[1:])
        mean = tf.reduce_mean(means, 0)
        return mean, tf.reduce_mean(variances + tf.square(means - mean), 0)

    def _gradients(
        self,
        inputs: tf.Tensor,
        scale: tf.Tensor,
        upstream: tf.Tensor,
        mean: tf.Tensor,
        variance: tf.Tensor,
    ) -> _Mapped:
        """Those of inputs, scale and offset, and what makes their gradients."""
        values, given = tf.stop_gradient(inputs), tf.stop_gradient(upstream)
        inverse = tf.math.rsqrt(variance + self._epsilon)
        _, of_scales, of_offsets, *_ = tf.raw_ops.FusedBatchNormGradV3(
            y_backprop=self._wide(given),
            x=self._wide(values),
            scale=tf.ones([self._pixels * self._channels]),
            reserve_space_1=tf.tile(mean, [self._pixels]),
            reserve_space_2=tf.tile(variance, [self._pixels]),
            reserve_space_3=tf.zeros([0]),
            epsilon=self._epsilon,
            is_training=True,
        )
        of_scale, of_offset = (
            tf.reduce_sum(tf.reshape(parts, [self._pixels, self._channels]), 0)
            for parts in (of_scales, of_offsets)
        )
        factor = scale * inverse
        of_values = -factor * inverse * of_scale / self._count
        rest = -factor * of_offset / self._count - mean * of_values
        of_inputs = _weighted_sum(given, factor, values, of_values, rest)

        def backward(*above: tf.Tensor) -> tuple[tf.Tensor | None, ...]:
            with tf.GradientTape() as tape:
                tape.watch([inputs, scale, upstream])
                gradients = self._gradients_by_definition(inputs, scale, upstream)
            return (*tape.gradient(gradients, [inputs, scale, upstream], above), None, None)

        return (of_inputs, of_scale, of_offset), backward

    def _gradients_by_definition(
        self, inputs: tf.Tensor, scale: tf.Tensor, upstream: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        values, given = tf.cast(inputs, tf.float32), tf.cast(upstream, tf.float32)
        centred = values - tf.reduce_mean(values, self._axes)
        variance = tf.reduce_mean(tf.square(centred), self._axes)
        inverse = tf.math.rsqrt(variance + self._epsilon)
        normal = centred * inverse
        of_offset = tf.reduce_sum(given, self._axes)
        of_scale = tf.reduce_sum(given * normal, self._axes)
        shares = of_offset / self._count + normal * (of_scale / self._count)
        return tf.cast(scale * inverse * (given - shares), inputs.dtype), of_scale, of_offset

    def _wide(self, inputs: tf.Tensor) -> tf.Tensor:
        return tf.reshape(inputs, [-1, 1, 1, self._pixels * self._channels])


def _weighted_plainly(values: tf.Tensor, factor: tf.Tensor, offset: tf.Tensor) -> tf.Tensor:
    """Numbers of each channel times a factor and plus an offset, in float32."""
    return tf.cast(tf.cast(values, tf.float32) * factor + offset, values.dtype)


def _weighted_sum_plainly(
    values: tf.Tensor, factor: tf.Tensor, others: tf.Tensor, their: tf.Tensor, offset: tf.Tensor
) -> tf.Tensor:
    """Two tensors' numbers, each times a factor of its channel, and an offset, in float32."""
    products = tf.cast(values, tf.float32) * factor + tf.cast(others, tf.float32) * their
    return tf.cast(products + offset, values.dtype)


# Compiled, each is one loop.
_weighted = tf.function(_weighted_plainly, jit_compile=True, autograph=False)
_weighted_sum = tf.function(_weighted_sum_plainly, jit_compile=True, autograph=False)
