"""What an augmentation is: the view that a discriminator has of images."""

from collections.abc import Mapping
from typing import ClassVar, NamedTuple

import keras
import tensorflow as tf

from gantool.gan.schedule import START, Progress


class Numbers(NamedTuple):
    """Random numbers of a batch, a row for each image."""

    uniform: tf.Tensor
    """In [0, 1), [B, `Augmentation.uniforms`] float32."""
    normal: tf.Tensor
    """Of mean 0 and standard deviation 1, [B, `Augmentation.normals`] float32."""


class Augmentation:
    """Changes images at random before the discriminator sees them, real and generated ones alike.

    Gradients pass through it. Nothing else ever sees what it makes.
    """

    uniforms: ClassVar[int] = 0
    """Number of uniform numbers that it takes for an image."""
    normals: ClassVar[int] = 0
    """Number of normal numbers that it takes for an image."""
    by_signs: ClassVar[bool] = False
    """Whether it goes by the signs of the logits of real images."""
    range: tuple[float, float] = (-1.0, 1.0)
    """What black and white are in the images."""

    def seen(self, images: tf.Tensor, numbers: Numbers, progress: Progress = START) -> tf.Tensor:
        """What is seen of images in `range`, [B, H, W, C] float32.

        Args:
            images: As they are.
            numbers: Decide what becomes of them.
            progress: How far the run has come.
        """
        low, high = self.range
        if (low, high) == (-1.0, 1.0):
            return self(images, numbers, progress)
        middle, half = 0.5 * (low + high), 0.5 * (high - low)
        return self((images - middle) / half, numbers, progress) * half + middle

    def __call__(self, images: tf.Tensor, numbers: Numbers, progress: Progress) -> tf.Tensor:
        """`seen` of images in [-1, 1], which may become darker or lighter than that."""
        raise NotImplementedError

    def follow(self, sign: tf.Tensor, images: int, where: tf.Tensor) -> None:
        """Learn from an update of the discriminator, where it is `by_signs`.

        Args:
            sign: Mean sign of the logits of real images, a scalar.
            images: Real images in an update.
            where: Where false, the update was not made.
        """

    def variables(self) -> Mapping[str, keras.Variable]:
        """What it learns, by the key that it has in a checkpoint."""
        return {}

    def figures(self) -> Mapping[str, float]:
        """What is told of it in the rows of metrics.jsonl."""
        return {}
