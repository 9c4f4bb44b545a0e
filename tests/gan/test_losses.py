from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from gantool.gan.losses import LOSSES

LOGITS = (-1e4, -30.0, -1.0, 0.0, 0.5, 2.0, 100.0, 1e4)

# log(1 + eˣ) and log(1 + e⁻ˣ) at LOGITS, to 16 digits by mpmath.
SOFTPLUS = (
    0.0,
    9.357622968839299e-14,
    0.3132616875182228,
    0.6931471805599453,
    0.9740769841801067,
    2.126928011042972,
    100.0,
    1e4,
)
SOFTPLUS_OF_MINUS = (
    1e4,
    30.000000000000094,
    1.313261687518223,
    0.6931471805599453,
    0.4740769841801067,
    0.126928011042972,
    0.0,
    0.0,
)

GOLDEN: dict[tuple[str, str], tuple[float, ...]] = {
    ("non-saturating", "real"): SOFTPLUS_OF_MINUS,
    ("non-saturating", "generated"): SOFTPLUS,
    ("non-saturating", "generator"): SOFTPLUS_OF_MINUS,
    ("minimax", "real"): SOFTPLUS_OF_MINUS,
    ("minimax", "generated"): SOFTPLUS,
    ("minimax", "generator"): tuple(-value for value in SOFTPLUS),
    # (l − 1)² / 2
    ("least-squares", "real"): (50010000.5, 480.5, 2.0, 0.5, 0.125, 0.5, 4900.5, 49990000.5),
    # l² / 2
    ("least-squares", "generated"): (5e7, 450.0, 0.5, 0.0, 0.125, 2.0, 5000.0, 5e7),
    ("least-squares", "generator"): (50010000.5, 480.5, 2.0, 0.5, 0.125, 0.5, 4900.5, 49990000.5),
    # max(0, 1 − l) and max(0, 1 + l)
    ("hinge", "real"): (10001.0, 31.0, 2.0, 1.0, 0.5, 0.0, 0.0, 0.0),
    ("hinge", "generated"): (0.0, 0.0, 0.0, 1.0, 1.5, 3.0, 101.0, 10001.0),
    ("hinge", "generator"): (1e4, 30.0, 1.0, 0.0, -0.5, -2.0, -100.0, -1e4),
    ("wasserstein", "real"): (1e4, 30.0, 1.0, 0.0, -0.5, -2.0, -100.0, -1e4),
    ("wasserstein", "generated"): (-1e4, -30.0, -1.0, 0.0, 0.5, 2.0, 100.0, 1e4),
    ("wasserstein", "generator"): (1e4, 30.0, 1.0, 0.0, -0.5, -2.0, -100.0, -1e4),
}


def sigmoid(logits):
    return 0.5 * (1.0 + np.tanh(0.5 * logits))


# Derivatives by the logit, in float64. The kinks of hinge, at ±1, are left out.
SMOOTH_LOGITS = np.array([-1e4, -30.0, -1.5, 0.0, 0.5, 2.0, 100.0, 1e4])
SLOPES = {
    ("non-saturating", "real"): lambda logits: -sigmoid(-logits),
    ("non-saturating", "generated"): sigmoid,
    ("non-saturating", "generator"): lambda logits: -sigmoid(-logits),
    ("minimax", "real"): lambda logits: -sigmoid(-logits),
    ("minimax", "generated"): sigmoid,
    ("minimax", "generator"): lambda logits: -sigmoid(logits),
    ("least-squares", "real"): lambda logits: logits - 1.0,
    ("least-squares", "generated"): lambda logits: logits,
    ("least-squares", "generator"): lambda logits: logits - 1.0,
    ("hinge", "real"): lambda logits: np.where(logits < 1.0, -1.0, 0.0),
    ("hinge", "generated"): lambda logits: np.where(logits > -1.0, 1.0, 0.0),
    ("hinge", "generator"): lambda logits: -np.ones_like(logits),
    ("wasserstein", "real"): lambda logits: -np.ones_like(logits),
    ("wasserstein", "generated"): np.ones_like,
    ("wasserstein", "generator"): lambda logits: -np.ones_like(logits),
}

EVERY_PART = pytest.mark.parametrize(("name", "part"), sorted(GOLDEN))


def test_every_loss_of_the_recipe_stands_in_the_tables():
    every = {(name, part) for name, loss in LOSSES.items() for part in loss._fields}
    assert set(GOLDEN) == set(SLOPES)
    assert every == set(GOLDEN) | {("softmax", part) for part in ("real", "generated", "generator")}


@EVERY_PART
def test_loss_has_its_golden_numbers(name, part):
    losses = getattr(LOSSES[name], part)(tf.constant(LOGITS))
    # Relative to float32's own resolution; the offset is only for what float32 rounds to zero.
    np.testing.assert_allclose(losses, GOLDEN[name, part], rtol=3e-7, atol=1e-30)


@EVERY_PART
def test_gradient_of_the_loss_is_its_derivative(name, part):
    logits = tf.constant(SMOOTH_LOGITS, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        losses = getattr(LOSSES[name], part)(logits)
    slopes = tf.convert_to_tensor(tape.gradient(losses, logits))
    np.testing.assert_allclose(slopes, SLOPES[name, part](SMOOTH_LOGITS), rtol=1e-6, atol=1e-7)


@EVERY_PART
@pytest.mark.parametrize("shape", [[8, 1], [8]])
def test_loss_is_given_for_each_image_alone(name, part, shape):
    losses = getattr(LOSSES[name], part)(tf.reshape(tf.constant(LOGITS), shape))
    assert losses.shape == shape
    assert losses.dtype == tf.float32
    assert np.isfinite(losses).all()
    np.testing.assert_allclose(np.ravel(losses), GOLDEN[name, part], rtol=3e-7, atol=1e-30)


# Logits of class 0 (generated) and class 1 (real).
TWO_LOGITS = np.array([[0.0, 0.0], [1.0, 3.0], [3.0, 1.0], [-500.0, 500.0], [500.0, -500.0]])


@pytest.mark.parametrize(("part", "target"), [("real", 1), ("generated", 0), ("generator", 1)])
def test_softmax_is_the_cross_entropy_of_the_class_that_is_wanted(part, target):
    shifted = TWO_LOGITS - TWO_LOGITS.max(1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    logits = tf.constant(TWO_LOGITS, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        losses = getattr(LOSSES["softmax"], part)(logits)
    assert losses.shape == [5]
    np.testing.assert_allclose(losses, -logs[:, target], rtol=1e-6, atol=1e-30)
    slopes = np.exp(logs) - np.eye(2)[target]
    np.testing.assert_allclose(tape.gradient(losses, logits), slopes, rtol=1e-6, atol=1e-7)
