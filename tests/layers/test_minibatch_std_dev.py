"""Statistics of a minibatch, against NumPy in float64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from gantool.layers.minibatch_std_dev import MinibatchStdDev

RANDOM = np.random.default_rng(5)


def expected(inputs: np.ndarray, size: int, features: int = 1) -> np.ndarray:
    """Spelled out, group by group: members of a group lie B / size apart."""
    batch, channels = len(inputs), inputs.shape[-1]
    planes = np.zeros((*inputs.shape[:-1], features))
    for first in range(batch // size):
        members = list(range(first, batch, batch // size))
        deviations = np.sqrt(inputs[members].var(axis=0) + 1e-8)
        for feature in range(features):
            share = channels // features
            own = deviations[..., feature * share : (feature + 1) * share]
            planes[members, ..., feature] = own.mean()
    return np.concatenate([inputs, planes], axis=-1)


@pytest.mark.parametrize(
    ("batch", "size"), [(8, 4), (4, 4), (6, 3), (2, 2), (7, 1)], ids="batch of {}".format
)
@pytest.mark.parametrize("features", [1, 2])
def test_the_mean_deviation_of_each_group_is_a_further_channel(
    batch: int, size: int, features: int
) -> None:
    inputs = RANDOM.normal(size=(batch, 3, 2, 4))
    found = MinibatchStdDev(features=features)(tf.constant(inputs, tf.float32))
    assert found.shape == (batch, 3, 2, 4 + features)
    np.testing.assert_allclose(found, expected(inputs, size, features), rtol=0, atol=1e-5)


def test_vectors_have_it_too() -> None:
    inputs = RANDOM.normal(size=(4, 6))
    found = MinibatchStdDev(group_size=2)(tf.constant(inputs, tf.float32))
    np.testing.assert_allclose(found, expected(inputs, 2), rtol=0, atol=1e-5)


def test_examples_that_are_alike_get_nearly_nothing_and_a_finite_gradient() -> None:
    inputs = tf.ones([4, 2, 2, 3])
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        found = MinibatchStdDev()(inputs)
    np.testing.assert_allclose(found[..., -1], 1e-4, rtol=1e-3)
    assert np.isfinite(tape.gradient(found, inputs)).all()


def test_a_discriminator_has_it_by_its_name(build: Callable[..., Any]) -> None:
    built = build(
        ["MinibatchStdDev", "Flatten", {"Dense": {"units": 1}}],
        (4, 4, 3),
        network="discriminator",
        precision="mixed_bfloat16",
    )
    assert [layer.shape for layer in built.layers] == [(4, 4, 4), (64,), (1,)]


def test_features_that_do_not_divide_the_channels_are_refused(build: Callable[..., Any]) -> None:
    from gantool.networks.build import LayerError

    layers = [{"MinibatchStdDev": {"features": 2}}]
    with pytest.raises(LayerError) as raised:
        build(layers, (4, 4, 3), network="discriminator")
    assert str(raised.value) == (
        "MinibatchStdDev does not fit its input of 4×4×3: features=2 does not divide 3 channels"
    )
