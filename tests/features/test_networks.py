"""What looks at images for figures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gantool.data.loading import load_images
from gantool.data.sources import open_source
from gantool.errors import InputError
from gantool.features.choice import network_for
from gantool.features.classifier import Classifier
from gantool.features.pixels import Pixels
from gantool.features.random import RandomNetwork
from gantool.features.scaling import floats
from gantool.recipe.data import Data

RANDOM = np.random.default_rng(2)


def pictures(count: int, height: int, width: int, channels: int) -> np.ndarray:
    return RANDOM.integers(0, 256, (count, height, width, channels), np.uint8)


def test_pixels_are_in_zero_to_one_and_points_as_they_are() -> None:
    assert Pixels()(np.array([[[[0], [255]], [[51], [102]]]], np.uint8)).tolist() == [
        pytest.approx([0, 1, 0.2, 0.4])
    ]
    points = np.array([[1.5, -4.0]], np.float32)
    assert Pixels()(points).tolist() == [[1.5, -4.0]]


@pytest.mark.parametrize("shape", [(8, 8, 1), (30, 20, 3), (65, 40, 4)])
def test_random_features_are_a_function_of_the_image_alone(shape: Any) -> None:
    images = pictures(5, *shape)
    network = RandomNetwork(shape[2])
    together = network(images)
    assert together.shape == (5, 512)
    assert np.isfinite(together).all()
    np.testing.assert_allclose(network(images[3:4]), together[3:4], rtol=1e-4, atol=1e-4)
    again = RandomNetwork(shape[2])
    assert (again(images) == together).all()
    assert again.digest == network.digest != RandomNetwork(2).digest


def test_large_images_are_made_smaller_by_means() -> None:
    """128×64 to 64×32: each pixel the mean of four."""
    images = pictures(2, 128, 64, 3)
    means = images.reshape(2, 64, 2, 32, 2, 3).mean(axis=(2, 4)) / 127.5 - 1
    np.testing.assert_allclose(floats(images).numpy(), means, atol=1e-5)


def test_probabilities_of_a_classifier_are_those_of_its_logits() -> None:
    classifier = Classifier((12, 10, 3), 4)
    images = pictures(6, 12, 10, 3)
    logits = classifier.model(images / np.float32(127.5) - 1, training=False).numpy()
    powers = np.exp(logits.astype(np.float64))
    features = classifier(images)
    assert features.shape == (6, 128)
    np.testing.assert_allclose(
        classifier.probabilities(features), powers / powers.sum(axis=1, keepdims=True), rtol=1e-4
    )
    assert (classifier.classes_of(images) == logits.argmax(axis=1)).all()


def test_points_have_no_features_but_their_coordinates() -> None:
    data = Data(source="ring")
    images = load_images(open_source(data, None), data)
    assert isinstance(network_for(None, images, None), Pixels)
    with pytest.raises(InputError) as raised:
        network_for("random", images, None)
    assert str(raised.value) == (
        "features: random looks at images, and these are points: use pixels"
    )


def test_images_without_labels_are_looked_at_by_random_weights(tmp_path: Any) -> None:
    np.save(tmp_path / "pictures.npy", pictures(6, 8, 8, 3))
    data = Data(source="pictures.npy", size=(8, 8))
    images = load_images(open_source(data, tmp_path), data)
    assert isinstance(network_for(None, images, tmp_path), RandomNetwork)
    with pytest.raises(InputError, match=r"^features: classifier is trained by labels: .*pictures"):
        network_for("classifier", images, tmp_path)
