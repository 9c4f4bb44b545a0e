from collections.abc import Mapping
from typing import ClassVar, Literal

from gantool.evaluation.feature_metric import FeatureMetric
from gantool.evaluation.metric import Direction
from gantool.evaluation.reals import Reals
from gantool.evaluation.samples import Samples
from gantool.features.network import FeatureNetwork
from gantool.recipe.types import Count, Every
from gantool.statistics.kernel_distance import kernel_distance


class KernelDistance(FeatureMetric):
    """Kernel distance between the features of samples and of real images (Bińkowski et al. 2018).

    Unbiased, so right for few images, too: `kernel_distance`, and in `kernel_distance_deviation`
    how much estimates from 1,000 images differ (half of the images where there are fewer).

    Args:
        every: How often; with each grid where it is not given.
        samples: Number of samples.
        features: What looks at the images: a `classifier` trained by their labels, once on a
            machine; a `random` network; the `pixels`. Not given: a classifier where there are
            labels, else a random network.
    """

    better: ClassVar[Mapping[str, Direction]] = {"kernel_distance": "lower"}

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
        found = kernel_distance(reals.features(network, len(samples)), samples.features(network))
        return {"kernel_distance": found.mean, "kernel_distance_deviation": found.deviation}
