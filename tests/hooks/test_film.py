"""film.gif: the grids of a run, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageSequence

from gantool.engine.hook import Moment
from gantool.engine.loop import TrainingProgress
from gantool.hooks.film import Film


def run_of(folder: Path, *steps: int) -> Path:
    """A run whose grid of each step is as grey as its number says."""
    (folder / "samples").mkdir()
    for step in steps:
        Image.new("L", (6, 4), step).save(folder / "samples" / f"step-{step:08d}.png")
    return folder


def levels_of(path: Path) -> list[int]:
    with Image.open(path) as film:
        return [int(np.asarray(frame.convert("L"))[0, 0]) for frame in ImageSequence.Iterator(film)]


def film_at(step: int, folder: Path, film: Film) -> None:
    progress = TrainingProgress(step, 100, 0, 0.0, 0.0, 0.0, 0.0, 0.0, 0)
    job = film(Moment(progress, folder)).job
    assert job is not None
    job()


def test_it_shows_the_grids_up_to_the_step_in_their_order(tmp_path: Path) -> None:
    folder = run_of(tmp_path, 40, 10, 90, 100)
    Image.new("L", (6, 4), 7).save(folder / "samples" / "step-00000010-by-label.png")
    Image.new("L", (6, 4), 8).save(folder / "samples" / "reals.png")
    film_at(90, folder, Film(milliseconds=50))
    assert levels_of(folder / "film.gif") == [10, 40, 90]
    with Image.open(folder / "film.gif") as film:
        assert (film.size, film.info["duration"], film.info["loop"]) == ((6, 4), 50, 0)


@pytest.mark.parametrize(
    ("frames", "shown"), [(1, [90]), (2, [10, 90]), (3, [10, 50, 90]), (9, [*range(10, 91, 10)])]
)
def test_of_more_grids_than_frames_the_first_the_last_and_some_between_are_shown(
    frames: int, shown: list[int], tmp_path: Path
) -> None:
    folder = run_of(tmp_path, *range(10, 91, 10))
    film_at(90, folder, Film(frames=frames))
    assert levels_of(folder / "film.gif") == shown


def test_without_a_grid_there_is_no_film(tmp_path: Path) -> None:
    film_at(5, run_of(tmp_path), Film())
    assert not (tmp_path / "film.gif").exists()


@pytest.mark.slow
def test_a_recipe_names_it(tiny: Path, command: Callable[..., Any], tmp_path: Path) -> None:
    out = tmp_path / "run"
    settings = (
        *("--set", "output.hooks=[Film]", "--set", "output.grid.every=1"),
        *("--set", "optimizers={generator: SGD, discriminator: SGD}"),
        *("--steps", "3"),
    )
    done = command("train", tiny, *settings, "--out", out)
    assert done.code == 0, done.err
    with Image.open(out / "film.gif") as film:
        assert film.n_frames <= 3
        film.seek(film.n_frames - 1)
        last = np.asarray(film.convert("L"), int)
    with Image.open(out / "samples" / "step-00000003.png") as grid:
        assert abs(last - np.asarray(grid.convert("L"), int)).max() <= 8
