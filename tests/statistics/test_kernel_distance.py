"""The kernel distance beside scikit-learn's kernel."""

import numpy as np
import pytest
from sklearn.metrics.pairwise import polynomial_kernel

from gantool.statistics.kernel_distance import kernel_distance, squared_discrepancy

RANDOM = np.random.default_rng(5)


def cloud(count: int, shift: float = 0.0) -> np.ndarray:
    return RANDOM.normal(shift, size=(count, 6)).astype(np.float32)


def test_the_estimate_is_that_of_the_kernel_of_degree_three_without_the_diagonal() -> None:
    first, second = cloud(40).astype(np.float64), cloud(40, 0.5).astype(np.float64)
    within = [polynomial_kernel(each, degree=3, gamma=1 / 6, coef0=1) for each in (first, second)]
    between = polynomial_kernel(first, second, degree=3, gamma=1 / 6, coef0=1)
    others = ~np.eye(40, dtype=bool)
    expected = within[0][others].mean() + within[1][others].mean() - 2 * between.mean()
    assert squared_discrepancy(first, second) == pytest.approx(expected, rel=1e-9)


def test_by_hand() -> None:
    """Numbers 1 and 2 beside 0 and 0: kernels (xy + 1)³ of 27 within, 1 within, 1 between."""
    first, second = np.array([[1.0], [2.0]]), np.array([[0.0], [0.0]])
    assert squared_discrepancy(first, second) == 27 + 1 - 2 * 1


def test_it_is_unbiased_for_few_vectors() -> None:
    """The mean over many pairs of sets of one distribution is within its error of nothing."""
    estimates = [squared_discrepancy(cloud(8), cloud(8)) for _ in range(1000)]
    assert abs(np.mean(estimates)) < 4 * np.std(estimates) / np.sqrt(1000)


def test_of_one_distribution_it_is_within_its_error_and_of_two_far_outside() -> None:
    same, other = (
        kernel_distance(cloud(500), cloud(400)),
        kernel_distance(cloud(500), cloud(400, 1.0)),
    )
    assert abs(same.mean) < same.deviation
    assert other.mean > 10 * other.deviation


def test_subsets_have_a_thousand_vectors_at_most_and_half_of_few() -> None:
    """The deviation of estimates from n vectors falls as 1/n."""
    few, many = kernel_distance(cloud(200), cloud(200)), kernel_distance(cloud(4000), cloud(4000))
    assert 5 < few.deviation / many.deviation < 20


def test_fewer_than_four_are_refused() -> None:
    with pytest.raises(ValueError, match="at least four vectors"):
        kernel_distance(cloud(3), cloud(100))


def test_it_repeats() -> None:
    first, second = cloud(100), cloud(100)
    assert kernel_distance(first, second) == kernel_distance(first, second)
