"""Sums and differences of latents, by hand."""

from __future__ import annotations

import numpy as np

from gantool.recipe.model import Latent
from gantool.steering.arithmetic import mean_of, neighbours_of, result_of

NORMAL = Latent(size=2)
UNIFORM = Latent(size=2, distribution="uniform")

PLUS = np.array([[3.0, 4.0], [5.0, 0.0]], np.float32)  # both of norm 5
MINUS = np.array([[1.0, 0.0]], np.float32)
TO = np.array([[0.0, 2.0], [0.0, 4.0]], np.float32)  # of norm 3 in the mean


def test_a_mean_of_normal_latents_has_their_mean_norm() -> None:
    # (4, 2) has a norm of √20.
    np.testing.assert_allclose(mean_of(PLUS, NORMAL), np.array([4.0, 2.0]) * 5 / 20**0.5, rtol=1e-6)
    np.testing.assert_allclose(mean_of(TO, NORMAL), [0.0, 3.0], rtol=1e-6)
    np.testing.assert_allclose(mean_of(MINUS, NORMAL), [1.0, 0.0], rtol=1e-6)


def test_the_result_of_normal_latents_is_as_long_as_those_it_is_added_to() -> None:
    # (4, 2) − (1, 0) + (0, 3) = (3, 5), of norm √34
    found = result_of(PLUS, MINUS, TO, NORMAL)
    np.testing.assert_allclose(found, np.array([3.0, 5.0]) * 3 / 34**0.5, rtol=1e-6)


def test_uniform_latents_are_only_added() -> None:
    np.testing.assert_allclose(mean_of(PLUS, UNIFORM), [4.0, 2.0], rtol=1e-6)
    np.testing.assert_allclose(result_of(PLUS, MINUS, TO, UNIFORM), [3.0, 5.0], rtol=1e-6)


def test_of_nothing_left_there_is_no_direction_to_stretch() -> None:
    opposite = np.array([[1.0, 2.0], [-1.0, -2.0]], np.float32)
    np.testing.assert_array_equal(mean_of(opposite, NORMAL), [0.0, 0.0])


def test_neighbours_are_within_a_quarter_and_always_the_same() -> None:
    vector = np.zeros(1000, np.float32)
    found = neighbours_of(vector, 3, Latent(size=1000))
    assert found.shape == (3, 1000)
    assert 0.24 < np.abs(found).max() <= 0.25
    assert abs(found.mean()) < 0.01
    assert len({one.tobytes() for one in found}) == 3
    np.testing.assert_array_equal(found, neighbours_of(vector, 3, Latent(size=1000)))


def test_neighbours_are_as_near_as_the_bounds_are() -> None:
    wide = Latent(size=1000, distribution="uniform", bounds=(0.0, 8.0))
    found = neighbours_of(np.full(1000, 4.0, np.float32), 1, wide)
    assert 0.96 < np.abs(found - 4.0).max() <= 1.0
