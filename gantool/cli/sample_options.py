"""What the options of `gantool sample` hold, and which go together."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

import click

from gantool.cli.seed_numbers import parse_numbers

if TYPE_CHECKING:
    from gantool.data.export.encoding import Format

BY_LABEL = ("by-label", "by-label-free")
FORMATS = ("png", "webp", "jpg", "npz")
AskedGrid = tuple[int, int] | str | None
"""Rows and columns, or the name of a layout by labels."""


def _count(
    _context: click.Context, _option: click.Parameter, value: int | None
) -> tuple[range, ...] | None:
    return None if value is None else (range(value),)


def _grid(_context: click.Context, _option: click.Parameter, value: str | None) -> AskedGrid:
    if value is None or value in BY_LABEL:
        return value
    match = re.fullmatch(r"(\d{1,99})[x×](\d{1,99})", value)
    if not match or not int(match[1]) or not int(match[2]):
        names = " or ".join(BY_LABEL)
        raise click.BadParameter(
            f"{value!r} is no grid; write ROWSxCOLUMNS, such as 8x8, or {names}"
        )
    return int(match[1]), int(match[2])


def _finite(_context: click.Context, _option: click.Parameter, value: float) -> float:
    if math.isnan(value):  # which is in no range, and passes click's
        raise click.BadParameter("nan is not in the range 0<=x<=1.")
    return value


_OPTIONS = (
    click.option(
        "--seeds",
        callback=parse_numbers,
        metavar="SEEDS",
        help="As in 0-9,42.  [default: 0-63; as many as ROWSxCOLUMNS has; by label, ten columns]",
    ),
    click.option(
        "--count",
        "counted",
        type=click.IntRange(1, 2**62),
        callback=_count,
        metavar="N",
        help="Short for --seeds 0-(N-1).",
    ),
    click.option(
        "--latents",
        "latents_file",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Draw the latents of a .npy file, [N, size], in place of those of seeds.",
    ),
    click.option(
        "--label",
        "asked",
        metavar="CLASSES",
        help="What to show: a class by name or number, as in cat or 7; or several: cat,dog or 0-9.",
    ),
    click.option(
        "--grid",
        callback=_grid,
        metavar="LAYOUT",
        help="ROWSxCOLUMNS; by-label: a row a label, a column a seed; by-label-free: a row a label,"
        " a seed an image.",
    ),
    click.option(
        "--truncation",
        type=click.FloatRange(0.0, 1.0),
        default=1.0,
        callback=_finite,
        metavar="PSI",
        help="Multiply latents by PSI, 0 to 1, around the mean of their distribution: images become"
        " more alike, and usually better.  [default: 1]",
    ),
    click.option(
        "--weights",
        type=click.Choice(["average", "raw"]),
        help="Of the generator: their moving average, or as training moves them.  [default:"
        " average, where the recipe has one]",
    ),
    click.option(
        "--scale",
        type=click.IntRange(1, 64),
        default=1,
        metavar="N",
        help="Show each pixel as N×N equal ones.",
    ),
    click.option(
        "--spacing",
        type=click.IntRange(0, 1024),
        default=0,
        metavar="PIXELS",
        help="White pixels between the images of a grid.",
    ),
    click.option(
        "--out",
        type=click.Path(path_type=Path),
        help="A .png for one grid; a folder or a .zip for an image a file; an .npz for arrays."
        "  [default: a grid, in the working folder]",
    ),
    click.option(
        "--format",
        type=click.Choice(FORMATS),
        help="Of the images in a folder or .zip: png, webp (without loss), jpg.  [default: png]",
    ),
    click.option(
        "--write-latents",
        "kept_latents",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Write the latents of the seeds, too, as a .npy file that --latents takes.",
    ),
)


def drawing_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add all options that say what is drawn and where to."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


class Target(NamedTuple):
    """Where pictures go.

    Attributes:
        kind: A grid is one PNG; a folder and a zip have a file for each picture.
        format: Of those files.
    """

    kind: Literal["grid", "folder", "zip", "npz"]
    format: Format = "png"


def target_of(
    out: Path | None, grid: AskedGrid, format: str | None, scale: int, spacing: int
) -> Target:
    """Where pictures go.

    Raises:
        click.UsageError: The options do not go together.
    """
    kind = _kind_of(out)
    if kind == "npz" or format == "npz":
        if kind != "npz":
            raise click.UsageError("--format npz is one file: name it, as in --out samples.npz")
        if format not in (None, "npz"):
            raise click.UsageError(f"--format {format}: {out} holds arrays, not files")
        if scale != 1:
            raise click.UsageError("--scale: an .npz holds the images as they are")
    if kind == "grid":
        if format not in (None, "png"):
            raise click.UsageError(f"--format {format}: a grid is a PNG; name a folder or .zip")
        return Target(kind)
    if grid is not None:
        what = "a folder" if kind == "folder" else f"no picture but {_article(kind)}"
        raise click.UsageError(f"--grid needs a .png for --out; {out} is {what}")
    if spacing:
        raise click.UsageError("--spacing is between the images of a grid; name a .png by --out")
    return Target(kind, "png" if kind == "npz" else cast("Format", format or "png"))


def _kind_of(out: Path | None) -> Literal["grid", "folder", "zip", "npz"]:
    if out is None:
        return "grid"
    suffix = "" if out.is_dir() else out.suffix.lower()
    if suffix == ".png":
        return "grid"
    if suffix == ".zip":
        return "zip"
    if suffix == ".npz":
        return "npz"
    if suffix:
        raise click.UsageError(
            f"--out {out}: name a .png for a grid, or a folder for single images"
        )
    return "folder"


def _article(kind: str) -> str:
    return "an .npz" if kind == "npz" else f"a .{kind}"
