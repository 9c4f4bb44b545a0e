from __future__ import annotations

from types import SimpleNamespace

import keras
import numpy as np
import tensorflow as tf

from gantool.gan.network import TrainableNetwork
from gantool.terms.weight_decay import WeightDecay


def test_half_the_sum_of_squares_of_all_weights_and_its_gradient_is_the_weights():
    model = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(2), keras.layers.Dense(1, trainable=False)]
    )
    network = TrainableNetwork(model, keras.optimizers.SGD(), takes_label=False)
    for variable, value in zip(
        network.trainable, ([[1.0, -2.0], [0.0, 3.0]], [0.5, 0.0]), strict=True
    ):
        variable.assign(value)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        network.watch(tape)
        found = WeightDecay(4.0)(SimpleNamespace(now=lambda number: number), network)
    assert float(found) == 4.0 * 7.125  # (1 + 4 + 9 + 0.25) / 2
    for gradient, weight in zip(network.gradients(tape, found), network.trainable, strict=True):
        assert np.array_equal(gradient, 4.0 * weight.numpy())


def test_it_is_of_each_network():
    assert WeightDecay.networks == ("generator", "discriminator")
