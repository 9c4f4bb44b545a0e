"""What a metric is: figures of samples beside real images."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from gantool.evaluation.reals import Reals
from gantool.evaluation.samples import Samples
from gantool.networks.components import make
from gantool.recipe.component import Component
from gantool.recipe.data import Data
from gantool.recipe.resolve import spec_of
from gantool.recipe.types import Interval

Direction = Literal["higher", "lower"]
"""Which end of a figure is the better one."""


class Metric:
    """Gives figures of samples.

    Attributes:
        sources: The sources of data whose samples it is a figure of; any where there are none.
        better: Which of its figures tell better runs, and whether those are higher or lower there.
        every: How often it is taken while training; with each grid where it is None.
        samples: Number of samples, of seeds 0, 1, 2, …; those of the grid where it is None.
        source: What the recipe calls its source; known before the first figure.
    """

    sources: ClassVar[tuple[str, ...]] = ()
    better: ClassVar[Mapping[str, Direction]] = {}
    every: Interval | None = None
    samples: int | None = None
    source: str = ""

    def __call__(self, samples: Samples, reals: Reals) -> Mapping[str, float]:
        """The figures by the names that they have in rows of metrics.jsonl."""
        raise NotImplementedError

    def details(self, _samples: Samples, _reals: Reals) -> Sequence[str]:
        """What there is to read beside its figures, in lines."""
        return ()


def metric_of(component: Component, data: Data) -> Metric:
    """The metric that a recipe names, of samples of its data."""
    metric: Metric = make(spec_of(component, "metric"))
    metric.source = data.source
    return metric
