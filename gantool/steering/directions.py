"""Directions in which latents are moved, and walks along them. Knows no TensorFlow."""

import numpy as np


def principal_directions(weights: np.ndarray, count: int) -> np.ndarray:
    """The directions in which a linear layer changes most (Shen and Zhou 2021, SeFa, equation 7).

    The eigenvectors of AᵀA with the largest eigenvalues, where the layer computes Az.

    Args:
        weights: Aᵀ, [size, units].
        count: How many directions; at most `size`.

    Returns:
        [count, size] float64 of length 1, at right angles to each other, from the one that changes
        most. The largest number of each is positive: an eigenvector has no sign of its own.
    """
    matrix = weights.astype(np.float64)
    _, vectors = np.linalg.eigh(matrix @ matrix.T)  # by rising eigenvalues
    directions = vectors.T[::-1][:count]
    largest = np.argmax(np.abs(directions), axis=1)[:, None]
    signed: np.ndarray = directions * np.sign(np.take_along_axis(directions, largest, axis=1))
    return signed


def direction_between(start: np.ndarray, end: np.ndarray) -> np.ndarray | None:
    """The direction [size] from the mean of latents [N, size] to that of others, of length 1.

    None where both means are the same.
    """
    difference = end.mean(axis=0, dtype=np.float64) - start.mean(axis=0, dtype=np.float64)
    norm = np.linalg.norm(difference)
    return None if norm == 0.0 else difference / norm


def walk(latent: np.ndarray, directions: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Latents [K, S, size] float32: one [size] moved by steps [S] along directions [K, size]."""
    moved: np.ndarray = latent + steps[None, :, None] * directions[:, None, :]
    return moved.astype(np.float32)
