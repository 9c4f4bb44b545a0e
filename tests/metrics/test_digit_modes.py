"""Digits in the channels of samples, told by a classifier and counted as modes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gantool.data.loading import load_images
from gantool.data.sources import open_source
from gantool.features import labelled
from gantool.features.classifier import Classifier
from gantool.metrics import digit_modes
from gantool.metrics.digit_modes import DigitModes
from gantool.recipe.data import Data
from tests.metrics.given import RealsBeside, samples_of

DIGITS = Data(source="mnist", split="train", size=(28, 28), channels=1)
FEW = 150
"""Steps that make a classifier of digits good enough for tests."""


@pytest.fixture(autouse=True)
def _data(monkeypatch: pytest.MonkeyPatch, repository: Path) -> None:
    monkeypatch.setenv("GANTOOL_DATA", str(repository / "data"))


@pytest.fixture(scope="module")
def cached(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Path:
    """A folder of caches with a classifier in it."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        patch.setenv("GANTOOL_DATA", str(repository / "data"))
        labelled.classifier_of(DIGITS, steps=FEW)
    return folder


@pytest.fixture
def classifier(cached: Path, monkeypatch: pytest.MonkeyPatch) -> Classifier:
    """The one that was trained before, as it is read from the cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(cached))
    monkeypatch.setattr(Classifier, "train", None)
    return labelled.classifier_of(DIGITS, steps=FEW)


@pytest.mark.slow
def test_a_classifier_is_trained_once_and_tells_digits(
    classifier: Classifier, mnist: Callable[[str], np.ndarray]
) -> None:
    """It comes back whole: with other statistics or weights it would tell next to nothing."""
    assert classifier.accuracy > 0.95
    told = classifier.classes_of(mnist("t10k-images")[:2000, ..., None])
    accuracy = np.mean(told == mnist("t10k-labels")[:2000])
    assert accuracy == pytest.approx(classifier.accuracy, abs=0.03)


@pytest.mark.slow
def test_a_damaged_one_is_not_taken(cached: Path, tmp_path: Path) -> None:
    [path] = (cached / "gantool" / "classifiers").iterdir()
    content = bytearray(path.read_bytes())
    assert labelled._restore(Classifier((28, 28, 1), 10), path)
    content[len(content) // 2] ^= 1
    (tmp_path / "damaged").write_bytes(content)
    assert not labelled._restore(Classifier((28, 28, 1), 10), tmp_path / "damaged")
    (tmp_path / "short").write_bytes(content[:100])
    assert not labelled._restore(Classifier((28, 28, 1), 10), tmp_path / "short")


@pytest.mark.slow
def test_stacks_of_real_digits_have_the_modes_of_their_labels(
    classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digit_modes, "digit_classifier", lambda *_: classifier)
    data = Data(source="stacked-mnist", size=(28, 28), labels=True)
    images = load_images(open_source(data, None), data)
    wanted = np.flatnonzero(images.labels // 100 == 7)[:400]
    found = DigitModes()(samples_of(images.read(wanted)), RealsBeside(()))
    # A hundred of a thousand modes, with those that the classifier makes up.
    assert len(set(images.labels[wanted].tolist())) * 0.9 < found["modes"] < 160
    # A hundred modes of a thousand, and what is left by chance and by digits told wrong.
    assert found["reverse_kl"] == pytest.approx(np.log(10), abs=0.3)
    assert found["digit_accuracy"] == round(classifier.accuracy, 4)


@pytest.mark.slow
def test_the_same_digits_make_the_same_classifier(mnist: Callable[[str], np.ndarray]) -> None:
    made = [Classifier((28, 28, 1), 10) for _ in range(2)]
    images, labels = mnist("train-images")[:512, ..., None], mnist("train-labels")[:512]
    for classifier in made:
        classifier.train(images, labels.astype(np.int32), 5)
    assert made[0].weights() == made[1].weights()
    assert len(made[0].weights()) == 4 * sum(np.prod(it.shape) for it in made[0].model.weights)
