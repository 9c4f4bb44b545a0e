"""From seeds to images: an image is a function of the generator, its seed and its label alone."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby, islice

import keras
import numpy as np
import tensorflow as tf

from gantool.gan.latents import draw, draw_each, stateless_seed
from gantool.layers.batch_normalization import measuring_statistics
from gantool.networks.build import BuiltNetwork
from gantool.recipe.model import Latent, Recipe
from gantool.sampling.grid import Cell

BLOCK = 32
"""Images are made in blocks of so many neighbouring seeds: 0–31, 32–63, …

A convolution may round differently in another batch size or another place in the batch. An image
that is always made in the same place of the same block has the same bits, whatever else is asked
for beside it.
"""

LatentsOf = Callable[[np.ndarray], np.ndarray]
"""From seeds [N] to latents [N, size] float32."""

_SIDE_BY_SIDE = 4
"""Blocks that one call draws at most: one alone keeps a few cores busy, and not all of the time."""


class Sampler:
    """Draws images from a generator in inference mode.

    Args:
        model: The generator; takes [latents], or [latents, labels] where `takes_label`.
        takes_label: Whether it is told the class to make.
        latent: The distribution of its input.
        classes: How many classes there are, 0 where there are none.
        reference: How many latents the fixed batch has by whose statistics batch normalisation
            goes, labels around the classes; None for its moving statistics.
    """

    def __init__(
        self,
        model: keras.Model,
        takes_label: bool,
        latent: Latent,
        classes: int,
        reference: int | None = None,
    ) -> None:
        self._model = model
        self._takes_label = takes_label
        self._latent = latent
        self._classes = classes
        self._reference = reference
        self._state = [tf.TensorSpec(it.shape, it.dtype) for it in model.non_trainable_variables]
        self._draw_latents = tf.function(
            lambda seeds: draw_each(latent, seeds),
            autograph=False,
            input_signature=[tf.TensorSpec([None], tf.int64)],
        )
        self._draw_blocks = tf.function(
            self._blocks,
            autograph=False,
            input_signature=[
                tf.TensorSpec([None, BLOCK, latent.size], tf.float32),
                tf.TensorSpec([None, BLOCK], tf.int32),
                self._state,
            ],
        )
        self._measure = tf.function(self._reference_state, autograph=False)

    def latents_of(self, seeds: Sequence[int] | np.ndarray) -> np.ndarray:
        """Latent vector [N, size] float32 of each seed; vector k depends on seed k alone."""
        latents: np.ndarray = self._draw_latents(np.asarray(seeds, np.int64)).numpy()
        return latents

    def images(self, latents: np.ndarray, labels: Sequence[int] | None = None) -> np.ndarray:
        """Images [N, H, W, C] float32 of latents [N, size], each from its own and its label alone.

        Without labels all are of class 0.
        """
        count = len(latents)
        blocks = -(-count // BLOCK)
        padded = np.zeros((blocks * BLOCK, self._latent.size), np.float32)
        padded[:count] = latents
        shown = np.zeros(blocks * BLOCK, np.int32)
        shown[:count] = 0 if labels is None else labels
        state = self._state_now()
        drawn = [
            self._drawn(padded[first:end], shown[first:end], state)
            for first in range(0, blocks * BLOCK, _SIDE_BY_SIDE * BLOCK)
            for end in [first + _SIDE_BY_SIDE * BLOCK]
        ]
        return np.concatenate(drawn)[:count] if drawn else np.zeros((0, *self._shape), np.float32)

    def draw(self, cells: Iterable[Cell]) -> Iterator[np.ndarray]:
        """Give the image [H, W, C] float32 of each cell, in order."""
        for _, images in self.draw_runs(cells):
            yield from images

    def draw_runs(
        self, cells: Iterable[Cell], latents_of: LatentsOf | None = None
    ) -> Iterator[tuple[list[Cell], np.ndarray]]:
        """Give cells and their images [N, H, W, C] float32, in order, as many as a block has.

        Cells are taken as they are needed, and no more than some blocks are in memory.

        Args:
            cells: To draw.
            latents_of: What stands in for `latents_of`.
        """
        latents_of = latents_of or self.latents_of
        state = self._state_now()
        runs = groupby(cells, _block_of)
        while wanted := [(block, list(run)) for block, run in islice(runs, _SIDE_BY_SIDE)]:
            seeds = np.concatenate([np.arange(first, first + BLOCK) for (first, _), _ in wanted])
            labels = np.repeat([label for (_, label), _ in wanted], BLOCK)
            labels = np.where(labels < 0, seeds % max(self._classes, 1), labels)
            images = self._drawn(latents_of(seeds), labels, state)
            for place, (_, run) in enumerate(wanted):
                yield run, images[[place * BLOCK + cell.seed % BLOCK for cell in run]]

    def as_function(self) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
        """(latents [B, size], labels int32 [B]) to images [B, H, W, C] float32, with gradients.

        Several at once, so that they may differ in rounding from those of `images`.
        """
        state = self._state_now()
        return lambda latents, labels: tf.cast(self._pass(latents, labels, state)[0], tf.float32)

    def keep_statistics(self) -> None:
        """Have the model hold the statistics that samples are normalised by."""
        state = self._state_now()
        for variable, value in zip(self._model.non_trainable_variables, state, strict=True):
            variable.assign(value)

    @property
    def _shape(self) -> tuple[int, ...]:
        """Of an image."""
        return tuple(self._model.output_shape[1:])

    def _state_now(self) -> list[tf.Tensor]:
        """What the generator's variables that are not trained hold in samples."""
        if self._reference is None:
            return [variable.value for variable in self._model.non_trainable_variables]
        measured: list[tf.Tensor] = self._measure()
        return measured

    def _drawn(self, latents: np.ndarray, labels: np.ndarray, state: list[tf.Tensor]) -> np.ndarray:
        """Images [N, H, W, C] of whole blocks of latents."""
        blocks = self._draw_blocks(
            latents.reshape(-1, BLOCK, self._latent.size),
            labels.astype(np.int32).reshape(-1, BLOCK),
            state,
        )
        images: np.ndarray = blocks.numpy()
        return images.reshape(-1, *self._shape)

    def _blocks(
        self, latents: tf.Tensor, labels: tf.Tensor, state: Sequence[tf.Tensor]
    ) -> tf.Tensor:
        """Several blocks of images [K, BLOCK, H, W, C], each from its own latents and labels."""
        return tf.map_fn(
            lambda block: tf.cast(self._pass(block[0], block[1], state)[0], tf.float32),
            (latents, labels),
            fn_output_signature=tf.TensorSpec((BLOCK, *self._shape), tf.float32),
            parallel_iterations=_SIDE_BY_SIDE,
        )

    def _reference_state(self) -> list[tf.Tensor]:
        """The state that a pass of the reference batch leaves."""
        assert self._reference is not None
        latents = draw(self._latent, self._reference, stateless_seed(0, "reference", 0))
        labels = tf.range(self._reference, dtype=tf.int64) % max(self._classes, 1)
        state = [variable.value for variable in self._model.non_trainable_variables]
        with measuring_statistics(self._model):
            return self._pass(latents, labels, state)[1]

    def _pass(
        self, latents: tf.Tensor, labels: tf.Tensor, state: Sequence[tf.Tensor]
    ) -> tuple[tf.Tensor, list[tf.Tensor]]:
        weights = [variable.value for variable in self._model.trainable_variables]
        inputs = [latents, tf.cast(labels, tf.int32)] if self._takes_label else latents
        outputs, after = self._model.stateless_call(weights, state, inputs, training=False)
        return outputs, [tf.convert_to_tensor(item) for item in after]


def make_sampler(generator: BuiltNetwork, recipe: Recipe, classes: int) -> Sampler:
    """What draws images from a generator as its recipe says."""
    reference = recipe.train.batch_size if recipe.generator.statistics == "batch" else None
    return Sampler(generator.model, generator.takes_label, recipe.latent, classes, reference)


def _block_of(cell: Cell) -> tuple[int, int]:
    """The first seed of its block, and its label, or -1 where each seed has its own."""
    return cell.seed // BLOCK * BLOCK, -1 if cell.label is None else cell.label
