from __future__ import annotations

import keras
import numpy as np
import pytest

from gantool.gan.network import TrainableNetwork
from gantool.layers.batch_normalization import BatchNormalization
from gantool.terms.weight_clip import WeightClip


def network_of(*layers):
    model = keras.Sequential([keras.Input((3,)), *layers])
    return TrainableNetwork(model, keras.optimizers.SGD(), takes_label=False)


def test_weights_outside_are_brought_to_the_bound_and_those_inside_stay():
    network = network_of(keras.layers.Dense(2))
    network.model.set_weights(
        [np.array([[-3.0, -0.01], [0.0099, 0.011], [0.0, 50.0]]), np.array([-0.02, 0.005])]
    )
    WeightClip(0.01)(network)
    kernel, bias = (variable.numpy() for variable in network.trainable)
    limit = np.float32(0.01)
    assert np.array_equal(kernel, np.float32([[-limit, -0.01], [0.0099, limit], [0.0, limit]]))
    assert np.array_equal(bias, np.float32([-limit, 0.005]))


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize(
    ("keywords", "clipped"),
    [
        ({}, {"gamma", "beta"}),
        ({"batch_normalization": "weights"}, {"gamma", "beta"}),
        (
            {"batch_normalization": "all"},
            {"gamma", "beta", "moving_mean", "moving_variance"},
        ),
        ({"batch_normalization": "none"}, set()),
    ],
)
def test_batch_normalization_is_clipped_as_far_as_is_said(keywords, clipped, wrapped):
    layer = BatchNormalization()
    layers = [keras.layers.Reshape((1, 3)), keras.layers.TimeDistributed(layer)]
    network = network_of(*(layers if wrapped else [layer]), keras.layers.Dense(1))
    for variable in network.model.weights:
        variable.assign(np.full(variable.shape, 7.0))
    WeightClip(0.125, **keywords)(network)
    for variable in network.model.weights:
        is_clipped = variable.name in {"kernel", "bias"} | clipped
        assert set(np.unique(variable)) == {0.125 if is_clipped else 7.0}, variable.path
