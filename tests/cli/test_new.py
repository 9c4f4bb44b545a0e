"""`gantool new`: recipes that suit pictures, as `check` and `train` take them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gantool.engine.step import Losses
from gantool.measuring import report
from gantool.recipe.load import find_recipe, load
from gantool.recipe.model import Recipe

pytestmark = pytest.mark.slow


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, where nothing is measured: that takes the time of a compilation."""
    found = report.Estimate(Losses(0.0, 0.0), 0.25, 3600.0, 1_500_000_000, None)
    monkeypatch.setattr(report, "estimate", lambda _plan, _images: found)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def draw(path: str, *shape: int, scale: int = 1, **keywords: Any) -> None:
    """A picture of noise: of two sides grey, of three with channels; scaled, with 16 bits."""
    pixels = np.random.default_rng(len(path)).integers(0, 256, shape)
    image = Image.fromarray((pixels * scale).astype(np.uint16 if scale > 1 else np.uint8))
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    image.save(path, **keywords)


def written(path: str) -> Recipe:
    loaded = load(find_recipe(path))
    loaded.raise_problems()
    return loaded.recipe


@pytest.mark.usefixtures("here")
def test_a_folder_of_anything(command: Any) -> None:
    for number in range(23):
        draw(f"my pets/{number}.png", 30 + number, 40, 3)
    draw("my pets/grey.png", 40, 30)
    draw("my pets/clear.png", 40, 30, 4)
    draw("my pets/deep.png", 40, 30, scale=10)
    frames = [Image.new("P", (40, 30), number) for number in range(3)]
    frames[0].save("my pets/moves.gif", save_all=True, append_images=frames[1:])
    Image.new("RGB", (50, 50)).quantize(4).save("my pets/palette.png")
    ended = command("new", "my pets")
    assert ended == (
        0,
        "my-pets.yaml: 16×16 RGB, changed at random as far as need be; 29,000 steps of 14\n"
        "its comments say why; train it with: gantool train my-pets.yaml\n"
        "about 1 h 0 min here (250 ms a step), 1.5 GB of memory\n",
        "my pets: looked at 28 of 28 pictures\n"
        "a few steps are measured; Ctrl-C leaves that out\n",
    )  # fmt: skip
    data = written("my-pets.yaml").data
    assert (data.source, data.white, data.background) == ("my pets", "auto", "white")
    checked = command("check", "my-pets.yaml")
    assert (checked.code, checked.err) == (0, "")


def test_what_training_takes_is_measured(
    command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    draw("one/a.png", 1, 1, 4)
    ended = command("new", "one")
    assert ended.code == 0
    last = ended.out.splitlines()[-1]
    assert re.fullmatch(r"about .+ here \([0-9.]+ m?s a step\), .+ [MG]B of memory", last)
    recipe = written("one.yaml")
    assert (recipe.data.size, recipe.train.batch_size, recipe.data.repeat) == ((8, 8), 4, True)
    assert command("check", "one.yaml").err == ""
    assert sorted(map(str, Path().iterdir())) == ["one", "one.yaml"]


@pytest.mark.usefixtures("here")
def test_classes_train_and_are_drawn_by_name(command: Any) -> None:
    for number in range(33):
        draw(f'😀 "{chr(39)}/{"cat: #1" if number < 8 else "dog"}/{number}.png', 8, 9)
    assert command("new", f'😀 "{chr(39)}').code == 0
    data = written("pictures.yaml").data
    assert (data.channels, data.labels, data.balance) == (1, True, True)
    assert command("check", "pictures.yaml").err == ""
    trained = command("train", "pictures.yaml", "--steps", 2, "--out", "run")
    assert (trained.code, trained.err) == (0, "")
    drawn = command("sample", "--ckpt", "run", "--label", "cat: #1", "--out", "cats.png")
    assert drawn.code == 0
    assert command("new", f'😀 "{chr(39)}', "--no-labels", "--out", "plain.yml").code == 0
    assert written("plain.yml").data.labels is False


@pytest.mark.usefixtures("here")
def test_many_classes_of_few_pictures_are_left_out(command: Any) -> None:
    for number in range(200):
        draw(f"many/{number}/a.png", 9, 17, 3)
    assert command("new", "many", "--size", "8x16").code == 0
    assert (written("many.yaml").data.labels, written("many.yaml").data.size) == (False, (8, 16))
    assert "200 classes have 1 of the pictures" in Path("many.yaml").read_text()
    checked = command("check", "many.yaml")
    assert (checked.code, checked.err) == (0, "")


def test_damaged_pictures_are_left_out(command: Any, here: Path) -> None:
    for number in range(20):
        draw(f"hurt/{number:02}.png", 20, 20, 3)
    Path("hurt/03.png").write_bytes(b"no picture")
    assert command("new", "hurt").code == 0
    recipe = written("hurt.yaml")
    assert (recipe.data.skip_unreadable, recipe.train.batch_size) == (True, 9)
    checked = command("check", "hurt.yaml")
    assert checked.code == 0
    assert checked.err.startswith(f"warning: 1 of 20 images cannot be read: {here}/hurt/03.png: ")
    assert checked.err.count("\n") == 1


def test_a_recipe_elsewhere_finds_the_pictures(
    command: Any, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        draw(f"[a]/{number}.png", 8, 8, 3)
        draw(f"else/[a]/{number}.png", 9, 9)  # which a path from the recipe would be
    for source, name in (("[a]", "a.yaml"), ("[[]a]/*.png", "b.yaml")):
        assert command("new", source, "--out", f"else/{name}").code == 0
        assert written(f"else/{name}").data.channels == 3
    monkeypatch.chdir("/")
    for name in ("a.yaml", "b.yaml"):
        checked = command("check", here / "else" / name)
        assert (checked.code, checked.err) == (0, "")
        assert "8×8×3" in checked.out


@pytest.mark.usefixtures("here")
def test_nothing_is_written_over_and_nothing_half(command: Any) -> None:
    draw("pets/a.png", 8, 8)
    Path("pets.yaml").write_text("mine")
    Path("loop").symlink_to("loop")
    for arguments, line in (
        (["loop"], "loop: a link that leads to itself"),
        (["pets"], "pets.yaml is there already: name another file with --out"),
        (["pets", "--out", "a/b.yaml"], "--out a/b.yaml: there is no folder a"),
        (["pets", "--out", "b.txt"], "--out b.txt: a recipe's name ends in .yaml"),
        (
            ["pets", "--no-labels", "--labels-from", "a.csv", "--out", "b.yaml"],
            "--no-labels and --labels-from are opposites: leave one out",
        ),
    ):
        ended = command("new", *arguments)
        assert (ended.code, ended.out, ended.err.splitlines()[-1]) == (2, "", f"Error: {line}")
    assert Path("pets.yaml").read_text() == "mine"
    Path("loop").unlink()
    Path("none").mkdir()
    Path("none/a.png").write_bytes(b"")
    for arguments, line in (
        (
            ["none"],
            "none: none of 1 pictures can be used, as none/a.png: the file is empty",
        ),
        (
            ["pets", "--size", "50"],
            "--size 50x50: the networks begin with 4 to 7 pixels and double them, once or more;"
            " 48x48 would do",
        ),
        (["ring"], "ring is a set of points that gantool draws: it has no images"),
    ):
        ended = command("new", *arguments, "--out", "b.yaml")
        assert (ended.code, ended.out, ended.err.splitlines()[-1]) == (2, "", line)
    assert sorted(map(str, Path().iterdir())) == ["none", "pets", "pets.yaml"]
