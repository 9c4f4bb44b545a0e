from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import tensorflow as tf

from gantool.kernels.normalization import normalize


class BatchNormalization(keras.layers.BatchNormalization):
    """Keras's layer of the same name, several times as fast in training.

    Computes what Keras's does, to rounding; see `gantool.kernels.normalization`. Axes other than
    the last and renormalisation are left to Keras. Where several replicas share each batch, each
    normalises by its own part of it; `synchronized` layers by the whole.
    """

    measured: int | None = None
    """In `measuring_statistics`, the calls so far, whose statistics are averaged; else None."""

    def call(self, inputs: tf.Tensor, training: bool | None = None, mask: Any = None) -> tf.Tensor:
        """Normalise [B, …, C] by its batch's moments (training) or the moving statistics."""
        if self.measured is not None:
            training, self.momentum = True, self.measured / (self.measured + 1)
            self.measured += 1
        last = len(inputs.shape) - 1
        renorm = getattr(self, "renorm", False)  # since Keras 3.13
        usual = self.axis in (-1, last) and not renorm
        if not (training and self.trainable and usual and mask is None):
            return super().call(inputs, training=training, mask=mask)
        if self.synchronized and tf.distribute.get_replica_context().num_replicas_in_sync > 1:
            return self._normalized_together(inputs)
        channels = inputs.shape[-1]
        scale = self.gamma.value if self.scale else tf.ones([channels])
        offset = self.beta.value if self.center else tf.zeros([channels])
        outputs, mean, variance = normalize(inputs, scale, offset, self.epsilon)
        self._keep(mean, variance)
        return outputs

    def _normalized_together(self, inputs: tf.Tensor) -> tf.Tensor:
        """Normalise by the moments of the parts of all replicas, which are equal in size.

        Keras's own way, E[x²] − E[x]², loses what the two have in common.
        """
        axes = list(range(len(inputs.shape) - 1))
        values = tf.cast(inputs, tf.float32)
        mean = mean_of_replicas(tf.reduce_mean(values, axes))
        variance = mean_of_replicas(tf.reduce_mean(tf.square(values - mean), axes))
        self._keep(mean, variance)
        offset = self.beta.value if self.center else None
        scale = self.gamma.value if self.scale else None
        outputs = tf.nn.batch_normalization(values, mean, variance, offset, scale, self.epsilon)
        return tf.cast(outputs, inputs.dtype)

    def _keep(self, mean: tf.Tensor, variance: tf.Tensor) -> None:
        for moving, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving.value * self.momentum + value * (1.0 - self.momentum))


def mean_of_replicas(values: tf.Tensor) -> tf.Tensor:
    """Mean of what each replica that shares a batch has."""
    context = tf.distribute.get_replica_context()
    return context.all_reduce(tf.distribute.ReduceOp.MEAN, values)


@contextmanager
def measuring_statistics(model: keras.Model) -> Iterator[None]:
    """Within, a pass in inference mode normalises by its batch and keeps that batch's statistics.

    What the moving statistics were before has no part in them; a layer that is called several
    times, as inside TimeDistributed, keeps the mean over its calls. Other layers, such as dropout,
    do what they do in inference.
    """
    layers = batch_normalization_layers(model)
    momenta = [layer.momentum for layer in layers]
    for layer in layers:
        layer.measured = 0
    try:
        yield
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.measured, layer.momentum = None, momentum


def batch_normalization_layers(layer: keras.layers.Layer) -> list[keras.layers.Layer]:
    """The layers of batch normalisation of a model, or in a layer and those that it wraps."""
    return [it for it in layer._flatten_layers() if isinstance(it, BatchNormalization)]
