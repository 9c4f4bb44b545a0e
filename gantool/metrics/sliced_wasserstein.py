from collections.abc import Mapping
from typing import ClassVar, Literal

from gantool.evaluation.feature_metric import FeatureMetric
from gantool.evaluation.metric import Direction
from gantool.evaluation.reals import Reals
from gantool.evaluation.samples import Samples
from gantool.features.network import FeatureNetwork
from gantool.recipe.types import Count, Every
from gantool.statistics.sliced_wasserstein import sliced_wasserstein


class SlicedWasserstein(FeatureMetric):
    """Sliced Wasserstein distance between samples and real images (Rabin et al. 2011).

    The mean distance that the features of one set have to be moved to become those of the other,
    over 512 directions: 0 for equal distributions. As many real images are compared as samples, or
    all where there are fewer.


    Args:
        every: How often; with each grid where it is not given.
        samples: Number of samples.
        features: What looks at the images: a `classifier` trained by their labels, once on a
            machine; a `random` network; the `pixels`. Not given: a classifier where there are
            labels, else a random network.
    """

    better: ClassVar[Mapping[str, Direction]] = {"sliced_wasserstein": "lower"}

    def __init__(
        self,
        every: Every | None = None,
        samples: Count = 5000,
        features: Literal["classifier", "random", "pixels"] | None = None,
    ) -> None:
        self.every = every
        self.samples = samples
        self.features = features

    def figures(
        self, network: FeatureNetwork, samples: Samples, reals: Reals
    ) -> Mapping[str, float]:
        real = reals.features(network, len(samples))
        generated = samples.features(network)[: len(real)]
        return {"sliced_wasserstein": sliced_wasserstein(real, generated)}
