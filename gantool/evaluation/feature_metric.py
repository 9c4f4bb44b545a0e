"""What metrics of features have in common."""

from abc import abstractmethod
from collections.abc import Mapping

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
        return {
            of_features(name, network.name, len(samples), reals.split): float(f"{value:.6g}")
            for name, value in self.figures(network, samples, reals).items()
        }

    @abstractmethod
    def figures(self, network: FeatureNetwork, samples: Samples, reals: Reals) -> Figures:
        """The figures by the first part of their names."""
