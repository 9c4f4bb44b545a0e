"""The classifier score and confusions, by hand and beside SciPy's entropy."""

import numpy as np
import pytest
from scipy.stats import entropy

from gantool.statistics.class_probabilities import classifier_score, confusion


def test_sure_and_even_samples_score_the_number_of_classes() -> None:
    sure = np.tile(np.eye(4), (10, 1))
    assert classifier_score(sure) == pytest.approx((4, 0))


def test_samples_that_are_all_alike_score_one() -> None:
    assert classifier_score(np.tile([[0.7, 0.2, 0.1]], (20, 1))) == pytest.approx((1, 0))


def test_it_is_the_mean_of_ten_splits() -> None:
    probabilities = np.random.default_rng(1).dirichlet([0.3] * 5, 203)
    scores = [
        np.exp(np.mean([entropy(row, part.mean(axis=0)) for row in part]))
        for part in np.array_split(probabilities, 10)
    ]
    assert classifier_score(probabilities) == pytest.approx((np.mean(scores), np.std(scores)))


def test_fewer_samples_than_splits_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 10 samples"):
        classifier_score(np.eye(9))


def test_confusions_by_hand() -> None:
    table = confusion(np.array([0, 0, 1, 2]), np.array([0, 1, 1, 0]), 3)
    assert table.tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 0]]
