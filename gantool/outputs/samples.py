"""What is made of samples while a run trains: grids, and metrics beside real images."""

from collections.abc import Callable, Sequence

import numpy as np

from gantool.data.example import Example
from gantool.data.loading import Images
from gantool.data.pictures import write_png
from gantool.engine.hook import Hook, Moment, Outcome
from gantool.recipe.model import Grid
from gantool.recipe.randomness import key
from gantool.runs.run_folder import RunFolder
from gantool.sampling.grid import Cell, grid_cells
from gantool.sampling.metric import Metric
from gantool.sampling.sampler import Sampler


class Samples:
    """Examples of a generator that is trained, for all hooks of a run, each drawn once a pause."""

    def __init__(self, sampler: Sampler, example: Example) -> None:
        self._sampler, self.example = sampler, example
        self._step = -1
        self._drawn: dict[tuple[Cell, ...], Sequence[np.ndarray]] = {}

    def at(self, step: int, cells: Sequence[Cell]) -> Sequence[np.ndarray]:
        """The example of each cell as it is stored, by the generator as it is after this step."""
        if step != self._step:
            self._step, self._drawn = step, {}
        asked = tuple(cells)
        if asked not in self._drawn:
            images = self._sampler.draw(asked)
            self._drawn[asked] = [self.example.from_network(image) for image in images]
        return self._drawn[asked]


class GridHook(Hook):
    """Draws the same seeds 0, 1, 2, … in each layout of the recipe."""

    def __init__(self, grid: Grid, folder: RunFolder, samples: Samples, classes: int) -> None:
        self.every = grid.every
        self._grid, self._folder = grid, folder
        self._samples, self._classes = samples, classes

    def __call__(self, moment: Moment) -> Outcome:
        grid, step = self._grid, moment.progress.step
        drawn = {
            layout: self._samples.at(
                step, grid_cells(layout, grid.rows, grid.columns, self._classes)
            )
            for layout in grid.layouts
        }

        def write() -> None:
            for layout, images in drawn.items():
                name = "" if layout == grid.layouts[0] else layout
                picture = self._samples.example.picture(images, grid.rows, grid.columns)
                write_png(self._folder.samples(step, name), picture)

        return Outcome(job=write)


class MetricHook(Hook):
    """Takes a metric of samples, by default of those in the grids, and of real images for them."""

    def __init__(
        self,
        metric: Metric,
        grid_cells: Sequence[Cell],
        samples: Samples,
        reals: Callable[[tuple[Cell, ...]], Sequence[np.ndarray]],
    ) -> None:
        self.every = metric.every
        self._metric, self._samples, self._reals = metric, samples, reals
        count = metric.samples
        self._cells = tuple(grid_cells if count is None else map(Cell, range(count)))

    def __call__(self, moment: Moment) -> Outcome:
        samples = self._samples.at(moment.progress.step, self._cells)
        return Outcome(values=self._metric(samples, self._reals(self._cells)))


def real_images(images: Images, cells: Sequence[Cell], classes: int, seed: int) -> list[np.ndarray]:
    """A real image, uint8 [H, W, C], for each cell: of the cell's class where there are classes.

    They are chosen in an order of the recipe's seed.
    """
    order = np.random.default_rng(key(seed, "reals")).permutation(len(images))
    if not classes:
        return list(images.read(np.resize(order, len(cells))))
    queues = [order[images.labels[order] == label] for label in range(classes)]
    turns = [0] * classes
    shown = []
    for cell in cells:
        label = cell.seed % classes if cell.label is None else cell.label
        queue = queues[label]
        if len(queue):
            shown.append(images.read(queue[[turns[label] % len(queue)]])[0])
        else:  # labels may leave a number out
            shown.append(np.zeros(images.example.shape, images.example.dtype))
        turns[label] += 1
    return shown
