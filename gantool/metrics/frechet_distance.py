from collections.abc import Mapping
from typing import ClassVar

from gantool.errors import InputError
from gantool.evaluation.feature_metric import FeatureMetric
from gantool.evaluation.metric import Direction
from gantool.evaluation.reals import Reals
from gantool.evaluation.samples import Samples
from gantool.features.network import FeatureNetwork
from gantool.statistics.moments import frechet_distance, moments

_LARGEST = 4096


class FrechetDistance(FeatureMetric):
    """Fréchet distance between the features of samples and of real images (Heusel et al. 2017).

    Their distributions are taken as normal ones, with the means and covariances that they have: 0
    where these agree. It is lower for more samples, so figures of different numbers do not compare.
    All real images are compared with, up to 50,000.
    """

    better: ClassVar[Mapping[str, Direction]] = {"frechet_distance": "lower"}

    def figures(
        self, network: FeatureNetwork, samples: Samples, reals: Reals
    ) -> Mapping[str, float]:
        generated = samples.features(network)
        size = generated.shape[1]
        if size > _LARGEST:
            raise InputError(
                f"FrechetDistance: {network.name} gives {size:,} numbers an image, more than the"
                f" {_LARGEST:,} that a covariance can have here: use other features"
            )
        return {"frechet_distance": frechet_distance(reals.moments(network), moments([generated]))}
