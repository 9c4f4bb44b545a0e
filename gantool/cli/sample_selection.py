"""Which images `gantool sample` draws, and how they are laid out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import click

from gantool.cli.sample_options import BY_LABEL, AskedGrid

if TYPE_CHECKING:
    from gantool.recipe.model import Layout
    from gantool.runs.checkpoint import Checkpoint
    from gantool.sampling.grid import Selection

_SEEDS = range(64)
_COLUMNS = 10


def labels_asked_for(asked: str | None, checkpoint: Checkpoint) -> tuple[int, ...] | None:
    """The classes that `--label` names.

    Raises:
        InputError: There are no such classes, or none at all.
    """
    from gantool.errors import InputError
    from gantool.runs.class_names import class_names
    from gantool.sampling.labels import labels_of

    if asked is None:
        return None
    names = class_names(checkpoint.header)
    if not names:
        raise InputError(f"{checkpoint.path}: was trained without labels: leave --label out")
    return tuple(labels_of(asked, names))


def selection_of(
    seeds: tuple[range, ...] | None,
    labels: tuple[int, ...] | None,
    grid: AskedGrid,
    *,
    classes: int,
    in_one_grid: bool,
) -> Selection:
    """The images that are drawn: as asked for, and as usual where nothing is.

    Raises:
        click.UsageError: They are too many for a grid, or do not fill it.
    """
    from gantool.sampling.grid import MAX_CELLS, Selection

    if in_one_grid and grid is None and labels is not None and len(labels) > 1:
        grid = "by-label"
    if labels is None and grid in BY_LABEL:
        labels = tuple(range(max(1, classes)))
    found = Selection(seeds or (_usual_seeds(labels, grid),), labels, _layout_of(grid))
    if in_one_grid and seeds is not None and found.count > MAX_CELLS:
        raise click.UsageError(
            f"{found.count:,} images are too many for one grid; name a folder with --out"
        )
    if grid == "by-label-free" and found.count % len(labels or ()):
        raise click.UsageError(
            f"--grid by-label-free: {found.count} seeds do not fill {len(labels or ())} rows"
        )
    return found


def rows_and_columns(selection: Selection, grid: AskedGrid) -> tuple[int, int]:
    """Of a grid: as asked for, or as square as possible.

    Raises:
        click.UsageError: The images do not fit into it, or it is too large.
    """
    from gantool.sampling.grid import MAX_CELLS

    count = selection.count
    if selection.layout != "by-seed":
        rows = len(selection.labels or ())
        return rows, count // rows
    if not isinstance(grid, tuple):
        columns = math.ceil(math.sqrt(count))
        return math.ceil(count / columns), columns
    if grid[0] * grid[1] < count:
        raise click.UsageError(f"{count} images do not fit into a grid of {grid[0]}x{grid[1]}")
    if grid[0] * grid[1] > MAX_CELLS:
        raise click.UsageError(f"a grid has at most {MAX_CELLS:,} places")
    return grid


def _layout_of(grid: AskedGrid) -> Layout:
    return "by-label" if grid == "by-label" else "by-label-free" if grid in BY_LABEL else "by-seed"


def _usual_seeds(labels: tuple[int, ...] | None, grid: AskedGrid) -> range:
    from gantool.sampling.grid import MAX_CELLS

    count = len(labels or ())
    if grid == "by-label-free":
        return range(_COLUMNS * count)
    if isinstance(grid, tuple):
        places = min(grid[0] * grid[1], MAX_CELLS)
        return range(max(1, places // max(1, count)))
    return _SEEDS if count < 2 else range(_COLUMNS)
