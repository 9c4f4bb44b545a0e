"""Two small networks that train each other, and their updates, for tests."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from gantool.gan.network import TrainableNetwork
from gantool.gan.objective import Constraint, Term
from gantool.gan.updates import GAN, Given, updates_of
from gantool.layers.batch_normalization import BatchNormalization
from gantool.layers.concat_label import ConcatLabel
from gantool.losses.non_saturating import NonSaturating
from gantool.recipe.model import Updates

RATE = 0.5
BATCH = 4
RANDOM = np.random.default_rng(0)
REAL = RANDOM.normal(1.0, 2.0, size=(BATCH, 1, 3, 1)).astype(np.float32)
LABELS = np.array([0, 2, 2, 0], np.int32)
TOGETHER, GENERATOR = updates_of(Updates())
SEPARATE, _ = updates_of(Updates(real_and_generated="separate"))
[BOTH] = updates_of(Updates(order="simultaneous"))
UPDATES = pytest.mark.parametrize("update", [TOGETHER, SEPARATE], ids=["together", "separate"])


class Witness(TrainableNetwork):
    """A network that remembers what passed through it."""

    def __init__(self, model, rate, takes_label, constraints=()):
        self.inputs, self.seeds, self.outputs, self.passes = [], [], [], []
        optimizer = keras.optimizers.SGD(rate)
        super().__init__(model, optimizer, takes_label, constraints=constraints)

    def forward(self, inputs, labels, seed, state=None):
        made = super().forward(inputs, labels, seed, state)
        self.inputs.append(inputs.numpy())
        self.seeds.append(tuple(seed.numpy()))
        self.outputs.append(made.outputs.numpy())
        self.passes.append(made)
        return made


def model_of(input_shape, *layers):
    """A network; [inputs, labels] where a layer takes the label."""
    inputs, label = keras.Input(input_shape), keras.Input((), dtype="int32")
    outputs, takes_label = inputs, False
    for layer in layers:
        takes_label = takes_label or isinstance(layer, ConcatLabel)
        outputs = layer(outputs, label) if isinstance(layer, ConcatLabel) else layer(outputs)
    return keras.Model([inputs, label] if takes_label else inputs, outputs), takes_label


def gan_of(generator=None, discriminator=None, loss=None, regularizers=(), seed=0):
    """Two networks with one dense layer each, unless other layers are given.

    Args:
        generator: Layers from a latent to three numbers.
        discriminator: Layers from an example to a logit.
        loss: NonSaturating where it is None.
        regularizers: Terms and constraints.
        seed: Of all that is random.
    """
    keras.utils.set_random_seed(1)
    generator = generator or [keras.layers.Dense(3, bias_initializer="ones")]
    discriminator = discriminator or [keras.layers.Flatten(), keras.layers.Dense(1)]
    making, makes_of_label = model_of((2,), *generator, keras.layers.Reshape((1, 3, 1)))
    telling, tells_of_label = model_of((1, 3, 1), *discriminator)
    constraints = [item for item in regularizers if isinstance(item, Constraint)]
    return GAN(
        generator=Witness(making, RATE, makes_of_label),
        discriminator=Witness(telling, RATE, tells_of_label, constraints),
        loss=loss or NonSaturating(),
        terms=tuple(item for item in regularizers if isinstance(item, Term)),
        seed=seed,
    )


def rich_gan(**more):
    """Networks with every kind of variable: weights, moving statistics, seeds of dropout."""
    return gan_of(
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


def given_of(index=0, real=REAL):
    """What update number `index` is given."""
    number = tf.constant(index, tf.int64)
    return Given(tf.constant(real), tf.constant(LABELS), latents_of(index), number)


def take(gan, descent):
    """Move the networks of a descent by it."""
    for name, gradients in descent.gradients.items():
        gan.network(name).apply(gradients, descent.state[name])


def make(gan, update, index=0, real=REAL):
    """Make an update; its losses by network, summed over its descents."""
    losses = {}
    for descend in update.descents:
        descent = descend(gan, given_of(index, real))
        take(gan, descent)
        for name, loss in descent.losses.items():
            losses[name] = losses.get(name, 0.0) + float(loss)
    return losses


def update_discriminator(gan, update=TOGETHER, index=0, real=REAL):
    return make(gan, update, index, real)["discriminator"]


def update_generator(gan, index=0):
    return make(gan, GENERATOR, index)["generator"]


def update_both(gan, index=0):
    losses = make(gan, BOTH, index)
    return losses["discriminator"], losses["generator"]


def weights(network):
    return [variable.numpy().astype(np.float64) for variable in network.trainable]


def bytes_of(network):
    return [variable.numpy().tobytes() for variable in network.model.variables]


def sigmoid(values):
    return 0.5 * (1.0 + np.tanh(0.5 * values))


def softplus(values):
    return np.logaddexp(0.0, values)
