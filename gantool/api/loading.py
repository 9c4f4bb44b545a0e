"""A trained model for programs."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from gantool.api.starting import start
from gantool.errors import InputError

if TYPE_CHECKING:
    from gantool.sampling.model import Model
    from gantool.sampling.provenance import Weights


def load(
    place: str | os.PathLike[str], *, weights: Weights | None = None, truncation: float = 1.0
) -> Model:
    """Load the generator of a checkpoint.

    Args:
        place: A checkpoint, or a run folder for its newest whole one.
        weights: `"average"` or `"raw"`; None for the moving average where the recipe has one.
        truncation: By which latents are moved towards their mean, 0 to 1.

    Raises:
        InputError: There is no checkpoint, it cannot be read or built, or has no such weights.
    """
    from gantool.runs.resume import find_checkpoint

    if weights not in (None, "average", "raw"):
        raise InputError(f"weights: {weights!r} is neither 'average' nor 'raw'")
    if not 0.0 <= truncation <= 1.0:
        raise InputError(f"truncation: {truncation} is not from 0 to 1")
    checkpoint = find_checkpoint(Path(place), warn)
    start()
    from gantool.sampling.model import Model

    return Model(checkpoint, weights, truncation)


def warn(line: str) -> None:
    """Tell what does not keep gantool from its work, as a warning of Python's."""
    warnings.warn(line, stacklevel=3)
