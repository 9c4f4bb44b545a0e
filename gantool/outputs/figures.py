"""The metrics of a recipe while it trains."""

from collections.abc import Sequence

from gantool.engine.hook import Hook, Moment, Outcome
from gantool.evaluation.metric import Metric
from gantool.evaluation.reals import Reals
from gantool.outputs.samples import SamplesOfStep
from gantool.sampling.grid import Cell


class MetricHook(Hook):
    """Takes a metric of samples.

    Args:
        metric: The metric.
        grid_cells: What stands in the grids.
        samples: Draws.
        reals: What they are compared with.
    """

    def __init__(
        self, metric: Metric, grid_cells: Sequence[Cell], samples: SamplesOfStep, reals: Reals
    ) -> None:
        self.every = metric.every
        self._metric, self._samples, self._reals = metric, samples, reals
        self._cells = (
            grid_cells if metric.samples is None else [Cell(it) for it in range(metric.samples)]
        )

    def __call__(self, moment: Moment) -> Outcome:
        samples = self._samples.at(moment.progress.step, self._cells)
        return Outcome(values=self._metric(samples, self._reals))
