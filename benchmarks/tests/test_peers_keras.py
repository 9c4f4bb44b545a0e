"""The peers in Keras compute what the recipes compute."""

from __future__ import annotations

from importlib.metadata import version

import keras
import pytest
import tensorflow as tf

from gantool.networks.components import make
from gantool.recipe.load import find_recipe, load

from ..peers import keras_networks
from ..peers.keras_peers import PEERS
from ..peers.settings import SETTINGS
from .agreement import (
    RATES,
    STEPS,
    assert_agree,
    assert_losses_agree,
    match,
    setting_of,
    values,
)

EACH = pytest.mark.parametrize("name", PEERS)
OF_AN_UPDATE = pytest.mark.skipif(
    version("keras").startswith("3.12."),
    reason="Keras 3.12's train_on_batch tells the mean of all losses so far",
)


class ByBatch(keras.layers.BatchNormalization):
    """Goes by its batch also in `predict` and in a frozen network, as ours does."""

    def call(self, inputs, training=None, mask=None):
        if training and self.trainable:
            return super().call(inputs, training=True, mask=mask)
        mean, variance = tf.nn.moments(inputs, list(range(len(inputs.shape) - 1)))
        return tf.nn.batch_normalization(
            inputs, mean, variance, self.beta, self.gamma, self.epsilon
        )


@EACH
def test_the_setting_is_the_recipes(name):
    assert SETTINGS[name] == setting_of(load(find_recipe(name)).recipe)


@pytest.fixture
def eagerly():
    """Let TensorFlow's functions run one operation after the other."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dcgan-mnist-sigmoid", "cgan-mnist", "dcgan-faces-96"])
def test_plain_steps_agree(name, real_batches):
    assert_steps_agree(name, real_batches)


@pytest.mark.slow
@OF_AN_UPDATE
def test_the_steps_of_the_article_on_mnist_agree(real_batches, monkeypatch):
    monkeypatch.setattr(keras_networks, "BatchNormalization", ByBatch)
    assert_steps_agree("dcgan-mnist", real_batches)


@pytest.mark.slow
@OF_AN_UPDATE
@pytest.mark.usefixtures("eagerly")
@pytest.mark.filterwarnings("ignore:Even though the `tf.config")
def test_the_steps_of_the_article_on_faces_agree(real_batches, monkeypatch):
    """Eagerly, for `train_on_batch` does not always compute what its model says.

    The gradient of the critic's last kernel does not depend on what that layer gives. Of some
    hundred first steps on busy cores, one moved it before the layer had used it (TensorFlow 2.21).
    """
    monkeypatch.setattr(keras_networks, "BatchNormalization", ByBatch)
    assert_steps_agree("wgan-celeba", real_batches)


def assert_steps_agree(name, real_batches):
    ours = match(name, real_batches)
    peer = PEERS[name]
    networks = peer.networks(ours.setting)
    starts = [values(network) for network in ours.networks()]
    for network, start in zip(networks, starts, strict=True):
        network.set_weights([it.copy() for it in start.values()])
    optimizers = tuple(keras.optimizers.SGD(rate) for rate in RATES.values())
    gan = peer.gan(networks, optimizers, ours.setting)
    batches, latents = iter(ours.batches), iter(ours.latents)
    for _ in range(STEPS):
        losses = gan.step(batches, lambda: next(latents))
    assert_losses_agree(ours.run(), [float(it) for it in losses])
    for network, built, start in zip(networks, ours.networks(), starts, strict=True):
        theirs = dict(zip(start, network.get_weights(), strict=True))
        assert_agree(start, values(built), theirs)


@EACH
def test_optimizers_are_the_recipes(name):
    parts = load(find_recipe(name)).specs
    ours = make(parts.generator_optimizer), make(parts.discriminator_optimizer)
    for own, theirs in zip(ours, PEERS[name].optimizers(), strict=True):
        assert type(theirs).__name__ == type(own).__name__
        assert theirs.get_config() | {"name": ""} == own.get_config() | {"name": ""}
