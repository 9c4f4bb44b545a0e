"""Our own Keras layers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import tensorflow as tf

from gantool.kernels.convolution import convolve, convolve_transposed
from gantool.kernels.product import product


class Conv2D(keras.layers.Conv2D):
    """Keras's layer of the same name; common shapes take a faster way in training.

    See `gantool.kernels.convolution`. What it computes is what Keras's does, to rounding. In
    inference it is Keras's own: what the faster way has to compile pays over many steps only.
    """

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Make [B, h, w, filters] of [B, H, W, C]."""
        if not (training and _is_usual(self) and self.groups == 1):
            return super().call(inputs)
        return _finished(self, convolve(inputs, _value(self.kernel), self.strides[0]))


class Conv2DTranspose(keras.layers.Conv2DTranspose):
    """Keras's layer of the same name; common shapes take a faster way in training.

    See `gantool.kernels.convolution` and `Conv2D`.
    """

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Make [B, H, W, filters] of [B, h, w, C]."""
        height, width = self.compute_output_shape(inputs.shape)[1:3]
        stride = self.strides[0]
        covered = [-(-side // stride) for side in (height, width)]
        if not (training and _is_usual(self) and covered == inputs.shape[1:3].as_list()):
            return super().call(inputs)
        kernel = _value(self.kernel)
        return _finished(self, convolve_transposed(inputs, kernel, stride, (height, width)))


class Dense(keras.layers.Dense):
    """Keras's layer of the same name; some shapes take a faster way in training.

    See `gantool.kernels.product`.
    """

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Make [B, units] of [B, N]."""
        if not training or len(inputs.shape) != 2 or self.quantization_mode is not None:
            return super().call(inputs, training=training)
        return _finished(self, product(inputs, _value(self.kernel)))


def _is_usual(layer: keras.layers.Layer) -> bool:
    """Whether a convolution is of the kind that `gantool.kernels.convolution` knows."""
    kernel, strides = set(layer.kernel_size), set(layer.strides)
    return (
        layer.padding == "same"
        and layer.data_format == "channels_last"
        and set(layer.dilation_rate) == {1}
        and len(kernel) == len(strides) == 1
        and strides <= {1, 2}
    )


def _value(variable: keras.Variable | tf.Tensor) -> tf.Tensor:
    """A weight in the type that its layer computes in."""
    return tf.convert_to_tensor(variable)


def _finished(layer: keras.layers.Layer, outputs: tf.Tensor) -> tf.Tensor:
    """What comes after the sums: bias and activation."""
    if layer.use_bias:
        outputs = tf.nn.bias_add(outputs, _value(layer.bias))
    return outputs if layer.activation is None else layer.activation(outputs)


