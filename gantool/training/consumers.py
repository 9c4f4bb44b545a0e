"""Pictures and checkpoints while training goes on.

Each consumer takes every `Progress` and looks whether it is due.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from gantool.data.pixels import from_range
from gantool.errors import DivergedError
from gantool.gan.sampler import Sampler
from gantool.recipe.model import Recipe
from gantool.training.checkpoint import Header, Variables, write_checkpoint
from gantool.training.loop import Progress
from gantool.training.metrics import Consumer
from gantool.training.pictures import tile, write_png
from gantool.training.run_folder import RunFolder
from gantool.training.schedule import is_due
from gantool.training.state import TrainingState


def grids(folder: RunFolder, recipe: Recipe, state: TrainingState, classes: int) -> Consumer:
    """Draw the same seeds 0, 1, 2, … at every `grid.every`-th step and at the last."""
    grid = recipe.output.grid
    best = state.best_generator
    sampler = Sampler(best.model, best.takes_label, recipe.latent, classes)

    def consume(progress: Progress) -> None:
        if is_due(progress.step, grid.every) or progress.step >= progress.last:
            images = [
                from_range(image, recipe.data.range)
                for image in sampler.draw(range(grid.rows * grid.columns))
            ]
            write_png(folder.samples(progress.step), tile(images, grid.rows, grid.columns))

    return consume


def checkpoints(
    folder: RunFolder,
    recipe: Recipe,
    state: TrainingState,
    header: Callable[[Progress], Header],
) -> Consumer:
    """Save the run at every `checkpoint.every`-th step and where it ends; keep the newest few."""
    settings = recipe.output.checkpoint

    def consume(progress: Progress) -> None:
        if is_due(progress.step, settings.every) or progress.ends:
            path = folder.checkpoint(progress.step)
            variables = state.variables()
            _refuse_what_is_not_finite(variables, progress.step)
            write_checkpoint(path, header(progress), variables)
            for old in folder.checkpoints()[: -settings.keep]:
                if old != path:
                    # Somebody else may have removed it; what matters is that it is gone.
                    with suppress(FileNotFoundError):
                        old.unlink()

    return consume


def _refuse_what_is_not_finite(variables: Variables, step: int) -> None:
    """The losses of a step are from before its update, which may have been the one too far."""
    networks = (item for item in variables.items() if not item[0].startswith("optimizers/"))
    for group, members in networks:
        for name, variable in members.items():
            if not np.isfinite(variable.numpy().astype(np.float32)).all():
                raise DivergedError(
                    f"training diverged: {group}/{name} is no longer finite at step {step}"
                )


def real_grid(path: Path, images: Sequence[np.ndarray], recipe: Recipe) -> None:
    """Write real images, uint8 [H, W, C], laid out as the samples are."""
    grid = recipe.output.grid
    write_png(path, tile(images, grid.rows, grid.columns))
