"""`gantool interpolate`: films of the ways between latents."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gantool.cli import interpolate

from .steered import drawn, frames, images_of, pixels


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


def test_keys_are_the_images_of_their_seeds_and_classes(command: Any, trained: Path) -> None:
    ended = command(
        "interpolate", "--ckpt", trained, "--seeds", "1,5,9", "--frames", 7, "--out", "x.png"
    )
    assert ended == (0, "x.png: 7 frames, step 200\n", "")
    shown = images_of(pixels("x.png"))
    assert len(shown) == 7
    for place, seed in ((0, 1), (3, 5), (6, 9)):  # of classes 1, 5 and 9, as `sample` has them
        difference = np.abs(shown[place] - drawn(command, trained, seed, seed))
        assert difference.max() <= 1  # rounding
    assert all((one != other).any() for one, other in pairwise(shown))


def test_one_seed_goes_through_classes_and_back(command: Any, trained: Path) -> None:
    ended = command(
        *("interpolate", "--ckpt", trained, "--seeds", 4, "--labels", "0-2", "--frames", 6),
        *("--loop", "--fps", 10, "--scale", 2, "--out", "x.gif", "--write-latents", "z.npy"),
    )
    assert ended == (0, "x.gif: 6 frames, 0.6 s, step 200\n", "")
    shown = frames("x.gif", "L")
    assert len(shown) == 6
    for place, label in ((0, 0), (2, 1), (4, 2)):
        expected = drawn(command, trained, 4, label).repeat(2, axis=0).repeat(2, axis=1)
        assert np.abs(shown[place].astype(int) - expected).max() <= 1
    between = drawn(command, trained, 4, 2), drawn(command, trained, 4, 0)
    assert all((shown[5][::2, ::2] != one).any() for one in between)
    latents = np.load("z.npy")
    np.testing.assert_allclose(latents, np.tile(latents[:1], (6, 1)), rtol=1e-6)


def test_latents_that_were_written_are_gone_through_again(command: Any, trained: Path) -> None:
    asked = ("interpolate", "--ckpt", trained, "--label", 3, "--frames", 5)
    first = (*asked, "--seeds", "1,2", "--out", "a.png", "--write-latents", "z.npy")
    assert command(*first).code == 0
    assert command(*asked, "--latents", "z.npy", "--out", "b.png").code == 0
    np.testing.assert_allclose(images_of(pixels("a.png")), images_of(pixels("b.png")), atol=1)
    again = (*asked, "--latents", "z.npy", "--seeds", "4,0", "--out", "c.png")
    assert command(*again).code == 0
    backwards = images_of(pixels("a.png"))[::-1]
    np.testing.assert_allclose(images_of(pixels("c.png")), backwards, atol=1)


@pytest.mark.slow
def test_transparency_is_kept_where_there_is_room_for_it(command: Any, rgba: Path) -> None:
    asked = ("interpolate", "--ckpt", rgba, "--seeds", "1,5", "--frames", 4, "--out")
    assert command(*asked, "x.webp").out == "x.webp: 4 frames, 0.2 s, step 1\n"
    for name in ("x.gif", "x.mp4", "folder"):
        assert command(*asked, name).code == 0
    stills = [pixels(f"folder/frame-0000{number}.png") for number in range(4)]
    assert len(list(Path("folder").iterdir())) == 4
    assert stills[0].shape == (9, 7, 4)
    assert np.abs(stills[0].astype(int) - drawn(command, rgba, 1)).max() <= 1
    moving = frames("x.webp", "RGBA")
    np.testing.assert_array_equal(np.stack(moving)[..., 3], np.stack(stills)[..., 3])
    # Over a checkerboard of white, in the places of its first square
    over = stills[2].astype(float)
    over = 255 + (over[..., :3] - 255) * over[..., 3:] / 255
    found = frames("x.gif", "RGB")[2].astype(float)
    np.testing.assert_allclose(found[:8], over[:8], rtol=0, atol=1)
    assert Path("x.mp4").read_bytes()[4:8] == b"ftyp"
    ended = command(*asked, "folder")
    assert ended.err.splitlines()[-1] == (
        "Error: --out folder: holds frames already; name another folder"
    )


def test_uniform_latents_go_straight(command: Any, rgba: Path) -> None:
    asked = ("--seeds", "1,5", "--frames", 3, "--out", "x.png", "--write-latents", "z.npy")
    assert command("interpolate", "--ckpt", rgba, *asked).code == 0
    start, middle, end = np.load("z.npy").astype(np.float64)
    np.testing.assert_allclose(middle, (start + end) / 2, rtol=1e-6)


def test_normal_latents_go_on_an_arc(command: Any, trained: Path) -> None:
    asked = ("--seeds", "1,5", "--frames", 3, "--out", "x.png", "--write-latents", "z.npy")
    assert command("interpolate", "--ckpt", trained, *asked).code == 0
    norms = np.linalg.norm(np.load("z.npy").astype(np.float64), axis=1)
    assert norms[1] == pytest.approx((norms[0] + norms[2]) / 2)


def test_points_are_shown_together_or_one_a_frame(command: Any, points: Path) -> None:
    asked = ("interpolate", "--ckpt", points, "--seeds", "1,5", "--frames", 9, "--out")
    assert command(*asked, "x.png").code == 0
    assert command(*asked, "folder").code == 0
    together = pixels("x.png")
    assert together.shape == (384, 384)
    apart = [pixels(f"folder/frame-0000{number}.png") for number in range(9)]
    assert {int((frame < 255).sum()) for frame in apart} == {9}  # a dot
    np.testing.assert_array_equal(together < 255, np.min(apart, axis=0) < 255)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (
            ["--out", "x.gif"],
            "Error: name the --seeds to go through, as in 1,5,9, or --latents",
        ),
        (
            ["--seeds", "1", "--out", "x.gif"],
            "Error: a way has two ends: name two seeds or more, or two classes",
        ),
        (
            ["--seeds", "1-3", "--label", "4,5", "--out", "x.gif"],
            "Error: --label: 2 classes for 3 seeds; name one for all, or one for each",
        ),
        (
            ["--seeds", "1,2", "--label", "cat", "--out", "x.gif"],
            "--label: there is no class 'cat' (classes 0 to 9: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9)",
        ),
        (
            ["--seeds", "0-8", "--frames", "5", "--out", "x.gif"],
            "Error: --frames 5: each of the 9 keys is a frame",
        ),
        (
            ["--seeds", "0-99999999999", "--out", "x.gif"],
            "Error: --seeds: 100,000,000,000 are too many; 10,000 are allowed",
        ),
        (
            ["--seeds", "1,2", "--out", "x.avi"],
            "Error: --out x.avi: name a .gif, .webp or .mp4, a .png for all frames, or a folder",
        ),
        (
            ["--seeds", "1,2", "--fps", "9", "--out", "x.png"],
            "Error: --fps belongs to films: name a .gif, .webp or .mp4 with --out",
        ),
        (
            ["--seeds", "1,2", "--fps", "51", "--out", "x.gif"],
            "Error: --fps 51: a GIF shows 50 frames a second at most",
        ),
        (
            ["--seeds", "1,2", "--fps", "1", "--frames", "601", "--out", "x.gif"],
            "Error: a GIF of more than 600 s: name a .webp or .mp4",
        ),
        (
            ["--seeds", "1,2", "--out", "nowhere/x.gif"],
            "nowhere/x.gif: cannot be written (there is no folder nowhere)",
        ),
        (
            ["--seeds", "1,2", "--latents", "none.npy", "--out", "x.gif"],
            "none.npy: no such file",
        ),
        (
            ["--seeds", "1,2", "--write-latents", "x.png", "--out", "x.png"],
            "Error: Invalid value for '--write-latents': x.png: name a .npy",
        ),
    ],
)
def test_what_cannot_be_made(
    arguments: list[str], complaint: str, command: Any, trained: Path
) -> None:
    ended = command("interpolate", "--ckpt", trained, *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.splitlines()[-1] == complaint
    assert list(Path().iterdir()) == []


def test_frames_that_do_not_fit_into_memory(
    command: Any, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gantool.memory.machine_memory", lambda: 1_000_000)
    asked = ("--seeds", "1,2", "--scale", 10, "--out", "x.gif")
    ended = command("interpolate", "--ckpt", trained, *asked)
    assert ended.code == 2
    assert ended.err == (
        "60 frames are 5 MB, and this machine has 1 MB: make fewer or smaller ones, or name a"
        " folder with --out\n"
    )


def test_sides_that_no_film_has(
    command: Any, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gantool.sampling.films.MAX_SIDE", 100)
    asked = ("--seeds", "1,2", "--scale", 4, "--out", "x.webp")
    ended = command("interpolate", "--ckpt", trained, *asked)
    assert ended == (2, "", "--scale 4: a film has sides of 100 pixels at most\n")


def test_latents_without_classes_of_their_own(command: Any, trained: Path) -> None:
    np.save("z.npy", np.zeros((2, 8), np.float32))
    asked = ("--latents", "z.npy", "--out", "x.gif")
    ended = command("interpolate", "--ckpt", trained, *asked)
    assert ended.code == 2
    assert ended.err.endswith("the generator takes labels: name one with --label\n")


def test_classes_of_a_generator_that_has_none(command: Any, rgba: Path) -> None:
    asked = ("--seeds", "1,2", "--label", "3", "--out", "x.gif")
    ended = command("interpolate", "--ckpt", rgba, *asked)
    assert ended == (2, "", f"{rgba}: was trained without labels: leave --label out\n")


def test_endings_are_those_that_can_be_written() -> None:
    from gantool.sampling import films

    assert interpolate._FILMS == films.SUFFIXES
