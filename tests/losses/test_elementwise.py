from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from gantool.gan.objective import ElementwiseLoss
from gantool.networks.components import make
from gantool.recipe.component import Component
from gantool.recipe.resolve import spec_of
from gantool.recipe.signatures import attributes, names

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
    ("NonSaturating", "real"): SOFTPLUS_OF_MINUS,
    ("NonSaturating", "generated"): SOFTPLUS,
    ("NonSaturating", "fooling"): SOFTPLUS_OF_MINUS,
    ("Minimax", "real"): SOFTPLUS_OF_MINUS,
    ("Minimax", "generated"): SOFTPLUS,
    ("Minimax", "fooling"): tuple(-value for value in SOFTPLUS),
    # (l − 1)² / 2
    ("LeastSquares", "real"): (50010000.5, 480.5, 2.0, 0.5, 0.125, 0.5, 4900.5, 49990000.5),
    # l² / 2
    ("LeastSquares", "generated"): (5e7, 450.0, 0.5, 0.0, 0.125, 2.0, 5000.0, 5e7),
    ("LeastSquares", "fooling"): (50010000.5, 480.5, 2.0, 0.5, 0.125, 0.5, 4900.5, 49990000.5),
    # max(0, 1 − l) and max(0, 1 + l)
    ("Hinge", "real"): (10001.0, 31.0, 2.0, 1.0, 0.5, 0.0, 0.0, 0.0),
    ("Hinge", "generated"): (0.0, 0.0, 0.0, 1.0, 1.5, 3.0, 101.0, 10001.0),
    ("Hinge", "fooling"): (1e4, 30.0, 1.0, 0.0, -0.5, -2.0, -100.0, -1e4),
    ("Wasserstein", "real"): (1e4, 30.0, 1.0, 0.0, -0.5, -2.0, -100.0, -1e4),
    ("Wasserstein", "generated"): (-1e4, -30.0, -1.0, 0.0, 0.5, 2.0, 100.0, 1e4),
    ("Wasserstein", "fooling"): (1e4, 30.0, 1.0, 0.0, -0.5, -2.0, -100.0, -1e4),
}


def sigmoid(logits):
    return 0.5 * (1.0 + np.tanh(0.5 * logits))


# Derivatives by the logit, in float64. The kinks of hinge, at ±1, are left out.
SMOOTH_LOGITS = np.array([-1e4, -30.0, -1.5, 0.0, 0.5, 2.0, 100.0, 1e4])
SLOPES = {
    ("NonSaturating", "real"): lambda logits: -sigmoid(-logits),
    ("NonSaturating", "generated"): sigmoid,
    ("NonSaturating", "fooling"): lambda logits: -sigmoid(-logits),
    ("Minimax", "real"): lambda logits: -sigmoid(-logits),
    ("Minimax", "generated"): sigmoid,
    ("Minimax", "fooling"): lambda logits: -sigmoid(logits),
    ("LeastSquares", "real"): lambda logits: logits - 1.0,
    ("LeastSquares", "generated"): lambda logits: logits,
    ("LeastSquares", "fooling"): lambda logits: logits - 1.0,
    ("Hinge", "real"): lambda logits: np.where(logits < 1.0, -1.0, 0.0),
    ("Hinge", "generated"): lambda logits: np.where(logits > -1.0, 1.0, 0.0),
    ("Hinge", "fooling"): lambda logits: -np.ones_like(logits),
    ("Wasserstein", "real"): lambda logits: -np.ones_like(logits),
    ("Wasserstein", "generated"): np.ones_like,
    ("Wasserstein", "fooling"): lambda logits: -np.ones_like(logits),
}

EVERY_PART = pytest.mark.parametrize(("name", "part"), sorted(GOLDEN))


def loss(name):
    """The loss that a recipe names so."""
    return make(spec_of(Component.model_validate(name), "loss"))


def test_every_elementwise_loss_of_the_recipe_stands_in_the_tables():
    every = {
        name
        for name in names("loss")
        if isinstance(loss(name), ElementwiseLoss) and not loss(name).pairs
    }
    assert set(GOLDEN) == set(SLOPES)
    assert every == {name for name, _ in GOLDEN} | {"Softmax"}


