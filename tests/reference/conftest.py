from __future__ import annotations

import io
import zipfile
from functools import cache

import numpy as np
import pytest
from PIL import Image

from gantool.engine.plan import make_plan
from gantool.recipe.load import find_recipe, load

from .tiny import BATCH


@pytest.fixture(scope="package")
def full_size():
    """The plan of a built-in recipe as its file stands, by name. Train nothing of it."""
    return cache(lambda name: make_plan(load(find_recipe(name))))


@pytest.fixture(scope="package")
def real_batches(mnist, repository):
    """So many batches of real images and labels, the same ones each time."""

    def digits(count: int, side: int, channels: int) -> np.ndarray:
        assert side == 28
        return np.repeat(mnist("train-images")[:count, ..., np.newaxis], channels, axis=-1)

    def emoji(count: int, side: int, channels: int) -> np.ndarray:
        [archive] = (repository / "data" / "emoji").glob("*.zip")
        with zipfile.ZipFile(archive) as pictures:
            names = sorted(pictures.namelist())[:: len(pictures.namelist()) // count][:count]
            images = [Image.open(io.BytesIO(pictures.read(name))).convert("RGBA") for name in names]
        assert channels == 3
        return np.stack([np.asarray(it.convert("RGB").resize((side, side))) for it in images])

    def make(number: int, name: str, black: float, white: float, side: int, channels: int):
        count = number * BATCH
        pixels = {"mnist": digits, "emoji": emoji}[name](count, side, channels)
        images = (black + pixels / 255.0 * (white - black)).astype(np.float32)
        labels = mnist("train-labels")[:count].astype(np.int32)
        return [(images[at : at + BATCH], labels[at : at + BATCH]) for at in range(0, count, BATCH)]

    return make
