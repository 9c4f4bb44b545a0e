"""Metrics of features, of samples and real images that a test makes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gantool.data.loading import load_images
from gantool.data.sources import open_source
from gantool.errors import InputError
from gantool.evaluation.feature_metric import FeatureMetric
from gantool.evaluation.reals import Reals
from gantool.evaluation.samples import Samples
from gantool.features.network import ClassNetwork
from gantool.metrics.class_accuracy import ClassAccuracy
from gantool.metrics.classifier_score import ClassifierScore
from gantool.metrics.density_coverage import DensityCoverage
from gantool.metrics.frechet_distance import FrechetDistance
from gantool.metrics.kernel_distance import KernelDistance
from gantool.metrics.memorization import Memorization
from gantool.metrics.precision_recall import PrecisionRecall
from gantool.metrics.sliced_wasserstein import SlicedWasserstein
from gantool.recipe.data import Data
from tests.metrics.given import samples_of

OF_PAIRS = (FrechetDistance, KernelDistance, PrecisionRecall, DensityCoverage, SlicedWasserstein)
COUNT = 120
DRAW = np.random.default_rng(11)


def blobs(count: int, modes: int = 3) -> np.ndarray:
    """Images of 4×4 that are dark, grey or bright, with noise."""
    levels = np.resize(np.arange(modes) * 100 + 20, count)[:, None, None, None]
    noise = DRAW.integers(0, 16, (count, 4, 4, 1))
    return (levels + noise).astype(np.uint8)


@pytest.fixture
def reals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reals:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    np.save(tmp_path / "blobs.npy", blobs(COUNT))
    data = Data(source="blobs.npy", size=(4, 4), channels=1)
    return Reals(load_images(open_source(data, tmp_path), data), 0, 0, tmp_path)


def figures(metric: type[FeatureMetric], images: np.ndarray, reals: Reals) -> dict[str, float]:
    found = metric(features="pixels")(samples_of(images), reals)  # type: ignore[call-arg]
    ending = f"_pixels_{len(images)}_train"
    assert all(name.endswith(ending) for name in found)
    return {name.removesuffix(ending): value for name, value in found.items()}


def test_samples_like_the_real_images_are_near_them(reals: Reals) -> None:
    found: dict[str, float] = {}
    for metric in OF_PAIRS:
        found |= figures(metric, blobs(COUNT), reals)
    assert found["frechet_distance"] < 0.01
    assert abs(found["kernel_distance"]) < 2 * found["kernel_distance_deviation"]
    assert min(found[name] for name in ("precision", "recall", "coverage")) > 0.8
    assert found["density"] == pytest.approx(1, abs=0.2)
    assert found["sliced_wasserstein"] < 0.02


def test_a_mode_left_out_is_seen_in_what_tells_diversity(reals: Reals) -> None:
    found: dict[str, float] = {}
    for metric in OF_PAIRS:
        found |= figures(metric, blobs(COUNT, modes=2), reals)
    assert found["precision"] > 0.8
    assert found["recall"] == pytest.approx(2 / 3, abs=0.07)
    assert found["coverage"] == pytest.approx(2 / 3, abs=0.07)
    assert found["frechet_distance"] > 0.3
    assert found["kernel_distance"] > 2 * found["kernel_distance_deviation"]
    assert found["sliced_wasserstein"] > 0.05


def test_copies_are_told_from_new_images(reals: Reals) -> None:
    assert figures(Memorization, reals.images.pixels[:40], reals) == {"memorized": 1.0}
    assert figures(Memorization, blobs(COUNT), reals)["memorized"] == pytest.approx(0.5, abs=0.2)


def test_a_covariance_that_would_not_fit_is_refused(reals: Reals) -> None:
    large = np.zeros((3, 65, 64, 1), np.uint8)
    with pytest.raises(InputError) as raised:
        figures(FrechetDistance, large, reals)
    assert str(raised.value) == (
        "FrechetDistance: pixels gives 4,160 numbers an image, more than the 4,096 that a"
        " covariance can have here: use other features"
    )


def test_too_few_samples_are_a_line(reals: Reals) -> None:
    with pytest.raises(InputError, match=r"^KernelDistance: a kernel distance takes at least four"):
        figures(KernelDistance, blobs(3), reals)


class Level(ClassNetwork):
    """Sees the class of an image in its first pixel, and is sure of it."""

    name = "classifier"
    digest = told = "level"

    def __call__(self, images: np.ndarray) -> np.ndarray:
        return images[:, 0, 0].astype(np.float32)

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        return np.eye(3)[features[:, 0].astype(int)]


def seen_in(levels: list[int], reals: Reals, classes: int) -> Samples:
    """Images of these classes as a classifier sees them, of seeds 0, 1, 2, …"""
    reals._networks["classifier"] = Level()
    reals.classes, reals.images.classes = classes, ("a", "b", "c")
    images = np.array(levels, np.uint8)[:, None, None, None].repeat(4, 1).repeat(4, 2)
    return samples_of(images, classes)


def test_class_accuracy_and_its_table_by_hand(reals: Reals) -> None:
    """Asked for classes 0, 1, 2, 0, 1, 2; seen 0, 1, 1, 0, 2, 2."""
    metric, samples = ClassAccuracy(), seen_in([0, 1, 1, 0, 2, 2], reals, 3)
    assert metric(samples, reals) == {"class_accuracy_classifier_6_train": 0.666667}
    assert metric.details(samples, reals) == [
        "percent of a class asked for (row) that look like each class (column):",
        "           a     b     c",
        "     a 100.0   0.0   0.0",
        "     b   0.0  50.0  50.0",
        "     c   0.0  50.0  50.0",
    ]


def test_classes_are_of_networks_that_are_told_them(reals: Reals) -> None:
    samples = seen_in([0, 1, 2], reals, 0)
    with pytest.raises(InputError, match="networks that are told labels"):
        ClassAccuracy()(samples, reals)


def test_the_score_of_sure_and_even_samples_is_the_number_of_classes(reals: Reals) -> None:
    samples = seen_in([0, 1, 2] * 30, reals, 0)
    assert ClassifierScore()(samples, reals) == {
        "classifier_score_classifier_90_train": 3.0,
        "classifier_score_deviation_classifier_90_train": 0.0,
    }
