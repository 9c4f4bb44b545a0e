"""What `gantool sample` writes: a grid, a file for each picture, arrays, latents."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

from gantool.cli.progress import telling_images
from gantool.cli.writing import errors_of_writing
from gantool.errors import InputError

if TYPE_CHECKING:
    import numpy as np

    from gantool.cli.sample_options import Target
    from gantool.cli.sample_order import Order
    from gantool.sampling.grid import Cell
    from gantool.sampling.model import Model
    from gantool.sampling.provenance import Grid, Provenance

_TOLD = 128
"""Images, from one time that a bar moves to the next."""

_SEEDS = 4096
"""Whose latents or numbers are in memory at a time."""


@dataclass(frozen=True)
class Output:
    """Writes what an order asks for.

    Attributes:
        sampler: Draws it.
        order: What is to be drawn.
        provenance: What pictures say of themselves.
    """

    sampler: Model
    order: Order
    provenance: Provenance

    def write_picture(self, path: Path) -> None:
        """Write one PNG: a grid, or a single image.

        Raises:
            InputError: It cannot be written, or is larger than the memory.
        """
        from gantool.data.drawing import enlarged, write_png

        if self.order.grid is None:
            self._refuse_points(path)
            [image] = self._draw()
            pixels = enlarged(image, self.order.scale)
        else:
            pixels = self._grid(self.order.grid)
        with errors_of_writing(path):
            write_png(path, pixels, self.provenance.text())

    def write_each(self, path: Path, target: Target) -> None:
        """Write a file for each image, into a folder or a zip.

        Raises:
            InputError: They cannot be written, or there are no pictures of single points.
        """
        from gantool.data.export.encoding import reason_against
        from gantool.data.export.pictures import write_folder, write_zip
        from gantool.sampling.picture_files import pictures_of

        self._refuse_points(path)
        height, width, channels = self.sampler.recipe.data.shape
        scale = self.order.scale
        reason = reason_against(target.format, (scale * height, scale * width, channels))
        if reason is not None:
            raise InputError(f"--format {target.format}: {reason}")
        with errors_of_writing(path), self._told_cells() as cells:
            runs = pictures_of(self.sampler, cells, self.order.latents, self.provenance)
            if target.kind == "zip":
                write_zip(path, runs, target.format)
            else:
                path.mkdir(parents=True, exist_ok=True)
                write_folder(path, runs, target.format)

    def write_arrays(self, path: Path) -> None:
        """Write an .npz of images or points, and of their seeds and labels.

        Raises:
            InputError: It cannot be written.
        """
        from gantool.data.export.npz import Member, write_npz
        from gantool.data.export.pictures import on_other_cores

        selection, example = self.order.selection, self.sampler.example
        count, classes = selection.count, self.sampler.header.classes
        name = "points" if self.sampler.recipe.data.size is None else "images"
        with errors_of_writing(path), self._told_cells() as cells:
            drawn = self.sampler.draw_runs(cells, self.order.latents)
            stored = on_other_cores(lambda run: example.from_network(run[1]), drawn)
            members = [Member(name, (count, *example.shape), example.dtype, stored)]
            if self.order.latents is None:
                seeds = _blocks(selection.cells(), lambda cell: cell.seed)
                members.append(Member("seeds", (count,), "<i8", seeds))
            if self.sampler.takes_label:
                labels = _blocks(selection.cells(), lambda cell: _label_of(cell, classes))
                members.append(Member("labels", (count,), "<i4", labels))
            write_npz(path, members)

    def write_latents(self, path: Path) -> None:
        """Write the latents of the seeds, a row for each.

        Raises:
            InputError: It cannot be written.
        """
        from gantool.sampling.latent_files import write_latent_blocks

        parts = self.order.selection.seeds
        shape = (sum(map(len, parts)), self.sampler.recipe.latent.size)
        seeds = chain.from_iterable(parts)
        blocks = iter(lambda: list(islice(seeds, _SEEDS)), [])
        with errors_of_writing(path):
            write_latent_blocks(path, shape, map(self.sampler.latents_of, blocks))

    def _grid(self, grid: Grid) -> np.ndarray:
        from gantool.data.drawing import enlarged

        data, scale = self.sampler.recipe.data, self.order.scale
        self._refuse_too_large(grid)
        names = data.class_names(self.sampler.header.classes)
        has_names = grid.layout != "by-seed"
        beside = [names[label] for label in self.order.selection.labels or ()] if has_names else []
        images = list(self._draw())
        show, places = self.sampler.example.picture, (grid.rows, grid.columns)
        if data.size is None:
            if grid.spacing:
                raise InputError("--spacing: points are shown together, with nothing between them")
            return enlarged(show(images, *places), scale)
        return show([enlarged(image, scale) for image in images], *places, beside, grid.spacing)

    def _draw(self) -> Iterator[np.ndarray]:
        return self.sampler.draw(self.order.selection.cells(), self.order.latents)

    @contextmanager
    def _told_cells(self) -> Iterator[Iterator[Cell]]:
        """The cells, of which a bar tells how many were taken."""
        selection = self.order.selection
        count = selection.count
        with telling_images() as tell:

            def told() -> Iterator[Cell]:
                for done, cell in enumerate(selection.cells(), 1):
                    yield cell
                    if done % _TOLD == 0 or done == count:
                        tell(done, count)

            yield told()

    def _refuse_points(self, path: Path) -> None:
        if self.sampler.recipe.data.size is None:
            raise InputError(f"--out {path}: points are shown together: name a .png")

    def _refuse_too_large(self, grid: Grid) -> None:
        """Raise InputError where the machine cannot hold the picture of a grid."""
        from gantool.memory import amount, machine_memory

        shape, scale = self.sampler.recipe.data.shape, self.order.scale
        size, memory = grid.rows * grid.columns * math.prod(shape) * scale**2, machine_memory()
        if size > memory:
            larger = "" if scale == 1 else f", enlarged {scale} times,"
            raise InputError(
                f"a grid of {grid.rows} × {grid.columns} images of {'×'.join(map(str, shape))}"
                f" bytes{larger} is {amount(size)}, and this machine has {amount(memory)}: draw"
                " fewer, or name a folder with --out"
            )


def _blocks(cells: Iterator[Cell], number: Callable[[Cell], int]) -> Iterator[np.ndarray]:
    """A number of each cell, in arrays."""
    import numpy as np

    while block := [number(cell) for cell in islice(cells, _SEEDS)]:
        yield np.array(block, np.int64)


def _label_of(cell: Cell, classes: int) -> int:
    return cell.seed % max(1, classes) if cell.label is None else cell.label
