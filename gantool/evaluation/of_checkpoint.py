"""A checkpoint's samples beside the images that it was trained on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

from gantool.data.loading import load_images
from gantool.data.preparing import OnImage
from gantool.data.sources import open_source
from gantool.errors import InputError
from gantool.evaluation.feature_metric import FeatureMetric
from gantool.evaluation.metric import Metric, metric_of
from gantool.evaluation.reals import Reals
from gantool.evaluation.samples import Samples, Stored
from gantool.features.network import FeatureName
from gantool.networks.messages import times
from gantool.recipe.edit import Override
from gantool.recipe.load import LoadedRecipe, RecipeText, load
from gantool.recipe.model import Recipe
from gantool.runs.checkpoint import Checkpoint
from gantool.sampling.grid import Cell
from gantool.sampling.model import Model

METRICS = ("output", "metrics")
"""Where the metrics stand in a recipe."""

_OF_SOURCE = {"ring": "Modes", "grid": "Modes", "stacked-mnist": "DigitModes"}
_OF_POINTS = ("FrechetDistance", "SlicedWasserstein")
_OF_IMAGES = (
    *("FrechetDistance", "KernelDistance", "PrecisionRecall", "DensityCoverage"),
    *("SlicedWasserstein", "Memorization"),
)
_OF_CLASSES = ("ClassAccuracy", "ClassifierScore")


class Evaluated:
    """A checkpoint that figures are taken of.

    Args:
        checkpoint: The checkpoint.
        overrides: Changes of its recipe, as of the place of the data; without one of
            `output.metrics`, its metrics are those that suit its data.
        on_image: Called after each real image that is prepared.
        on_sample: Called after samples are drawn, with their number so far and in all.
        say: Is told what takes minutes.

    Attributes:
        recipe: The recipe, changed.

    Raises:
        RecipeError: Its recipe cannot be built, or a change of it is wrong.
        InputError: Real images would have another size or other channels than samples.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        overrides: Sequence[Override] = (),
        on_image: OnImage | None = None,
        on_sample: Callable[[int, int], None] = lambda _done, _count: None,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        loaded = _loaded(checkpoint, overrides)
        self.recipe: Recipe = loaded.recipe
        self._folder = loaded.folder
        self._sampler = Model(checkpoint)
        made, asked = self._sampler.recipe.data.shape, self.recipe.data.shape
        if made != asked:
            raise InputError(
                f"{checkpoint.path}: makes images of {times(made)}, and would be compared with real"
                f" ones of {times(asked)}: leave size and channels of the data as they are"
            )
        self._on_image, self._on_sample, self._say = on_image, on_sample, say
        self._samples: dict[int, Samples] = {}

    @cached_property
    def reals(self) -> Reals:
        """The images that it was trained on.

        Raises:
            InputError: They are not here, or cannot be read.
        """
        try:
            source = open_source(self.recipe.data, self._folder)
        except InputError as error:
            raise InputError(f"{error}; --set data.source=PATH says where they lie now") from error
        images = load_images(source, self.recipe.data, self._on_image)
        return Reals(images, self._classes, self.recipe.seed, self._folder, self._say)

    def samples(self, count: int) -> Samples:
        """The samples of seeds 0, 1, 2, …, the same object for the same number."""
        if count not in self._samples:
            cells = [Cell(seed) for seed in range(count)]
            example = self._sampler.example
            self._samples[count] = Samples(cells, self._classes, self._drawn, example)
        return self._samples[count]

    def metrics(self, samples: int | None, features: FeatureName | None) -> list[Metric]:
        """Those of the recipe, of this number of samples and with these features where given."""
        metrics = [metric_of(item, self.recipe.data) for item in self.recipe.output.metrics]
        grid = self.recipe.output.grid
        for metric in metrics:
            metric.samples = samples or metric.samples or grid.rows * grid.columns
            if isinstance(metric, FeatureMetric) and features in metric.looked_at_by:
                metric.features = features
        return metrics

    @property
    def _classes(self) -> int:
        return self._sampler.header.classes

    def _drawn(self, cells: Sequence[Cell]) -> Iterator[tuple[list[Cell], Stored]]:
        done = 0
        for run, images in self._sampler.draw_runs(cells):
            yield run, images
            done += len(run)
            self._on_sample(done, len(cells))


def _loaded(checkpoint: Checkpoint, overrides: Sequence[Override]) -> LoadedRecipe:
    header = checkpoint.header
    text = RecipeText(header.recipe, f"{checkpoint.path} (recipe)", Path(header.recipe_folder))
    loaded = load(text, overrides)
    if any(override.path[:2] == METRICS for override in overrides):
        loaded.raise_problems()
        return loaded
    usual = usual_metrics(loaded.recipe, header.classes)
    return load(text, [*overrides, Override(METRICS, usual, "the usual metrics")])


def usual_metrics(recipe: Recipe, classes: int) -> list[str]:
    """The names of the metrics that suit a recipe's data."""
    data = recipe.data
    of_source = [_OF_SOURCE[data.source]] if data.source in _OF_SOURCE else []
    of_classes = _OF_CLASSES if classes else ()
    return [*of_source, *(_OF_POINTS if data.size is None else (*_OF_IMAGES, *of_classes))]
