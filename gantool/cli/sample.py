"""`gantool sample`: pictures from a checkpoint."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gantool.cli.loading import start_tensorflow

if TYPE_CHECKING:
    from gantool.runs.checkpoint import Checkpoint
    from gantool.sampling.checkpoint_sampler import CheckpointSampler
    from gantool.sampling.grid import Cell

_MAX_SEED = 2**62
_MAX_CELLS = 10_000
_SEEDS = range(64)
_COLUMNS = 10
_BY_LABEL = ("by-label", "by-label-free")


def parse_numbers(
    _context: click.Context, option: click.Parameter, value: str | None
) -> list[range] | None:
    """Read `0-63`, `7`, or several of them with commas between."""
    if value is None:
        return None
    what = (option.name or "").removesuffix("s")
    ranges = []
    for part in value.split(","):
        match = re.fullmatch(r"\s*(\d{1,99})\s*(?:-\s*(\d{1,99})\s*)?", part)
        if not match:
            raise click.BadParameter(f"{part!r} is no {what} or range of {what}s such as 0-9")
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first:
            raise click.BadParameter(f"the range {part!r} runs backwards")
        if last > _MAX_SEED:
            raise click.BadParameter(f"{what}s go up to {_MAX_SEED}")
        ranges.append(range(first, last + 1))
    return ranges


def parse_grid(
    _context: click.Context, _option: click.Parameter, value: str | None
) -> tuple[int, int] | str | None:
    """Read `8x10`, rows and columns, or the name of a layout by labels."""
    if value is None or value in _BY_LABEL:
        return value
    match = re.fullmatch(r"(\d{1,99})[x×](\d{1,99})", value)
    if not match or not int(match[1]) or not int(match[2]):
        names = " or ".join(_BY_LABEL)
        raise click.BadParameter(
            f"{value!r} is no grid; write ROWSxCOLUMNS, such as 8x8, or {names}"
        )
    return int(match[1]), int(match[2])


@click.command()
@click.option(
    "--ckpt",
    "place",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE_OR_RUN",
    help="A checkpoint, or a run folder for its newest whole one.",
)
@click.option(
    "--seeds",
    callback=parse_numbers,
    metavar="SEEDS",
    help="As in 0-9,42.  [default: 0-63; as many as ROWSxCOLUMNS has; by label, ten columns]",
)
@click.option(
    "--label",
    "asked",
    metavar="CLASSES",
    help="What to show: a class by name or number, as in cat or 7; or several: cat,dog or 0-9.",
)
@click.option(
    "--grid",
    callback=parse_grid,
    metavar="LAYOUT",
    help="ROWSxCOLUMNS; by-label: a row a label, a column a seed; by-label-free: a row a label, a"
    " seed an image.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="A .png for one grid; a folder for one image a seed.  [default: a grid, in the working"
    " folder]",
)
def sample(
    place: Path,
    seeds: list[range] | None,
    asked: str | None,
    grid: tuple[int, int] | str | None,
    out: Path | None,
) -> None:
    """Draw the images of some seeds from a checkpoint.

    A seed and a label always give the same image from the same checkpoint, whatever is drawn beside
    it. Without --label a network that takes labels shows class k mod classes for seed k; several
    labels are drawn by-label unless another grid is named.
    """
    from gantool.runs.resume import find_checkpoint

    one_grid = _is_grid(out, grid)
    checkpoint = find_checkpoint(place, lambda line: click.echo(f"warning: {line}", err=True))
    chosen = _chosen_labels(asked, checkpoint)
    if one_grid and grid is None and chosen is not None and len(chosen) > 1:
        grid = "by-label"
    if chosen is None and grid in _BY_LABEL:
        chosen = list(range(max(1, checkpoint.header.classes)))
    if one_grid:
        _refuse_too_many(seeds, 1 if grid == "by-label-free" else len(chosen or (0,)))
    count, cells = _cells(seeds, chosen, grid)
    rows, columns = _layout(count, len(chosen or ()), grid) if one_grid else (0, 0)
    start_tensorflow()
    from gantool.sampling.checkpoint_sampler import CheckpointSampler

    sampler = CheckpointSampler(checkpoint)
    if chosen is not None:
        sampler.refuse_labels()
    if one_grid:
        path = out or Path(f"{sampler.recipe.name}-step-{sampler.header.step:08d}.png")
        names = sampler.recipe.data.class_names(sampler.header.classes)
        beside = [names[label] for label in chosen or ()] if grid in _BY_LABEL else []
        _write_grid(sampler, cells, (rows, columns), path, beside)
        click.echo(f"{path}: seeds in {rows} rows of {columns}, step {sampler.header.step}")
    else:
        assert out is not None
        _write_each(sampler, cells, out)
        images = "image" if count == 1 else "images"
        click.echo(f"{out}: {count:,} {images}, step {sampler.header.step}")


def _is_grid(out: Path | None, grid: tuple[int, int] | str | None) -> bool:
    if out is None or (out.suffix.lower() == ".png" and not out.is_dir()):
        return True
    if out.suffix and not out.is_dir():
        raise click.UsageError(
            f"--out {out}: name a .png for a grid, or a folder for single images"
        )
    if grid is not None:
        raise click.UsageError(f"--grid needs a .png for --out; {out} is a folder")
    return False


def _chosen_labels(asked: str | None, checkpoint: Checkpoint) -> list[int] | None:
    from gantool.errors import InputError
    from gantool.sampling.labels import class_names, labels_of

    if asked is None:
        return None
    names = class_names(checkpoint.header)
    if not names:
        raise InputError(f"{checkpoint.path}: was trained without labels: leave --label out")
    return labels_of(asked, names)


def _refuse_too_many(seeds: list[range] | None, times: int) -> None:
    count = sum(len(part) for part in seeds or ()) * times
    if count > _MAX_CELLS:
        raise click.UsageError(
            f"{count:,} images are too many for one grid; name a folder with --out"
        )


def _cells(
    seeds: list[range] | None, labels: list[int] | None, grid: tuple[int, int] | str | None
) -> tuple[int, Iterator[Cell]]:
    """How many images are to be drawn and which, label by label where there are labels."""
    from gantool.sampling.grid import Cell

    parts = seeds or [_usual_seeds(labels, grid)]
    count = sum(len(part) for part in parts)
    if labels is None:
        return count, (Cell(seed) for part in parts for seed in part)
    if grid != "by-label-free":
        drawn = (Cell(seed, label) for label in labels for part in parts for seed in part)
        return count * len(labels), drawn
    if count % len(labels):
        raise click.UsageError(
            f"--grid by-label-free: {count} seeds do not fill {len(labels)} rows"
        )
    columns = count // len(labels)
    numbered = enumerate(seed for part in parts for seed in part)
    return count, (Cell(seed, labels[place // columns]) for place, seed in numbered)


def _usual_seeds(labels: list[int] | None, grid: tuple[int, int] | str | None) -> range:
    count = len(labels or ())
    if grid == "by-label-free":
        return range(_COLUMNS * count)
    if isinstance(grid, tuple):
        places = min(grid[0] * grid[1], _MAX_CELLS)
        return range(max(1, places // max(1, count)))
    return _SEEDS if count < 2 else range(_COLUMNS)


def _layout(count: int, labels: int, grid: tuple[int, int] | str | None) -> tuple[int, int]:
    """Rows and columns: as asked for, or as square as possible."""
    if isinstance(grid, str):
        return labels, count // labels
    if grid is None:
        columns = math.ceil(math.sqrt(count))
        return math.ceil(count / columns), columns
    if grid[0] * grid[1] < count:
        raise click.UsageError(f"{count} images do not fit into a grid of {grid[0]}x{grid[1]}")
    if grid[0] * grid[1] > _MAX_CELLS:
        raise click.UsageError(f"a grid has at most {_MAX_CELLS:,} places")
    return grid


def _write_grid(
    sampler: CheckpointSampler,
    cells: Iterable[Cell],
    grid: tuple[int, int],
    path: Path,
    names: Sequence[str],
) -> None:
    from gantool.data.drawing import write_png
    from gantool.errors import InputError

    _refuse_too_large(sampler, grid)
    images = list(sampler.draw(cells))
    try:
        write_png(path, sampler.example.picture(images, *grid, names))
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from error


def _refuse_too_large(sampler: CheckpointSampler, grid: tuple[int, int]) -> None:
    """Raise InputError where the machine cannot hold the picture of a grid."""
    from gantool.errors import InputError
    from gantool.memory import amount, machine_memory

    shape = sampler.recipe.data.shape
    size, memory = math.prod((*grid, *shape)), machine_memory()
    if size > memory:
        raise InputError(
            f"a grid of {grid[0]} × {grid[1]} images of {'×'.join(map(str, shape))} bytes is"
            f" {amount(size)}, and this machine has {amount(memory)}: draw fewer, or name a folder"
            " with --out"
        )


def _write_each(sampler: CheckpointSampler, cells: Iterable[Cell], folder: Path) -> None:
    from gantool.errors import InputError
    from gantool.sampling.picture_files import write_pictures

    if sampler.recipe.data.size is None:
        raise InputError(f"--out {folder}: points are shown together: name a .png")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_pictures(sampler, cells, folder)
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror})") from error
