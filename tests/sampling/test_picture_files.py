"""Samples on their way to files: named, with alpha, and with what they say of themselves."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from gantool.data.example import example_of
from gantool.data.pixels import from_range
from gantool.recipe.data import Data
from gantool.sampling.grid import Cell
from gantool.sampling.picture_files import pictures_of
from gantool.sampling.provenance import Provenance

OF_ALL: dict[str, Any] = {
    "checkpoint": "a" * 64,
    "weights": "raw",
    "truncation": 1.0,
    "latents": None,
    "seeds": "0-9",
    "labels": None,
    "grid": None,
    "scale": 1,
}


@pytest.mark.parametrize("scale", [1, 3])
def test_each_picture_has_its_pixels_name_and_provenance(scale: int) -> None:
    pick = np.random.default_rng(0)
    images = pick.uniform(-1, 1, (3, 5, 7, 4)).astype(np.float32)
    drawn = SimpleNamespace(
        example=example_of(Data(source="x", size=(5, 7), channels=4)),
        draw_runs=lambda cells, _: [([cell], images[[place]]) for place, cell in enumerate(cells)],
    )
    provenance = Provenance(**OF_ALL | {"scale": scale})
    cells = [Cell(3), Cell(7, 2), Cell(100_000_000)]
    pictures = [it for run in pictures_of(drawn, cells, None, provenance) for it in run()]
    assert [picture.name for picture in pictures] == [
        "seed-00000003", "seed-00000007-label-2", "seed-100000000",
    ]  # fmt: skip
    for picture, image, cell in zip(pictures, images, cells, strict=True):
        expected = np.kron(from_range(image, (-1, 1)), np.ones((scale, scale, 1), np.uint8))
        np.testing.assert_array_equal(picture.pixels, expected)
        assert picture.text == provenance.of(cell).text()


def test_those_of_a_file_are_named_by_their_rows() -> None:
    drawn = SimpleNamespace(
        example=example_of(Data(source="x", size=(2, 2), channels=1)),
        draw_runs=lambda cells, latents: [(list(cells), latents.reshape(-1, 2, 2, 1))],
    )
    provenance = Provenance(**OF_ALL | {"latents": "b" * 64})
    [run] = pictures_of(drawn, [Cell(0), Cell(1, 4)], np.zeros((2, 4)), provenance)
    assert [picture.name for picture in run()] == ["latent-00000000", "latent-00000001-label-4"]