class BatchNormalization(keras.layers.BatchNormalization):
    """Keras's layer of the same name, several times as fast in training.

    Computes what Keras's does, to rounding, through TensorFlow's fused operation, which reads the
    activations once where moments and scaling read them four times. Axes other than the last and
    renormalisation are left to Keras. Where several replicas share each batch, each normalises by
    its own part of it; `synchronized` layers by the whole.
    """

    measuring = False
    """Whether a pass in inference mode goes by its own batch too. See `measuring_statistics`."""

    def call(self, inputs: tf.Tensor, training: bool | None = None, mask: Any = None) -> tf.Tensor:
        """Normalise [B, …, C] by its batch's moments (training) or the moving statistics."""
        training = training or self.measuring
        last = len(inputs.shape) - 1
        renorm = getattr(self, "renorm", False)  # since Keras 3.13
        usual = self.axis in (-1, last) and not renorm
        if not (training and self.trainable and usual and mask is None):
            return super().call(inputs, training=training, mask=mask)
        if self.synchronized and tf.distribute.get_replica_context().num_replicas_in_sync > 1:
            return self._normalized_together(inputs)
        channels = inputs.shape[-1]
        pixels = inputs if last == 3 else tf.reshape(inputs, [-1, 1, 1, channels])
        # Not tf.compat.v1.nn.fused_batch_norm: that one raises a small epsilon to 1.001e-5.
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=pixels,
            scale=self.gamma.value if self.scale else tf.ones([channels]),
            offset=self.beta.value if self.center else tf.zeros([channels]),
            mean=tf.zeros([0]),
            variance=tf.zeros([0]),
            epsilon=self.epsilon,
            is_training=True,
        )
        # The fused operation reports the variance of a sample, n / (n − 1) times that of the
        # batch; Keras keeps the batch's.
        count = tf.cast(tf.size(pixels) // channels, variance.dtype)
        self._keep(mean, variance * (tf.maximum(count - 1.0, 1.0) / count))
        return outputs if last == 3 else tf.reshape(outputs, tf.shape(inputs))

    def _normalized_together(self, inputs: tf.Tensor) -> tf.Tensor:
        """Normalise by the moments of the parts of all replicas, which are equal in size.

        Keras's own way, E[x²] − E[x]², loses what the two have in common.
        """
        axes = list(range(len(inputs.shape) - 1))
        values = tf.cast(inputs, tf.float32)
        mean = _mean_of_replicas(tf.reduce_mean(values, axes))
        variance = _mean_of_replicas(tf.reduce_mean(tf.square(values - mean), axes))
        self._keep(mean, variance)
        offset = self.beta.value if self.center else None
        scale = self.gamma.value if self.scale else None
        outputs = tf.nn.batch_normalization(values, mean, variance, offset, scale, self.epsilon)
        return tf.cast(outputs, inputs.dtype)

    def _keep(self, mean: tf.Tensor, variance: tf.Tensor) -> None:
        for moving, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving.value * self.momentum + value * (1.0 - self.momentum))


def _mean_of_replicas(values: tf.Tensor) -> tf.Tensor:
    context = tf.distribute.get_replica_context()
    return context.all_reduce(tf.distribute.ReduceOp.MEAN, values)


@contextmanager
def measuring_statistics(model: keras.Model) -> Iterator[None]:
    """Within, a pass in inference mode normalises by its batch and keeps that batch's statistics.

    What the moving statistics were before has no part in them. Other layers, such as dropout, do
    what they do in inference.
    """
    layers = [layer for layer in model.layers if isinstance(layer, BatchNormalization)]
    momenta = [layer.momentum for layer in layers]
    for layer in layers:
        layer.measuring, layer.momentum = True, 0.0
    try:
        yield
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.measuring, layer.momentum = False, momentum


class ConcatLabel(keras.layers.Layer):
    """The label beside the input, as in Mirza and Osindero 2014 (conditional GAN).

    A vector [B, N] becomes [B, N + classes] with the one-hot label after it; an image
    [B, H, W, C] becomes [B, H, W, C + classes], where the plane of its class is one.

    Args:
        classes: How many classes there are; the builder gives it.
    """

    takes_label = True

    def __init__(self, classes: int, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.classes = classes

    def call(self, inputs: tf.Tensor, label: tf.Tensor) -> tf.Tensor:
        """Inputs [B, …, C] and labels int32 [B]."""
        one_hot = tf.one_hot(label, self.classes, dtype=inputs.dtype)
        shape = tf.shape(inputs)
        spread = [-1] + [1] * (len(inputs.shape) - 2) + [self.classes]
        planes = tf.broadcast_to(
            tf.reshape(one_hot, spread), tf.concat([shape[:-1], [self.classes]], axis=0)
        )
        return tf.concat([inputs, planes], axis=-1)

    def compute_output_shape(
        self,
        inputs_shape: tuple[int | None, ...],
        label_shape: tuple[int | None, ...],  # noqa: ARG002 - Keras asks for one of each input
    ) -> tuple[int | None, ...]:
        """The input's shape with `classes` more channels."""
        channels = inputs_shape[-1]
        return (*inputs_shape[:-1], None if channels is None else channels + self.classes)


OWN_LAYER_CLASSES: dict[str, type[keras.layers.Layer]] = {
    "BatchNormalization": BatchNormalization,
    "ConcatLabel": ConcatLabel,
    "Conv2D": Conv2D,
    "Conv2DTranspose": Conv2DTranspose,
    "Dense": Dense,
}
"""By the name a recipe uses; one that Keras has too takes the place of Keras's."""
