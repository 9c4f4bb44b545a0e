from collections.abc import Mapping
from typing import ClassVar

from gantool.evaluation.feature_metric import FeatureMetric
from gantool.evaluation.metric import Direction
from gantool.evaluation.reals import Reals
from gantool.evaluation.samples import Samples
from gantool.features.network import FeatureNetwork
from gantool.statistics.kernel_distance import kernel_distance


class KernelDistance(FeatureMetric):
    """Kernel distance between the features of samples and of real images (Bińkowski et al. 2018).

    Unbiased, so right for few images, too: `kernel_distance`, and in `kernel_distance_deviation`
    how much estimates from 1,000 images differ (half of the images where there are fewer).
    """

    better: ClassVar[Mapping[str, Direction]] = {"kernel_distance": "lower"}

    def figures(
        self, network: FeatureNetwork, samples: Samples, reals: Reals
    ) -> Mapping[str, float]:
        found = kernel_distance(reals.features(network, len(samples)), samples.features(network))
        return {"kernel_distance": found.mean, "kernel_distance_deviation": found.deviation}
