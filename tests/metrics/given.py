"""Samples and real images that a test names, in place of a generator's and a source's."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from gantool.evaluation.reals import Reals
from gantool.evaluation.samples import Samples
from gantool.sampling.grid import Cell


class _AsItIs:
    @staticmethod
    def from_network(values: Any) -> Any:
        return values


def samples_of(images: Sequence[np.ndarray], classes: int = 0) -> Samples:
    """These images as the samples of seeds 0, 1, 2, …, drawn in two blocks."""
    cells, half = [Cell(seed) for seed in range(len(images))], len(images) // 2
    parts = [slice(0, half), slice(half, len(images))] if half else [slice(0, len(images))]

    def draw(_: Any) -> Any:
        return ((cells[part], np.stack(images[part])) for part in parts)

    return Samples(cells, classes, draw, _AsItIs())  # type: ignore[arg-type]


class RealsBeside(Reals):
    """These images beside samples, in this order."""

    def __init__(self, images: Sequence[np.ndarray]) -> None:
        self._given, self.asked = images, list[int]()

    def beside(self, cells: Sequence[Cell]) -> np.ndarray:
        self.asked.append(len(cells))
        return np.stack(self._given)
