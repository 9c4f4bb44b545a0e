from collections.abc import Collection, Mapping
from typing import ClassVar, Literal

from gantool.evaluation.feature_metric import FeatureMetric
from gantool.evaluation.metric import Direction
from gantool.evaluation.reals import Reals
from gantool.evaluation.samples import Samples
from gantool.features.network import ClassNetwork, FeatureName, FeatureNetwork
from gantool.recipe.types import Count, Every
from gantool.statistics.class_probabilities import classifier_score


class ClassifierScore(FeatureMetric):
    """How sure a classifier is of samples, and how evenly they share its classes.

    exp E KL(p(y|x) ‖ p(y)), from 1 to the number of classes (Salimans et al. 2016): the mean of ten
    splits, with their deviation. It knows nothing of the real images but what they are taken for.

    Args:
        every: How often; with each grid where it is not given.
        samples: Number of samples.
        features: A `classifier` trained by the labels, or the `inception` network: the Inception
            score of papers.
    """

    better: ClassVar[Mapping[str, Direction]] = {"classifier_score": "higher"}
    looked_at_by: ClassVar[Collection[FeatureName]] = ("classifier", "inception")

    def __init__(
        self,
        every: Every | None = None,
        samples: Count = 5000,
        features: Literal["classifier", "inception"] = "classifier",
    ) -> None:
        super().__init__(every, samples, features)

    def figures(
        self, network: FeatureNetwork, samples: Samples, reals: Reals
    ) -> Mapping[str, float]:
        assert isinstance(network, ClassNetwork)
        score = classifier_score(network.probabilities(samples.features(network)))
        return {"classifier_score": score.mean, "classifier_score_deviation": score.deviation}
