"""Samples on their way to files: each with its name, its pixels and where it comes from."""

from collections.abc import Iterable, Iterator
from functools import partial

import numpy as np

from gantool.data.drawing import enlarged
from gantool.data.example import Example
from gantool.data.export.pictures import Picture, Run
from gantool.sampling.grid import Cell
from gantool.sampling.model import Model
from gantool.sampling.provenance import Provenance


def pictures_of(
    sampler: Model,
    cells: Iterable[Cell],
    latents: np.ndarray | None,
    provenance: Provenance,
) -> Iterator[Run]:
    """The picture of each cell, a run of neighbours at a time.

    Args:
        sampler: Draws them.
        cells: To draw.
        latents: See `Model.draw_runs`.
        provenance: Of all of them; its `scale` is what they are enlarged by.
    """
    for run, images in sampler.draw_runs(cells, latents):
        yield partial(_pictures, sampler.example, provenance, run, images)


def name_of(cell: Cell, provenance: Provenance) -> str:
    """Of a file, without its ending: `seed-00000007`, with its label if one is asked for."""
    kind = "seed" if provenance.latents is None else "latent"
    label = "" if cell.label is None else f"-label-{cell.label}"
    return f"{kind}-{cell.seed:08d}{label}"


def _pictures(
    example: Example, provenance: Provenance, run: list[Cell], images: np.ndarray
) -> Iterator[Picture]:
    pixels = enlarged(example.from_network(images), provenance.scale)
    for cell, its in zip(run, pixels, strict=True):
        yield Picture(name_of(cell, provenance), its, provenance.of(cell).text())
