"""A recipe, and pictures, of the commands that steer latents."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

RGBA = """\
name: rgba
data: {source: pictures, size: [9, 7], channels: 4, range: [0, 1]}
latent: {size: 6, distribution: uniform, bounds: [0, 2]}
generator:
  layers:
    - Dense: {units: 16, activation: tanh}
    - Dense: {units: 252, activation: sigmoid, kernel_initializer: {RandomNormal: {stddev: 1.0}}}
    - Reshape: {target_shape: [9, 7, 4]}
discriminator: {layers: [Flatten, Dense: {units: 1}]}
loss: non-saturating
optimizers: {generator: SGD, discriminator: SGD}
train: {steps: 1, batch_size: 4, precision: float32}
"""


def pixels(path: str) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def frames(path: str, mode: str) -> list[np.ndarray]:
    with Image.open(path) as film:
        shown = []
        for number in range(film.n_frames):
            film.seek(number)
            shown.append(np.asarray(film.convert(mode)))
        return shown


def images_of(row: np.ndarray, count: int | None = None) -> np.ndarray:
    """The images of a row, or the last so many, beside which a name stands."""
    count = count or row.shape[1] // 28
    return np.stack(np.split(row[:, -count * 28 :], count, axis=1)).astype(int)


def drawn(command: Any, checkpoint: Path, seed: int, label: int | None = None) -> np.ndarray:
    """What `gantool sample` draws."""
    asked = [] if label is None else ["--label", label]
    arguments = ("--seeds", seed, *asked, "--out", "drawn")
    assert command("sample", "--ckpt", checkpoint, *arguments).code == 0
    [path] = Path("drawn").iterdir()
    found = pixels(str(path)).astype(int)
    shutil.rmtree("drawn")
    return found
