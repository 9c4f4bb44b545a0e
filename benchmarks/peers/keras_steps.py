"""The other three recipes in plain Keras 3: a step is one `tf.function` around gradient tapes.

Two things are not plain at first sight: a pass that trains another network leaves the moving
statistics where they are (`_untraced`), and the networks' outputs are float32 in the losses, also
where layers compute in bfloat16.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import keras
import tensorflow as tf

from .settings import CLASSES, Setting

Batch = tuple[tf.Tensor, tf.Tensor]
"""Images [B, H, W, C] and labels int32 [B]."""
Losses = tuple[tf.Tensor, tf.Tensor]
"""Of discriminator and generator, at their last updates."""
Pair = tuple[Any, Any]
"""Of generator and discriminator."""


class _Peer:
    """What the three have in common."""

    def __init__(self, networks: Pair, optimizers: Pair, setting: Setting) -> None:
        self.generator, self.discriminator = networks
        self.optimizers = optimizers
        for network, optimizer in zip(networks, optimizers, strict=True):
            optimizer.build(network.trainable_variables)
        self.decay = setting.decay
        self._step = tf.function(self.updates)

    def step(self, batches: Iterator[Batch], draw: Callable[[], tf.Tensor]) -> Losses:
        """One step."""
        raise NotImplementedError

    def updates(self, images: tf.Tensor, *more: tf.Tensor) -> Losses:
        """All updates of a step."""
        raise NotImplementedError


class DcganMnistSigmoid(_Peer):
    """The discriminator, then the generator with latents of its own."""

    def step(self, batches: Iterator[Batch], draw: Callable[[], tf.Tensor]) -> Losses:
        return self._step(next(batches)[0], draw(), draw())

    def updates(self, images: tf.Tensor, *latents: tf.Tensor) -> Losses:
        generated = _untraced(self.generator, latents[0])
        with tf.GradientTape() as tape:
            loss = _cross_entropy(self.discriminator(images, training=True), True)
            loss += _cross_entropy(self.discriminator(generated, training=True), False)
        _descend(tape, loss, self.discriminator, self.optimizers[1])
        with tf.GradientTape() as tape:
            generated = self.generator(latents[1], training=True)
            deceived = _cross_entropy(_untraced(self.discriminator, generated), True)
        _descend(tape, deceived, self.generator, self.optimizers[0])
        return loss, deceived


class CganMnist(_Peer):
    """The generator twice, then the discriminator, all from the same latents and labels."""

    def step(self, batches: Iterator[Batch], draw: Callable[[], tf.Tensor]) -> Losses:
        return self._step(*next(batches), draw())

    def updates(self, images: tf.Tensor, *more: tf.Tensor) -> Losses:
        labels, latents = more
        one_hot = tf.one_hot(labels, CLASSES)
        for _ in range(2):
            with tf.GradientTape() as tape:
                generated = self.generator([latents, one_hot], training=True)
                judged = _untraced(self.discriminator, [generated, one_hot])
                deceived = _cross_entropy(judged, True)
            _descend(tape, deceived, self.generator, self.optimizers[0])
        generated = _untraced(self.generator, [latents, one_hot])
        with tf.GradientTape() as tape:
            loss = _cross_entropy(self.discriminator([images, one_hot], training=True), True)
            judged = self.discriminator([generated, one_hot], training=True)
            loss += _cross_entropy(judged, False)
        _descend(tape, loss, self.discriminator, self.optimizers[1])
        return loss, deceived


class DcganFaces96(_Peer):
    """Both at once, from one forward pass."""

    def step(self, batches: Iterator[Batch], draw: Callable[[], tf.Tensor]) -> Losses:
        return self._step(next(batches)[0], draw())

    def updates(self, images: tf.Tensor, *latents: tf.Tensor) -> Losses:
        with tf.GradientTape(persistent=True) as tape:
            generated = self.generator(latents[0], training=True)
            on_real = self.discriminator(images, training=True)
            on_generated = self.discriminator(generated, training=True)
            loss = _softmax_cross_entropy(on_real, True)
            loss += _softmax_cross_entropy(on_generated, False)
            deceived = _softmax_cross_entropy(on_generated, True)
            of_discriminator = loss + self.decay * _half_squared(self.discriminator)
            of_generator = deceived + self.decay * _half_squared(self.generator)
        gradients = [
            tape.gradient(of_generator, self.generator.trainable_variables),
            tape.gradient(of_discriminator, self.discriminator.trainable_variables),
        ]
        for optimizer, own in zip(self.optimizers, gradients, strict=True):
            optimizer.apply(own)
        return loss, deceived


def _untraced(network: keras.Model, inputs: Any) -> tf.Tensor:
    """A pass in training mode that leaves the moving statistics as they are."""
    statistics = network.non_trainable_variables
    before = [tf.identity(statistic.value) for statistic in statistics]
    outputs = network(inputs, training=True)
    for statistic, value in zip(statistics, before, strict=True):
        statistic.assign(value)
    return outputs


def _descend(tape: tf.GradientTape, loss: tf.Tensor, network: keras.Model, optimizer: Any) -> None:
    optimizer.apply(tape.gradient(loss, network.trainable_variables))


def _cross_entropy(logits: tf.Tensor, real: bool) -> tf.Tensor:
    """Binary, the mean over logits [B, 1]."""
    logits = tf.cast(logits, tf.float32)
    wanted = tf.ones_like(logits) if real else tf.zeros_like(logits)
    return keras.losses.BinaryCrossentropy(from_logits=True)(wanted, logits)


def _softmax_cross_entropy(logits: tf.Tensor, real: bool) -> tf.Tensor:
    """The mean over logits [B, 2], of generated and of real."""
    logits = tf.cast(logits, tf.float32)
    wanted = tf.fill(tf.shape(logits)[:1], int(real))
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)(wanted, logits)


def _half_squared(network: keras.Model) -> tf.Tensor:
    """½ Σ w² over all weights, biases too."""
    return tf.add_n([tf.nn.l2_loss(weight.value) for weight in network.trainable_variables])
