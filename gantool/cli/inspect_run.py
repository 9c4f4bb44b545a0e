"""What `gantool inspect` tells of a checkpoint or a run folder."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gantool.errors import printable
from gantool.quantities import duration

if TYPE_CHECKING:
    from gantool.runs.checkpoint import Checkpoint
    from gantool.runs.checkpoint_format import Header

_HDF5 = b"\x89HDF\r\n\x1a\n"


def is_checkpoint(path: Path) -> bool:
    """Whether a path is a file that is a checkpoint, or is called as one and is no other HDF5."""
    if not path.is_file():
        return False
    from gantool.runs.checkpoint_format import MAGIC

    with path.open("rb") as file:
        head = file.read(len(MAGIC))
    return head == MAGIC or (path.suffix == ".h5" and not head.startswith(_HDF5))


def is_run(path: Path) -> bool:
    """Whether a path is a run folder."""
    return (path / "recipe.yaml").is_file() and (path / "checkpoints").is_dir()


def inspect_checkpoint(path: Path) -> None:
    """Print what a checkpoint is.

    Raises:
        InputError: It is not whole, or none.
    """
    from gantool.runs.checkpoint import Checkpoint

    _tell(Checkpoint(path))


def inspect_run(path: Path) -> None:
    """Print a line for each checkpoint of a run, and all that is known of the newest.

    Raises:
        InputError: Some are not whole; the line counts them.
    """
    from gantool.errors import InputError
    from gantool.runs.checkpoint import Checkpoint
    from gantool.runs.run_folder import RunFolder

    paths, damaged, newest = RunFolder(path).checkpoints(), 0, None
    for each in paths:
        try:
            newest = Checkpoint(each)
            click.echo(_first_line(newest))
        except InputError as error:
            damaged += 1
            click.echo(str(error))
    if damaged:
        raise InputError(f"{path}: {damaged} of {len(paths)} checkpoints not whole")
    if newest is None:
        click.echo(f"{path}: no checkpoint yet")
        return
    click.echo()
    _tell(newest)


def _tell(checkpoint: Checkpoint) -> None:
    click.echo("\n".join(_lines(checkpoint)))


def _first_line(checkpoint: Checkpoint) -> str:
    return f"{checkpoint.path}: whole, {checkpoint.size:,} bytes"


def _lines(checkpoint: Checkpoint) -> Iterator[str]:
    yield _first_line(checkpoint)
    header, index = checkpoint.header, checkpoint.index
    yield f"recipe      {_recipe_name(header.recipe)}, seed {header.seed}"
    yield (
        f"step        {header.step:,}, {header.images:,} real images,"
        f" {duration(header.seconds)} of training"
    )
    if header.classes:
        yield f"classes     {_classes(header)}"
    if header.retries:
        yield f"retries     {header.retries} after divergences"
    if header.machine:
        yield f"machine     {printable(header.machine)}"
    for what, way in header.ways.items():
        yield f"computed    {printable(what)}: {printable(way)}"
    for group in ("generator", "generator_average", "discriminator", "optimizers"):
        sizes = [
            prod(place.shape)
            for key, place in index.variables.items()
            if key.startswith(f"{group}/")
        ]
        if sizes:
            yield f"{group:17} {sum(sizes):>12,} numbers in {len(sizes)} variables"
    releases = ", ".join(f"{name} {release}" for name, release in index.releases.items())
    yield f"written by  {releases}, format {index.format}"
    yield f"sha256      {checkpoint.sha256}"


def _classes(header: Header) -> str:
    """The number and the names of the classes."""
    from gantool.errors import InputError
    from gantool.runs.class_names import class_names

    try:
        names = class_names(header)
    except InputError:  # of another gantool
        return f"{header.classes}"
    return f"{header.classes}: {', '.join(map(printable, names))}"


def _recipe_name(recipe: str) -> str:
    """The name in a recipe's text, without reading it as YAML: it may not be ours."""
    lines = (line.strip() for line in recipe.splitlines())
    named = (line.removeprefix("name:").strip() for line in lines if line.startswith("name:"))
    return next(named, "without a name")[:100]
