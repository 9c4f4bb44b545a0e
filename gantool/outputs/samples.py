"""Images of the generator for all hooks of a run, each drawn once a pause."""

from collections.abc import Sequence

import numpy as np

from gantool.data.example import Example
from gantool.sampling.grid import Cell
from gantool.sampling.sampler import Sampler


class Samples:
    """Draws from a generator that is trained.

    Args:
        sampler: Of the generator.
        example: What the generator makes.
    """

    def __init__(self, sampler: Sampler, example: Example) -> None:
        self._sampler, self.example = sampler, example
        self._step = -1
        self._drawn: dict[tuple[Cell, ...], Sequence[np.ndarray]] = {}

    def at(self, step: int, cells: Sequence[Cell]) -> Sequence[np.ndarray]:
        """The example of each cell as it is stored, by the generator as it is after this step."""
        if step != self._step:
            self._step, self._drawn = step, {}
        asked = tuple(cells)
        if asked not in self._drawn:
            images = self._sampler.draw(asked)
            self._drawn[asked] = [self.example.from_network(image) for image in images]
        return self._drawn[asked]
