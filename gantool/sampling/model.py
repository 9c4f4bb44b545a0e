"""A trained generator: images from a checkpoint, which needs nothing beside it."""

import operator
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast

import keras
import numpy as np

from gantool.data.example import example_of
from gantool.errors import InputError
from gantool.networks.build import BuiltNetwork, network_of
from gantool.networks.devices import available_memory, find_device, stating_precision
from gantool.networks.memory_check import Budget
from gantool.recipe.document import Problem
from gantool.recipe.load import LoadedRecipe, RecipeText, load
from gantool.recipe.model import Recipe
from gantool.runs.checkpoint import Checkpoint
from gantool.runs.checkpoint_format import Header
from gantool.sampling.grid import Cell
from gantool.sampling.labels import labels_of
from gantool.sampling.provenance import Weights
from gantool.sampling.sampler import BLOCK, make_sampler
from gantool.sampling.seeds import MAX_SEED
from gantool.sampling.truncation import truncated

Labels = int | str | Sequence[int | str] | None
"""A class by number or name, or one for each; None for those that there are by themselves."""


class Model:
    """A trained generator, by its checkpoint.

    Args:
        checkpoint: Where its weights lie.
        weights: Which; None for the moving average where the recipe has one.
        truncation: By which latents are moved towards their mean, 0 to 1; see `truncated`.
        precision: What it computes in, as in `train.precision`; None for the recipe's own.

    Attributes:
        recipe: The recipe it was trained by.
        header: What the checkpoint says of itself.
        example: What the generator makes.
        generator: The Keras model; takes latents [B, size] float32, or [latents, labels] with
            labels int32 [B] where `takes_label`, and gives [B, H, W, C] in the recipe's range.
            By `generator.statistics: batch`, `images` and `draw` normalise by other statistics than
            those that the model holds before `keep_statistics`.
        takes_label: Whether the generator is told the class to make.
        weights: Which it has: "average" or "raw".

    Raises:
        InputError: Its recipe cannot be built, is of other networks, or has no moving average that
            is asked for.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        weights: Weights | None = None,
        truncation: float = 1.0,
        precision: str | None = None,
    ) -> None:
        self.header: Header = checkpoint.header
        path = checkpoint.path
        text = RecipeText(self.header.recipe, f"{path} (recipe)", path.parent)
        loaded = load(text)
        if precision is not None:
            loaded = loaded.stating(("train", "precision"), precision)
        self.recipe: Recipe = loaded.recipe
        self.example = example_of(self.recipe.data)
        has_average = self.recipe.train.average is not None
        if weights == "average" and not has_average:
            raise InputError(
                f"{path}: {self.recipe.name} keeps no average of its weights (train.average):"
                " there are raw weights alone"
            )
        self.weights: Weights = weights or ("average" if has_average else "raw")
        built = _generator(loaded, self.header.classes)
        group = "generator_average" if self.weights == "average" else "generator"
        checkpoint.read({group: built.weights()})
        self.generator: keras.Model = built.model
        self.takes_label: bool = built.takes_label
        self._path, self._truncation = path, truncation
        self._sampler = make_sampler(built, self.recipe, self.header.classes)

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, by their numbers; empty where it was trained without labels."""
        return self.recipe.data.class_names(self.header.classes) if self.header.classes else ()

    def sample(
        self,
        seeds: Iterable[int],
        labels: Labels = None,
    ) -> np.ndarray:
        """Images of seeds, those that `gantool sample` draws, whatever is drawn beside them.

        Args:
            seeds: N whole numbers from 0 to 2⁶².
            labels: The class to show, by number or name, or one for each seed; None for class seed
                mod classes.

        Returns:
            uint8 [N, H, W, C]; of points, float32 [N, 2].

        Raises:
            InputError: A seed or a class cannot be, or the generator takes no labels.
        """
        numbers = _seeds(seeds)
        cells = list(map(Cell, numbers, self._labels(labels, len(numbers))))
        drawn = np.empty((len(cells), *self.example.shape), self.example.dtype)
        for place, image in enumerate(self.draw(cells)):
            drawn[place] = image
        return drawn

    def _labels(self, labels: Labels, count: int) -> Sequence[int | None]:
        """The class of each of so many seeds."""
        if labels is None:
            return [None] * count
        self.refuse_labels()
        is_one = isinstance(labels, str) or np.ndim(labels) == 0
        each: list[Any] = [labels] * count if is_one else list(cast(Sequence[Any], labels))
        if len(each) != count:
            raise InputError(f"labels: {len(each)} of them, and {count} seeds")
        return list(map(self._label, each))

    def _label(self, label: int | str) -> int:
        """The number of one class."""
        if isinstance(label, str):
            [number, *others] = labels_of(label, self.classes, "labels")
            if others:
                raise InputError(f"labels: {label!r} is more than one class")
            return number
        number = operator.index(label)
        if not 0 <= number < self.header.classes:
            raise InputError(f"labels: there is no class {label} (0 to {self.header.classes - 1})")
        return number

    def refuse_labels(self) -> None:
        """Raise InputError where the generator takes no labels."""
        if not self.takes_label:
            raise InputError(f"{self._path}: the generator of {self.recipe.name} takes no labels")

    def keep_statistics(self) -> None:
        """Have the model hold the statistics that samples are normalised by."""
        self._sampler.keep_statistics()

    def latents_of(self, seeds: Iterable[int]) -> np.ndarray:
        """Latent vector [N, size] float32 of each seed; vector k depends on seed k alone.

        Raises:
            InputError: A seed cannot be.
        """
        return self._latents_of(np.array(_seeds(seeds), np.int64))

    def _latents_of(self, seeds: np.ndarray) -> np.ndarray:
        return truncated(self._sampler.latents_of(seeds), self.recipe.latent, self._truncation)

    def images(self, latents: np.ndarray, labels: Labels = None) -> np.ndarray:
        """Examples of latents [N, size] as they are stored: uint8 [N, H, W, C] of images.

        Latents are taken as they are. Labels are as in `sample`, and without them all are of class
        0. An image may differ in rounding from the one that `draw` makes of the same latent, which
        has another place in its block.

        Raises:
            InputError: Latents have another shape or are not finite, or see `sample`.
        """
        values, size = np.asarray(latents, np.float32), self.recipe.latent.size
        if values.ndim != 2 or values.shape[1] != size or not np.isfinite(values).all():
            raise InputError(
                f"latents: {list(values.shape)}, where finite numbers [N, {size}] are meant"
            )
        if not self.takes_label and not np.count_nonzero(cast(Any, labels)):
            labels = None  # whoever draws latents of any generator may say the class 0 of each
        numbers = [label or 0 for label in self._labels(labels, len(values))]
        return self.example.from_network(self._sampler.images(values, numbers))

    def draw(
        self, cells: Iterable[Cell], latents: np.ndarray | None = None
    ) -> Iterator[np.ndarray]:
        """Give the example of each cell as it is stored, in order: uint8 [H, W, C] of an image.

        `latents` as in `draw_runs`.
        """
        for _, images in self.draw_runs(cells, latents):
            yield from self.example.from_network(images)

    def draw_runs(
        self, cells: Iterable[Cell], latents: np.ndarray | None = None
    ) -> Iterator[tuple[list[Cell], np.ndarray]]:
        """Give cells and their images [N, H, W, C] float32 in the recipe's range, in order.

        Few of them are in memory at a time, however many cells there are.

        Args:
            cells: To draw.
            latents: [N, size] float32, of which a cell's seed is the number of a row, and which are
                truncated, too; None for those of seeds.
        """
        if latents is None:
            return self._sampler.draw_runs(cells, self._latents_of)
        moved = truncated(latents, self.recipe.latent, self._truncation)
        return self._sampler.draw_runs(cells, lambda rows: _rows(moved, rows))


def _seeds(seeds: Iterable[int]) -> list[int]:
    """Seeds as whole numbers.

    Raises:
        InputError: One is out of bounds.
    """
    numbers = list(map(operator.index, seeds))
    if not all(0 <= seed <= MAX_SEED for seed in numbers):
        raise InputError(f"seeds: whole numbers from 0 to {MAX_SEED} are meant")
    return numbers


def _rows(latents: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Rows of latents, zeros for those behind the last, with which blocks are filled."""
    rows = np.zeros((len(numbers), latents.shape[1]), np.float32)
    there = numbers < len(latents)
    rows[there] = latents[numbers[there]]
    return rows


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
