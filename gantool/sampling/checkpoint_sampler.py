"""Images from a checkpoint, which needs nothing beside it."""

from collections.abc import Iterable, Iterator

import numpy as np

from gantool.data.example import example_of
from gantool.errors import InputError
from gantool.networks.build import BuiltNetwork, network_of
from gantool.networks.devices import available_memory, find_device, stating_precision
from gantool.networks.memory_check import Budget
from gantool.recipe.document import Problem
from gantool.recipe.load import LoadedRecipe, RecipeText, load
from gantool.recipe.model import Recipe
from gantool.runs.checkpoint import Checkpoint, Header
from gantool.sampling.grid import Cell
from gantool.sampling.sampler import BLOCK, make_sampler


class CheckpointSampler:
    """The generator of a checkpoint: the moving average where the recipe has one.

    Attributes:
        recipe: The recipe it was trained by.
        header: What the checkpoint says of itself.
        example: What the generator makes.

    Raises:
        InputError: Its recipe cannot be built, or is of other networks.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.header: Header = checkpoint.header
        path = checkpoint.path
        text = RecipeText(self.header.recipe, f"{path} (recipe)", path.parent)
        loaded = load(text)
        self.recipe: Recipe = loaded.recipe
        self.example = example_of(self.recipe.data)
        generator = _generator(loaded, self.header.classes)
        group = "generator" if self.recipe.train.average is None else "generator_average"
        checkpoint.read({group: generator.weights()})
        self._path, self._takes_label = path, generator.takes_label
        self._sampler = make_sampler(generator, self.recipe, self.header.classes)

    def refuse_labels(self) -> None:
        """Raise InputError where the generator takes no labels."""
        if not self._takes_label:
            raise InputError(f"{self._path}: the generator of {self.recipe.name} takes no labels")

    def draw(self, cells: Iterable[Cell]) -> Iterator[np.ndarray]:
        """Give the example of each cell as it is stored, in order: uint8 [H, W, C] of an image."""
        for image in self._sampler.draw(cells):
            yield self.example.from_network(image)

    def draw_runs(self, cells: Iterable[Cell]) -> Iterator[tuple[list[Cell], np.ndarray]]:
        """Give cells and their images [N, H, W, C] float32 in the recipe's range, in order.

        Few of them are in memory at a time, however many cells there are.
        """
        return self._sampler.draw_runs(cells)


def _generator(loaded: LoadedRecipe, classes: int) -> BuiltNetwork:
    """Build a recipe's generator alone.

    Raises:
        RecipeError: It cannot be built.
    """
    problems: list[Problem] = []
    device = find_device()
    loaded = stating_precision(loaded, device)
    budget = Budget(available_memory(device), BLOCK, trains=False)
    built = network_of("generator", loaded, classes, problems, budget)
    loaded.raise_problems(problems)
    assert built is not None
    return built
