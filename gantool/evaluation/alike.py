"""Samples by the class that they look like, of a generator that is told none."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gantool.errors import InputError
from gantool.evaluation.of_checkpoint import Evaluated
from gantool.features.network import ClassNetwork
from gantool.sampling.labels import labels_of


def seeds_alike(evaluated: Evaluated, asked: str, option: str, count: int) -> NDArray[np.int64]:
    """The seeds, of 0 to `count` - 1, whose images a classifier takes for a class.

    Args:
        evaluated: A checkpoint, with the labels of its images.
        asked: A class, by name or number.
        option: By which it is asked for; errors begin with it.
        count: How many samples are looked at.

    Raises:
        InputError: There is no such class, or no sample looks like it.
    """
    names = evaluated.reals.images.classes
    labels = labels_of(asked, names, option)
    if len(labels) != 1:
        raise InputError(f"{option} {asked}: name one class")
    network = evaluated.reals.network("classifier")
    assert isinstance(network, ClassNetwork)
    probabilities = network.probabilities(evaluated.samples(count).features(network))
    [found] = np.nonzero(probabilities.argmax(axis=1) == labels[0])
    if not len(found):
        raise InputError(f"{option} {asked}: none of {count:,} samples looks like it")
    return found
