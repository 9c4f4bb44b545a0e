"""Images from a checkpoint, which needs nothing beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from gantool.data.pixels import from_range
from gantool.gan.sampler import Sampler
from gantool.recipe.load import RecipeText, load
from gantool.recipe.model import Recipe
from gantool.training.checkpoint import Header, read_header, read_variables
from gantool.training.plan import build_generator


class CheckpointSampler:
    """The generator of a checkpoint: the moving average where the recipe has one.

    Args:
        path: The checkpoint.

    Attributes:
        recipe: The recipe it was trained by.
        header: What the checkpoint says of itself.

    Raises:
        InputError: It is no checkpoint, a damaged one, or its recipe cannot be built.
    """

    def __init__(self, path: Path) -> None:
        self.header: Header = read_header(path)
        text = RecipeText(self.header.recipe, f"{path} (recipe)", path.parent)
        loaded = load(text)
        self.recipe: Recipe = loaded.recipe
        generator = build_generator(loaded, self.header.classes)
        group = "generator" if self.recipe.train.average is None else "generator_average"
        read_variables(path, {group: generator.weights()})
        self._sampler = Sampler(
            generator.model, generator.takes_label, self.recipe.latent, self.header.classes
        )

    def draw(self, seeds: Iterable[int]) -> Iterator[np.ndarray]:
        """Give the picture uint8 [H, W, C] of each seed, in order."""
        for image in self._sampler.draw(seeds):
            yield from_range(image, self.recipe.data.range)
