"""The classes of a set have names, from its folders to the pictures of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

RECIPE = """
name: pets
data: {source: set, size: [8, 8], labels: true}
latent: {size: 8}
generator:
  layers:
    - ConcatLabel
    - Dense: {units: 192, activation: tanh}
    - Reshape: {target_shape: [8, 8, 3]}
discriminator: {layers: [ConcatLabel, Flatten, Dense: {units: 1}]}
loss: Hinge
optimizers: {generator: SGD, discriminator: SGD}
train: {steps: 2, batch_size: 4, precision: float32}
output: {grid: {every: 2, rows: 2, columns: 3, layouts: [by-label]}, checkpoint: {every: 2}}
"""


@pytest.fixture(autouse=True)
def _in_a_folder_with_a_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("pets.yaml").write_text(RECIPE)
    for name, grey in (("dog", 20), ("cat", 200)):
        Path("set", name).mkdir(parents=True)
        for number in range(8):
            Image.new("RGB", (8, 8), (grey, number, 0)).save(f"set/{name}/{number}.png")


@pytest.fixture
def run(command: Any) -> Path:
    ended = command("train", "pets.yaml", "--out", "run")
    assert ended.code == 0, ended.err
    return Path("run")


@pytest.mark.slow
def test_a_run_keeps_the_names(run: Path, command: Any) -> None:
    assert "labels: true, classes: [cat, dog]}" in (run / "recipe.yaml").read_text()
    assert "classes     2: cat, dog" in command("inspect", "run").out.splitlines()


@pytest.mark.slow
def test_a_class_is_asked_for_by_name_or_number(run: Path, command: Any) -> None:
    assert command("sample", "--ckpt", run, "--label", "dog", "--out", "name.png").code == 0
    assert command("sample", "--ckpt", run, "--label", "1", "--out", "number.png").code == 0
    assert command("sample", "--ckpt", run, "--label", "0", "--out", "cat.png").code == 0
    assert Path("name.png").read_bytes() == Path("number.png").read_bytes()
    assert Path("name.png").read_bytes() != Path("cat.png").read_bytes()
    ended = command("sample", "--ckpt", run, "--label", "dgo")
    complaint = "--label: there is no class 'dgo'; did you mean 'dog'? (classes 0 to 1: cat, dog)"
    assert ended == (2, "", f"{complaint}\n")


@pytest.mark.slow
def test_names_stand_beside_the_rows(run: Path, command: Any) -> None:
    grid = np.asarray(Image.open(run / "samples" / "step-00000002.png"))
    margin = grid.shape[1] - 3 * 8
    assert grid.shape[0] == 2 * 8
    assert margin > 8
    cat, dog = grid[:8, :margin], grid[8:, :margin]
    assert cat.min() < 100 < dog.max() == 255
    assert (cat != dog).any()
    arguments = ("--label", "cat,dog", "--seeds", "0-2", "--out", "grid.png")
    assert command("sample", "--ckpt", run, *arguments).code == 0
    assert (np.asarray(Image.open("grid.png")) == grid).all()


@pytest.mark.slow
def test_a_class_that_was_renamed_is_not_another(run: Path, command: Any) -> None:
    Path("set/cat").rename("set/zebra")  # and dog would be the first
    ended = command("train", "--resume", run, "--steps", "4")
    assert ended == (
        2,
        "",
        f"run/recipe.yaml:3:16: {Path('set').absolute()}: its classes are not those of"
        " data.classes: no image is of cat, and zebra is not in it; networks know a class by its"
        " place there: mend the set, or set data.classes to what the places mean now, as in --set"
        " 'data.classes=[zebra, dog]'\n",
    )
    arguments = ("--set", "data.classes=[zebra, dog]")
    ended = command("train", "--resume", run, "--steps", "4", *arguments)
    assert ended.code == 0, ended.err
    assert "classes     2: zebra, dog" in command("inspect", "run").out.splitlines()


def test_names_of_one_class_more_or_less_are_told(command: Any) -> None:
    for classes, told in (
        ("[cat, dog, emu]", "no image is of emu"),
        ("[dog, emu]", "no image is of emu, and cat is not in it"),
    ):
        ended = command("check", "pets.yaml", "--set", f"data.classes={classes}")
        assert ended.code == 2
        assert f"set: its classes are not those of data.classes: {told};" in ended.err


@pytest.mark.slow
def test_a_run_that_states_no_classes_says_which_order_it_had(command: Any) -> None:
    """As runs of before stated none, and had folders in the order of their characters."""
    for name in ("2", "10"):
        Path("set", name).mkdir()
        for number in range(2):
            Image.new("RGB", (8, 8), (int(name), number, 0)).save(f"set/{name}/{number}.png")
    assert command("train", "pets.yaml", "--out", "run").code == 0
    recipe = Path("run/recipe.yaml").read_text()
    stated = ", classes: ['2', '10', cat, dog]"
    assert stated in recipe
    Path("run/recipe.yaml").write_text(recipe.replace(stated, ""))
    ended = command("train", "--resume", "run", "--steps", "4")
    assert ended == (
        2,
        "",
        "run/recipe.yaml: the run states no data.classes, and these are ordered naturally now"
        " (2, 10, cat, dog), where a run of before had 10, 2, cat, dog: state their order by --set"
        " 'data.classes=[10, 2, cat, dog]'\n",
    )
    settings = ("--set", "data.classes=[10, 2, cat, dog]")
    assert command("train", "--resume", "run", "--steps", "4", *settings).code == 0


@pytest.mark.slow
def test_the_recipe_of_a_run_may_be_given_beside_it(run: Path, command: Any) -> None:
    ended = command("train", "--resume", run, "pets.yaml", "--steps", "4")
    assert ended.code == 0, ended.err
