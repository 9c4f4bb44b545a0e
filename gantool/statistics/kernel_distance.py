"""The kernel distance: squared maximum mean discrepancy with a polynomial kernel."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_SUBSETS = 100
_LARGEST = 1000


class KernelDistance(NamedTuple):
    """The mean of subsets' estimates, and their standard deviation: the error of one estimate."""

    mean: float
    deviation: float


def kernel_distance(
    first: NDArray[np.floating], second: NDArray[np.floating], seed: int = 0
) -> KernelDistance:
    """Kernel distance between two sets of vectors [N, D] and [M, D] (Bińkowski et al. 2018, KID).

    The unbiased estimate of MMD² with the kernel (x·y / D + 1)³, on 100 random subsets of 1,000
    vectors of each set; of half the smaller set where that is less, so that subsets differ. Being
    unbiased it is also right for few vectors, and may be below zero.

    Raises:
        ValueError: A set has fewer than four vectors.
    """
    size = min(_LARGEST, min(len(first), len(second)) // 2)
    if size < 2:
        raise ValueError("a kernel distance takes at least four vectors of each set")
    random = np.random.default_rng(seed)
    estimates = [
        squared_discrepancy(_some(first, size, random), _some(second, size, random))
        for _ in range(_SUBSETS)
    ]
    return KernelDistance(float(np.mean(estimates)), float(np.std(estimates)))


def squared_discrepancy(first: NDArray[np.floating], second: NDArray[np.floating]) -> float:
    """The unbiased estimate of MMD² between as many vectors [N, D] each (Gretton et al. 2012)."""
    count, size = first.shape

    def kernel(left: NDArray[np.floating], right: NDArray[np.floating]) -> NDArray[np.float64]:
        base: NDArray[np.float64] = left @ right.T / size + 1.0
        return base * base * base  # a power takes ten times as long

    own = [kernel(vectors, vectors) for vectors in (first, second)]
    # A vector is not compared with itself.
    within = sum(float(each.sum() - np.trace(each)) for each in own) / (count * (count - 1))
    return float(within - 2.0 * kernel(first, second).mean())


def _some(
    vectors: NDArray[np.floating], count: int, random: np.random.Generator
) -> NDArray[np.float64]:
    return vectors[random.choice(len(vectors), count, replace=False)].astype(np.float64)
