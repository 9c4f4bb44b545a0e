"""The relativistic loss of pairs, against numbers worked out in float64."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from gantool.losses.relativistic_paired import RelativisticPaired

REAL = np.array([[1.0], [-2.0], [500.0], [0.0]])
GENERATED = np.array([[0.0], [1.5], [-500.0], [600.0]])
DIFFERENCE = REAL - GENERATED  # 1, −3.5, 1000, −600


def seen(real: Any = REAL, generated: Any = GENERATED) -> Any:
    sides = {"real": tf.constant(real, tf.float32), "generated": tf.constant(generated, tf.float32)}
    return SimpleNamespace(logits=sides.__getitem__)


def test_each_network_judges_the_pairs_from_its_side() -> None:
    loss = RelativisticPaired()
    discriminator = np.logaddexp(0.0, -DIFFERENCE).mean()
    generator = np.logaddexp(0.0, DIFFERENCE).mean()
    np.testing.assert_allclose(loss.discriminator(seen()), discriminator, rtol=1e-6)
    np.testing.assert_allclose(loss.generator(seen()), generator, rtol=1e-6)


def test_pairs_are_those_at_the_same_place() -> None:
    loss = RelativisticPaired()
    swapped = float(loss.discriminator(seen(generated=GENERATED[::-1])))
    assert swapped != pytest.approx(float(loss.discriminator(seen())), rel=1e-3)
    together = seen(REAL[::-1], GENERATED[::-1])
    assert float(loss.discriminator(together)) == pytest.approx(
        float(loss.discriminator(seen())), rel=1e-6
    )


@pytest.mark.parametrize("smoothing", [0.1, 0.5])
def test_smoothed_labels_are_the_cross_entropy_of_the_smoothed_target(smoothing: float) -> None:
    wanted = (1 - smoothing) * np.logaddexp(0, -DIFFERENCE) + smoothing * np.logaddexp(
        0, DIFFERENCE
    )
    loss = RelativisticPaired(label_smoothing=smoothing)
    np.testing.assert_allclose(loss.discriminator(seen()), wanted.mean(), rtol=1e-6)
    np.testing.assert_allclose(
        loss.generator(seen()), RelativisticPaired().generator(seen()), rtol=0
    )


def test_gradients_are_opposite_for_the_two_sides_of_a_pair() -> None:
    real, generated = tf.constant(REAL, tf.float32), tf.constant(GENERATED, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch([real, generated])
        loss = RelativisticPaired().discriminator(
            SimpleNamespace(logits={"real": real, "generated": generated}.__getitem__)  # type: ignore[arg-type]
        )
    of_real, of_generated = tape.gradient(loss, [real, generated])
    expected = -0.25 * (1.0 - 1.0 / (1.0 + np.exp(-np.clip(DIFFERENCE, -700, 700))))
    np.testing.assert_allclose(of_real, expected, rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(of_generated, -expected, rtol=1e-5, atol=1e-9)


def test_flipped_pairs_are_told_the_other_way_round() -> None:
    numbers = tf.constant([[[0.3]], [[0.01]], [[0.9]], [[0.5]]])
    given = SimpleNamespace(logits=seen().logits, uniform=lambda _: numbers)
    signs = np.array([[1.0], [-1.0], [1.0], [1.0]])
    wanted = np.logaddexp(0.0, -signs * DIFFERENCE).mean()
    found: Any = RelativisticPaired(flip=0.1)
    np.testing.assert_allclose(found.discriminator(given), wanted, rtol=1e-6)
    np.testing.assert_allclose(found.generator(given), RelativisticPaired().generator(seen()))
