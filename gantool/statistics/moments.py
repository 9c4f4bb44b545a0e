"""Mean and covariance of vectors, and the Fréchet distance between two of them."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Moments(NamedTuple):
    """The mean [D] of vectors and their covariance [D, D]."""

    mean: Floats
    covariance: Floats


def moments(blocks: Iterable[NDArray[np.floating]]) -> Moments:
    """The moments of vectors that come in blocks [N, D], of which one at a time is in memory.

    The covariance is the unbiased one, a division by one less than the number of vectors.

    Raises:
        ValueError: There are fewer than two vectors.
    """
    count, shift, total, products = 0, None, None, None
    for block in blocks:
        vectors = block.astype(np.float64)
        if shift is None:  # near the mean, so that what is left after the subtraction is exact
            shift = vectors.mean(axis=0)
            total, products = np.zeros_like(shift), np.zeros((len(shift), len(shift)))
        moved = vectors - shift
        count += len(moved)
        total += moved.sum(axis=0)
        products += moved.T @ moved
    if count < 2:
        raise ValueError("a covariance takes at least two vectors")
    assert shift is not None
    assert total is not None
    assert products is not None
    mean = total / count
    return Moments(shift + mean, (products - count * np.outer(mean, mean)) / (count - 1))


def frechet_distance(first: Moments, second: Moments) -> float:
    """Fréchet distance between two normal distributions (Dowson and Landau 1982).

    |μ₁ − μ₂|² + tr(Σ₁ + Σ₂ − 2 (Σ₁Σ₂)^½), in the features of the Inception network the FID of
    Heusel et al. (2017). The trace of the root is the sum of the roots of the eigenvalues of
    Σ₁^½ Σ₂ Σ₁^½, which is symmetric, also where Σ₁ or Σ₂ is singular.
    """
    values, vectors = np.linalg.eigh(first.covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0)) @ vectors.T
    common = np.linalg.eigvalsh(root @ second.covariance @ root)
    trace = np.trace(first.covariance) + np.trace(second.covariance)
    difference = first.mean - second.mean
    distance = difference @ difference + trace - 2.0 * np.sqrt(np.maximum(common, 0.0)).sum()
    return max(float(distance), 0.0)
