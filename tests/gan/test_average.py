from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from gantool.gan.average import decay_at, decay_of, move_average


@pytest.mark.parametrize(
    ("updates", "decay"),
    # (1 + n) / (10 + n) until that passes 0.999: 0.999 = (1 + 8990) / (10 + 8990)
    [(0, 0.1), (1, 2 / 11), (8, 0.5), (90, 0.91), (8990, 0.999), (8991, 0.999), (10**9, 0.999)],
)
def test_decay_rises_to_that_of_the_recipe(updates, decay):
    found = decay_at(0.999, tf.constant(updates, tf.int64))
    np.testing.assert_allclose(found, decay, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("half_life", "images", "seen", "ramp_up", "decay"),
    [
        (64, 64, 0, None, 0.5),
        (64, 32, 0, None, np.sqrt(0.5)),
        (64, 128, 0, None, 0.25),
        (0, 32, 500, None, 0.0),  # no average but the weights
        (500_000, 64, 10**10, 0.05, 0.5 ** (64 / 500_000)),
        (500_000, 64, 0, 0.05, 0.0),
        (500_000, 64, 1280, 0.05, 0.5),  # at most 0.05 · 1280 = 64
        (500_000, 64, 10_000_000, 0.05, 0.5 ** (64 / 500_000)),  # 0.05 · 10⁷ is no bound any more
    ],
)
def test_decay_leaves_half_after_the_half_life(half_life, images, seen, ramp_up, decay):
    counts = (tf.constant(number, tf.int64) for number in (images, seen))
    found = decay_of(half_life, *counts, ramp_up)
    assert found.dtype == tf.float32
    np.testing.assert_allclose(found, decay, rtol=1e-7)


def test_average_moves_towards_the_variable_by_what_the_decay_leaves():
    averages = [keras.Variable([1.0, -2.0]), keras.Variable([[10.0]])]
    variables = [keras.Variable([2.0, 2.0]), keras.Variable([[0.0]])]
    move_average(averages, variables, tf.constant(0.75))
    np.testing.assert_allclose(averages[0], [1.25, -1.0], rtol=0, atol=1e-6)
    np.testing.assert_allclose(averages[1], [[7.5]], rtol=0, atol=1e-6)
    np.testing.assert_allclose(variables[0], [2.0, 2.0], rtol=0, atol=0)


def test_whole_numbers_are_copied():
    average = keras.Variable(3, dtype="int64")
    move_average([average], [keras.Variable(8, dtype="int64")], tf.constant(0.5))
    assert int(average) == 8


def test_pairs_must_match():
    with pytest.raises(ValueError, match="zip"):
        move_average([keras.Variable(1.0)], [], tf.constant(0.5))
