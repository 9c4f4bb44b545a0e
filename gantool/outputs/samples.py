"""Images of the generator for all hooks of a run, each drawn once a pause."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gantool.data.pixels import from_range
from gantool.sampling.grid import Cell
from gantool.sampling.sampler import Sampler


class Samples:
    """Draws from a generator that is trained.

    Args:
        sampler: Of the generator.
        bounds: The recipe's range of pixels.
    """

    def __init__(self, sampler: Sampler, bounds: tuple[float, float]) -> None:
        self._sampler, self._bounds = sampler, bounds
        self._step = -1
        self._drawn: dict[tuple[Cell, ...], Sequence[np.ndarray]] = {}

    def at(self, step: int, cells: Sequence[Cell]) -> Sequence[np.ndarray]:
        """The image uint8 [H, W, C] of each cell after a step, which is the generator's now."""
        if step != self._step:
            self._step, self._drawn = step, {}
        asked = tuple(cells)
        if asked not in self._drawn:
            images = self._sampler.draw(asked)
            self._drawn[asked] = [from_range(image, self._bounds) for image in images]
        return self._drawn[asked]
