"""Figures of the classes that a classifier finds in samples."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_SPLITS = 10


class Score(NamedTuple):
    """The mean over splits of the samples, and their standard deviation."""

    mean: float
    deviation: float


def classifier_score(probabilities: NDArray[np.floating]) -> Score:
    """Classifier score of probabilities [N, classes] (Salimans et al. 2016, section 4).

    exp E KL(p(y|x) ‖ p(y)), between 1 and the number of classes, with the mean and the deviation of
    ten splits; by the Inception network it is the Inception score.

    Raises:
        ValueError: There are fewer samples than splits.
    """
    if len(probabilities) < _SPLITS:
        raise ValueError(f"a classifier score takes at least {_SPLITS} samples")
    scores = []
    for part in np.array_split(probabilities.astype(np.float64), _SPLITS):
        logarithms = np.log(np.maximum(part, np.finfo(np.float64).tiny))
        marginal = np.log(np.maximum(part.mean(axis=0), np.finfo(np.float64).tiny))
        scores.append(np.exp((part * (logarithms - marginal)).sum(axis=1).mean()))
    return Score(float(np.mean(scores)), float(np.std(scores)))


def confusion(
    asked: NDArray[np.integer], found: NDArray[np.integer], classes: int
) -> NDArray[np.int64]:
    """How many samples of a class (row) look like each class (column), [classes, classes]."""
    table = np.zeros((classes, classes), np.int64)
    np.add.at(table, (asked, found), 1)
    return table
