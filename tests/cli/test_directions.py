"""`gantool directions`: walks along directions of latents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gantool.evaluation import reals
from gantool.features.network import ClassNetwork

from .steered import drawn, images_of, pixels


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


class Redness(ClassNetwork):
    """Tells images that are redder than others from them."""

    name = "classifier"
    digest = told = "redness"

    def __init__(self, between: float) -> None:
        self.between = between

    def __call__(self, images: np.ndarray) -> np.ndarray:
        return images[..., 0].mean(axis=(1, 2))[:, None]

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        return np.concatenate([features <= self.between, features > self.between], axis=1)


def test_rows_walk_through_the_image_of_a_seed(command: Any, trained: Path) -> None:
    ended = command(
        *("directions", "--ckpt", trained, "--count", 3, "--seed", 14, "--out", "x.png"),
        *("--write-directions", "d.npy", "--write-latents", "z.npy"),
    )
    assert ended == (0, "x.png: 3 directions, steps -3 to 3, step 200\n", "")
    rows = [images_of(row, 7) for row in np.split(pixels("x.png"), 3)]
    middle = drawn(command, trained, 14, 4)  # class 14 mod 10
    assert all(np.abs(row[3] - middle).max() <= 1 for row in rows)
    found, walks = np.load("d.npy"), np.load("z.npy").reshape(3, 7, 8)
    steps = np.arange(-3, 4)[None, :, None] * found[:, None, :]
    np.testing.assert_allclose(walks, walks[:1, 3:4] + steps, rtol=0, atol=1e-5)


def test_they_are_the_singular_vectors_of_the_first_layer(command: Any, trained: Path) -> None:
    import h5py

    asked = ("--count", 8, "--out", "x.png", "--write-directions", "d.npy")
    assert command("directions", "--ckpt", trained, *asked).code == 0
    with h5py.File(trained / "checkpoints/step-00000200.h5") as file:
        kernel = file["generator_average/01_Dense/kernel"][...].astype(np.float64)
    vectors, _, _ = np.linalg.svd(kernel[:8])  # below are the rows of the classes
    np.testing.assert_allclose(np.abs(np.load("d.npy") @ vectors), np.eye(8), atol=1e-4)


def test_one_leads_from_seeds_to_others(command: Any, rgba: Path) -> None:
    latents = np.random.default_rng(0).uniform(0, 2, (5, 6))
    np.save("given.npy", latents)
    ended = command(
        *("directions", "--ckpt", rgba, "--from", "0,1", "--to", "2-4", "--seed", 1),
        *("--latents", "given.npy", "--out", "x.png", "--write-directions", "d.npy"),
    )
    assert ended == (0, "x.png: 1 direction, steps -3 to 3, step 1\n", "")
    way = latents[2:].mean(0) - latents[:2].mean(0)
    np.testing.assert_allclose(np.load("d.npy"), way[None] / np.linalg.norm(way), rtol=1e-5)
    assert pixels("x.png").shape == (9, 7 * 7, 3)


def test_one_leads_from_what_looks_like_a_class_to_another(
    command: Any, rgba: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("dark", "light"):
        Path("here", name).mkdir(parents=True)
        Image.new("RGBA", (7, 9), "grey").save(f"here/{name}/1.png")
    drawn = ("--count", 2_000, "--out", "all.npz", "--write-latents", "all.npy")
    assert command("sample", "--ckpt", rgba, *drawn).code == 0
    with np.load("all.npz") as arrays:
        red = arrays["images"][..., 0].mean(axis=(1, 2))
    between = np.median(red)
    monkeypatch.setattr(reals, "network_for", lambda *_arguments: Redness(between))
    ended = command(
        *("directions", "--ckpt", rgba, "--from-class", "dark", "--to-class", "1"),
        *("--set", f"data.source={Path('here').absolute()}", "--out", "x.png"),
        *("--write-directions", "d.npy"),
    )
    assert ended == (0, "x.png: 1 direction, steps -3 to 3, step 1\n", "")
    latents = np.load("all.npy").astype(np.float64)
    way = latents[red > between].mean(0) - latents[red <= between].mean(0)
    np.testing.assert_allclose(np.load("d.npy"), way[None] / np.linalg.norm(way), rtol=1e-4)
    monkeypatch.setattr(reals, "network_for", lambda *_arguments: Redness(256.0))
    ended = command(
        *("directions", "--ckpt", rgba, "--from-class", "dark", "--to-class", "light"),
        *("--set", f"data.source={Path('here').absolute()}", "--out", "y.png"),
    )
    assert ended == (2, "", "--to-class light: none of 2,000 samples looks like it\n")
    assert not Path("y.png").exists()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (
            ["--from-class", "1"],
            "Error: --from-class and --to-class belong together: name both",
        ),
        (
            ["--from-class", "1", "--to-class", "2", "--count", "3"],
            "Error: --from-class and --count contradict each other",
        ),
        (
            ["--from-class", "1", "--to-class", "2"],
            "Error: CKPT: the generator is told classes, so that none is a direction of its"
            " latents: `gantool interpolate --label` leads from one to another",
        ),
        (["--from", "1"], "Error: --from and --to belong together: name the seeds of both"),
        (
            ["--from", "1", "--to", "1"],
            "--from and --to have the same mean: there is no direction between them",
        ),
        (
            ["--from", "1", "--to", "2", "--count", "3"],
            "Error: --count is of principal directions; --from and --to have one",
        ),
        (["--count", "9"], "Error: --count 9: there are 8 principal directions"),
        (["--out", "x.gif"], "Error: Invalid value for '--out': x.gif: name a .png"),
    ],
)
def test_what_cannot_be_made(
    arguments: list[str], complaint: str, command: Any, trained: Path
) -> None:
    ended = command("directions", "--ckpt", trained, "--out", "x.png", *arguments)
    assert (ended.code, ended.out) == (2, "")
    checkpoint = trained / "checkpoints" / "step-00000200.h5"
    assert ended.err.splitlines()[-1] == complaint.replace("CKPT", str(checkpoint))
    assert list(Path().iterdir()) == []
