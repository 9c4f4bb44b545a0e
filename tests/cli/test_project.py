"""`gantool project`: the latent of a picture."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from .steered import images_of, pixels


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


def test_the_latent_of_a_sample_is_found_again(command: Any, rgba: Path) -> None:
    """From other latents than those of seeds: none of them is the one that is looked for."""
    assert command("sample", "--ckpt", rgba, "--seeds", "5", "--out", "drawn").code == 0
    picture = "drawn/seed-00000005.png"
    asked = ("--ckpt", rgba, "--out", "x.png", "--write-latents", "z.npy")
    ended = command("project", picture, *asked)
    told = re.fullmatch(
        rf"x\.png: {picture} and the image found, which differ by (\d+\.\d\d) of 255 \(root"
        r" mean square\), step 1\n",
        ended.out,
    )
    assert told, ended
    assert float(told[1]) < 1.0
    assert pixels("x.png").shape == (9, 2 * 7, 3)
    again = ("--latents", "z.npy", "--seeds", "0,0", "--frames", 2, "--out", "found")
    assert command("interpolate", "--ckpt", rgba, *again).code == 0
    wanted, found = (pixels(it).astype(float) for it in (picture, "found/frame-00000.png"))
    error = np.sqrt(np.mean((wanted - found) ** 2))
    assert error == pytest.approx(float(told[1]), abs=0.2)
    assert wanted.std() > 20


@pytest.mark.slow
def test_the_class_is_found_and_the_latent_written(command: Any, trained: Path) -> None:
    asked = ("--seeds", "5", "--label", "8", "--out", "drawn")
    assert command("sample", "--ckpt", trained, *asked).code == 0
    ended = command(
        *("project", "drawn/seed-00000005-label-8.png", "--ckpt", trained, "--steps", 100),
        *("--out", "x.png", "--write-latents", "z.npy"),
    )
    assert ", class 8, step 200\n" in ended.out
    again = ("--latents", "z.npy", "--seeds", "0,0", "--label", 8, "--frames", 2)
    assert command("interpolate", "--ckpt", trained, *again, "--out", "y.png").code == 0
    found, shown = images_of(pixels("x.png"))[1], images_of(pixels("y.png"))[0]
    assert np.abs(found - shown).max() <= 1


def test_descent_begins_at_the_latents_of_a_file(command: Any, rgba: Path) -> None:
    asked = ("--seeds", "5,6", "--frames", 2, "--out", "f", "--write-latents", "z.npy")
    assert command("interpolate", "--ckpt", rgba, *asked).code == 0
    asked = ("--latents", "z.npy", "--steps", 1, "--out", "x.png", "--write-latents", "found")
    ended = command("project", "f/frame-00001.png", "--ckpt", rgba, *asked[:-1], "found.npy")
    assert ended.code == 0, ended.err
    # One step moves a number by a tenth of a deviation at most.
    moved = np.abs(np.load("found.npy") - np.load("z.npy")[1])
    assert moved.max() <= 0.1 * 2 / 12**0.5 + 1e-6


def test_a_photo_is_brought_to_size_and_channels(command: Any, trained: Path) -> None:
    photo = np.zeros((100, 60, 3), np.uint8)
    photo[40:60, 20:40] = (255, 255, 255)
    Image.fromarray(photo).save("photo.jpg", quality=95)
    asked = ("--label", "3", "--steps", 1, "--out", "x.png")
    assert command("project", "photo.jpg", "--ckpt", trained, *asked).code == 0
    shown, _ = images_of(pixels("x.png"))
    # The middle 60×60 of it, of which the square is the middle third
    assert shown[14, 14] > 250
    assert shown[3:6].max() < 10
    assert 0.8 < (shown > 127).sum() / (28 / 3) ** 2 < 1.2


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("none.png", "none.png: no such file"),
        ("folder", "folder: it is no plain file"),
        ("empty.png", "empty.png: the file is empty"),
    ],
)
def test_what_is_no_picture(name: str, complaint: str, command: Any, trained: Path) -> None:
    Path("folder").mkdir()
    Path("empty.png").touch()
    ended = command("project", name, "--ckpt", trained, "--out", "x.png")
    assert ended == (2, "", f"{complaint}\n")


def test_too_many_places_to_begin_from(command: Any, trained: Path) -> None:
    np.save("z.npy", np.zeros((13, 8), np.float32))
    Image.new("L", (28, 28)).save("photo.png")
    asked = ("--latents", "z.npy", "--out", "x.png")
    ended = command("project", "photo.png", "--ckpt", trained, *asked)
    assert ended.code == 2
    assert ended.err.splitlines()[-1] == (
        "Error: --latents: 13 times 10 classes to begin from; 128 are allowed in all"
    )
