"""What `gantool sample` is to draw: as its options say, or like a picture that says so itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gantool.cli.sample_options import AskedGrid, Target
from gantool.cli.sample_selection import labels_asked_for, rows_and_columns, selection_of
from gantool.errors import InputError

if TYPE_CHECKING:
    import numpy as np

    from gantool.runs.checkpoint import Checkpoint
    from gantool.sampling.grid import Selection
    from gantool.sampling.provenance import Grid, Provenance, Weights


@dataclass(frozen=True)
class Order:
    """What is to be drawn.

    Attributes:
        selection: The images.
        latents: [N, size] float32 of a file; None for those of seeds.
        grid: How images are laid out; None where each is by itself.
        weights: Of the generator; None for its average where there is one.
        truncation: Of latents.
        scale: Pixels a side that one is enlarged to.
    """

    selection: Selection
    latents: np.ndarray | None
    grid: Grid | None
    weights: Weights | None
    truncation: float
    scale: int

    def provenance(self, checkpoint: Checkpoint, weights: Weights) -> Provenance:
        """What the pictures say of themselves."""
        from gantool.sampling.latent_files import digest
        from gantool.sampling.provenance import Provenance
        from gantool.sampling.seeds import text_of

        return Provenance(
            checkpoint=checkpoint.sha256,
            weights=weights,
            truncation=self.truncation,
            latents=None if self.latents is None else digest(self.latents),
            seeds=text_of(self.selection.seeds),
            labels=self.selection.labels,
            grid=self.grid,
            scale=self.scale,
        )


def order_of(
    checkpoint: Checkpoint,
    target: Target,
    *,
    seeds: tuple[range, ...] | None,
    latents_file: Path | None,
    asked: str | None,
    grid: AskedGrid,
    spacing: int,
    weights: Weights | None,
    truncation: float,
    scale: int,
) -> Order:
    """What the options say.

    Raises:
        InputError: The checkpoint has no such classes, or the file no such latents.
        click.UsageError: The options do not go together.
    """
    from gantool.sampling.provenance import Grid

    labels = labels_asked_for(asked, checkpoint)
    latents = None if latents_file is None else _latents_in(latents_file, checkpoint)
    if latents is not None:
        seeds = (range(len(latents)),)
    one = target.kind == "grid"
    classes = checkpoint.header.classes
    selection = selection_of(seeds, labels, grid, classes=classes, in_one_grid=one)
    laid_out = None
    if one:
        rows, columns = rows_and_columns(selection, grid)
        laid_out = Grid(layout=selection.layout, rows=rows, columns=columns, spacing=spacing)
    return Order(selection, latents, laid_out, weights, truncation, scale)


def order_like(picture: Path, checkpoint: Checkpoint, latents_file: Path | None) -> Order:
    """What a picture says of itself.

    Raises:
        InputError: It says nothing, or is of another checkpoint or other latents.
    """
    from gantool.sampling.latent_files import digest
    from gantool.sampling.provenance import provenance_of

    found = provenance_of(picture)
    if found.checkpoint != checkpoint.sha256:
        raise InputError(
            f"{picture}: was drawn from the checkpoint with SHA-256 {found.checkpoint[:12]}…, and"
            f" {checkpoint.path} has {checkpoint.sha256[:12]}…: name the one it was drawn from"
        )
    latents = None
    if found.latents is None and latents_file is not None:
        raise InputError(f"{picture}: was drawn from seeds: leave --latents out")
    if found.latents is not None:
        if latents_file is None:
            raise InputError(f"{picture}: was drawn from latents of a file: name it by --latents")
        latents = _latents_in(latents_file, checkpoint)
        if digest(latents) != found.latents:
            raise InputError(f"{latents_file}: not the latents that {picture} was drawn from")
    selection = found.selection
    _refuse_out_of_range(picture, selection, latents, checkpoint.header.classes)
    return Order(selection, latents, found.grid, found.weights, found.truncation, found.scale)


def _refuse_out_of_range(
    picture: Path, selection: Selection, latents: np.ndarray | None, classes: int
) -> None:
    last = max(part[-1] for part in selection.seeds)
    if latents is not None and last >= len(latents):
        raise InputError(f"{picture}: shows latent {last}, and the file has {len(latents)}")
    highest = max(selection.labels or (0,))
    if highest >= max(1, classes):
        raise InputError(f"{picture}: shows class {highest}, and the checkpoint has {classes}")


def _latents_in(path: Path, checkpoint: Checkpoint) -> np.ndarray:
    from gantool.recipe.load import RecipeText, load
    from gantool.sampling.latent_files import read_latents

    text = RecipeText(checkpoint.header.recipe, f"{checkpoint.path} (recipe)", Path())
    return read_latents(path, load(text).recipe.latent.size)
