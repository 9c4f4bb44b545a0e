"""`gantool export-images`: the pixels that networks see, as other programs read them."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


Mnist = Callable[[str], np.ndarray]


def pixels(file: Any) -> np.ndarray:
    with Image.open(file) as image:
        return np.asarray(image)


def test_arrays_hold_all_images_and_labels(command: Any, tiny: Path, mnist: Mnist) -> None:
    ended = command("export-images", tiny, "--out", "reals.npz")
    assert ended == (0, "reals.npz: 300 images of digits\n", "")
    with np.load("reals.npz") as arrays:
        assert arrays.files == ["images", "labels"]
        np.testing.assert_array_equal(arrays["images"][..., 0], mnist("train-images")[:300])
        np.testing.assert_array_equal(arrays["labels"], mnist("train-labels")[:300])


def test_a_run_stands_for_its_recipe(command: Any, trained: Path, tiny: Path) -> None:
    assert command("export-images", trained, "--out", "run.npz").code == 0
    assert command("export-images", tiny, "--out", "recipe.npz").code == 0
    assert Path("run.npz").read_bytes() == Path("recipe.npz").read_bytes()


def test_some_are_chosen_by_the_seed(command: Any, tiny: Path, mnist: Mnist) -> None:
    """In order, the same in a folder and in a zip, and fewer are among more."""
    for count in (5, 20):
        ended = command("export-images", tiny, "--out", f"{count}", "--count", count)
        assert ended == (0, f"{count}: {count} images of digits\n", "")
    names = sorted(path.name for path in Path("5").iterdir())
    assert set(names) < {path.name for path in Path("20").iterdir()}
    for name in names:
        number, label = int(name[6:14]), int(name.removesuffix(".png")[-1])
        assert name == f"image-{number:08d}-label-{mnist('train-labels')[number]}.png"
        assert label == mnist("train-labels")[number]
        np.testing.assert_array_equal(pixels(Path("5", name)), mnist("train-images")[number])
    assert command("export-images", tiny, "--out", "5.zip", "--count", 5).code == 0
    with zipfile.ZipFile("5.zip") as packed:
        assert packed.namelist() == names
        assert all(packed.read(name) == Path("5", name).read_bytes() for name in names)
    assert command("export-images", tiny, "--out", "other", "--count", 5, "--seed", 4).code == 0
    assert sorted(path.name for path in Path("other").iterdir()) != names


def test_they_are_prepared_as_the_recipe_says(command: Any, tiny: Path, mnist: Mnist) -> None:
    """Cut to the upper left 14 columns and as RGBA, of which alpha is whole."""
    prepared = ("data.size=[28, 14]", "data.crop_at=left", "data.channels=4", "data.labels=false")
    settings = [part for setting in prepared for part in ("--set", setting)]
    assert command("export-images", tiny, "--out", "a.npz", *settings).code == 0
    with np.load("a.npz") as arrays:
        assert arrays.files == ["images"]
        left = mnist("train-images")[:300, :, :14]
        np.testing.assert_array_equal(arrays["images"][..., 0], left)
        assert (arrays["images"][..., 3] == 255).all()


def test_points_are_arrays_only(command: Any, tiny: Path) -> None:
    assert tiny.exists()
    Path("ring.yaml").write_text(
        tiny.read_text()
        .replace("source: digits        # beside this file", "source: ring")
        .replace("  size: [28, 28]\n  channels: 1\n  labels: true\n  flip: true\n", "")
        .replace("    - ConcatLabel\n", "")
    )
    ended = command("export-images", "ring.yaml", "--out", "points.npz", "--count", 7)
    assert ended.code == 0, ended.err
    with np.load("points.npz") as arrays:
        assert (arrays.files, arrays["points"].shape) == (["points"], (7, 2))
        assert arrays["points"].dtype == np.float32
    ended = command("export-images", "ring.yaml", "--out", "points")
    assert ended == (2, "", "--out points: points have no pictures of their own: name an .npz\n")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--out", "a.png"], "Error: --out a.png: name a folder, a .zip or an .npz"),
        (["--out", "full"], "Error: --out full: holds files already; name a new folder"),
        (["--out", "new", "--count", "301"], "--count 301: digits has 300 images"),
        (["--out", "no/a.npz"], "no/a.npz: cannot be written (No such file or directory)"),
        (["--out", "no/a.zip"], "no/a.zip: cannot be written (No such file or directory)"),
        (["--out", "full/file/a"], "full/file/a: cannot be written (Not a directory)"),
        ([], "Error: Missing option '--out'."),
    ],
)
def test_wrong_options_end_with_2(
    arguments: list[str], complaint: str, command: Any, tiny: Path
) -> None:
    Path("full").mkdir()
    Path("full/file").write_text("mine")
    ended = command("export-images", tiny, *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.splitlines()[-1] == complaint
    assert [str(path) for path in Path().rglob("*")] == ["full", "full/file"]
