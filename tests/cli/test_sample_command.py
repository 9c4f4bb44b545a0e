"""`gantool sample`: a seed is an image, whatever is drawn beside it and wherever."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


@pytest.fixture
def checkpoint(trained: Path) -> Path:
    return trained / "checkpoints" / "step-00000200.h5"


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def test_a_seed_is_the_same_image_alone_and_among_others(command: Any, checkpoint: Path) -> None:
    assert command("sample", "--ckpt", checkpoint, "--seeds", "37", "--out", "one").code == 0
    ended = command("sample", "--ckpt", checkpoint, "--seeds", "0-40, 500", "--out", "many")
    assert ended == (0, "many: 42 images, step 200\n", "")
    names = [path.name for path in sorted(Path("many").iterdir())]
    assert names == [f"seed-{seed:08d}.png" for seed in (*range(41), 500)]
    assert [path.name for path in Path("one").iterdir()] == ["seed-00000037.png"]
    alone, among = (Path(folder, "seed-00000037.png").read_bytes() for folder in ("one", "many"))
    assert alone == among
    assert len({path.read_bytes() for path in Path("many").iterdir()}) == 42


def test_the_grid_of_the_training_is_drawn_again_byte_for_byte(
    command: Any, trained: Path, checkpoint: Path
) -> None:
    ended = command(
        *("sample", "--ckpt", checkpoint, "--seeds", "0-9", "--grid", "2x5", "--out", "grid.png")
    )
    assert ended == (0, "grid.png: seeds in 2 rows of 5, step 200\n", "")
    assert Path("grid.png").read_bytes() == (trained / "samples/step-00000200.png").read_bytes()
    assert pixels(Path("grid.png")).shape == (2 * 28, 5 * 28)


def test_a_checkpoint_alone_is_enough_elsewhere(
    gantool: Any, trained: Path, checkpoint: Path, workshop: Path, tmp_path: Path
) -> None:
    """Neither run, recipe, data nor home are there: recipe and classes lie in the file."""
    away, empty = tmp_path / "away", tmp_path / "empty"
    away.mkdir()
    empty.mkdir()
    shutil.copy(checkpoint, away / "my.h5")
    places = {"GANTOOL_DATA": str(empty), "HOME": str(empty), "XDG_DATA_HOME": str(empty)}
    arguments = ("--seeds", "0-9", "--grid", "2x5", "--out", "grid.png")
    data = workshop / "digits"
    hidden = data.rename(workshop / "hidden")
    try:
        ended = gantool("sample", "--ckpt", "my.h5", *arguments, cwd=away, **places)
    finally:
        hidden.rename(data)
    assert ended.code == 0, ended.err
    assert (away / "grid.png").read_bytes() == (trained / "samples/step-00000200.png").read_bytes()


def test_a_run_folder_means_its_newest_checkpoint(command: Any, trained: Path) -> None:
    ended = command("sample", "--ckpt", trained, "--seeds", "0-3", "--out", "grid.png")
    assert ended == (0, "grid.png: seeds in 2 rows of 2, step 200\n", "")


def test_without_out_a_grid_of_64_is_written_beside_you(command: Any, trained: Path) -> None:
    ended = command("sample", "--ckpt", trained)
    assert ended == (0, "tiny-step-00000200.png: seeds in 8 rows of 8, step 200\n", "")
    assert [path.name for path in Path().iterdir()] == ["tiny-step-00000200.png"]
    assert pixels(Path("tiny-step-00000200.png")).shape == (224, 224)


def test_places_left_over_in_a_grid_are_black(command: Any, trained: Path) -> None:
    ended = command("sample", "--ckpt", trained, "--seeds", "3", "--grid", "1x2", "--out", "a.png")
    assert ended.code == 0
    assert pixels(Path("a.png"))[:, :28].any()
    assert not pixels(Path("a.png"))[:, 28:].any()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (
            ["--seeds", "5-2"],
            "Error: Invalid value for '--seeds': the range '5-2' runs backwards",
        ),
        (
            ["--seeds", "a"],
            "Error: Invalid value for '--seeds': 'a' is no seed or range of seeds such as 0-63",
        ),
        (
            ["--seeds", "-1"],
            "Error: Invalid value for '--seeds': '-1' is no seed or range of seeds such as 0-63",
        ),
        (
            ["--seeds", ""],
            "Error: Invalid value for '--seeds': '' is no seed or range of seeds such as 0-63",
        ),
        (
            ["--seeds", str(2**62 + 1)],
            f"Error: Invalid value for '--seeds': seeds go up to {2**62}",
        ),
        (
            ["--grid", "8"],
            "Error: Invalid value for '--grid': '8' is no grid; write ROWSxCOLUMNS, such as 8x8",
        ),
        (
            ["--grid", "0x8"],
            "Error: Invalid value for '--grid': '0x8' is no grid; write ROWSxCOLUMNS, such as 8x8",
        ),
        (["--grid", "2x2"], "Error: 64 seeds do not fit into a grid of 2x2"),
        (["--grid", "200x200"], "Error: a grid has at most 10,000 places"),
        (
            ["--seeds", "0-10000"],
            "Error: 10,001 seeds are too many for one grid; name a folder with --out",
        ),
        (
            ["--out", "a.jpg"],
            "Error: --out a.jpg: name a .png for a grid, or a folder for single images",
        ),
        (
            ["--out", "folder", "--grid", "8x8"],
            "Error: --grid needs a .png for --out; folder is a folder",
        ),
    ],
)
def test_wrong_options_end_with_2(
    arguments: list[str], complaint: str, command: Any, checkpoint: Path
) -> None:
    ended = command("sample", "--ckpt", checkpoint, *arguments)
    assert ended.code == 2
    assert ended.out == ""
    assert ended.err.splitlines()[-1] == complaint
    assert list(Path().iterdir()) == []


def test_the_highest_seed_is_drawn(command: Any, checkpoint: Path) -> None:
    ended = command("sample", "--ckpt", checkpoint, "--seeds", str(2**62), "--out", "folder")
    assert ended == (0, "folder: 1 images, step 200\n", "")


def test_a_folder_that_cannot_be_made(command: Any, checkpoint: Path) -> None:
    Path("file").write_text("mine")
    for out in ("file/x", "file/x.png"):
        ended = command("sample", "--ckpt", checkpoint, "--seeds", "1", "--out", out)
        assert ended == (2, "", f"{out}: cannot be written (Not a directory)\n")
    assert Path("file").read_text() == "mine"


def test_a_missing_folder_for_the_grid(command: Any, checkpoint: Path) -> None:
    ended = command("sample", "--ckpt", checkpoint, "--seeds", "1", "--out", "no/x.png")
    assert ended == (2, "", "no/x.png: cannot be written (No such file or directory)\n")


def test_what_is_no_checkpoint(command: Any) -> None:
    Path("text.h5").write_text("hello")
    Path("run").mkdir()
    for place, complaint in (
        ("gone.h5", "gone.h5: no such file or run folder"),
        ("text.h5", "text.h5: not a checkpoint, or a damaged one (file signature not found)"),
        ("run", "run: holds no checkpoint (checkpoints/step-….h5)"),
    ):
        assert command("sample", "--ckpt", place) == (2, "", f"{complaint}\n")
    assert sorted(path.name for path in Path().iterdir()) == ["run", "text.h5"]
