from collections.abc import Mapping
from typing import ClassVar

from gantool.evaluation.feature_metric import FeatureMetric
from gantool.evaluation.metric import Direction
from gantool.evaluation.reals import Reals
from gantool.evaluation.samples import Samples
from gantool.features.network import ClassNetwork, FeatureNetwork
from gantool.recipe.types import Count, Every
from gantool.statistics.class_probabilities import classifier_score


class ClassifierScore(FeatureMetric):
    """How sure a classifier is of samples, and how evenly they share its classes.

    exp E KL(p(y|x) ‖ p(y)), from 1 to the number of classes (Salimans et al. 2016): the mean of ten
    splits, with their deviation. It knows nothing of the real images but their labels.

    Args:
        every: How often; with each grid where it is not given.
        samples: Number of samples.
    """

    better: ClassVar[Mapping[str, Direction]] = {"classifier_score": "higher"}

    def __init__(self, every: Every | None = None, samples: Count = 5000) -> None:
        super().__init__(every, samples, "classifier")

    def figures(
        self, network: FeatureNetwork, samples: Samples, reals: Reals
    ) -> Mapping[str, float]:
        assert isinstance(network, ClassNetwork)
        score = classifier_score(network.probabilities(samples.features(network)))
        return {"classifier_score": score.mean, "classifier_score_deviation": score.deviation}
