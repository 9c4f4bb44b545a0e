from collections.abc import Mapping
from typing import ClassVar

from gantool.evaluation.feature_metric import FeatureMetric
from gantool.evaluation.metric import Direction
from gantool.evaluation.reals import Reals
from gantool.evaluation.samples import Samples
from gantool.features.network import FeatureNetwork
from gantool.statistics.neighbours import density_coverage


class DensityCoverage(FeatureMetric):
    """Density and coverage of samples by nearest neighbours (Naeem et al. 2020).

    `density` tells how many of the balls about real images, each as wide as the fifth neighbour is
    far, a sample lies in, by five: 1 for equal distributions. `coverage` is the share of these
    balls that hold a sample, in [0, 1]. As many real images are compared as samples, or all where
    there are fewer.
    """

    better: ClassVar[Mapping[str, Direction]] = {
        "density": "higher",
        "coverage": "higher",
    }

    def figures(
        self, network: FeatureNetwork, samples: Samples, reals: Reals
    ) -> Mapping[str, float]:
        real, generated = reals.features(network, len(samples)), samples.features(network)
        return density_coverage(real, generated)._asdict()