@EVERY_PART
def test_loss_has_its_golden_numbers(name, part):
    losses = getattr(loss(name), part)(tf.constant(LOGITS))
    # Relative to float32's own resolution; the offset is only for what float32 rounds to zero.
    np.testing.assert_allclose(losses, GOLDEN[name, part], rtol=3e-7, atol=1e-30)


@EVERY_PART
def test_gradient_of_the_loss_is_its_derivative(name, part):
    logits = tf.constant(SMOOTH_LOGITS, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        losses = getattr(loss(name), part)(logits)
    slopes = tf.convert_to_tensor(tape.gradient(losses, logits))
    np.testing.assert_allclose(slopes, SLOPES[name, part](SMOOTH_LOGITS), rtol=1e-6, atol=1e-7)


@EVERY_PART
@pytest.mark.parametrize("shape", [[8, 1], [8]])
def test_loss_is_given_for_each_image_alone(name, part, shape):
    losses = getattr(loss(name), part)(tf.reshape(tf.constant(LOGITS), shape))
    assert losses.shape == shape
    assert losses.dtype == tf.float32
    assert np.isfinite(losses).all()
    np.testing.assert_allclose(np.ravel(losses), GOLDEN[name, part], rtol=3e-7, atol=1e-30)


# Logits of class 0 (generated) and class 1 (real).
TWO_LOGITS = np.array([[0.0, 0.0], [1.0, 3.0], [3.0, 1.0], [-500.0, 500.0], [500.0, -500.0]])


@pytest.mark.parametrize(("part", "target"), [("real", 1), ("generated", 0), ("fooling", 1)])
def test_softmax_is_the_cross_entropy_of_the_class_that_is_wanted(part, target):
    shifted = TWO_LOGITS - TWO_LOGITS.max(1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    logits = tf.constant(TWO_LOGITS, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        losses = getattr(loss("Softmax"), part)(logits)
    assert losses.shape == [5]
    np.testing.assert_allclose(losses, -logs[:, target], rtol=1e-6, atol=1e-30)
    slopes = np.exp(logs) - np.eye(2)[target]
    np.testing.assert_allclose(tape.gradient(losses, logits), slopes, rtol=1e-6, atol=1e-7)


class Given:
    """What a loss sees: two batches of logits."""

    def __init__(self, real, generated):
        self._logits = {"real": real, "generated": generated}

    def logits(self, side):
        return tf.constant(self._logits[side], tf.float32)


@pytest.mark.parametrize("name", sorted({name for name, _ in GOLDEN}))
def test_loss_of_a_batch_is_the_sum_of_the_means_of_its_sides(name):
    """Of two batches of different sizes, so that a mean over all would be another number."""
    real, generated = (1, 3, 5), (0, 2, 4, 6)
    columns = [np.array(LOGITS)[list(places)][:, None] for places in (real, generated)]
    seen = Given(*columns)

    def mean(part, places):
        return np.array(GOLDEN[name, part])[list(places)].mean()

    on = {"real": mean("real", real), "generated": mean("generated", generated)}
    for side, expected in on.items():
        assert loss(name).on(side, seen).shape == []
        np.testing.assert_allclose(loss(name).on(side, seen), expected, rtol=1e-6)
    np.testing.assert_allclose(loss(name).discriminator(seen), sum(on.values()), rtol=1e-6)
    found = loss(name).generator(seen)
    np.testing.assert_allclose(found, mean("fooling", generated), rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "logits", "within", "saturates", "signed"),
    [
        ("NonSaturating", 1, "sigmoid", True, True),
        ("Minimax", 1, "sigmoid", True, True),
        ("Softmax", 2, "softmax", True, False),
        ("Hinge", 1, "", False, True),
        ("LeastSquares", 1, "", False, False),
        ("Wasserstein", 1, "", False, False),
    ],
)
def test_what_a_loss_says_of_itself_is_read_from_its_source_alike(
    name, logits, within, saturates, signed
):
    expected = {
        "logits": logits,
        "within": within,
        "saturates": saturates,
        "signed": signed,
        "pairs": False,
    }
    assert attributes("loss", name) == expected | {"flip": 0.0}
    assert {word: getattr(loss(name), word) for word in expected} == expected
