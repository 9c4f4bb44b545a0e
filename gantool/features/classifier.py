"""A small classifier of a labelled set of images."""

import hashlib
from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from numpy.typing import NDArray

from gantool.features.network import ClassNetwork, FeatureName, Features
from gantool.features.scaling import LARGEST, floats

_BATCH = 128
_LEARNING_RATE = 2e-3
_CONVOLUTIONS = ((32, 5, 2), (64, 3, 1), (128, 3, 2))
"""Filters, kernel and stride of each."""
_SHIFT = 2
"""Pixels up, down, left and right by which training images are moved at most."""


class Classifier(ClassNetwork):
    """Tells the class of an image; it is made the same from the same numbers everywhere.

    Its features are the 128 numbers before the logits, by one factor as large as `scale_by` says.

    Args:
        shape: Of an image, (H, W, C).
        classes: Number of classes.

    Attributes:
        model: Takes float32 [B, H, W, C] in [-1, 1], gives logits float32 [B, classes].
        accuracy: Share of images that it was not trained on whose class it tells right.
    """

    name: FeatureName = "classifier"

    def __init__(self, shape: tuple[int, ...], classes: int) -> None:
        self.shape = shape
        self.accuracy = 0.0
        self._factor = 1.0
        he, glorot = keras.initializers.HeNormal, keras.initializers.GlorotUniform
        height, width, channels = shape
        share = min(1.0, LARGEST / max(height, width))
        seen = (*(max(1, round(side * share)) for side in (height, width)), channels)
        self.model = keras.Sequential([keras.Input(seen)])
        for seed, (filters, kernel, strides) in enumerate(_CONVOLUTIONS):
            self.model.add(
                layers.Conv2D(
                    filters,
                    kernel,
                    strides,
                    padding="same",
                    use_bias=False,
                    kernel_initializer=he(seed),
                )
            )
            self.model.add(layers.BatchNormalization(momentum=0.9))
            self.model.add(layers.ReLU())
        self.model.add(layers.Flatten())
        self.model.add(layers.Dropout(0.3, seed=12))
        self.model.add(layers.Dense(128, activation="relu", kernel_initializer=he(10)))
        self.model.add(layers.Dense(classes, kernel_initializer=glorot(11)))
        body = keras.Model(self.model.inputs, self.model.layers[-2].output)
        self._features = tf.function(
            lambda images: body(floats(images), training=False),
            autograph=False,
            input_signature=[tf.TensorSpec([None, *shape], tf.uint8)],
        )

    @property
    def digest(self) -> str:
        """See `ClassNetwork`."""
        return hashlib.sha256(self.weights()).hexdigest()

    @property
    def told(self) -> str:
        """See `ClassNetwork`."""
        return f"a classifier of the labels, right for {self.accuracy:.1%} of images new to it"

    def __call__(self, images: NDArray[np.generic]) -> Features:
        """See `ClassNetwork`."""
        found: Features = self._features(images).numpy() * np.float32(self._factor)
        return found

    def scale_by(self, images: NDArray[np.uint8]) -> None:
        """Scale features so that their mean square over images [N, H, W, C] is 1.

        The kernel of the kernel distance (x·y / D + 1)³ takes such features; of much larger ones it
        sees the longest alone.
        """
        self._factor = 1.0
        self._factor = 1.0 / max(float(np.sqrt(np.square(self(images)).mean())), 1e-6)

    def probabilities(self, features: Features) -> NDArray[np.float64]:
        """See `ClassNetwork`."""
        kernel, bias = (weight.numpy() for weight in self.model.layers[-1].weights)
        logits = features.astype(np.float64) / self._factor @ kernel + bias
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        found: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
        return found

    def train(self, images: NDArray[np.uint8], labels: NDArray[np.int32], steps: int) -> None:
        """Train on images [N, H, W, C] for so many steps of 128, by Adam with a cosine's decay."""
        decay = keras.optimizers.schedules.CosineDecay(_LEARNING_RATE, steps)
        optimizer = keras.optimizers.Adam(decay)
        cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

        def step(batch: tf.Tensor, classes: tf.Tensor) -> None:
            with tf.GradientTape() as tape:
                loss = cross_entropy(classes, self.model(floats(batch), training=True))
            weights = self.model.trainable_variables
            optimizer.apply(tape.gradient(loss, weights), weights)

        compiled = tf.function(step, autograph=False)
        random = np.random.default_rng(0)
        order: NDArray[np.int64] = np.empty(0, np.int64)
        for _ in range(steps):
            if len(order) < _BATCH:
                order = random.permutation(len(images))
            chosen, order = order[:_BATCH], order[_BATCH:]
            compiled(tf.constant(_moved(images[chosen], random)), tf.constant(labels[chosen]))

    def classes_of(self, images: NDArray[np.uint8]) -> NDArray[np.int64]:
        """The class of each image [N, H, W, C], [N]."""
        parts = [images[start : start + 1024] for start in range(0, len(images), 1024)]
        found = [self.probabilities(self(part)).argmax(axis=1) for part in parts]
        return np.concatenate(found)

    def weights(self) -> bytes:
        """All of its numbers."""
        return b"".join(weight.numpy().tobytes() for weight in self.model.weights)

    def set_weights(self, content: bytes) -> None:
        """Take the numbers that `weights` gave."""
        numbers, start = np.frombuffer(content, np.float32), 0
        for weight in self.model.weights:
            size = int(np.prod(weight.shape))
            weight.assign(numbers[start : start + size].reshape(weight.shape))
            start += size


def _moved(images: NDArray[np.uint8], random: np.random.Generator) -> NDArray[np.uint8]:
    """Images [B, H, W, C], all moved by the same few pixels; what comes in repeats the edge."""
    height, width = images.shape[1:3]
    margins: Sequence[tuple[int, int]] = [(0, 0), (_SHIFT, _SHIFT), (_SHIFT, _SHIFT), (0, 0)]
    top, left = random.integers(0, 2 * _SHIFT + 1, 2)
    wide = np.pad(images, margins, mode="edge")
    return wide[:, top : top + height, left : left + width]
