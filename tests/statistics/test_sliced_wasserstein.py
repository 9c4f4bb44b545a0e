"""The sliced Wasserstein distance beside SciPy's of the projections."""

import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from gantool.statistics.sliced_wasserstein import sliced_wasserstein

RANDOM = np.random.default_rng(9)


def test_in_one_dimension_it_is_scipy_s() -> None:
    first, second = RANDOM.normal(size=(50, 1)), RANDOM.gamma(2.0, size=(50, 1))
    expected = wasserstein_distance(first[:, 0], second[:, 0])
    assert sliced_wasserstein(first, second) == pytest.approx(expected, rel=1e-9)


def test_of_a_shift_it_is_the_shift_s_mean_projection() -> None:
    """Of a direction on the sphere in 3 dimensions a coordinate is 1/2 on average, without sign."""
    points = RANDOM.normal(size=(30, 3))
    moved = points + np.array([8.0, 0, 0])
    assert sliced_wasserstein(points, moved) == pytest.approx(4.0, rel=0.1)
    assert sliced_wasserstein(points, points) == 0
