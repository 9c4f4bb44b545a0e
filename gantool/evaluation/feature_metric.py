"""What metrics of features have in common."""

from abc import abstractmethod
from collections.abc import Mapping

from gantool.errors import InputError
from gantool.evaluation.metric import Metric
from gantool.evaluation.reals import Reals
from gantool.evaluation.samples import Samples
from gantool.features.network import FeatureName, FeatureNetwork
from gantool.runs.figure_names import of_features

Figures = Mapping[str, float]


class FeatureMetric(Metric):
    """A metric of what a network sees in images; see `of_features` for its figures' names.

    Attributes:
        features: Name of the network; None for what suits the images.
    """

    features: FeatureName | None = None

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
