"""What is written while training goes on. Each consumer takes every `Progress` and looks whether
it is due."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from gantool.data.pixels import from_range
from gantool.files import write_text
from gantool.gan.sampler import Sampler
from gantool.recipe.model import Recipe
from gantool.training.checkpoint import Header, write_checkpoint
from gantool.training.loop import Progress
from gantool.training.pictures import tile, write_png
from gantool.training.run_folder import RunFolder
from gantool.training.schedule import is_due
from gantool.training.state import TrainingState

Consumer = Callable[[Progress], None]


def metrics_log(path: Path, every: int) -> Consumer:
    """Append a row to metrics.jsonl at every `every`-th step and at the last."""

    def consume(progress: Progress) -> None:
        if not (is_due(progress.step, every) or progress.step >= progress.last):
            return
        row = {
            "step": progress.step,
            "images": progress.images,
            "seconds": round(progress.seconds, 3),
            "images_per_second": round(progress.images_per_second, 1),
            "generator_loss": progress.generator_loss,
            "discriminator_loss": progress.discriminator_loss,
        }
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    return consume


def keep_rows(path: Path, step: int) -> None:
    """Drop the rows of metrics.jsonl that come after `step`, and a row that was cut off."""
    if not path.exists():
        return
    text = path.read_text(encoding="utf-8")
    rows = [line for line in text.splitlines(keepends=True) if _is_row_until(line, step)]
    if "".join(rows) != text:
        write_text(path, "".join(rows))


def _is_row_until(line: str, step: int) -> bool:
    try:
        return bool(line.endswith("\n") and json.loads(line)["step"] <= step)
    except (ValueError, KeyError, TypeError):
        return False


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
            write_checkpoint(path, header(progress), state.variables())
            for old in folder.checkpoints()[: -settings.keep]:
                if old != path:
                    # Somebody else may have removed it; what matters is that it is gone.
                    with suppress(FileNotFoundError):
                        old.unlink()

    return consume


def real_grid(
    path: Path, images: Sequence[np.ndarray], recipe: Recipe
) -> None:
    """Write real images, uint8 [H, W, C], laid out as the samples are."""
    grid = recipe.output.grid
    write_png(path, tile(images, grid.rows, grid.columns))
