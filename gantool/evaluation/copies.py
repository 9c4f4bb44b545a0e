"""Which samples are like which training images."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gantool.errors import InputError
from gantool.evaluation.reals import Reals
from gantool.evaluation.samples import Samples
from gantool.features.network import FeatureName
from gantool.statistics.neighbours import nearest_few, nearness_to_copies

_NEIGHBOURS = 3
SHOWN_IN_ROW = 1 + _NEIGHBOURS
"""A sample and the training images nearest to it."""


class Copies(NamedTuple):
    """What samples have of training images.

    Attributes:
        share: Of all samples, those nearer to a training image than that is to any other.
        seeds: [N], the samples shown, the one most like a training image first.
        images: [N · 4, H, W, C], each sample and its training images after it.
        told: What looked at them.
    """

    share: float
    seeds: NDArray[np.int64]
    images: NDArray[Any]
    told: str


def copies(samples: Samples, reals: Reals, features: FeatureName | None, shown: int) -> Copies:
    """The samples most like training images, with those; see `nearness_to_copies`.

    Args:
        samples: To look through.
        reals: The training images.
        features: What looks at them.
        shown: Number of samples to give at most.

    Raises:
        InputError: There are too few training images.
    """
    if len(reals) <= _NEIGHBOURS:
        raise InputError(f"{len(reals)} training images are too few to tell what is near")
    network = reals.network(features)
    real, generated = reals.features(network, len(reals)), samples.features(network)
    nearness = nearness_to_copies(generated, real)
    chosen = np.argsort(nearness, kind="stable")[:shown]
    numbers = nearest_few(generated[chosen], real, _NEIGHBOURS)
    pictures = [
        picture
        for seed, row in zip(chosen, numbers, strict=True)
        for picture in (samples.images[seed], *reals.read(row))
    ]
    return Copies(float((nearness <= 1).mean()), chosen, np.stack(pictures), network.told)
