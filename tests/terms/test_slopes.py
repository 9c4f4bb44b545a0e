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
from gantool.layers.pack import Pack
from gantool.terms.gradient_penalty import GradientPenalty
from gantool.terms.r1 import R1
from gantool.terms.r2 import R2
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
    return seen_by(network, term, REAL, GENERATED), network


def seen_by(network: TrainableNetwork, term: Term, real: np.ndarray, generated: np.ndarray) -> Seen:
    return Seen(
        network,
        tf.constant(real),
        lambda: tf.constant(generated),
        tf.zeros([4], tf.int32),
        tf.constant(0, tf.int64),
        lambda purpose: tf.constant([len(purpose), 2], tf.int64),
        {"real": "real", "generated": "generated"},
        term.differentiates,
    )


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


class TestPacks:
    """Of two examples a pack, which share a logit: D = tanh(w₁·x₁ + w₂·x₂)."""

    BOTH = np.random.default_rng(4).normal(scale=0.4, size=(24, 1))

    def seen_and_network(self, term: Term) -> tuple[Seen, TrainableNetwork]:
        inputs = keras.Input((12,))
        dense = keras.layers.Dense(1, use_bias=False, activation="tanh")
        model = keras.Model(inputs, dense(Pack(examples=2)(inputs)))
        dense.kernel.assign(self.BOTH)
        network = TrainableNetwork(model, keras.optimizers.SGD(0.1), takes_label=False)
        return seen_by(network, term, REAL.reshape(4, 12), GENERATED.reshape(4, 12)), network

    def lengths(self, examples: np.ndarray) -> np.ndarray:
        """[2], ‖∇D‖ by both examples of each pack."""
        inner = examples.reshape(2, 24) @ self.BOTH
        return np.asarray((1.0 - np.tanh(inner[:, 0]) ** 2) * np.linalg.norm(self.BOTH))

    @pytest.mark.parametrize(("term", "examples"), [(R1(3.0), REAL), (R2(3.0), GENERATED)])
    def test_the_squares_are_summed_over_a_pack(self, term: Term, examples: np.ndarray) -> None:
        found = term(*self.seen_and_network(term))
        wanted = 1.5 * np.mean(self.lengths(examples.astype(np.float64)) ** 2)
        np.testing.assert_allclose(found, wanted, rtol=1e-5)

    @pytest.mark.parametrize("at", ["interpolates", "around-real"])
    def test_the_examples_of_a_pack_move_alike(self, at: Any) -> None:
        term = GradientPenalty(weight=3.0, at=at)
        seen, network = self.seen_and_network(term)
        drawn = np.asarray(seen.uniform("penalty"), np.float64)
        mix = drawn[[0, 0, 2, 2]]
        noise = np.asarray(seen.uniform("penalty/noise", for_each_number=True), np.float64)
        real, generated = REAL.reshape(4, 12), GENERATED.reshape(4, 12)
        moved = {
            "interpolates": mix * real + (1 - mix) * generated,
            "around-real": real + mix * 0.5 * real.std(dtype=np.float64) * noise,
        }[at]
        wanted = 3.0 * np.mean((self.lengths(moved) - 1.0) ** 2)
        np.testing.assert_allclose(term(seen, network), wanted, rtol=1e-5)

    def test_the_divergence_has_the_power_of_the_length_by_a_pack(self) -> None:
        term = WassersteinDivergence(weight=2.0, power=6.0)
        seen, network = self.seen_and_network(term)
        mix = np.asarray(seen.uniform("penalty"), np.float64)[[0, 0, 2, 2]]
        moved = mix * REAL.reshape(4, 12) + (1 - mix) * GENERATED.reshape(4, 12)
        wanted = 2.0 * np.mean(self.lengths(moved) ** 6)
        np.testing.assert_allclose(term(seen, network), wanted, rtol=1e-5)
