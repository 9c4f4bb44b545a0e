"""What `check` and `train --verify` look at of a user's images, and what they say of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gantool.cli import data_checks
from gantool.data.decoding import UnreadableImageError, decode


@pytest.fixture
def here(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of 20 images in two classes, two of them broken and one small, and its recipe."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    for name in ("a", "b"):
        Path("pics", name).mkdir(parents=True)
        for number in range(10):
            noise = random.integers(0, 256, (28, 28), np.uint8)
            Image.fromarray(noise).save(f"pics/{name}/{number}.png")
    Path("pics/a/3.png").write_bytes(b"no picture")
    whole = Path("pics/b/4.png")
    whole.write_bytes(whole.read_bytes()[:-40])  # its header is whole
    Image.fromarray(noise[:20]).save("pics/b/5.png")
    text = tiny.read_text().replace("source: digits ", "source: pics   ")
    text = text.replace("  flip: true\n", "  crop: [24, 24]\n")
    Path("mine.yaml").write_text(text.replace("batch_size: 8", "batch_size: 4"))
    return tmp_path.resolve()


def reason(path: str) -> str:
    with pytest.raises(UnreadableImageError) as raised:
        decode(Path(path).read_bytes())
    return str(raised.value)


def test_headers(here: Path, command: Any) -> None:
    at = "mine.yaml:5:11: "
    way_on = "; remove or replace them, or leave them out (data.skip_unreadable: true)"
    assert command("check", "mine.yaml") == (
        *(2, ""),
        f"{at}1 of 20 images cannot be read: {here}/pics/a/3.png: {reason('pics/a/3.png')}"
        f"{way_on}\n"
        f"{at}1 of 20 images is smaller than data.crop: {here}/pics/b/5.png (20×28){way_on}\n",
    )


def test_headers_of_a_recipe_that_skips(here: Path, command: Any) -> None:
    ended = command("check", "mine.yaml", "--skip-unreadable")
    assert (ended.code, ended.err) == (
        0,
        f"warning: 1 of 20 images cannot be read: {here}/pics/a/3.png: {reason('pics/a/3.png')}\n"
        f"warning: 1 of 20 images is smaller than data.crop: {here}/pics/b/5.png (20×28)\n",
    )
    assert "data    at most 20 images of 2 classes from pics" in ended.out
    assert "epoch   at most 20 images, 5 steps" in ended.out


@pytest.mark.usefixtures("here")
def test_what_was_not_looked_at_is_told(command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_checks, "_SECONDS", -1.0)
    ended = command("check", "mine.yaml")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines()[0] == (
        "20 of 20 images were not looked at, which would take longer; --data opens every one"
    )


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [["check", "--data"], ["train", "--verify"]])
def test_every_image(here: Path, command: Any, arguments: list[str]) -> None:
    lines = [
        "3 of 20 images cannot be used; remove or replace them, or leave them out"
        " (data.skip_unreadable: true):",
        f"  {here}/pics/a/3.png: {reason('pics/a/3.png')}",
        f"  {here}/pics/b/4.png: {reason('pics/b/4.png')}",
        f"  {here}/pics/b/5.png: a crop of 24×24 (height×width) is larger than the image, 20×28;"
        " make the crop smaller or leave it out",
    ]
    ended = command(*arguments, "mine.yaml")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.splitlines() == lines
    assert not Path("runs").exists()
    for path in ("a/3", "b/4", "b/5"):
        Path(f"pics/{path}.png").unlink()
    ended = command("check", "mine.yaml", "--data")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("all 17 images can be used\n")


def broken(*paths: str) -> list[str]:
    """The lines on pictures that are no longer any."""
    for path in paths:
        Path(path).write_bytes(b"no picture")
    return [f"  {Path(path).resolve()}: {reason(path)}" for path in paths]


@pytest.mark.slow
@pytest.mark.usefixtures("here")
def test_every_image_of_a_recipe_that_skips(command: Any) -> None:
    lines = broken("pics/a/3.png", *(f"pics/b/{number}.png" for number in (0, 1, 2, 3)))
    Path("pics/b/4.png").unlink()
    Path("pics/b/5.png").unlink()
    settings = ("--set", "train.steps=null", "--set", "train.epochs=2")
    ended = command("check", "mine.yaml", "--data", "--skip-unreadable", *settings)
    assert (ended.code, ended.err.splitlines()) == (
        0,
        [
            "warning: 5 of 18 images cannot be used and are left out:",
            *lines,
            "warning: the whole run is 6 steps: 2 epochs of 13 images in batches of 4; GANs take"
            " thousands of steps: set train.steps, or more train.epochs",
        ],
    )
    assert "data    13 images of 2 classes from pics" in ended.out
    assert "epoch   12 images, 3 steps" in ended.out
    settings = ("--set", "train.batch_size=7")
    ended = command("check", "mine.yaml", "--data", "--skip-unreadable", *settings)
    assert ended.err.splitlines()[6] == (
        "warning: each epoch leaves out 6 of 13 images, others each time, as they fill no batch of"
        " 7; a batch of 6 leaves out 1"
    )
    ended = command("check", "mine.yaml", "--skip-unreadable", *settings)
    assert "each epoch leaves out" not in ended.err


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("arguments", [["check", "--data"], ["train"]])
def test_a_class_of_which_nothing_is_left(command: Any, arguments: list[str]) -> None:
    lines = broken(*(f"pics/a/{number}.png" for number in range(9)))
    lines += broken("pics/a/9.png")
    Path("pics/b/4.png").unlink()
    Path("pics/b/5.png").unlink()
    ended = command(*arguments, "mine.yaml", "--skip-unreadable")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.splitlines() == [
        "pics: no image of a can be used, and networks would be told of a class without images;"
        " mend them, or take them out of the set",
        "10 of 18 cannot be used:",
        *lines,
    ]


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("arguments", [["check", "--data"], ["train"]])
def test_nothing_is_left(command: Any, arguments: list[str]) -> None:
    broken(*map(str, Path("pics").glob("*/*.png")))
    ended = command(*arguments, "mine.yaml", "--skip-unreadable")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.splitlines()[0] == ("20 of 20 images cannot be used; remove or replace them:")


@pytest.mark.usefixtures("here")
def test_too_few_are_left_for_a_batch(command: Any) -> None:
    broken(*(f"pics/a/{number}.png" for number in range(9)))
    settings = ("--skip-unreadable", "--set", "train.batch_size=10")
    ended = command("check", "mine.yaml", "--data", *settings)
    assert (ended.code, ended.out, ended.err) == (
        *(2, ""),
        "train.batch_size 10 is larger than the set of 9 images; the largest batch is 9, or"
        " data.repeat: true goes through the images again\n",
    )
