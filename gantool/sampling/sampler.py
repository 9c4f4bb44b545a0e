"""From seeds to images: an image is a function of the generator, its seed and its label alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import groupby, islice
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from gantool.gan.latents import draw, draw_each, stateless_seed
from gantool.recipe.model import Latent
from gantool.sampling.grid import Cell

BLOCK = 32
"""Images are made in blocks of so many neighbouring seeds: 0–31, 32–63, …

A convolution may round differently in another batch size or another place in the batch. An image
that is always made in the same place of the same block has the same bits, whatever else is asked
for beside it.
"""

_SIDE_BY_SIDE = 4
"""Blocks that one call draws at most: one alone keeps a few cores busy, and not all of the time."""


class Reference(NamedTuple):
    """A fixed batch by whose statistics batch normalisation goes in samples.

    Attributes:
        size: How many latents it has. Their labels go around the classes.
        measuring: Within it, a pass in inference mode keeps its batch's statistics in the state.
    """

    size: int
    measuring: Callable[[], AbstractContextManager[None]]


class Sampler:
    """Draws images from a generator in inference mode.

    Args:
        model: The generator; takes [latents], or [latents, labels] where `takes_label`.
        takes_label: Whether it is told the class to make.
        latent: The distribution of its input.
        classes: How many classes there are, 0 where there are none.
        reference: What batch normalisation goes by; None for its moving statistics.
    """

    def __init__(
        self,
        model: keras.Model,
        takes_label: bool,
        latent: Latent,
        classes: int,
        reference: Reference | None = None,
    ) -> None:
        self._model = model
        self._takes_label = takes_label
        self._latent = latent
        self._classes = classes
        self._reference = reference
        numbers = tf.TensorSpec([None], tf.int64)
        state = [tf.TensorSpec(item.shape, item.dtype) for item in model.non_trainable_variables]
        self._draw_blocks = tf.function(
            self._blocks, autograph=False, input_signature=[numbers, numbers, state]
        )
        self._measure = tf.function(self._reference_state, autograph=False)

    def draw(self, cells: Iterable[Cell]) -> Iterator[np.ndarray]:
        """Give the image [H, W, C] float32 of each cell, in order."""
        for _, images in self.draw_runs(cells):
            yield from images

    def draw_runs(self, cells: Iterable[Cell]) -> Iterator[tuple[list[Cell], np.ndarray]]:
        """Give cells and their images [N, H, W, C] float32, in order, as many as a block has.

        Cells are taken as they are needed, and no more than some blocks are in memory.
        """
        if self._reference is None:
            state = [variable.value for variable in self._model.non_trainable_variables]
        else:
            state = self._measure()
        runs = groupby(cells, _block_of)
        while wanted := [(block, list(run)) for block, run in islice(runs, _SIDE_BY_SIDE)]:
            firsts, labels = np.array([block for block, _ in wanted], np.int64).T
            blocks = self._draw_blocks(firsts, labels, state).numpy()
            for (_, run), block in zip(wanted, blocks, strict=True):
                yield run, block[[cell.seed % BLOCK for cell in run]]

    def _blocks(
        self, firsts: tf.Tensor, labels: tf.Tensor, state: Sequence[tf.Tensor]
    ) -> tf.Tensor:
        """Several blocks of images [K, BLOCK, H, W, C], each from its own first seed and label."""
        shape = (BLOCK, *self._model.output_shape[1:])
        return tf.map_fn(
            lambda block: self._block(block[0], block[1], state),
            (firsts, labels),
            fn_output_signature=tf.TensorSpec(shape, tf.float32),
            parallel_iterations=_SIDE_BY_SIDE,
        )

    def _block(self, first: tf.Tensor, label: tf.Tensor, state: Sequence[tf.Tensor]) -> tf.Tensor:
        """A block of images; a label below 0 stands for seed mod classes."""
        seeds = first + tf.range(BLOCK, dtype=tf.int64)
        labels = tf.where(label < 0, seeds % max(self._classes, 1), label)
        images, _ = self._pass(draw_each(self._latent, seeds), labels, state)
        return tf.cast(images, tf.float32)

    def _reference_state(self) -> list[tf.Tensor]:
        """The state that a pass of the reference batch leaves."""
        assert self._reference is not None
        size = self._reference.size
        latents = draw(self._latent, size, stateless_seed(0, "reference", 0))
        labels = tf.range(size, dtype=tf.int64) % max(self._classes, 1)
        state = [variable.value for variable in self._model.non_trainable_variables]
        with self._reference.measuring():
            return self._pass(latents, labels, state)[1]

    def _pass(
        self, latents: tf.Tensor, labels: tf.Tensor, state: Sequence[tf.Tensor]
    ) -> tuple[tf.Tensor, list[tf.Tensor]]:
        weights = [variable.value for variable in self._model.trainable_variables]
        inputs = [latents, tf.cast(labels, tf.int32)] if self._takes_label else latents
        outputs, after = self._model.stateless_call(weights, state, inputs, training=False)
        return outputs, [tf.convert_to_tensor(item) for item in after]


def _block_of(cell: Cell) -> tuple[int, int]:
    """The first seed of its block, and its label, or -1 where each seed has its own."""
    return cell.seed // BLOCK * BLOCK, -1 if cell.label is None else cell.label
