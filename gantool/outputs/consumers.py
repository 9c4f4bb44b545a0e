"""Pictures and checkpoints while training goes on.

Each consumer looks at every `Progress` whether it is due. Where it is, it takes what training is
about to move, and gives the rest of its work as a job that a `Writer` does meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from gantool.data.pixels import from_range
from gantool.engine.loop import Progress
from gantool.engine.schedule import Calendar
from gantool.engine.state import TrainingState
from gantool.errors import DivergedError
from gantool.outputs.health import diversity
from gantool.outputs.loss_plot import write_loss_plot
from gantool.outputs.metrics import Consumer, Notes
from gantool.outputs.writer import Job
from gantool.recipe.model import Recipe
from gantool.runs.checkpoint import Header, Values, values_of, write_checkpoint
from gantool.runs.metrics_file import MetricsFile, read_rows
from gantool.runs.run_folder import RunFolder
from gantool.sampling.build import make_sampler
from gantool.sampling.grid import cells_of
from gantool.sampling.pictures import tile, write_png


def grids(
    folder: RunFolder,
    recipe: Recipe,
    calendar: Calendar,
    state: TrainingState,
    classes: int,
    reals: Sequence[np.ndarray],
) -> Consumer:
    """Draw the same seeds 0, 1, 2, … whenever `grid.every` is due, and at the last step.

    Notes the diversity of the first layout's images beside `reals`.
    """
    grid = recipe.output.grid
    sampler = make_sampler(state.best_generator, recipe, classes)

    def consume(progress: Progress, notes: Notes) -> Job | None:
        if not (calendar.is_due(progress.step, grid.every) or progress.step >= progress.last):
            return None
        drawn = {}
        for layout in grid.layouts:
            images = sampler.draw(cells_of(layout, grid.rows, grid.columns, classes))
            drawn[layout] = [from_range(image, recipe.data.range) for image in images]
        notes.diversity = diversity(drawn[grid.layouts[0]], reals)

        def write() -> None:
            for layout, pixels in drawn.items():
                name = "" if layout == grid.layouts[0] else layout
                picture = tile(pixels, grid.rows, grid.columns)
                write_png(folder.samples(progress.step, name), picture)

        return write

    return consume


def checkpoints(
    folder: RunFolder,
    recipe: Recipe,
    calendar: Calendar,
    state: TrainingState,
    header: Callable[[Progress], Header],
    metrics: MetricsFile,
) -> Consumer:
    """Save the run whenever `checkpoint.every` is due and where it ends; keep the newest few."""
    settings = recipe.output.checkpoint

    def consume(progress: Progress, _notes: Notes) -> Job | None:
        if not (calendar.is_due(progress.step, settings.every) or progress.ends):
            return None
        path, told = folder.checkpoint(progress.step), header(progress)
        values = values_of(state.variables())

        def write() -> None:
            _refuse_what_is_not_finite(values, progress.step)
            # Whoever finds a checkpoint finds the rows before it, also after a power cut.
            metrics.flush()
            write_checkpoint(path, told, values)
            folder.keep_newest(settings.keep)
            folder.recipe_folder.unlink(missing_ok=True)

        return write

    return consume


def loss_plots(folder: RunFolder, recipe: Recipe, calendar: Calendar) -> Consumer:
    """Draw the losses so far whenever a checkpoint is due, and where the run ends."""

    def consume(progress: Progress, _notes: Notes) -> Job | None:
        if not (calendar.is_due(progress.step, recipe.output.checkpoint.every) or progress.ends):
            return None
        return lambda: write_loss_plot(folder.losses, read_rows(folder.metrics), recipe.name)

    return consume


def _refuse_what_is_not_finite(values: Values, step: int) -> None:
    """The losses of a step are from before its update, which may have been the one too far."""
    networks = (item for item in values.items() if not item[0].startswith("optimizers/"))
    for group, members in networks:
        for name, value in members.items():
            if not np.isfinite(value.astype(np.float32)).all():
                raise DivergedError(
                    f"training diverged: {group}/{name} is no longer finite at step {step}"
                )


def real_grid(path: Path, images: Sequence[np.ndarray], recipe: Recipe) -> None:
    """Write real images, uint8 [H, W, C], laid out as the samples are."""
    grid = recipe.output.grid
    write_png(path, tile(images, grid.rows, grid.columns))
