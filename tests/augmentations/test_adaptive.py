"""Adaptive augmentation: which way its probability goes, by how much, and when."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from gantool.augmentations.adaptive import Adaptive
from gantool.augmentations.augment import Augment
from gantool.gan.augmentation import Numbers

STEP = 64 * 4 / 5000


def probability(adaptive: Adaptive) -> float:
    return float(adaptive.variables()["probability"].numpy())


def followed(adaptive: Adaptive, signs: list[float], images: int = 64) -> list[float]:
    """The probability after each update."""
    found = []
    for sign in signs:
        adaptive.follow(tf.constant(sign), images, tf.constant(True))
        found.append(probability(adaptive))
    return found


def test_it_rises_where_the_discriminator_is_surer_than_the_target() -> None:
    """By batch · every / images, each fourth update."""
    found = followed(Adaptive(images=5000), [1.0] * 9)
    assert found == pytest.approx([0, 0, 0, STEP, STEP, STEP, STEP, 2 * STEP, 2 * STEP])


def test_it_goes_by_the_mean_of_the_updates_since_its_last_step() -> None:
    adaptive = Adaptive(target=0.5, images=5000)
    assert followed(adaptive, [1.0, 1.0, 1.0, -0.9])[-1] == pytest.approx(STEP)  # mean 0.525
    assert followed(adaptive, [1.0, 1.0, 1.0, -0.9])[-1] == pytest.approx(2 * STEP)
    assert followed(adaptive, [1.0, 1.0, 1.0, -1.1])[-1] == pytest.approx(STEP)  # mean 0.475


def test_it_stays_where_the_mean_is_the_target() -> None:
    assert followed(Adaptive(target=0.5, images=100), [0.5] * 4)[-1] == 0.0


def test_it_stays_within_zero_and_one() -> None:
    assert followed(Adaptive(images=300, every=1), [-1.0, 1.0, 1.0, 1.0, 1.0, 1.0, -1.0])[
        1:
    ] == pytest.approx([64 / 300, 128 / 300, 192 / 300, 256 / 300, 1.0, 1.0 - 64 / 300])
    assert followed(Adaptive(images=100, every=1), [-1.0, -1.0]) == [0.0, 0.0]


def test_it_takes_its_published_time_from_none_to_all() -> None:
    adaptive = Adaptive()
    assert (adaptive.target, adaptive.images, adaptive.every) == (0.6, 500_000, 4)
    assert followed(adaptive, [1.0] * 4)[-1] == pytest.approx(256 / 500_000)


def test_an_update_that_was_skipped_teaches_nothing() -> None:
    adaptive = Adaptive(images=100, every=2)
    for where in (True, False, False, True):
        sign = tf.constant(1.0 if where else np.nan)
        adaptive.follow(sign, 10, tf.constant(where))
    assert probability(adaptive) == pytest.approx(0.2)


@pytest.mark.parametrize("compiled", [False, True])
def test_it_does_the_same_in_a_graph(compiled: bool) -> None:
    adaptive = Adaptive(images=300, every=2)
    follow: Any = tf.function(
        lambda sign: adaptive.follow(sign, 10, tf.constant(True)), jit_compile=compiled
    )
    for _ in range(4):
        follow(tf.constant(0.9))
    assert probability(adaptive) == pytest.approx(40 / 300)


def test_it_changes_images_with_the_probability_that_it_has() -> None:
    random = np.random.default_rng(1)
    images = tf.constant(random.uniform(-1, 1, size=(8, 4, 4, 3)), tf.float32)
    drawn = random.random((8, Adaptive.uniforms)), random.normal(size=(8, Adaptive.normals))
    numbers = Numbers(*(tf.constant(it, tf.float32) for it in drawn))
    adaptive = Adaptive()
    assert np.array_equal(adaptive.seen(images, numbers), images)
    adaptive.variables()["probability"].assign(0.7)
    expected = Augment(0.7).seen(images, numbers)
    assert np.array_equal(adaptive.seen(images, numbers), expected)
    assert adaptive.figures() == {"augmentation_probability": 0.7}
