"""The gradient penalty on real examples, against numbers worked out in float64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from gantool.gan.network import TrainableNetwork
from gantool.gan.seen import Seen
from gantool.terms.r1 import R1

RANDOM = np.random.default_rng(3)
REAL = RANDOM.normal(size=(4, 2, 3, 2))
WEIGHTS = RANDOM.normal(size=(12, 1))


def discriminator_of(weights: np.ndarray, activation: Any) -> TrainableNetwork:
    inputs = keras.Input((2, 3, 2))
    dense = keras.layers.Dense(1, use_bias=False, activation=activation)
    model = keras.Model(inputs, dense(keras.layers.Flatten()(inputs)))
    dense.kernel.assign(weights)
    return TrainableNetwork(model, keras.optimizers.SGD(0.1), takes_label=False)


def seen_by(network: TrainableNetwork, generate: Callable[[], tf.Tensor] | None = None) -> Seen:
    return Seen(
        network,
        tf.constant(REAL, tf.float32),
        generate or (lambda: pytest.fail("no generated examples are needed")),
        tf.zeros([4], tf.int32),
        tf.constant(0, tf.int64),
        lambda _: tf.constant([1, 2], tf.int64),
        {"real": "real", "generated": "generated"},
        ("real", "generated"),
    )


def penalty_of_tanh(weights: np.ndarray, examples: np.ndarray) -> float:
    """For D(x) = tanh(w·x), in float64: ‖∇D‖ = (1 − tanh²) ‖w‖."""
    slopes = 1.0 - np.tanh(examples.reshape(4, 12) @ weights) ** 2
    return float(0.5 * np.mean(np.square(slopes)) * np.square(weights).sum())


def test_a_linear_discriminator_pays_for_the_squared_length_of_its_weights() -> None:
    network = discriminator_of(WEIGHTS, None)
    found = R1(weight=3.0)(seen_by(network), network)
    assert found.shape == []
    np.testing.assert_allclose(found, 0.5 * 3.0 * np.square(WEIGHTS).sum(), rtol=1e-6)


def test_a_curved_discriminator_is_judged_at_the_real_examples() -> None:
    network = discriminator_of(WEIGHTS, "tanh")
    found = R1(weight=1.0)(seen_by(network), network)
    np.testing.assert_allclose(found, penalty_of_tanh(WEIGHTS, REAL), rtol=1e-4)


def test_its_gradient_by_the_weights_is_that_of_finite_differences() -> None:
    network = discriminator_of(WEIGHTS, "tanh")
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        network.watch(tape)
        penalty = R1(weight=1.0)(seen_by(network), network)
    [found] = network.gradients(tape, penalty)
    step = 1e-6
    expected = [
        (
            penalty_of_tanh(WEIGHTS + step * unit, REAL)
            - penalty_of_tanh(WEIGHTS - step * unit, REAL)
        )
        / (2 * step)
        for unit in np.eye(12)[:, :, None]
    ]
    np.testing.assert_allclose(found[:, 0], expected, rtol=0, atol=1e-5)


def test_it_takes_the_gradient_of_the_pass_that_gives_the_logits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network, passes = discriminator_of(WEIGHTS, "tanh"), []
    forward = network.forward
    monkeypatch.setattr(
        network, "forward", lambda *given: passes.append(given[0]) or forward(*given)
    )
    seen = seen_by(network)
    seen.logits("real")
    R1()(seen, network)
    assert len(passes) == 1
