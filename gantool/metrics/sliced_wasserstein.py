from collections.abc import Mapping
from typing import ClassVar

from gantool.evaluation.feature_metric import FeatureMetric
from gantool.evaluation.metric import Direction
from gantool.evaluation.reals import Reals
from gantool.evaluation.samples import Samples
from gantool.features.network import FeatureNetwork
from gantool.statistics.sliced_wasserstein import sliced_wasserstein


class SlicedWasserstein(FeatureMetric):
    """Sliced Wasserstein distance between samples and real images (Rabin et al. 2011).

    The mean distance that the features of one set have to be moved to become those of the other,
    over 512 directions: 0 for equal distributions. As many real images are compared as samples, or
    all where there are fewer.
    """

    better: ClassVar[Mapping[str, Direction]] = {"sliced_wasserstein": "lower"}

    def figures(
        self, network: FeatureNetwork, samples: Samples, reals: Reals
    ) -> Mapping[str, float]:
        real = reals.features(network, len(samples))
        generated = samples.features(network)[: len(real)]
        return {"sliced_wasserstein": sliced_wasserstein(real, generated)}
