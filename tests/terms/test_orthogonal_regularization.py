from __future__ import annotations

from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf

from gantool.gan.network import TrainableNetwork
from gantool.terms.orthogonal_regularization import OrthogonalRegularization

SEEN = SimpleNamespace(now=lambda number: number)


def network():
    layers = [
        keras.layers.Conv2D(2, 1),
        keras.layers.BatchNormalization(),
        keras.layers.Flatten(),
        keras.layers.Dense(3),
        keras.layers.Dense(2, trainable=False),
    ]
    model = keras.Sequential([keras.Input((1, 1, 2)), *layers])
    return TrainableNetwork(model, keras.optimizers.SGD(), takes_label=False)


def test_it_is_the_sum_of_squared_products_of_different_filters_and_its_gradient():
    trained = network()
    random = np.random.default_rng(7)
    kernels = []
    for variable in trained.trainable:
        variable.assign(random.normal(size=variable.shape))
        if variable.name == "kernel":
            kernels.append(variable)
    assert len(kernels) == 2
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        trained.watch(tape)
        found = OrthogonalRegularization(0.5)(SEEN, trained)
    expected = 0.0
    gradients = {}
    for variable in kernels:
        matrix = variable.numpy().astype(np.float64).reshape(-1, variable.shape[-1])
        columns = range(matrix.shape[1])
        expected += sum(
            (matrix[:, i] @ matrix[:, j]) ** 2 for i in columns for j in columns if i != j
        )
        alike = matrix.T @ matrix * (1 - np.eye(len(columns)))
        gradients[id(variable)] = 0.5 * 4 * matrix @ alike
    assert float(found) == pytest.approx(0.5 * expected, rel=1e-5)
    for variable, gradient in zip(trained.trainable, trained.gradients(tape, found), strict=True):
        wanted = gradients.get(id(variable), np.zeros(variable.shape))
        np.testing.assert_allclose(gradient, wanted.reshape(variable.shape), rtol=1e-4, atol=1e-5)


def test_filters_at_right_angles_have_none_whatever_their_lengths():
    trained = network()
    for variable in trained.trainable:
        variable.assign(np.zeros(variable.shape))
        if variable.name == "kernel":
            variable.assign(np.reshape(3.0 * np.eye(2, variable.shape[-1]), variable.shape))
    assert float(OrthogonalRegularization()(SEEN, trained)) == 0.0


def test_it_is_of_each_network():
    assert OrthogonalRegularization.networks == ("generator", "discriminator")
