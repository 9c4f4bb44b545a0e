"""Gradient penalties of every kind, and their gradients, against float64."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from gantool.gan.network import TrainableNetwork
from gantool.gan.objective import Term
from gantool.gan.seen import Seen
from gantool.terms.gradient_penalty import GradientPenalty
from gantool.terms.wasserstein_divergence import WassersteinDivergence

RANDOM = np.random.default_rng(3)
REAL, GENERATED = RANDOM.normal(size=(2, 4, 2, 3, 2)).astype(np.float32)
WEIGHTS = RANDOM.normal(scale=0.5, size=(12, 1))


def seen_and_network(term: Term) -> tuple[Seen, TrainableNetwork]:
    inputs = keras.Input((2, 3, 2))
    dense = keras.layers.Dense(1, use_bias=False, activation="tanh")
    model = keras.Model(inputs, dense(keras.layers.Flatten()(inputs)))
    dense.kernel.assign(WEIGHTS)
    network = TrainableNetwork(model, keras.optimizers.SGD(0.1), takes_label=False)
    seen = Seen(
        network,
        tf.constant(REAL),
        lambda: tf.constant(GENERATED),
        tf.zeros([4], tf.int32),
        tf.constant(0, tf.int64),
        lambda purpose: tf.constant([len(purpose), 2], tf.int64),
        {"real": "real", "generated": "generated"},
        term.differentiates,
    )
    return seen, network


def points(at: str, seen: Seen) -> np.ndarray:
    mix = np.asarray(seen.uniform("penalty"), np.float64)
    noise = np.asarray(seen.uniform("penalty/noise", for_each_number=True), np.float64)
    assert noise.shape == REAL.shape
    made: dict[str, Any] = {
        "interpolates": mix * REAL + (1 - mix) * GENERATED,
        "real": REAL,
        "generated": GENERATED,
        "around-real": REAL + mix * 0.5 * REAL.std(dtype=np.float64) * noise,
    }
    return np.asarray(made[at], np.float64)


def lengths(weights: np.ndarray, examples: np.ndarray) -> np.ndarray:
    """‖∇D‖ of D(x) = tanh(w·x)."""
    slopes = 1.0 - np.tanh(examples.reshape(4, 12) @ weights) ** 2
    return np.asarray(slopes[:, 0] * np.linalg.norm(weights))


def check(term: Term, at: str, cost: Any) -> None:
    seen, network = seen_and_network(term)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        network.watch(tape)
        penalty = term(seen, network)
    [gradient] = network.gradients(tape, penalty)
    examples = points(at, seen)
    np.testing.assert_allclose(penalty, cost(lengths(WEIGHTS, examples)).mean(), rtol=2e-5)
    wanted = [
        (
            cost(lengths(WEIGHTS + step, examples)).mean()
            - cost(lengths(WEIGHTS - step, examples)).mean()
        )
        / 2e-6
        for step in 1e-6 * np.eye(12)[:, :, None]
    ]
    np.testing.assert_allclose(gradient[:, 0], wanted, rtol=1e-4, atol=2e-4)


@pytest.mark.parametrize("at", ["interpolates", "real", "generated", "around-real"])
def test_gradient_penalty_is_taken_where_at_says(at: Any) -> None:
    check(GradientPenalty(weight=3.0, at=at), at, lambda length: 3.0 * (length - 1.0) ** 2)


@pytest.mark.parametrize("center", [0.0, 0.5, 2.0])
def test_gradient_penalty_has_its_center(center: float) -> None:
    term = GradientPenalty(weight=1.0, center=center)
    check(term, "interpolates", lambda length: (length - center) ** 2)


def test_one_sided_penalty_leaves_shorter_gradients_alone() -> None:
    term = GradientPenalty(weight=1.0, center=0.5, one_sided=True)
    seen, _ = seen_and_network(term)
    found = lengths(WEIGHTS, points("interpolates", seen)) > 0.5
    assert found.any()
    assert not found.all()
    check(term, "interpolates", lambda length: np.maximum(length - 0.5, 0.0) ** 2)


@pytest.mark.parametrize(("weight", "power"), [(2.0, 6.0), (0.5, 2.0), (1.0, 1.0)])
def test_wasserstein_divergence_is_the_mean_power_of_the_length(
    weight: float, power: float
) -> None:
    term = WassersteinDivergence(weight, power)
    check(term, "interpolates", lambda length: weight * length**power)


def test_penalties_have_the_published_defaults() -> None:
    divergence, penalty = WassersteinDivergence(), GradientPenalty()
    assert (divergence.weight, divergence.power, divergence.every) == (2.0, 6.0, 1)
    assert (penalty.weight, penalty.center, penalty.one_sided, penalty.at) == (
        *(10.0, 1.0, False),
        "interpolates",
    )
