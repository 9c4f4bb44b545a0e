"""A picture a file: the pixels drawn, written beside the drawing, and whole or not there."""

from __future__ import annotations

import resource
import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from gantool.data.drawing import write_png
from gantool.data.example import example_of
from gantool.data.pixels import from_range
from gantool.recipe.data import Data
from gantool.runs.checkpoint import Checkpoint
from gantool.sampling import picture_files
from gantool.sampling.checkpoint_sampler import CheckpointSampler
from gantool.sampling.grid import Cell
from gantool.sampling.picture_files import write_pictures

PATIENCE = 20.0
"""Seconds after which something that should have happened has not."""


@pytest.fixture(scope="module")
def sampler(trained: Path) -> CheckpointSampler:
    return CheckpointSampler(Checkpoint(trained / "checkpoints" / "step-00000200.h5"))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_each_file_holds_the_picture_of_its_seed_and_label(
    sampler: CheckpointSampler, tmp_path: Path
) -> None:
    cells = [*map(Cell, range(300)), Cell(7, 3), Cell(100_000_000)]
    write_pictures(sampler, iter(cells), tmp_path)
    assert names(tmp_path) == sorted(
        [f"seed-{seed:08d}.png" for seed in range(300)]
        + ["seed-00000007-label-3.png", "seed-100000000.png"]
    )
    for cell, picture in zip(cells, sampler.draw(cells), strict=True):
        ending = "" if cell.label is None else f"-label-{cell.label}"
        path = tmp_path / f"seed-{cell.seed:08d}{ending}.png"
        assert path.read_bytes().endswith(b"IEND\xaeB`\x82")  # which Pillow reads without
        with Image.open(path) as image:
            assert image.mode == "L"
            np.testing.assert_array_equal(np.asarray(image), picture[:, :, 0])


def test_the_next_pictures_are_drawn_while_one_is_written(
    sampler: CheckpointSampler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_files.os, "sched_getaffinity", lambda _: {0, 1})
    drawn, heard = threading.Event(), []

    def slow(path: Path, pixels: np.ndarray, *, flushed: bool) -> None:
        heard.append(drawn.wait(PATIENCE if all(heard) else 0))
        write_png(path, pixels, flushed=flushed)

    def cells() -> Iterator[Cell]:
        yield from map(Cell, range(150))  # more than one call of the generator draws
        drawn.set()

    monkeypatch.setattr(picture_files, "write_png", slow)
    write_pictures(sampler, cells(), tmp_path)
    assert heard == [True] * 150
    assert len(names(tmp_path)) == 150


def test_drawing_waits_for_files_that_are_slow(
    sampler: CheckpointSampler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many seeds there are, few are in memory: here there are endlessly many."""
    monkeypatch.setattr(picture_files.os, "sched_getaffinity", lambda _: {0, 1})
    go_on, ahead = threading.Event(), threading.Event()

    class GoneError(Exception):
        pass

    def slow(_path: Path, _pixels: np.ndarray, *, flushed: bool) -> None:  # noqa: ARG001
        assert go_on.wait(PATIENCE)
        raise GoneError

    def cells() -> Iterator[Cell]:
        for seed in count():
            if seed == 50 * 32:
                ahead.set()
            yield Cell(seed)

    def write() -> None:
        with pytest.raises(GoneError):
            write_pictures(sampler, cells(), tmp_path)

    monkeypatch.setattr(picture_files, "write_png", slow)
    thread = threading.Thread(target=write)
    thread.start()
    assert not ahead.wait(0.5)
    go_on.set()
    thread.join(PATIENCE)
    assert not thread.is_alive()


def test_an_error_comes_as_itself_and_leaves_whole_files(
    sampler: CheckpointSampler, tmp_path: Path
) -> None:
    (tmp_path / "seed-00000040.png").mkdir()  # no file takes the place of a folder
    with pytest.raises(IsADirectoryError):
        write_pictures(sampler, map(Cell, range(64)), tmp_path)
    (tmp_path / "seed-00000040.png").rmdir()
    assert {"seed-00000031.png", "seed-00000039.png"} <= set(names(tmp_path))
    for path in tmp_path.iterdir():
        assert path.name.startswith("seed-")
        with Image.open(path) as image:
            assert np.asarray(image).shape == (28, 28)


def test_a_file_that_does_not_fit_is_not_left_short(
    sampler: CheckpointSampler, tmp_path: Path
) -> None:
    """As on a full disk, the first part of a file can be written, and then no more."""
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, usual[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            write_pictures(sampler, [Cell(0)], tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert names(tmp_path) == []


def test_pictures_with_alpha_keep_it(tmp_path: Path) -> None:
    pick = np.random.default_rng(0)
    images = pick.uniform(-1, 1, (2, 5, 7, 4)).astype(np.float32)
    drawn = SimpleNamespace(
        example=example_of(Data(source="x", size=(5, 7), channels=4)),
        draw_runs=lambda cells: [(list(cells), images)],
    )
    write_pictures(drawn, [Cell(3), Cell(4)], tmp_path)
    for seed, image in zip((3, 4), images, strict=True):
        with Image.open(tmp_path / f"seed-0000000{seed}.png") as picture:
            assert picture.mode == "RGBA"
            np.testing.assert_array_equal(np.asarray(picture), from_range(image, (-1, 1)))
