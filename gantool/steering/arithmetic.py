"""Sums and differences of latents (Radford et al. 2016, DCGAN, section 6.3.2). Knows no TensorFlow.

The mean of n normal latents is √n times shorter than they are, and a generator has seen nothing so
near zero. So a mean is given the mean norm of its vectors, and a result that of those it is added
to. Uniform latents fill a cube, zero included: they stay as they are, as in the paper.
"""

import numpy as np
from numpy.typing import NDArray

from gantool.recipe.model import Latent

NOISE = 0.25
"""Of neighbours, in each number to both sides, where latents are in [-1, 1]; as in the paper."""


def mean_of(vectors: np.ndarray, latent: Latent) -> np.ndarray:
    """The mean [size] of latents [N, size]; of normal ones with their mean norm."""
    mean = vectors.mean(axis=0, dtype=np.float64)
    return _with_norm_of(vectors, mean, latent).astype(np.float32)


def result_of(plus: np.ndarray, minus: np.ndarray, to: np.ndarray, latent: Latent) -> np.ndarray:
    """mean(plus) − mean(minus) + mean(to), [size], of latents [N, size] each.

    Of normal ones it has the mean norm of `to`.
    """
    added, taken, base = (term.mean(axis=0, dtype=np.float64) for term in (plus, minus, to))
    return _with_norm_of(to, added - taken + base, latent).astype(np.float32)


def neighbours_of(vector: np.ndarray, count: int, latent: Latent) -> np.ndarray:
    """Latents [count, size] around one by uniform noise, always the same."""
    low, high = latent.bounds or (-1.0, 1.0)
    reach = NOISE * (high - low) / 2.0
    noise = np.random.default_rng(0).uniform(-reach, reach, (count, len(vector)))
    return (vector + noise).astype(np.float32)


def _with_norm_of(
    vectors: np.ndarray, vector: NDArray[np.float64], latent: Latent
) -> NDArray[np.float64]:
    norm = np.linalg.norm(vector)
    if latent.distribution != "normal" or norm == 0.0:
        return vector
    wanted = float(np.linalg.norm(vectors.astype(np.float64), axis=1).mean())
    return vector * (wanted / norm)
