"""The sliced Wasserstein distance."""

import numpy as np
from numpy.typing import NDArray

_DIRECTIONS = 512


def sliced_wasserstein(
    first: NDArray[np.floating], second: NDArray[np.floating], seed: int = 0
) -> float:
    """Sliced Wasserstein distance between as many vectors [N, D] each (Rabin et al. 2011).

    The mean over 512 random directions of the Wasserstein-1 distance between the projections: of
    sorted numbers, the mean absolute difference.
    """
    directions = np.random.default_rng(seed).normal(size=(first.shape[1], _DIRECTIONS))
    directions /= np.linalg.norm(directions, axis=0)
    sides = [
        np.sort(vectors.astype(np.float64) @ directions, axis=0) for vectors in (first, second)
    ]
    return float(np.abs(sides[0] - sides[1]).mean())
