"""Figures of which vectors lie nearest to which: fidelity, diversity and memorisation."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.floating]
Floats = NDArray[np.float64]

_BLOCK_BYTES = 1 << 27
"""Of distances in memory at a time."""

_ROUNDING = 1e-13
"""What float64 may leave of the squared distance of equal vectors, as a share of their squares."""


class Nearest(NamedTuple):
    """Of each vector the nearest other one: its number [N], and how far it is [N]."""

    number: NDArray[np.int64]
    distance: Floats


def nearest(vectors: Vectors, others: Vectors) -> Nearest:
    """The nearest of others [M, D] to each of vectors [N, D], by Euclidean distance."""
    numbers = np.empty(len(vectors), np.int64)
    distances = np.empty(len(vectors))
    for rows, squares in _squared_distances(vectors, others):
        numbers[rows] = squares.argmin(axis=1)
        distances[rows] = np.sqrt(squares.min(axis=1))
    return Nearest(numbers, distances)


def nearest_few(vectors: Vectors, others: Vectors, count: int) -> NDArray[np.int64]:
    """Numbers [N, count] of those of others [M, D] nearest to each of vectors [N, D], in order."""
    found = np.empty((len(vectors), count), np.int64)
    for rows, squares in _squared_distances(vectors, others):
        found[rows] = np.argsort(squares, axis=1, kind="stable")[:, :count]
    return found


def radii(vectors: Vectors, k: int, of: NDArray[np.int64] | None = None) -> Floats:
    """Distance of each vector [N, D] to the k-th nearest other one, [N]; or of some, [M].

    Args:
        vectors: All.
        k: Which neighbour.
        of: The numbers [M] of those whose radii are wanted; None for all.

    Raises:
        ValueError: There are no k others.
    """
    if len(vectors) <= k:
        raise ValueError(f"of {len(vectors)} vectors none has {k} others")
    numbers = np.arange(len(vectors)) if of is None else of
    found = np.empty(len(numbers))
    for rows, squares in _squared_distances(vectors[numbers], vectors):
        # A vector is no neighbour of itself, though it may have doubles that are.
        squares[np.arange(len(squares)), numbers[rows]] = np.inf
        found[rows] = np.sqrt(np.partition(squares, k - 1, axis=1)[:, k - 1])
    return found


class PrecisionRecall(NamedTuple):
    """Shares, both in [0, 1]."""

    precision: float
    recall: float


def precision_recall(real: Vectors, generated: Vectors, k: int = 3) -> PrecisionRecall:
    """Precision and recall by k nearest neighbours (Kynkäänniemi et al. 2019, section 2).

    A set's manifold is the union of balls about its vectors, each as wide as its k-th neighbour is
    far. Precision is the share of generated vectors [M, D] on the real manifold, recall the share
    of real ones [N, D] on the generated one.
    """
    return PrecisionRecall(
        float(_on_manifold(generated, real, k).mean()),
        float(_on_manifold(real, generated, k).mean()),
    )


class DensityCoverage(NamedTuple):
    """Density, of 1 for equal distributions and above where samples crowd; a share, coverage."""

    density: float
    coverage: float


def density_coverage(real: Vectors, generated: Vectors, k: int = 5) -> DensityCoverage:
    """Density and coverage by k nearest neighbours (Naeem et al. 2020, section 3).

    Density counts in how many balls about real vectors [N, D] a generated one [M, D] lies, by k;
    coverage is the share of these balls that hold one.
    """
    widths = radii(real, k)
    counts = np.zeros(len(generated))
    covered = np.zeros(len(real), bool)
    for rows, squares in _squared_distances(generated, real):
        inside = np.sqrt(squares) < widths
        counts[rows] = inside.sum(axis=1)
        covered |= inside.any(axis=0)
    return DensityCoverage(float(counts.mean() / k), float(covered.mean()))


def nearness_to_copies(generated: Vectors, real: Vectors) -> Floats:
    """How far each generated vector [M, D] is from the nearest real one [N, D], [M].

    As a share of how far that one is from the nearest other real one: up to 1 for what is like a
    copy. Of new images of the same kind about half are below 1; of copies all.
    """
    found = nearest(generated, real)
    widths = radii(real, 1, found.number)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = found.distance / widths
    return np.where(found.distance > 0, shares, 0.0)


def _on_manifold(vectors: Vectors, centres: Vectors, k: int) -> NDArray[np.bool_]:
    """Whether each of the vectors [N, D] lies in a ball about any of the centres [M, D], [N]."""
    widths = radii(centres, k)
    inside = np.zeros(len(vectors), bool)
    for rows, squares in _squared_distances(vectors, centres):
        inside[rows] = (np.sqrt(squares) < widths).any(axis=1)
    return inside


def _squared_distances(vectors: Vectors, others: Vectors) -> Iterator[tuple[slice, Floats]]:
    """Rows of the squared distances [N, M] between vectors [N, D] and others [M, D], in blocks."""
    right = others.astype(np.float64)
    lengths = np.square(right).sum(axis=1)
    step = max(1, _BLOCK_BYTES // (8 * max(1, len(right))))
    for start in range(0, len(vectors), step):
        left = vectors[start : start + step].astype(np.float64)
        sums = np.square(left).sum(axis=1)[:, None] + lengths
        squares = sums - 2.0 * left @ right.T  # |a − b|² = |a|² + |b|² − 2ab
        squares[squares < _ROUNDING * sums] = 0.0
        yield slice(start, start + len(left)), squares
