"""`gantool sample --like`: a picture is drawn again by what it says of itself."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from gantool.runs.checkpoint import Checkpoint


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


@pytest.fixture
def sample(command: Any, trained: Path) -> Any:
    return lambda *arguments: command("sample", "--ckpt", trained, *arguments)


def said(path: str) -> dict[str, Any]:
    with Image.open(path) as image:
        found: dict[str, Any] = json.loads(image.text["gantool"])
    return found


def retold(path: str, **values: Any) -> None:
    """Have a picture say something else of itself."""
    with Image.open(path) as image:
        notes = PngImagePlugin.PngInfo()
        notes.add_text("gantool", json.dumps(said(path) | values))
        image.save(path, pnginfo=notes)


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ["--seeds", "3,1-2", "--grid", "2x3"],
        ["--label", "7,1", "--seeds", "0-2,40", "--scale", "2", "--spacing", "3"],
        ["--grid", "by-label-free", "--seeds", "0-19", "--weights", "raw"],
        ["--truncation", "0.7", "--label", "4", "--count", "5"],
    ],
)
def test_a_grid_is_drawn_again_to_the_byte(arguments: list[str], sample: Any) -> None:
    assert sample(*arguments, "--out", "a.png").code == 0
    again = sample("--like", "a.png", "--out", "b.png")
    assert (again.code, again.err) == (0, "")
    assert Path("b.png").read_bytes() == Path("a.png").read_bytes()


def test_what_a_grid_says(sample: Any, trained: Path) -> None:
    sample("--label", "7,1", "--seeds", "0-2,3", "--truncation", "0.25", "--out", "a.png")
    assert said("a.png") == {
        "version": 1,
        "checkpoint": Checkpoint(trained / "checkpoints/step-00000200.h5").sha256,
        "weights": "average",
        "truncation": 0.25,
        "latents": None,
        "seeds": "0-3",
        "labels": [7, 1],
        "grid": {"layout": "by-label", "rows": 2, "columns": 4, "spacing": 0},
        "scale": 1,
    }


def test_a_single_image_is_drawn_again_by_a_checkpoint_alone(
    sample: Any, command: Any, trained: Path
) -> None:
    assert sample("--seeds", "37,40", "--label", "2", "--scale", "2", "--out", "some").code == 0
    Path("elsewhere").mkdir()
    shutil.copy(trained / "checkpoints/step-00000200.h5", "elsewhere/my.h5")
    name = "some/seed-00000040-label-2.png"
    again = command("sample", "--ckpt", "elsewhere/my.h5", "--like", name, "--out", "b.png")
    assert again == (0, "b.png: 1 image, step 200\n", "")
    assert Path("b.png").read_bytes() == Path(name).read_bytes()
    assert said("b.png")["grid"] is None


@pytest.mark.slow
def test_latents_of_a_file_are_needed_again(sample: Any) -> None:
    pick = np.random.default_rng(0)
    np.save("z.npy", pick.normal(size=(6, 8)))
    np.save("other.npy", pick.normal(size=(6, 8)))
    assert sample("--latents", "z.npy", "--out", "a.png").code == 0
    again = sample("--like", "a.png", "--latents", "z.npy", "--out", "b.png")
    assert again == (0, "b.png: latents in 2 rows of 3, step 200\n", "")
    assert Path("b.png").read_bytes() == Path("a.png").read_bytes()
    for arguments, complaint in (
        ([], "a.png: was drawn from latents of a file: name it by --latents"),
        (["--latents", "other.npy"], "other.npy: not the latents that a.png was drawn from"),
    ):
        refused = sample("--like", "a.png", *arguments, "--out", "c.png")
        assert refused == (2, "", f"{complaint}\n")
    retold("a.png", seeds="1-6")
    refused = sample("--like", "a.png", "--latents", "z.npy", "--out", "c.png")
    assert refused == (2, "", "a.png: shows latent 6, and the file has 6\n")
    assert not Path("c.png").exists()


def test_another_checkpoint_is_refused(sample: Any, command: Any, trained: Path) -> None:
    assert sample("--count", "4", "--out", "a.png").code == 0
    other = trained / "checkpoints/step-00000150.h5"
    ended = command("sample", "--ckpt", other, "--like", "a.png", "--out", "b.png")
    ours, theirs = said("a.png")["checkpoint"][:12], Checkpoint(other).sha256[:12]
    assert ended == (
        2,
        "",
        f"a.png: was drawn from the checkpoint with SHA-256 {ours}…, and {other} has {theirs}…:"
        " name the one it was drawn from\n",
    )
    assert not Path("b.png").exists()


def test_a_picture_that_was_changed_is_told(sample: Any) -> None:
    assert sample("--count", "4", "--out", "a.png").code == 0
    before = Path("a.png").read_bytes()
    retold("a.png")  # saved by Pillow, which packs the same pixels in another way
    ended = sample("--like", "a.png", "--out", "b.png")
    assert ended.code == 0
    assert ended.err == (
        "warning: b.png: not byte for byte a.png, which was changed since, or drawn by other"
        " releases or on another machine\n"
    )
    assert Path("b.png").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--like", "a.png"], "Error: --like needs a .png for --out"),
        (["--like", "a.png", "--out", "folder"], "Error: --like needs a .png for --out"),
        (
            ["--like", "a.png", "--out", "./a.png"],
            "Error: --out a.png: the picture itself; name another file",
        ),
        (
            ["--like", "a.png", "--out", "b.png", "--truncation", "1"],
            "Error: --truncation and --like contradict each other",
        ),
        (
            ["--like", "a.png", "--out", "b.png", "--latents", "z.npy"],
            "a.png: was drawn from seeds: leave --latents out",
        ),
        (["--like", "gone.png", "--out", "b.png"], "gone.png: no such file"),
        (["--like", "class.png", "--out", "b.png"], "class.png: shows class 10, and the chec"),
        (["--like", "huge.png", "--out", "b.png"], "huge.png: its metadata of gantool are dam"),
        (
            ["--like", "reals.png", "--out", "b.png"],
            "reals.png: does not say where it comes from; `gantool sample` writes that into each",
        ),
    ],
)
def test_what_cannot_be_drawn_again(
    arguments: list[str], complaint: str, sample: Any, trained: Path
) -> None:
    assert sample("--count", "4", "--out", "a.png").code == 0
    for name, values in (("class.png", {"labels": [10]}), ("huge.png", {"seeds": f"0-{2**62}"})):
        shutil.copy("a.png", name)
        retold(name, **values)
    shutil.copy(trained / "samples/reals.png", ".")
    before = sorted(path.name for path in Path().iterdir())
    ended = sample(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.splitlines()[-1].startswith(complaint)
    assert sorted(path.name for path in Path().iterdir()) == before
