"""What the commands that steer latents refuse alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["arithmetic", "--plus", 1, "--minus", 2, "--to", 3], "arithmetic shows images"),
        (["directions"], "directions are shown by images"),
        (["project", "photo.png"], "pictures are found among images"),
    ],
)
def test_points_are_refused_where_images_are_needed(
    arguments: list[Any], complaint: str, command: Any, points: Path
) -> None:
    ended = command(*arguments, "--ckpt", points, "--out", "x.png")
    file = points / "checkpoints" / "step-00000001.h5"
    assert ended == (2, "", f"{file}: makes points, and {complaint}\n")


@pytest.mark.parametrize("name", ["interpolate", "arithmetic", "directions", "project"])
def test_what_is_no_checkpoint(name: str, command: Any) -> None:
    numbers = {
        "interpolate": ("--seeds", "1,2"),
        "arithmetic": ("--plus", 1, "--minus", 2, "--to", 3),
        "directions": (),
        "project": ("photo.png",),
    }
    ended = command(name, *numbers[name], "--ckpt", "none", "--out", "x.png")
    assert ended == (2, "", "none: no such file or run folder\n")
