from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gantool.evaluation.metric import Metric
from gantool.evaluation.reals import Reals
from gantool.evaluation.samples import Samples
from gantool.recipe.types import Count, Every

_COMPARED = 64

_FEWEST = 8
"""Of different real images that say how much images differ."""


class Diversity(Metric):
    """Distance of samples to the ones most like them, as a share of that of real images.

    The median over up to 64 images of the root mean square distance to the nearest other one.
    About 1 for a generator as rich as its data; near 0 where each image has a double, be it that
    all are alike or that there are a few kinds. Real images that are equal count once, and as many
    samples are compared as there are others; it is not given for fewer than 8.

    Args:
        every: How often; with each grid where it is not given.
        samples: Number of samples; those of the grid where it is not given.
    """

    def __init__(self, every: Every | None = None, samples: Count | None = None) -> None:
        self.every = every
        self.samples = samples

    def __call__(self, samples: Samples, reals: Reals) -> Mapping[str, float]:
        real_images = reals.beside(samples.cells)
        different = list({real.tobytes(): real for real in real_images}.values())
        count = min(len(samples), len(different), _COMPARED)
        if count < _FEWEST:
            return {}
        of_samples = _nearest(samples.images[:count])
        return {"diversity": round(of_samples / _nearest(np.stack(different[:count])), 4)}


def _nearest(images: NDArray[Any]) -> float:
    """Median distance to the nearest other image."""
    pixels = images.reshape(len(images), -1).astype(np.float64) / 255.0
    squares = np.square(pixels).sum(axis=1)
    # |a − b|² = |a|² + |b|² − 2ab; in float64 what rounding leaves is far below a grey level.
    distances = squares[:, None] + squares[None, :] - 2.0 * pixels @ pixels.T
    np.fill_diagonal(distances, np.inf)
    nearest = np.maximum(distances.min(axis=1), 0.0) / pixels.shape[1]
    return float(np.median(np.sqrt(nearest)))
