"""`gantool sample`: pictures from a checkpoint."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gantool.cli.loading import start_tensorflow

if TYPE_CHECKING:
    from gantool.sampling.checkpoint_sampler import CheckpointSampler

_MAX_SEED = 2**62
_MAX_CELLS = 10_000


def parse_seeds(_context: click.Context, _option: click.Parameter, value: str) -> list[range]:
    """Read `0-63`, `7`, or several of them with commas between."""
    ranges = []
    for part in value.split(","):
        match = re.fullmatch(r"\s*(\d+)\s*(?:-\s*(\d+)\s*)?", part)
        if not match:
            raise click.BadParameter(f"{part!r} is no seed or range of seeds such as 0-63")
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first:
            raise click.BadParameter(f"the range {part!r} runs backwards")
        if last > _MAX_SEED:
            raise click.BadParameter(f"seeds go up to {_MAX_SEED}")
        ranges.append(range(first, last + 1))
    return ranges


def parse_grid(
    _context: click.Context, _option: click.Parameter, value: str | None
) -> tuple[int, int] | None:
    """Read `8x10`: rows and columns."""
    if value is None:
        return None
    match = re.fullmatch(r"(\d+)[x×](\d+)", value)
    if not match or not int(match[1]) or not int(match[2]):
        raise click.BadParameter(f"{value!r} is no grid; write ROWSxCOLUMNS, such as 8x8")
    return int(match[1]), int(match[2])


@click.command()
@click.option(
    "--ckpt",
    "place",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE_OR_RUN",
    help="A checkpoint, or a run folder for its newest checkpoint.",
)
@click.option(
    "--seeds", callback=parse_seeds, default="0-63", show_default=True, help="As in 0-9,42."
)
@click.option("--grid", callback=parse_grid, metavar="ROWSxCOLUMNS", help="Of the grid picture.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="A .png for one grid; a folder for one image a seed.  [default: a grid beside you]",
)
def sample(place: Path, seeds: list[range], grid: tuple[int, int] | None, out: Path | None) -> None:
    """Draw the images of some seeds from a checkpoint.

    A seed always gives the same image from the same checkpoint, whatever is drawn beside it. A
    network with labels shows class k mod classes for seed k.
    """
    from gantool.training.run_folder import find_checkpoint

    count = sum(len(part) for part in seeds)
    one_grid = _is_grid(out, grid)
    rows, columns = _layout(count, grid) if one_grid else (0, 0)
    checkpoint = find_checkpoint(place)
    start_tensorflow()
    from gantool.sampling.checkpoint_sampler import CheckpointSampler

    sampler = CheckpointSampler(checkpoint)
    if one_grid:
        path = out or Path(f"{sampler.recipe.name}-step-{sampler.header.step:08d}.png")
        _write_grid(sampler, seeds, (rows, columns), path)
        click.echo(f"{path}: seeds in {rows} rows of {columns}, step {sampler.header.step}")
    else:
        assert out is not None
        _write_each(sampler, seeds, out)
        click.echo(f"{out}: {count:,} images, step {sampler.header.step}")


def _is_grid(out: Path | None, grid: tuple[int, int] | None) -> bool:
    if out is None or (out.suffix.lower() == ".png" and not out.is_dir()):
        return True
    if out.suffix and not out.is_dir():
        raise click.UsageError(
            f"--out {out}: name a .png for a grid, or a folder for single images"
        )
    if grid is not None:
        raise click.UsageError(f"--grid needs a .png for --out; {out} is a folder")
    return False


def _layout(count: int, grid: tuple[int, int] | None) -> tuple[int, int]:
    """Rows and columns: as asked for, or as square as possible."""
    if count > _MAX_CELLS:
        raise click.UsageError(
            f"{count:,} seeds are too many for one grid; name a folder with --out"
        )
    if grid is None:
        columns = math.ceil(math.sqrt(count))
        return math.ceil(count / columns), columns
    if grid[0] * grid[1] < count:
        raise click.UsageError(f"{count} seeds do not fit into a grid of {grid[0]}x{grid[1]}")
    if grid[0] * grid[1] > _MAX_CELLS:
        raise click.UsageError(f"a grid has at most {_MAX_CELLS:,} places")
    return grid


def _write_grid(
    sampler: CheckpointSampler, seeds: list[range], grid: tuple[int, int], path: Path
) -> None:
    from gantool.errors import InputError
    from gantool.training.pictures import tile, write_png

    images = list(sampler.draw(seed for part in seeds for seed in part))
    try:
        write_png(path, tile(images, *grid))
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from error


def _write_each(sampler: CheckpointSampler, seeds: list[range], folder: Path) -> None:
    from gantool.errors import InputError
    from gantool.training.pictures import write_png

    every = [seed for part in seeds for seed in part]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for seed, image in zip(every, sampler.draw(every), strict=True):
            write_png(folder / f"seed-{seed:08d}.png", image)
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror})") from error
