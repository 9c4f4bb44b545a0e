from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from gantool.terms.gradient_penalty import GradientPenalty

RANDOM = np.random.default_rng(1)
REAL = RANDOM.normal(size=(4, 2, 3, 2))
GENERATED = RANDOM.normal(size=(4, 2, 3, 2))
MIX = np.array([0.0, 0.25, 0.5, 0.9]).reshape(4, 1, 1, 1)
WEIGHTS = RANDOM.normal(size=(12, 1))


def float32(array):
    return tf.constant(array, tf.float32)


class Given:
    """What the term sees: two batches, and how far to mix each pair."""

    def __init__(self, discriminate, mix=MIX):
        self.discriminate, self.mix = discriminate, float32(mix)

    def examples(self, side):
        return float32({"real": REAL, "generated": GENERATED}[side])

    def logits(self, side):
        return self.discriminate(self.examples(side))

    def uniform(self, purpose):
        assert purpose == "penalty"
        return self.mix

    def now(self, number):
        return number


def penalty_of(discriminate, weight=1.0):
    return GradientPenalty(weight)(Given(discriminate), None)


def flat(images):
    return tf.reshape(images, [-1, 12])


@pytest.mark.parametrize(("length", "penalty"), [(3.0, 4.0), (1.0, 0.0), (0.25, 0.5625)])
def test_linear_discriminator_pays_for_the_length_of_its_weights(length, penalty):
    weights = float32(WEIGHTS / np.linalg.norm(WEIGHTS) * length)
    found = penalty_of(lambda images: flat(images) @ weights)
    assert found.shape == []
    np.testing.assert_allclose(found, penalty, rtol=0, atol=2e-6)


def test_penalty_of_a_linear_discriminator_has_the_analytic_gradient():
    weights = float32(WEIGHTS)
    with tf.GradientTape() as tape:
        tape.watch(weights)
        penalty = penalty_of(lambda images: flat(images) @ weights)
    length = np.linalg.norm(WEIGHTS)
    expected = 2.0 * (length - 1.0) * WEIGHTS / length
    np.testing.assert_allclose(tape.gradient(penalty, weights), expected, rtol=0, atol=1e-5)


def penalty_of_tanh(weights):
    """For D(x) = tanh(w·x), in float64: ∇D = (1 − tanh²) w at each x̂ = mix · real + …"""
    between = (MIX * REAL + (1.0 - MIX) * GENERATED).reshape(4, 12)
    slopes = 1.0 - np.tanh(between @ weights) ** 2
    lengths = np.abs(slopes) * np.linalg.norm(weights)
    return np.mean((lengths - 1.0) ** 2)


def test_curved_discriminator_is_judged_between_each_pair():
    weights = float32(WEIGHTS)
    found = penalty_of(lambda images: tf.tanh(flat(images) @ weights))
    np.testing.assert_allclose(found, penalty_of_tanh(WEIGHTS), rtol=0, atol=1e-5)


def test_penalty_of_a_curved_discriminator_has_the_gradient_of_finite_differences():
    weights = float32(WEIGHTS)
    with tf.GradientTape() as tape:
        tape.watch(weights)
        penalty = penalty_of(lambda images: tf.tanh(flat(images) @ weights))
    step = 1e-6
    expected = [
        (penalty_of_tanh(WEIGHTS + step * unit) - penalty_of_tanh(WEIGHTS - step * unit))
        / (2 * step)
        for unit in np.eye(12)[:, :, None]
    ]
    found = tape.gradient(penalty, weights)
    np.testing.assert_allclose(found[:, 0], expected, rtol=0, atol=2e-5)


def test_mix_of_one_is_the_real_image_and_of_zero_the_generated_one():
    seen = []

    def discriminate(images):
        seen.append(images)
        return tf.reduce_sum(images, axis=[1, 2, 3])[:, None]

    mix = np.array([1.0, 0.0, 1.0, 0.0]).reshape(4, 1, 1, 1)
    GradientPenalty()(Given(discriminate, mix), None)
    expected = np.stack([REAL[0], GENERATED[1], REAL[2], GENERATED[3]])
    np.testing.assert_allclose(seen[-1], expected, rtol=0, atol=1e-6)


def test_flat_discriminator_gets_a_finite_gradient():
    weights = tf.zeros([12, 1])
    with tf.GradientTape() as tape:
        tape.watch(weights)
        penalty = penalty_of(lambda images: flat(images) @ weights)
    np.testing.assert_allclose(penalty, 1.0, rtol=0, atol=1e-5)
    assert np.isfinite(tape.gradient(penalty, weights)).all()


def test_weight_is_a_factor_and_ten_unless_given():
    weights = float32(WEIGHTS)
    one = penalty_of(lambda images: flat(images) @ weights)
    found = GradientPenalty()(Given(lambda images: flat(images) @ weights), None)
    np.testing.assert_allclose(found, 10.0 * one, rtol=1e-6)
    half = penalty_of(lambda images: flat(images) @ weights, 0.5)
    np.testing.assert_allclose(half, 0.5 * one, rtol=1e-6)


def test_norm_is_over_all_axes_but_the_first():
    """Of points, [B, 2], too: D(x) = 3 x₁ + 4 x₂ has the length 5."""

    class Points(Given):
        def examples(self, side):
            return float32({"real": [[1.0, 2.0]], "generated": [[0.0, -1.0]]}[side])

    points = Points(lambda points: points @ float32([[3.0], [4.0]]), np.array([[0.3]]))
    np.testing.assert_allclose(GradientPenalty(1.0)(points, None), 16.0, rtol=1e-6)
