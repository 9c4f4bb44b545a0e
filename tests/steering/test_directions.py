"""Directions of latents."""

from __future__ import annotations

import numpy as np

from gantool.steering.directions import direction_between, principal_directions, walk

RANDOM = np.random.default_rng(0)


def test_principal_directions_are_the_singular_vectors_of_the_weights() -> None:
    weights = RANDOM.normal(size=(6, 20)) * np.arange(1, 7)[:, None]
    vectors, values, _ = np.linalg.svd(weights)
    found = principal_directions(weights, 4)
    assert found.shape == (4, 6)
    for number in range(4):
        assert abs(found[number] @ vectors[:, number]) > 1 - 1e-12
        # How much the outputs move is the singular value.
        assert np.isclose(np.linalg.norm(found[number] @ weights), values[number])
    assert (np.max(found, axis=1) == np.max(np.abs(found), axis=1)).all()


def test_by_hand_the_number_with_the_largest_weights_comes_first() -> None:
    weights = np.diag([1.0, -3.0, 2.0])
    np.testing.assert_allclose(
        principal_directions(weights, 3), [[0, 1, 0], [0, 0, 1], [1, 0, 0]], atol=1e-12
    )
    assert len(principal_directions(weights, 7)) == 3


def test_the_direction_between_means_has_length_1() -> None:
    start, end = np.array([[1.0, 1.0], [3.0, 1.0]]), np.array([[5.0, 5.0]])
    np.testing.assert_allclose(direction_between(start, end), [0.6, 0.8], rtol=1e-12)


def test_between_equal_means_there_is_none() -> None:
    assert direction_between(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[2.0, 3.0]])) is None


def test_a_walk_by_hand() -> None:
    found = walk(np.array([1.0, 2.0]), np.array([[1.0, 0.0], [0.6, 0.8]]), np.array([-1, 0, 2]))
    assert found.dtype == np.float32
    expected = [[[0, 2], [1, 2], [3, 2]], [[0.4, 1.2], [1, 2], [2.2, 3.6]]]
    np.testing.assert_allclose(found, expected, rtol=1e-6)
