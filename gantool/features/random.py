"""A network of random weights, for any images, without training and without a download."""

import hashlib
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from numpy.typing import NDArray

from gantool.features.network import FeatureName, FeatureNetwork, Features
from gantool.features.scaling import floats

_FILTERS = (32, 64, 128, 256)


class RandomNetwork(FeatureNetwork):
    """Four convolutions of fixed random weights; 512 features.

    Naeem et al. (2020, section 4.2) take figures by networks of random weights where none that was
    trained fits the images. The features are mean and deviation of each channel over the image.

    Args:
        channels: Of the images.
    """

    name: FeatureName = "random"

    def __init__(self, channels: int) -> None:
        self._channels = channels
        self._model = keras.Sequential([keras.Input((None, None, channels))])
        for seed, filters in enumerate(_FILTERS):
            self._model.add(
                layers.Conv2D(
                    filters,
                    3,
                    strides=2 if seed else 1,
                    padding="same",
                    activation="relu",
                    kernel_initializer=keras.initializers.HeNormal(seed),
                )
            )
        self._compiled = tf.function(self._features, autograph=False, reduce_retracing=True)

    @property
    def digest(self) -> str:
        """See `FeatureNetwork`."""
        code = Path(__file__).read_bytes() + Path(__file__).with_name("scaling.py").read_bytes()
        return hashlib.sha256(code + bytes([self._channels])).hexdigest()

    @property
    def told(self) -> str:
        """See `FeatureNetwork`."""
        return "a network of random weights"

    def __call__(self, images: NDArray[np.generic]) -> Features:
        """See `FeatureNetwork`."""
        found: Features = self._compiled(tf.constant(images)).numpy()
        return found

    def _features(self, images: tf.Tensor) -> tf.Tensor:
        maps = self._model(floats(images), training=False)
        mean, variance = tf.nn.moments(maps, [1, 2])
        return tf.concat([mean, tf.sqrt(variance)], axis=1)
