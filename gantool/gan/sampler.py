"""From seeds to images: image k is a function of the generator and of k alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import keras
import numpy as np
import tensorflow as tf

from gantool.gan.latents import draw_each
from gantool.recipe.model import Latent

BLOCK = 32
"""Images are made in blocks of so many neighbouring seeds: 0–31, 32–63, …

A convolution may round differently in another batch size or another place in the batch. An image
that is always made in the same place of the same block has the same bits, whatever else is asked
for beside it.
"""


class Sampler:
    """Draws images from a generator in inference mode.

    Args:
        model: The generator; takes [latents], or [latents, labels] where `takes_label`.
        takes_label: Whether it is told the class to make.
        latent: The distribution of its input.
        classes: How many classes there are, 0 where there are none. Seed k shows class
            k mod classes.
    """

    def __init__(self, model: keras.Model, takes_label: bool, latent: Latent, classes: int) -> None:
        self._model = model
        self._takes_label = takes_label
        self._latent = latent
        self._classes = classes
        self._draw_block = tf.function(
            self._block, input_signature=[tf.TensorSpec([], tf.int64)], autograph=False
        )

    def draw(self, seeds: Iterable[int]) -> Iterator[np.ndarray]:
        """Give the image [H, W, C] float32 of each seed (0 ≤ seed < 2⁶³ − BLOCK), in order."""
        first = -1
        for seed in seeds:
            if seed // BLOCK * BLOCK != first:
                first = seed // BLOCK * BLOCK
                block = self._draw_block(tf.constant(first, tf.int64)).numpy()
            yield block[seed - first]

    def _block(self, first: tf.Tensor) -> tf.Tensor:
        seeds = first + tf.range(BLOCK, dtype=tf.int64)
        latents = draw_each(self._latent, seeds)
        labels = tf.cast(seeds % max(self._classes, 1), tf.int32)
        inputs = [latents, labels] if self._takes_label else latents
        return tf.cast(self._model(inputs, training=False), tf.float32)
