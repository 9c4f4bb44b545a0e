"""Checkpoints of recipes that nothing was trained by, with weights that leave nothing at 0 or 1."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from gantool.networks.build import network_of
from gantool.recipe.load import LoadedRecipe
from gantool.runs.checkpoint_format import Header
from gantool.runs.checkpoint_writing import write_checkpoint


def write_untrained(path: Path, loaded: LoadedRecipe, classes: int = 0) -> Path:
    """Write a checkpoint of step 1 of a recipe that states its precision."""
    problems: list[Any] = []
    built = network_of("generator", loaded, classes, problems)
    assert built is not None, problems
    random = np.random.default_rng(0)
    groups = ["generator", *(["generator_average"] if loaded.recipe.train.average else [])]
    values = {
        group: {key: _drawn(random, key, it.shape) for key, it in built.weights().items()}
        for group in groups
    }
    header = Header(loaded.text, str(path.parent), 1, 8, 1.0, loaded.recipe.seed, classes)
    write_checkpoint(path, header, values)
    return path


def _drawn(random: np.random.Generator, key: str, shape: tuple[int, ...]) -> np.ndarray:
    name = key.rpartition("/")[2]
    if "variance" in name:
        return random.uniform(0.5, 1.5, shape).astype(np.float32)
    if len(shape) < 2:
        return random.uniform(-0.5, 0.5, shape).astype(np.float32)
    *window, one, other = shape
    spread = (2.0 / (np.prod(window) * (one + other))) ** 0.5  # Glorot and Bengio's
    return random.normal(0.0, 2.0 * spread, shape).astype(np.float32)
