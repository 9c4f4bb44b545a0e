"""`gantool sample`: a seed is an image, whatever is drawn beside it and wherever."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ..png_text import without_text


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
    of_training = (trained / "samples/step-00000200.png").read_bytes()
    assert without_text(Path("grid.png").read_bytes()) == of_training
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
    of_training = (trained / "samples/step-00000200.png").read_bytes()
    assert without_text((away / "grid.png").read_bytes()) == of_training


def test_a_run_folder_means_its_newest_checkpoint(command: Any, trained: Path) -> None:
    ended = command("sample", "--ckpt", trained, "--seeds", "0-3", "--out", "grid.png")
    assert ended == (0, "grid.png: seeds in 2 rows of 2, step 200\n", "")


def test_without_out_a_grid_of_64_is_written_beside_you(command: Any, trained: Path) -> None:
    ended = command("sample", "--ckpt", trained)
    assert ended == (0, "tiny-step-00000200.png: seeds in 8 rows of 8, step 200\n", "")
    assert [path.name for path in Path().iterdir()] == ["tiny-step-00000200.png"]
    assert pixels(Path("tiny-step-00000200.png")).shape == (224, 224)


def rows_of(path: Path, count: int) -> list[np.ndarray]:
    return np.split(pixels(path), count)


def images_of(row: np.ndarray) -> list[bytes]:
    """The images of a row, from which the name of its class is cut off."""
    count, margin = divmod(row.shape[1], 28)
    return [image.tobytes() for image in np.split(row[:, margin:], count, axis=1)]


class TestLabels:
    """tiny.yaml was trained with the labels 0 to 9; seed k shows label k mod 10 by itself."""

    def test_of_one_label_every_image_shows_it(self, command: Any, trained: Path) -> None:
        ended = command("sample", "--ckpt", trained, "--label", "7", "--out", "sevens.png")
        assert ended == (0, "sevens.png: seeds in 8 rows of 8, step 200\n", "")
        assert command("sample", "--ckpt", trained, "--out", "all.png").code == 0
        sevens, every = (
            [image for row in rows_of(Path(name), 8) for image in images_of(row)]
            for name in ("sevens.png", "all.png")
        )
        same = [seed for seed in range(64) if sevens[seed] == every[seed]]
        assert same == [7, 17, 27, 37, 47, 57]

    @pytest.mark.parametrize("layout", [["--grid", "by-label"], []], ids=["named", "usual"])
    def test_of_several_labels_a_row_is_a_label_and_a_column_a_seed(
        self, layout: list[str], command: Any, trained: Path
    ) -> None:
        arguments = ("--label", "0-9", *layout, "--out", "grid.png")
        ended = command("sample", "--ckpt", trained, *arguments)
        assert ended == (0, "grid.png: seeds in 10 rows of 10, step 200\n", "")
        for label, row in enumerate(rows_of(Path("grid.png"), 10)):
            one = f"label-{label}.png"
            arguments = ("--label", str(label), "--seeds", "0-9", "--grid", "1x10", "--out", one)
            assert command("sample", "--ckpt", trained, *arguments).code == 0
            assert images_of(row) == images_of(pixels(Path(one)))

    def test_by_label_without_labels_shows_all(self, command: Any, trained: Path) -> None:
        arguments = ("--grid", "by-label", "--seeds", "3,50", "--out", "grid.png")
        ended = command("sample", "--ckpt", trained, *arguments)
        assert ended == (0, "grid.png: seeds in 10 rows of 2, step 200\n", "")

    def test_by_label_free_gives_each_image_a_seed(self, command: Any, trained: Path) -> None:
        arguments = ("--label", "3,5", "--grid", "by-label-free", "--seeds", "0-5")
        ended = command("sample", "--ckpt", trained, *arguments, "--out", "grid.png")
        assert ended == (0, "grid.png: seeds in 2 rows of 3, step 200\n", "")
        arguments = ("--label", "3,5", "--seeds", "0-5", "--grid", "by-label", "--out", "both.png")
        assert command("sample", "--ckpt", trained, *arguments).code == 0
        free, both = (
            [images_of(row) for row in rows_of(Path(name), 2)] for name in ("grid.png", "both.png")
        )
        assert free == [both[0][:3], both[1][3:]]

    def test_in_a_folder_the_label_is_in_the_name(self, command: Any, trained: Path) -> None:
        ended = command(
            *("sample", "--ckpt", trained, "--label", "0,9", "--seeds", "4-5", "--out", "some")
        )
        assert ended == (0, "some: 4 images, step 200\n", "")
        assert sorted(path.name for path in Path("some").iterdir()) == [
            f"seed-0000000{seed}-label-{label}.png" for seed in (4, 5) for label in (0, 9)
        ]

    @pytest.mark.parametrize(
        ("arguments", "complaint"),
        [
            (
                ["--label", "8-11"],
                "--label: there is no class '8-11' (classes 0 to 9: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9)",
            ),
            (
                ["--label", "seven"],
                "--label: there is no class 'seven' (classes 0 to 9: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9)",
            ),
            (
                ["--label", "0-999999999"],
                "--label: there is no class '0-999999999' (classes 0 to 9: 0, 1, 2, 3, 4, 5, 6, 7,"
                " 8, 9)",
            ),
            (
                ["--label", "0-9", "--grid", "by-label-free", "--seeds", "0-11"],
                "Error: --grid by-label-free: 12 seeds do not fill 10 rows",
            ),
            (
                ["--label", "0-9", "--seeds", "0-1000"],
                "Error: 10,010 images are too many for one grid; name a folder with --out",
            ),
        ],
    )
    def test_that_cannot_be_shown(
        self, arguments: list[str], complaint: str, command: Any, checkpoint: Path
    ) -> None:
        ended = command("sample", "--ckpt", checkpoint, *arguments)
        assert (ended.code, ended.out) == (2, "")
        assert ended.err.splitlines()[-1] == complaint.format(ckpt=checkpoint)
        assert list(Path().iterdir()) == []

    @pytest.mark.slow
    def test_of_a_network_without_labels(self, command: Any, tiny: Path) -> None:
        trained = command(
            *("train", tiny, "--out", "run", "--steps", "1", "--set", "data.labels=false"),
            *(
                "--set",
                "generator.layers=[Dense: {units: 784}, Reshape: {target_shape: [28, 28, 1]}]",
            ),
            *("--set", "discriminator.layers=[Flatten, Dense: {units: 1}]"),
        )
        assert trained.code == 0, trained.err
        file = "run/checkpoints/step-00000001.h5"
        ended = command("sample", "--ckpt", "run", "--label", "3")
        assert ended == (2, "", f"{file}: was trained without labels: leave --label out\n")
        ended = command("sample", "--ckpt", "run", "--grid", "by-label")
        assert ended == (2, "", f"{file}: the generator of tiny takes no labels\n")


@pytest.mark.parametrize(
    ("arguments", "same"),
    [
        (["--grid", "2x3"], ["--grid", "2x3", "--seeds", "0-5"]),
        (["--grid", "2x3", "--label", "7"], ["--grid", "2x3", "--seeds", "0-5", "--label", "7"]),
        (
            ["--grid", "3x2", "--label", "0-2"],
            ["--grid", "3x2", "--seeds", "0-1", "--label", "0-2"],
        ),
    ],
)
def test_a_grid_without_seeds_is_filled(
    arguments: list[str], same: list[str], command: Any, checkpoint: Path
) -> None:
    for options, out in ((arguments, "a.png"), (same, "b.png")):
        ended = command("sample", "--ckpt", checkpoint, *options, "--out", out)
        assert (ended.code, ended.err) == (0, "")
    assert Path("a.png").read_bytes() == Path("b.png").read_bytes()


def test_a_grid_has_an_end(command: Any, checkpoint: Path) -> None:
    for grid in ("101x100", f"{10**90}x{10**90}"):
        ended = command("sample", "--ckpt", checkpoint, "--grid", grid)
        assert (ended.code, ended.out) == (2, "")
        assert ended.err.endswith("Error: a grid has at most 10,000 places\n")


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
            "Error: Invalid value for '--seeds': 'a' is no seed or range of seeds such as 0-9",
        ),
        (
            ["--seeds", "-1"],
            "Error: Invalid value for '--seeds': '-1' is no seed or range of seeds such as 0-9",
        ),
        (
            ["--seeds", ""],
            "Error: Invalid value for '--seeds': '' is no seed or range of seeds such as 0-9",
        ),
        (
            ["--seeds", str(2**62 + 1)],
            f"Error: Invalid value for '--seeds': seeds go up to {2**62}",
        ),
        (
            ["--grid", "8"],
            "Error: Invalid value for '--grid': '8' is no grid; write ROWSxCOLUMNS, such as"
            " 8x8, or by-label or by-label-free",
        ),
        (
            ["--grid", "0x8"],
            "Error: Invalid value for '--grid': '0x8' is no grid; write ROWSxCOLUMNS, such as"
            " 8x8, or by-label or by-label-free",
        ),
        (["--grid", "2x2", "--seeds", "0-4"], "Error: 5 images do not fit into a grid of 2x2"),
        (["--grid", "200x200"], "Error: a grid has at most 10,000 places"),
        (
            ["--seeds", "0-10000"],
            "Error: 10,001 images are too many for one grid; name a folder with --out",
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
    assert ended == (0, "folder: 1 image, step 200\n", "")


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
        ("text.h5", "text.h5: not a checkpoint of gantool, or damaged in its first bytes"),
        ("run", "run: holds no checkpoint (checkpoints/step-….h5)"),
    ):
        assert command("sample", "--ckpt", place) == (2, "", f"{complaint}\n")
    assert sorted(path.name for path in Path().iterdir()) == ["run", "text.h5"]


def test_ctrl_c_leaves_whole_files(checkpoint: Path) -> None:
    """More seeds are asked for than could be listed, or ever be drawn."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "gantool", "sample", "--ckpt", str(checkpoint)),
            *("--seeds", "0-999999999999999", "--out", "many"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        end = time.monotonic() + 60
        while not Path("many/seed-00000100.png").exists() and time.monotonic() < end:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert (process.returncode, out, err.strip()) == (130, "", "stopped")
    found = list(Path("many").iterdir())
    assert len(found) > 100
    for path in found:
        assert re.fullmatch(r"seed-\d{8}\.png", path.name)
        assert pixels(path).shape == (28, 28)
