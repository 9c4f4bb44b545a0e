from collections.abc import Mapping
from typing import ClassVar, Literal

from gantool.evaluation.feature_metric import FeatureMetric
from gantool.evaluation.metric import Direction
from gantool.evaluation.reals import Reals
from gantool.evaluation.samples import Samples
from gantool.features.network import FeatureNetwork
from gantool.recipe.types import Count, Every
from gantool.statistics.neighbours import nearness_to_copies


class Memorization(FeatureMetric):
    """Share of samples that are nearer to a training image than that is to any other, in [0, 1].

    About a half of new images of the same kind are; of copies, all. `gantool nearest` shows them
    beside their nearest training images.


    Args:
        every: How often; with each grid where it is not given.
        samples: Number of samples.
        features: What looks at the images: a `classifier` trained by their labels, once on a
            machine; a `random` network; the `pixels`. Not given: a classifier where there are
            labels, else a random network.
    """

    better: ClassVar[Mapping[str, Direction]] = {}

    def __init__(
        self,
        every: Every | None = None,
        samples: Count = 1000,
        features: Literal["classifier", "random", "pixels"] | None = None,
    ) -> None:
        self.every = every
        self.samples = samples
        self.features = features

    def figures(
        self, network: FeatureNetwork, samples: Samples, reals: Reals
    ) -> Mapping[str, float]:
        real = reals.features(network, len(reals))
        nearness = nearness_to_copies(samples.features(network), real)
        return {"memorized": float((nearness <= 1).mean())}
