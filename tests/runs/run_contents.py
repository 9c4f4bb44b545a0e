"""A run that is soon trained, what of it is compared, and how a checkpoint is harmed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np

PLAIN_OPTIONS = (
    *("--set", "train.average=null", "--set", "data.labels=false", "--set", "output.log_every=1"),
    *("--set", "generator.layers=[Dense: {units: 784}, Reshape: {target_shape: [28, 28, 1]}]"),
    *("--set", "discriminator.layers=[Flatten, Dense: {units: 2}, Dense: {units: 1}]"),
)
"""Of `tiny`: a recipe without classes and an average, whose networks are small."""
TIMES = ("seconds", "images_per_second")


def contents(checkpoint: Path) -> dict[str, bytes]:
    """Every data set of a checkpoint, its type and shape with it, as bytes."""
    found: dict[str, bytes] = {}

    def collect(key: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and key != "recipe":
            found[key] = f"{item.dtype} {item.shape} ".encode() + np.asarray(item[()]).tobytes()

    with h5py.File(checkpoint) as file:
        file.visititems(collect)
    return found


def rows(run: Path) -> list[dict[str, float]]:
    """metrics.jsonl without what a clock decides."""
    found = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [{key: row[key] for key in row if key not in TIMES} for row in found]


def values(checkpoint: Path, group: str) -> dict[str, np.ndarray]:
    """The data sets of a group, by their names in it."""
    found: dict[str, np.ndarray] = {}

    def collect(key: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            found[key] = item[()]

    with h5py.File(checkpoint) as file:
        file[group].visititems(collect)
    return found


def damage(path: Path) -> None:
    """Flip a bit amid a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)
