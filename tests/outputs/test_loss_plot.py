"""losses.png."""

from __future__ import annotations

import gc
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from gantool.outputs.loss_plot import loss_figure, write_loss_plot

ROWS = [
    {"step": 100, "generator_loss": 2.5, "discriminator_loss": 0.5, "seconds": 3.0},
    {"step": 200, "generator_loss": 1.5, "discriminator_loss": -0.25, "seconds": 6.0},
    {"step": 350, "generator_loss": 3.0, "discriminator_loss": 0.75, "seconds": 9.0},
]


def test_both_losses_are_drawn_over_the_steps_with_named_axes() -> None:
    [axes] = loss_figure(ROWS, "mine").axes
    assert (axes.get_title(), axes.get_xlabel(), axes.get_ylabel()) == ("mine", "step", "loss")
    drawn = {line.get_label(): line.get_xydata().tolist() for line in axes.get_lines()}
    assert drawn == {
        "generator": [[100, 2.5], [200, 1.5], [350, 3.0]],
        "discriminator": [[100, 0.5], [200, -0.25], [350, 0.75]],
    }
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["generator", "discriminator"]


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 3])
def test_the_picture_shows_both_lines(count: int, tmp_path: Path) -> None:
    write_loss_plot(tmp_path / "losses.png", ROWS[:count], "mine")
    with Image.open(tmp_path / "losses.png") as image:
        assert image.size == (960, 540)
        pixels = np.asarray(image.convert("RGB")).reshape(-1, 3)
    seen = {tuple(colour) for colour in pixels.tolist()}
    assert {(31, 119, 180), (255, 127, 14)} <= seen  # matplotlib's first two colours


def test_before_the_first_row_there_are_axes_without_lines(tmp_path: Path) -> None:
    write_loss_plot(tmp_path / "losses.png", [], "mine")
    [axes] = loss_figure([], "mine").axes
    assert [line.get_xydata().tolist() for line in axes.get_lines()] == [[], []]
    assert [path.name for path in tmp_path.iterdir()] == ["losses.png"]


def test_the_same_rows_make_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        write_loss_plot(tmp_path / name, ROWS, "mine")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("collecting", [True, False])
def test_a_figure_is_gone_from_memory_once_it_is_written(collecting: bool, tmp_path: Path) -> None:
    gc.collect()
    if not collecting:
        gc.disable()
    try:
        write_loss_plot(tmp_path / "losses.png", ROWS, "mine")
        left = [item for item in gc.get_objects() if type(item) is Figure]
        assert gc.isenabled() == collecting
    finally:
        gc.enable()
    assert left == []
