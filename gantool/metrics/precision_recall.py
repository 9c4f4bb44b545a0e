from collections.abc import Mapping
from typing import ClassVar

from gantool.evaluation.feature_metric import FeatureMetric
from gantool.evaluation.metric import Direction
from gantool.evaluation.reals import Reals
from gantool.evaluation.samples import Samples
from gantool.features.network import FeatureNetwork
from gantool.statistics.neighbours import precision_recall


class PrecisionRecall(FeatureMetric):
    """Precision and recall of samples by nearest neighbours (Kynkäänniemi et al. 2019), in [0, 1].

    `precision` is the share of samples that look like real images, `recall` the share of real
    images that the generator could have made: an image lies on a set's manifold where it is nearer
    to one of the set's than that is to its third neighbour. As many real images are compared as
    samples, or all where there are fewer.
    """

    better: ClassVar[Mapping[str, Direction]] = {
        "precision": "higher",
        "recall": "higher",
    }

    def figures(
        self, network: FeatureNetwork, samples: Samples, reals: Reals
    ) -> Mapping[str, float]:
        real, generated = reals.features(network, len(samples)), samples.features(network)
        return precision_recall(real, generated)._asdict()
