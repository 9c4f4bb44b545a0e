"""Samples that figures are taken of."""

import numpy as np

from gantool.evaluation.samples import Samples
from gantool.features.pixels import Pixels
from gantool.sampling.grid import Cell
from tests.metrics.given import samples_of


def test_features_are_those_of_the_images_block_by_block() -> None:
    images = np.random.default_rng(0).integers(0, 256, (7, 3, 3, 1), np.uint8)
    samples = samples_of(images)
    assert (samples.features(Pixels()) == Pixels()(images)).all()
    assert "images" not in samples.__dict__  # they were not held
    assert (samples.images == images).all()


def test_they_are_drawn_once_for_all_figures_of_the_same_features() -> None:
    images, drawn = np.zeros((4, 2), np.float32), []
    samples = samples_of(images)
    draw = samples._draw
    samples._draw = lambda cells: (drawn.append(len(cells)), draw(cells))[1]
    for _ in range(2):
        samples.features(Pixels())
    assert drawn == [4]


def test_labels_are_those_asked_for_or_of_the_seed() -> None:
    cells = [Cell(12), Cell(12, label=3), Cell(5)]
    assert Samples(cells, 10, None, None).labels.tolist() == [2, 3, 5]  # type: ignore[arg-type]
