"""The grids of samples."""

from collections.abc import Sequence

from gantool.data.drawing import write_png
from gantool.engine.hook import Hook, Moment, Outcome
from gantool.outputs.samples import SamplesOfStep
from gantool.recipe.model import Grid
from gantool.runs.run_folder import RunFolder
from gantool.sampling.grid import grid_cells, names_of_rows


class GridHook(Hook):
    """Draws the same seeds 0, 1, 2, … in each layout of the recipe.

    Args:
        grid: The recipe's.
        folder: Of the run.
        samples: Draws.
        names: Of the classes; empty without labels.
    """

    def __init__(
        self, grid: Grid, folder: RunFolder, samples: SamplesOfStep, names: Sequence[str]
    ) -> None:
        self.every = grid.every
        self._grid, self._folder = grid, folder
        self._samples, self._names = samples, names

    def __call__(self, moment: Moment) -> Outcome:
        grid, step = self._grid, moment.progress.step
        drawn = {
            layout: self._samples.at(
                step, grid_cells(layout, grid.rows, grid.columns, len(self._names))
            ).images
            for layout in grid.layouts
        }

        def write() -> None:
            for layout, images in drawn.items():
                name = "" if layout == grid.layouts[0] else layout
                beside = names_of_rows(layout, grid.rows, self._names)
                picture = self._samples.example.picture(
                    list(images), grid.rows, grid.columns, beside
                )
                write_png(self._folder.samples(step, name), picture)

        return Outcome(job=write)
