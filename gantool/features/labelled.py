"""Classifiers of labelled sets, each trained once on a machine and kept in the user's cache."""

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import platformdirs
from numpy.typing import NDArray

from gantool.data.catalogue import DIGITS
from gantool.data.loading import Images, load_images
from gantool.data.sources import open_source
from gantool.errors import InputError
from gantool.features.classifier import Classifier
from gantool.files import write_bytes
from gantool.recipe.data import Data

STEPS = 2000
"""Of training; with these, more than 99.2 % of MNIST's test images are told right."""
_MOST = 60_000
"""Images that a classifier is trained on at most; of a larger set, as many at random."""
_SCALED_BY = 1000
"""Training images of which the features have a mean square of 1."""
_HELD_OUT = 10
"""Of a set without test images, each so many'th image is kept for the accuracy."""
_DIGEST = hashlib.sha256().digest_size


class Labelled(NamedTuple):
    """Images uint8 [N, H, W, C] and their classes [N]."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int32]


def classifier_of(
    data: Data,
    folder: Path | None = None,
    steps: int = STEPS,
    say: Callable[[str], None] = lambda _: None,
) -> Classifier:
    """A classifier of the labels of a set, with its accuracy for images that it has not seen.

    These are the set's test images, or a tenth of its images where it has none.

    Args:
        data: A recipe's section; its images need not be asked for with labels.
        folder: That relative paths start from.
        steps: Of training.
        say: Is told that it is trained now, which takes minutes.

    Raises:
        InputError: The images are not here, are damaged, or have no labels.
    """
    training, testing = _parts(data, folder)
    classes = int(max(training.labels.max(), testing.labels.max())) + 1
    classifier = Classifier(training.images.shape[1:], classes)
    path = _place(training, steps)
    if not _restore(classifier, path):
        say(f"training a classifier of {data.source}'s labels, once on this machine")
        classifier.train(training.images, training.labels, steps)
        weights = classifier.weights()
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, hashlib.sha256(weights).digest() + weights)
    classifier.scale_by(training.images[:_SCALED_BY])
    classifier.accuracy = float(np.mean(classifier.classes_of(testing.images) == testing.labels))
    return classifier


@cache
def digit_classifier(height: int, width: int) -> Classifier:
    """A classifier of MNIST's digits, grey, of this size.

    Raises:
        InputError: MNIST is not here, or is damaged.
    """
    section = {"source": DIGITS, "split": "train", "size": (height, width), "channels": 1}
    return classifier_of(Data.model_validate(section))


def _parts(data: Data, folder: Path | None) -> tuple[Labelled, Labelled]:
    """What is trained on, and what is tested with."""
    labelled = data.model_copy(update={"labels": data.labels or True})
    training = _some(_opened(labelled, folder))
    if data.split in (None, "train"):
        try:
            testing = _opened(labelled.model_copy(update={"split": "test"}), folder)
        except InputError:  # it has no test images
            pass
        else:
            return training, _some(testing)
    is_held_out = np.arange(len(training.labels)) % _HELD_OUT == 0
    testing_part = Labelled(training.images[is_held_out], training.labels[is_held_out])
    return Labelled(training.images[~is_held_out], training.labels[~is_held_out]), testing_part


def _opened(data: Data, folder: Path | None) -> Images:
    return load_images(open_source(data, folder), data)


def _some(images: Images) -> Labelled:
    count = len(images)
    chosen = np.arange(count)
    if count > _MOST:
        chosen = np.sort(np.random.default_rng(0).choice(count, _MOST, replace=False))
    return Labelled(images.read(chosen), images.labels[chosen])


def _place(training: Labelled, steps: int) -> Path:
    """Where the classifier lies that this code trains on these images."""
    digest = hashlib.sha256()
    for module in ("classifier.py", "scaling.py"):
        digest.update(Path(__file__).with_name(module).read_bytes())
    digest.update(f"{training.images.shape} {steps}".encode())
    digest.update(training.images.tobytes())
    digest.update(training.labels.tobytes())
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
