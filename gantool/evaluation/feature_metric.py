"""What metrics of features have in common."""

from abc import abstractmethod
from collections.abc import Collection, Mapping
from typing import ClassVar, Literal, get_args

from gantool.errors import InputError
from gantool.evaluation.metric import Metric
from gantool.evaluation.reals import Reals
from gantool.evaluation.samples import Samples
from gantool.features.network import FeatureName, FeatureNetwork
from gantool.recipe.types import Count, Every
from gantool.runs.figure_names import of_features

Figures = Mapping[str, float]


class FeatureMetric(Metric):
    """A metric of what a network sees in images; see `of_features` for its figures' names.

    Args:
        every: How often; with each grid where it is not given.
        samples: Number of samples.
        features: What looks at the images: a `classifier` trained by their labels, once on a
            machine; a `random` network; the `pixels`; the `inception` network, by which figures are
            those of papers. Not given: a classifier where there are labels, else a random network.
    """

    looked_at_by: ClassVar[Collection[FeatureName]] = get_args(FeatureName)

    def __init__(
        self,
        every: Every | None = None,
        samples: Count = 5000,
        features: Literal["classifier", "random", "pixels", "inception"] | None = None,
    ) -> None:
        self.every = every
        self.samples: int = samples
        self.features: FeatureName | None = features

    def __call__(self, samples: Samples, reals: Reals) -> Figures:
        """See `Metric`."""
        network = reals.network(self.features)
        try:
            figures = self.figures(network, samples, reals)
        except ValueError as error:
            raise InputError(f"{type(self).__name__}: {error}") from error
        return {
            of_features(name, network.name, len(samples), reals.split): float(f"{value:.6g}")
            for name, value in figures.items()
        }

    @abstractmethod
    def figures(self, network: FeatureNetwork, samples: Samples, reals: Reals) -> Figures:
        """The figures by the first part of their names."""
