"""The classifier of MNIST's digits, trained once on a machine and kept in the user's cache."""

import hashlib
from functools import cache
from pathlib import Path

import numpy as np
import platformdirs
from numpy.typing import NDArray

from gantool.data.catalogue import DIGITS
from gantool.data.loading import load_images
from gantool.data.sources import open_source
from gantool.features.classifier import Classifier
from gantool.files import write_bytes
from gantool.recipe.data import Data

STEPS = 2000
"""Of training; with these it tells more than 99.2 % of the test images right."""

_DIGEST = hashlib.sha256().digest_size


@cache
def digit_classifier(height: int, width: int, steps: int = STEPS) -> tuple[Classifier, float]:
    """A classifier of grey digits of this size, and its share of MNIST's test images told right.

    Raises:
        InputError: MNIST is not here, or is damaged.
    """
    classifier = Classifier((height, width, 1), 10)
    images, labels = _digits("train", height, width)
    path = _place(images, labels, steps)
    if not _restore(classifier, path):
        classifier.train(images, labels, steps)
        weights = classifier.weights()
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, hashlib.sha256(weights).digest() + weights)
    images, labels = _digits("test", height, width)
    return classifier, float(np.mean(classifier.classes_of(images) == labels))


def _digits(split: str, height: int, width: int) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    section = {"source": DIGITS, "split": split, "size": (height, width), "channels": 1}
    data = Data.model_validate(section | {"labels": True})
    found = load_images(open_source(data, None), data)
    return found.read(np.arange(len(found))), found.labels


def _place(images: NDArray[np.uint8], labels: NDArray[np.int32], steps: int) -> Path:
    """Where the classifier lies that this code trains on these images."""
    digest = hashlib.sha256(Path(__file__).with_name("classifier.py").read_bytes())
    digest.update(f"{images.shape} {steps}".encode())
    digest.update(images.tobytes())
    digest.update(labels.tobytes())
    folder = platformdirs.user_cache_path("gantool", appauthor=False) / "classifiers"
    return folder / digest.hexdigest()[:32]


def _restore(classifier: Classifier, path: Path) -> bool:
    """Whether a classifier was there, whole, and is restored."""
    try:
        content = path.read_bytes()
    except OSError:
        return False
    weights = content[_DIGEST:]
    if hashlib.sha256(weights).digest() != content[:_DIGEST]:
        return False
    classifier.set_weights(weights)
    return True
