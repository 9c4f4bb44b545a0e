"""Sets of points in the plane, on which it is seen how many modes a generator finds."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gantool.data.sources.classes import Labels

_COUNT = 100_000


@dataclass(frozen=True)
class PointSet:
    """A mixture of normal distributions.

    Attributes:
        means: [M, 2], of the modes.
        deviation: Standard deviation of each coordinate about its mode's.
    """

    means: NDArray[np.float64]
    deviation: float


_EIGHTHS = np.arange(8) * (2 * math.pi / 8)
_SIDES = (-4.0, -2.0, 0.0, 2.0, 4.0)

POINT_SETS: Mapping[str, PointSet] = {
    "ring": PointSet(np.stack([np.cos(_EIGHTHS), np.sin(_EIGHTHS)], axis=1), 0.01),
    "grid": PointSet(np.array([(x, y) for x in _SIDES for y in _SIDES]), 0.05),
}
"""Those of Lin et al. 2018 (PacGAN), section 4.1, by what a recipe calls them."""


class PointSource:
    """100,000 points of a set, drawn once; the class of each is its mode.

    Attributes:
        name: Of the set.
        labels: See `ImageSource`.
        classes: See `ImageSource`.
        notes: See `ImageSource`.
        points: [N, 2] float32.
    """

    def __init__(self, name: str, labelled: bool) -> None:
        known = POINT_SETS[name]
        random = np.random.default_rng(0)
        modes = random.integers(0, len(known.means), _COUNT)
        offsets = random.normal(0.0, known.deviation, (_COUNT, 2))
        self.name = name
        self.points = (known.means[modes] + offsets).astype(np.float32)
        self.labels: Labels | None = modes.astype(np.int32) if labelled else None
        self.notes: tuple[str, ...] = ()
        self.classes = tuple(map(str, range(len(known.means)))) if labelled else ()

    def __len__(self) -> int:
        return _COUNT

    def where(self, index: int) -> str:
        return f"{self.name}: point {index}"
