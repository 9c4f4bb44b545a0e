"""The metrics of a recipe while it trains."""

from collections.abc import Callable, Sequence

import numpy as np

from gantool.engine.hook import Hook, Moment, Outcome
from gantool.outputs.samples import Samples
from gantool.sampling.grid import Cell
from gantool.sampling.metric import Metric


class MetricHook(Hook):
    """Takes a metric of samples.

    Args:
        metric: The metric.
        grid_cells: What stands in the grids.
        samples: Draws.
        reals: Real images for cells.
    """

    def __init__(
        self,
        metric: Metric,
        grid_cells: Sequence[Cell],
        samples: Samples,
        reals: Callable[[Sequence[Cell]], Sequence[np.ndarray]],
    ) -> None:
        self.every = metric.every
        self._metric, self._samples, self._reals = metric, samples, reals
        self._cells = (
            grid_cells if metric.samples is None else [Cell(it) for it in range(metric.samples)]
        )

    def __call__(self, moment: Moment) -> Outcome:
        samples = self._samples.at(moment.progress.step, self._cells)
        reals = self._reals(self._cells) if self._metric.compares else ()
        return Outcome(values=self._metric(samples, reals))
