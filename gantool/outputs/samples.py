"""Images of the generator for all hooks of a run, each drawn once a pause."""

from collections.abc import Sequence

from gantool.data.example import Example
from gantool.evaluation.samples import Samples
from gantool.sampling.grid import Cell
from gantool.sampling.sampler import Sampler


class SamplesOfStep:
    """Draws from a generator that is trained.

    Args:
        sampler: Of the generator.
        classes: Number of labels; 0 without labels.
        example: What the generator makes.
    """

    def __init__(self, sampler: Sampler, classes: int, example: Example) -> None:
        self._sampler, self._classes, self.example = sampler, classes, example
        self._step = -1
        self._drawn: dict[tuple[Cell, ...], Samples] = {}

    def at(self, step: int, cells: Sequence[Cell]) -> Samples:
        """The samples of cells, by the generator as it is after this step."""
        if step != self._step:
            self._step, self._drawn = step, {}
        asked = tuple(cells)
        if asked not in self._drawn:
            self._drawn[asked] = Samples(
                asked, self._classes, self._sampler.draw_runs, self.example
            )
        return self._drawn[asked]
