"""Two small networks playing against each other, and their updates, for tests."""

from __future__ import annotations

from functools import partial

import keras
import numpy as np
import pytest
import tensorflow as tf

from gantool.gan.constraints import clip_weights
from gantool.gan.losses import LOSSES
from gantool.gan.network import Learner
from gantool.gan.updates import (
    Game,
    update_both,
    update_discriminator,
    update_discriminator_separately,
    update_generator,
)
from gantool.networks.layers import BatchNormalization, ConcatLabel

RATE = 0.5
BATCH = 4
RANDOM = np.random.default_rng(0)
REAL = RANDOM.normal(1.0, 2.0, size=(BATCH, 1, 3, 1)).astype(np.float32)
LABELS = np.array([0, 2, 2, 0], np.int32)
UPDATES = pytest.mark.parametrize("update", [update_discriminator, update_discriminator_separately])


class Witness(Learner):
    """A learner that remembers what passed through it, and the weights at that time."""

    def __init__(self, model, rate, takes_label):
        self.inputs, self.seeds, self.outputs = [], [], []
        super().__init__(model, keras.optimizers.SGD(rate), takes_label)

    def forward(self, inputs, labels, seed, state=None):
        made = super().forward(inputs, labels, seed, state)
        self.inputs.append(inputs.numpy())
        self.seeds.append(tuple(seed.numpy()))
        self.outputs.append(made.outputs.numpy())
        return made


def model_of(input_shape, *layers):
    """A network; [inputs, labels] where a layer takes the label."""
    inputs, label = keras.Input(input_shape), keras.Input((), dtype="int32")
    outputs, takes_label = inputs, False
    for layer in layers:
        takes_label = takes_label or isinstance(layer, ConcatLabel)
        outputs = layer(outputs, label) if isinstance(layer, ConcatLabel) else layer(outputs)
    return keras.Model([inputs, label] if takes_label else inputs, outputs), takes_label


def game_of(
    generator=None,
    discriminator=None,
    loss="non-saturating",
    penalties=(),
    clip=None,
    decay=0.0,
    seed=0,
):
    """A game between two networks with one dense layer each, unless other layers are given."""
    keras.utils.set_random_seed(1)
    generator = generator or [keras.layers.Dense(3, bias_initializer="ones")]
    discriminator = discriminator or [keras.layers.Flatten(), keras.layers.Dense(1)]
    making, makes_of_label = model_of((2,), *generator, keras.layers.Reshape((1, 3, 1)))
    judging, judges_label = model_of((1, 3, 1), *discriminator)
    judge = Witness(judging, RATE, judges_label)
    constraints = () if clip is None else (partial(clip_weights, judge.trainable, clip),)
    return Game(
        generator=Witness(making, RATE, makes_of_label),
        discriminator=judge,
        loss=LOSSES[loss],
        penalties=tuple(penalties),
        weight_decay=decay,
        constraints=constraints,
        seed=seed,
    )


def rich_game(**more):
    """Networks with every kind of variable: weights, moving statistics, seeds of dropout."""
    return game_of(
        [keras.layers.Dense(3), keras.layers.Dropout(0.2), BatchNormalization()],
        [
            keras.layers.Flatten(),
            BatchNormalization(),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(1),
        ],
        **more,
    )


def latents_of(index):
    return tf.constant(np.random.default_rng(index).normal(size=(BATCH, 2)).astype(np.float32))


def teach(game, update=update_discriminator, index=0, images=REAL):
    labels, latents = tf.constant(LABELS), latents_of(index)
    number = tf.constant(index, tf.int64)
    return float(update(game, tf.constant(images), labels, latents, number).loss)


def learn(game, index=0):
    labels, latents = tf.constant(LABELS), latents_of(index)
    return float(update_generator(game, labels, latents, tf.constant(index, tf.int64)).loss)


def both(game, index=0):
    labels, latents = tf.constant(LABELS), latents_of(index)
    made = update_both(game, tf.constant(REAL), labels, latents, tf.constant(index, tf.int64))
    return float(made.discriminator_loss), float(made.generator_loss)


def weights(learner):
    return [variable.numpy().astype(np.float64) for variable in learner.trainable]


def bytes_of(learner):
    return [variable.numpy().tobytes() for variable in learner.model.variables]


def sigmoid(values):
    return 0.5 * (1.0 + np.tanh(0.5 * values))


def softplus(values):
    return np.logaddexp(0.0, values)
