from collections.abc import Mapping, Sequence

import numpy as np

from gantool.recipe.types import Count, Every
from gantool.sampling.metric import Metric

_COMPARED = 64


class Diversity(Metric):
    """Distance of samples to the ones most like them, as a share of that of real images.

    The median over the first 64 images of the root mean square distance to the nearest other one.
    About 1 for a generator as rich as its data; near 0 where each image has a double, be it that
    all are alike or that there are a few kinds. Not given where real images have doubles.

    Args:
        every: How often; with each grid where it is not given.
        samples: Number of samples; those of the grid where it is not given.
    """

    def __init__(self, every: Every | None = None, samples: Count | None = None) -> None:
        self.every = every
        self.samples = samples

    def __call__(
        self, samples: Sequence[np.ndarray], reals: Sequence[np.ndarray]
    ) -> Mapping[str, float]:
        ours, theirs = _nearest(samples), _nearest(reals)
        if ours is None or not theirs:
            return {}
        return {"diversity": round(ours / theirs, 4)}


def _nearest(images: Sequence[np.ndarray]) -> float | None:
    """Median distance to the nearest other image; None where there is no other."""
    count = min(len(images), _COMPARED)
    if count < 2:
        return None
    pixels = np.stack(images[:count]).reshape(count, -1).astype(np.float64) / 255.0
    squares = np.square(pixels).sum(axis=1)
    # |a − b|² = |a|² + |b|² − 2ab; in float64 what rounding leaves is far below a grey level.
    distances = squares[:, None] + squares[None, :] - 2.0 * pixels @ pixels.T
    np.fill_diagonal(distances, np.inf)
    nearest = np.maximum(distances.min(axis=1), 0.0) / pixels.shape[1]
    return float(np.median(np.sqrt(nearest)))
