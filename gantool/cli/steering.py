"""What the commands that steer latents share: options, what they begin with, how they write."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gantool.cli.checkpoint_option import checkpoint_option
from gantool.cli.writing import errors_of_writing

if TYPE_CHECKING:
    import numpy as np

    from gantool.recipe.model import Recipe
    from gantool.runs.checkpoint import Checkpoint
    from gantool.sampling.model import Model

MOST = 10_000
"""Latents that a command is given or makes at most."""


def npy_file(_context: click.Context, _option: click.Parameter, value: Path | None) -> Path | None:
    """A path that is not taken for another kind of file later on."""
    if value is not None and value.suffix.lower() != ".npy":
        raise click.BadParameter(f"{value}: name a .npy")
    return value


def png_file(_context: click.Context, _option: click.Parameter, value: Path) -> Path:
    """A path of a picture."""
    if value.suffix.lower() != ".png":
        raise click.BadParameter(f"{value}: name a .png")
    return value


def latent_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--ckpt`, `--latents` and `--write-latents` to a command."""
    for option in (_WRITE_LATENTS, _LATENTS, checkpoint_option):
        command = option(command)
    return command


_LATENTS = click.option(
    "--latents",
    "file",
    type=click.Path(path_type=Path),
    metavar="FILE.npy",
    help="Latents of a file in place of those of seeds; where seeds are named, they are its rows,"
    " from 0.",
)
_WRITE_LATENTS = click.option(
    "--write-latents",
    "kept",
    type=click.Path(path_type=Path),
    callback=npy_file,
    metavar="FILE.npy",
    help="Also write the latents of the result.",
)
out_option = click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    callback=png_file,
    metavar="FILE.png",
    help="The picture to write.",
)


@dataclass(frozen=True)
class Opened:
    """A checkpoint whose generator has not been built yet.

    Attributes:
        checkpoint: The file.
        recipe: By which it was trained.
        names: Of its classes by their numbers; none where it was trained without labels.
        latents: Those of `--latents`, [N, size]; None where seeds are meant.
        file: Where they were read.
    """

    checkpoint: Checkpoint
    recipe: Recipe
    names: Sequence[str]
    latents: np.ndarray | None
    file: Path | None

    def labels_of(self, asked: str | None) -> list[int] | None:
        """The classes of `--label`; None where it is not given.

        Raises:
            InputError: There is no such class, or there are no classes.
        """
        from gantool.errors import InputError
        from gantool.sampling.labels import labels_of

        if asked is None:
            return None
        if not self.names:
            path = self.checkpoint.path
            raise InputError(f"{path}: was trained without labels: leave --label out")
        return labels_of(asked, self.names)

    def label_of(self, asked: str | None) -> int | None:
        """The one class of `--label`; None where it is not given.

        Raises:
            InputError: It names several, or see `labels_of`.
        """
        labels = self.labels_of(asked)
        if labels is not None and len(labels) != 1:
            raise click.UsageError(f"--label {asked}: name one class")
        return None if labels is None else labels[0]

    def refuse_unlabelled(self, sampler: Model) -> None:
        """Raise UsageError where the generator takes labels; for where none are known."""
        if sampler.takes_label:
            raise click.UsageError(
                f"{self.checkpoint.path}: the generator takes labels: name one with --label"
            )

    def refuse_points(self, what: str) -> None:
        """Raise InputError where the generator makes points."""
        from gantool.errors import InputError

        if self.recipe.data.size is None:
            raise InputError(f"{self.checkpoint.path}: makes points, and {what} images")

    def refuse_absent(self, numbers: Iterable[int]) -> None:
        """Raise InputError where numbers are to be rows of a file that has fewer."""
        from gantool.errors import InputError

        if self.latents is None:
            return
        count = len(self.latents)
        if absent := [number for number in numbers if number >= count]:
            raise InputError(f"{self.file}: has latents 0 to {count - 1}, and no {absent[0]}")

    def vectors(self, sampler: Model, numbers: Sequence[int]) -> np.ndarray:
        """Latents [N, size] of numbers: seeds, or rows of the file."""
        return sampler.latents_of(numbers) if self.latents is None else self.latents[numbers]


def open_checkpoint(place: Path, file: Path | None) -> Opened:
    """Find a checkpoint as `gantool sample` does, and read the latents of a file.

    Raises:
        InputError: There is none, or its recipe or the file cannot be read.
    """
    from gantool.recipe.load import RecipeText, load
    from gantool.runs.resume import find_checkpoint
    from gantool.sampling.latent_files import read_latents

    checkpoint = find_checkpoint(place, lambda line: click.echo(f"warning: {line}", err=True))
    header = checkpoint.header
    text = RecipeText(header.recipe, f"{checkpoint.path} (recipe)", checkpoint.path.parent)
    recipe = load(text).recipe
    names = recipe.data.class_names(header.classes) if header.classes else ()
    latents = None if file is None else read_latents(file, recipe.latent.size)
    return Opened(checkpoint, recipe, names, latents, file)


def build(opened: Opened, asked: str | None) -> Model:
    """Start TensorFlow and build the generator of a checkpoint.

    Raises:
        InputError: It cannot be built, or takes no labels where `--label` is given.
    """
    from gantool.cli.loading import start_tensorflow

    start_tensorflow()
    from gantool.sampling.model import Model

    sampler = Model(opened.checkpoint)
    if asked is not None:
        sampler.refuse_labels()
    return sampler


def numbers_of(ranges: Sequence[range], option: str) -> list[int]:
    """The numbers of an option, if they are not too many.

    Raises:
        UsageError: They are.
    """
    count = sum(map(len, ranges))
    if count > MOST:
        raise click.UsageError(f"{option}: {count:,} are too many; {MOST:,} are allowed")
    return [number for part in ranges for number in part]


def refuse_unwritable(*paths: Path | None) -> None:
    """Raise InputError where a file surely cannot be written, before minutes are spent on it."""
    from gantool.errors import InputError

    for path in paths:
        if path is not None and path.is_dir():
            raise InputError(f"{path}: cannot be written (it is a folder)")
        if path is not None and not path.parent.is_dir():
            raise InputError(f"{path}: cannot be written (there is no folder {path.parent})")


def write_vectors(path: Path | None, latents: np.ndarray) -> None:
    """Write latents [N, size] to the file of `--write-latents`, if there is one.

    Raises:
        InputError: It cannot be written.
    """
    from gantool.sampling.latent_files import write_latents

    if path is not None:
        with errors_of_writing(path):
            write_latents(path, latents)


def write_rows(
    sampler: Model,
    rows: Sequence[np.ndarray],
    names: Sequence[str],
    label: int | None,
    path: Path,
) -> None:
    """Draw latents [N, size], a row for each array of them, with names beside the rows.

    Raises:
        InputError: The picture cannot be written.
    """
    import numpy as np

    from gantool.data.drawing import write_png

    columns = max(map(len, rows))
    latents = np.concatenate(rows)
    drawn = iter(sampler.images(latents, [label or 0] * len(latents)))
    empty = np.zeros(sampler.example.shape, np.uint8)
    places = [
        next(drawn) if column < len(row) else empty for row in rows for column in range(columns)
    ]
    with errors_of_writing(path):
        write_png(path, sampler.example.picture(places, len(rows), columns, names))
