"""The relativistic loss of averages, against numbers worked out in float64."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import tensorflow as tf

from gantool.losses.relativistic_average import RelativisticAverage

REAL = np.array([[1.0], [-2.0], [3.0], [0.5]])
GENERATED = np.array([[0.0], [1.5], [-5.0], [2.0]])
FLIPPED = {"real": [True, False, False, True], "generated": [False, False, True, False]}


def seen(real: Any = REAL, generated: Any = GENERATED) -> Any:
    sides = {"real": tf.constant(real, tf.float32), "generated": tf.constant(generated, tf.float32)}

    def uniform(purpose: str) -> tf.Tensor:
        numbers = np.where(FLIPPED[purpose.removeprefix("flip/")], 0.05, 0.5)
        return tf.constant(numbers.reshape(4, 1, 1, 1), tf.float32)

    return SimpleNamespace(logits=sides.__getitem__, uniform=uniform)


def expected(real: np.ndarray, generated: np.ndarray) -> tuple[float, float]:
    """Losses of the discriminator and the generator: −log σ and −log(1 − σ)."""
    above, below = real - generated.mean(), generated - real.mean()
    discriminator = np.logaddexp(0, -above).mean() + np.logaddexp(0, below).mean()
    generator = np.logaddexp(0, above).mean() + np.logaddexp(0, -below).mean()
    return float(discriminator), float(generator)


def test_each_side_is_judged_against_the_mean_of_the_other() -> None:
    loss = RelativisticAverage()
    found = loss.discriminator(seen()), loss.generator(seen())
    np.testing.assert_allclose(found, expected(REAL, GENERATED), rtol=1e-6)


def test_gradients_are_those_of_finite_differences_through_the_means_too() -> None:
    for place, part in enumerate(("discriminator", "generator")):
        real, generated = tf.constant(REAL, tf.float32), tf.constant(GENERATED, tf.float32)
        with tf.GradientTape() as tape:
            tape.watch([real, generated])
            loss = getattr(RelativisticAverage(), part)(seen(real, generated))
        found = tf.concat(tape.gradient(loss, [real, generated]), 0)[:, 0]
        both = np.concatenate([REAL, GENERATED])
        wanted = [
            (expected(*np.split(both + it, 2))[place] - expected(*np.split(both - it, 2))[place])
            / 2e-6
            for it in 1e-6 * np.eye(8)[:, :, None]
        ]
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-6)


def test_labels_are_smoothed_and_flipped_on_each_side() -> None:
    loss = RelativisticAverage(label_smoothing=0.1, generated_smoothing=0.2, flip=0.1)
    wanted = 0.0
    for side, numbers, own, other in (
        ("real", REAL - GENERATED.mean(), 0.9, 0.2),
        ("generated", GENERATED - REAL.mean(), 0.2, 0.9),
    ):
        label = np.where(FLIPPED[side], other, own)[:, None]
        entropy = label * np.logaddexp(0, -numbers) + (1 - label) * np.logaddexp(0, numbers)
        wanted += entropy.mean()
    np.testing.assert_allclose(loss.discriminator(seen()), wanted, rtol=1e-6)
    np.testing.assert_allclose(
        loss.generator(seen()), RelativisticAverage().generator(seen()), rtol=0
    )


def test_labels_of_packs_are_flipped_a_number_for_each_logit() -> None:
    """Of four examples in packs of two there are two logits; the first of two is flipped."""
    real, generated = tf.constant([[1.0], [-2.0]]), tf.constant([[0.5], [3.0]])
    loss = RelativisticAverage(flip=0.1)
    above, below = real.numpy() - 1.75, generated.numpy() + 0.5
    # Of the generated ones, number 2 of 4 would be flipped, and there are two.
    wanted = np.logaddexp(0, above[0]) + np.logaddexp(0, -above[1]) + np.logaddexp(0, below).sum()
    np.testing.assert_allclose(loss.discriminator(seen(real, generated)), wanted / 2, rtol=1e-6)
