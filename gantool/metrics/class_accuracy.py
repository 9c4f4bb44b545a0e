from collections.abc import Collection, Mapping, Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from gantool.errors import InputError
from gantool.evaluation.feature_metric import FeatureMetric
from gantool.evaluation.metric import Direction
from gantool.evaluation.reals import Reals
from gantool.evaluation.samples import Samples
from gantool.features.network import ClassNetwork, FeatureName, FeatureNetwork
from gantool.recipe.types import Count, Every
from gantool.statistics.class_probabilities import confusion

_WIDEST = 12
"""Classes that a whole table has at most."""
_OTHERS = 3
"""Classes that a class of more is taken for, of which is told."""


class ClassAccuracy(FeatureMetric):
    """Share of samples in which a classifier sees the class that they were to show.

    For networks that are told classes. The classifier is trained by the labels, once on a machine;
    what it gets wrong of real images it gets wrong of samples. `gantool evaluate` prints which
    classes are taken for which.

    Args:
        every: How often; with each grid where it is not given.
        samples: Number of samples; each class has as many.
    """

    better: ClassVar[Mapping[str, Direction]] = {"class_accuracy": "higher"}
    looked_at_by: ClassVar[Collection[FeatureName]] = {"classifier"}

    def __init__(self, every: Every | None = None, samples: Count = 5000) -> None:
        super().__init__(every, samples, "classifier")

    def figures(
        self, network: FeatureNetwork, samples: Samples, reals: Reals
    ) -> Mapping[str, float]:
        if not reals.classes:
            raise InputError("ClassAccuracy is a figure of networks that are told labels")
        return {"class_accuracy": float((_seen(network, samples) == samples.labels).mean())}

    def details(self, samples: Samples, reals: Reals) -> Sequence[str]:
        """The share of each class that is told right, and what others are taken for."""
        names = reals.images.classes
        seen = _seen(reals.network(self.features), samples)
        table = confusion(samples.labels, seen, len(names))
        return _matrix(names, table) if len(names) <= _WIDEST else _shares(names, table)


def _matrix(names: Sequence[str], table: NDArray[np.int64]) -> list[str]:
    """The whole table in percent: a row a class asked for, a column a class seen."""
    width = max(6, *(len(name) + 1 for name in names))
    lines = ["percent of a class asked for (row) that look like each class (column):"]
    lines.append(" " * width + "".join(f"{name:>{width}}" for name in names))
    for name, row in zip(names, table, strict=True):
        shares = 100 * row / max(1, row.sum())
        lines.append(f"{name:>{width}}" + "".join(f"{share:{width}.1f}" for share in shares))
    return lines


def _shares(names: Sequence[str], table: NDArray[np.int64]) -> list[str]:
    """Of each class the share that looks like it, and what most others look like."""
    lines = ["percent of a class asked for that look like it, and like which others:"]
    for label, row in enumerate(table):
        shares = 100 * row / max(1, row.sum())
        others = [other for other in np.argsort(-row, kind="stable") if other != label][:_OTHERS]
        told = [f"{names[other]} {shares[other]:.1f}" for other in others if row[other]]
        lines.append("; ".join([f"  {names[label]} {shares[label]:.1f}", *told]))
    return lines


def _seen(network: FeatureNetwork, samples: Samples) -> NDArray[np.int64]:
    """The class that the classifier sees in each sample, [N]."""
    assert isinstance(network, ClassNetwork)
    found: NDArray[np.int64] = network.probabilities(samples.features(network)).argmax(axis=1)
    return found
