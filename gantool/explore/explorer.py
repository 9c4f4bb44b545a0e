"""Pictures of a generator, as a page wishes for them."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from threading import Lock
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from gantool.data.drawing import encode_png
from gantool.errors import InputError
from gantool.explore.wish import Wish
from gantool.networks.build import BuiltNetwork
from gantool.runs.checkpoint import Checkpoint
from gantool.sampling.grid import Cell
from gantool.sampling.latent_files import digest
from gantool.sampling.model import Model
from gantool.sampling.picture_files import name_of, pictures_of
from gantool.sampling.provenance import Provenance
from gantool.sampling.sampler import BLOCK, make_sampler
from gantool.steering.directions import principal_directions
from gantool.steering.first_layer import first_layer_weights
from gantool.steering.interpolation import Places, interpolate

DIRECTIONS = 8
"""That a latent can be moved along, at most."""

COLUMNS = 8
"""Of a sheet, whose images are those of a block of seeds."""


class File(NamedTuple):
    """What a user is given to keep."""

    name: str
    content: bytes | memoryview


class Explorer:
    """Draws what wishes ask for, one at a time, from whichever thread.

    Args:
        checkpoint: Where the generator comes from.
        sampler: Draws it.
        names: Of all classes.

    Attributes:
        checkpoint: As given.
        sampler: As given.
        names: Of the classes that it can be told to show; none where it takes no label.
        directions: Principal directions [K, size] of length 1; K is 0 where it has none.
    """

    def __init__(self, checkpoint: Checkpoint, sampler: Model, names: Sequence[str]) -> None:
        self.checkpoint = checkpoint
        self.sampler = sampler
        self.names = tuple(names) if sampler.takes_label else ()
        self.directions = _directions(sampler)
        self._lock = Lock()
        network = BuiltNetwork(sampler.generator, sampler.takes_label, ())
        generate = make_sampler(network, sampler.recipe, sampler.header.classes).as_function()
        size = sampler.recipe.latent.size
        self._generate = tf.function(
            generate,
            autograph=False,
            input_signature=[
                tf.TensorSpec([1, size], tf.float32),
                tf.TensorSpec([1], tf.int32),
            ],
        )

    def shown(self, wish: Wish) -> memoryview:
        """A PNG of the image, over a checkerboard where it is transparent.

        It is drawn alone, many times as fast as `picture` draws it, in a block of others, and may
        differ from that in rounding.
        """
        self._refuse_unknown(wish)
        with self._lock:
            latent, label = self._latent_of(wish), self._label_of(wish)
            drawn = self._generate(latent[None], np.array([label], np.int32)).numpy()
        example = self.sampler.example
        return encode_png(example.picture(list(example.from_network(drawn)), 1, 1))

    def sheet(self, wish: Wish) -> memoryview:
        """A PNG of the seeds that share a block with the wish's, by their order, as `COLUMNS` say.

        None of them is moved.
        """
        self._refuse_unknown(wish)
        first = wish.seed // BLOCK * BLOCK
        cells = [Cell(seed, wish.label) for seed in range(first, first + BLOCK)]
        with self._lock:
            drawn = list(self.sampler.draw(cells))
        return encode_png(self.sampler.example.picture(drawn, BLOCK // COLUMNS, COLUMNS))

    def picture(self, wish: Wish) -> File:
        """A PNG that says where it comes from: of a seed, the file that `gantool sample` writes.

        One whose latent was moved is what `gantool sample --like` draws with the file of `latent`.
        """
        self._refuse_unknown(wish)
        cell, latents = Cell(wish.seed, wish.label), None
        with self._lock:
            if wish.is_moved:
                cell = Cell(0, self._label_of(wish) if self.names else None)
                latents = self._latent_of(wish)[None]
            [run] = pictures_of(self.sampler, [cell], latents, self._provenance(latents))
            [picture] = run()
        return File(f"{self._name(wish)}.png", encode_png(picture.pixels, picture.text))

    def latent(self, wish: Wish) -> File:
        """A .npy of the latent, float32 [1, size], as `--latents` of commands takes it."""
        self._refuse_unknown(wish)
        with self._lock:
            latents = self._latent_of(wish)[None]
        file = BytesIO()
        np.save(file, latents.astype("<f4", copy=False))
        return File(f"{self._name(wish)}.npy", file.getbuffer())

    def _refuse_unknown(self, wish: Wish) -> None:
        """Raise InputError where the generator has no such class or direction."""
        if wish.label is not None and wish.label >= len(self.names):
            known = f"classes 0 to {len(self.names) - 1}" if self.names else "no classes"
            raise InputError(f"label: {wish.label} is none of them: there are {known}")
        if len(wish.moves) > len(self.directions):
            count = len(self.directions)
            raise InputError(f"moves: {len(wish.moves)} are too many: there are {count} directions")

    def _label_of(self, wish: Wish) -> int:
        """The class that is shown; a way keeps that of its first seed."""
        return wish.seed % max(1, len(self.names)) if wish.label is None else wish.label

    def _latent_of(self, wish: Wish) -> np.ndarray:
        """What is shown, [size] float32."""
        [latent, *ends] = self.sampler.latents_of(
            [wish.seed] if wish.end is None else [wish.seed, wish.end]
        )
        if ends and wish.share > 0.0:
            places = Places(np.array([0]), np.array([1]), np.array([wish.share]))
            [latent] = interpolate(np.stack([latent, *ends]), places, self.sampler.recipe.latent)
        step = np.array(wish.moves, np.float64) @ self.directions[: len(wish.moves)]
        moved: np.ndarray = (latent + step).astype(np.float32)
        return moved

    def _provenance(self, latents: np.ndarray | None) -> Provenance:
        """What a picture says of itself; its seed and label are told by `Provenance.of`."""
        return Provenance(
            checkpoint=self.checkpoint.sha256,
            weights=self.sampler.weights,
            truncation=1.0,
            latents=None if latents is None else digest(latents),
            seeds="0",
            labels=None,
            grid=None,
            scale=1,
        )

    def _name(self, wish: Wish) -> str:
        """Of a file, without its ending."""
        name = name_of(Cell(wish.seed, wish.label), self._provenance(None))
        way = f"-to-{wish.end:08d}" if wish.end is not None and wish.share > 0.0 else ""
        return f"{name}{way}-moved" if wish.is_moved else name


def _directions(sampler: Model) -> np.ndarray:
    """Principal directions [K, size], by the first layer at the latent of seed 0."""
    size = sampler.recipe.latent.size
    [latent] = sampler.latents_of([0])
    try:
        weights = first_layer_weights(sampler.generator, latent, 0)
    except InputError:
        return np.zeros((0, size))
    return principal_directions(weights, min(DIRECTIONS, size))
