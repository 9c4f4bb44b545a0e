"""From a checkpoint to a file for other programs, which is read back before it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gantool.errors import GantoolError, InputError
from gantool.export.formats import FORMATS, Reader, format_of
from gantool.export.network import Network, comparing_layers, network_of, own_layers
from gantool.files import complete_or_absent_tree
from gantool.runs.checkpoint import Checkpoint
from gantool.sampling.grid import Cell
from gantool.sampling.model import Model
from gantool.sampling.provenance import Weights
from gantool.sampling.sampler import BLOCK

COMPARED = BLOCK
"""Seeds from 0 whose images are compared with gantool's own."""

_LIMIT = 0.01
"""How far these may lie from gantool's in float32, as a part of what they span."""


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes:
        weights: Whose: "average" or "raw".
        difference: The largest between a number of an image and that of `gantool sample`; None
            where nothing is installed that reads the format.
        bounds: The range of such numbers.
        precision: What `gantool sample` computes in.
        loading: The code that loads it, in a line or two.
    """

    weights: Weights
    difference: float | None
    bounds: tuple[float, float]
    precision: str
    loading: str


class Exporter:
    """Writes the generator of a checkpoint.

    It computes in float32, whatever it was trained in.

    Args:
        checkpoint: Of any recipe.
        weights: Which; None for the moving average where the recipe has one.

    Attributes:
        samples: What `gantool sample` draws of the seeds that are compared, float32.

    Raises:
        InputError: As `Model`.
    """

    def __init__(self, checkpoint: Checkpoint, weights: Weights | None = None) -> None:
        sampler = Model(checkpoint, weights)
        self.samples = self._in_float32 = _samples(sampler)
        self._precision = sampler.recipe.train.precision
        if self._precision != "float32":
            sampler = Model(checkpoint, weights, precision="float32")
            self._in_float32 = _samples(sampler)
        self._path, self._sampler = checkpoint.path, sampler

    def write(self, name: str, path: Path) -> Exported:
        """Write it as the format of a name, whole and right or not at all.

        What is at the path is replaced.

        Raises:
            InputError: The format has no form for the generator.
            GantoolError: What was written makes other images.
            OSError: The path cannot be written.
        """
        written = format_of(name)
        network = network_of(self._sampler, written.traced)
        _refuse_layers(network, self._path, name, written.traced)
        difference = None
        with complete_or_absent_tree(path) as made:
            try:
                written.write(network, made)
            except InputError as error:
                raise InputError(f"{self._path}: --format {name}: {error}") from error
            if reader := written.reader(network, made):
                found = _made_by(reader, self._sampler)
                _refuse_other(path, found, self._in_float32)
                difference = float(np.abs(found - self.samples).max())
        return Exported(
            self._sampler.weights,
            difference,
            network.example.bounds,
            self._precision,
            written.loading(network, path),
        )


def _refuse_layers(network: Network, path: Path, name: str, traced: bool) -> None:
    if comparing := comparing_layers(network.model):
        raise InputError(
            f"{path}: in the generator, {' and '.join(comparing)} makes an image depend on those"
            " beside it, so that there is no one image of a latent vector to export"
        )
    if not traced and (own := own_layers(network.model)):
        others = [other for other in FORMATS if format_of(other).traced]
        raise InputError(
            f"{path}: --format {name} holds Keras's layers, and Keras has none for gantool's"
            f" {' and '.join(own)}: export as {', '.join(others[:-1])} or {others[-1]}"
        )


def _samples(sampler: Model) -> np.ndarray:
    """What `gantool sample` draws, before it is rounded to pixels."""
    [(_, images)] = sampler.draw_runs(Cell(seed) for seed in range(COMPARED))
    return images


def _made_by(reader: Reader, sampler: Model) -> np.ndarray:
    seeds = np.arange(COMPARED)
    labels = (seeds % max(1, sampler.header.classes)).astype(np.int32)
    return reader(seeds, sampler.latents_of(seeds), labels)


def _refuse_other(path: Path, found: np.ndarray, wanted: np.ndarray) -> None:
    """Raise GantoolError where images are not those of gantool to rounding."""
    difference, span = (float(np.max(it)) for it in (np.abs(found - wanted), np.ptp(wanted)))
    if found.shape != wanted.shape or not difference <= _LIMIT * span:
        raise GantoolError(
            f"{path}: not written, because what was written makes other images than gantool sample:"
            f" they differ by up to {difference:.2g} and span {span:.2g}"
        )
