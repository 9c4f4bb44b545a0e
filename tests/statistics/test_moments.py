"""Moments and the Fréchet distance, beside NumPy's covariance and SciPy's root of a matrix."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import sqrtm

from gantool.statistics.moments import Moments, frechet_distance, moments

RANDOM = np.random.default_rng(3)
SKEWED = (RANDOM.normal(size=(400, 12)) @ RANDOM.normal(size=(12, 12)) + 5).astype(np.float32)
OTHER = (RANDOM.gamma(2.0, size=(300, 12)) * np.arange(1, 13)).astype(np.float32)


@pytest.mark.parametrize("size", [1, 7, 400])
def test_moments_are_those_of_numpy_in_blocks_of_any_size(size: int) -> None:
    found = moments(SKEWED[start : start + size] for start in range(0, 400, size))
    exact = SKEWED.astype(np.float64)
    np.testing.assert_allclose(found.mean, exact.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(found.covariance, np.cov(exact, rowvar=False), rtol=1e-9)


def test_moments_far_from_zero_keep_their_digits() -> None:
    far = SKEWED.astype(np.float64) + 1e6
    np.testing.assert_allclose(
        moments([far[:100], far[100:]]).covariance, np.cov(far, rowvar=False), rtol=1e-7
    )


def test_one_vector_has_no_covariance() -> None:
    with pytest.raises(ValueError, match="at least two vectors"):
        moments([np.ones((1, 3))])


def test_of_two_sets_it_is_that_of_the_root_of_the_product() -> None:
    first, second = moments([SKEWED]), moments([OTHER])
    root = sqrtm(first.covariance @ second.covariance).real
    expected = np.sum((first.mean - second.mean) ** 2) + np.trace(
        first.covariance + second.covariance - 2 * root
    )
    assert frechet_distance(first, second) == pytest.approx(expected, rel=1e-9)
    assert frechet_distance(second, first) == pytest.approx(expected, rel=1e-9)


def test_of_normal_distributions_by_hand() -> None:
    """Independent coordinates: the squares of the differences of means and of deviations."""
    first = Moments(np.array([0.0, 1.0]), np.diag([4.0, 9.0]))
    second = Moments(np.array([3.0, -1.0]), np.diag([1.0, 25.0]))
    assert frechet_distance(first, second) == pytest.approx(
        3**2 + 2**2 + (2 - 1) ** 2 + (3 - 5) ** 2
    )


def test_of_equal_sets_it_is_nothing_also_where_the_covariance_is_singular() -> None:
    few = moments([SKEWED[:5]])
    assert np.linalg.matrix_rank(few.covariance) == 4
    assert frechet_distance(few, few) == pytest.approx(0, abs=1e-6)


@given(shift=st.floats(-50, 50), scale=st.floats(0.1, 20))
def test_it_knows_what_moves_and_what_widens(shift: float, scale: float) -> None:
    known = moments([SKEWED])
    changed = Moments(known.mean + shift, known.covariance * scale**2)
    expected = 12 * shift**2 + (scale - 1) ** 2 * np.trace(known.covariance)
    assert frechet_distance(known, changed) == pytest.approx(expected, rel=1e-6, abs=1e-6)
