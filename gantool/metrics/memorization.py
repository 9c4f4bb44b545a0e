from collections.abc import Mapping

from gantool.evaluation.feature_metric import FeatureMetric
from gantool.evaluation.reals import Reals
from gantool.evaluation.samples import Samples
from gantool.features.network import FeatureNetwork
from gantool.statistics.neighbours import nearness_to_copies


class Memorization(FeatureMetric):
    """Share of samples that are nearer to a training image than that is to any other, in [0, 1].

    About a half of new images of the same kind are; of copies, all. `gantool nearest` shows them
    beside their nearest training images.
    """

    def figures(
        self, network: FeatureNetwork, samples: Samples, reals: Reals
    ) -> Mapping[str, float]:
        real = reals.features(network, len(reals))
        nearness = nearness_to_copies(samples.features(network), real)
        return {"memorized": float((nearness <= 1).mean())}
