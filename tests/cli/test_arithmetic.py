"""`gantool arithmetic`: sums and differences of latents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from .steered import drawn, images_of, pixels


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


def test_rows_are_the_terms_and_the_result(command: Any, trained: Path) -> None:
    ended = command(
        *("arithmetic", "--ckpt", trained, "--plus", "3,5,8", "--minus", "2", "--to", "11,4"),
        *("--label", 7, "--out", "x.png", "--write-latents", "z.npy"),
    )
    assert ended == (0, "x.png: three terms and their result, step 200\n", "")
    rows = [images_of(row, 4) for row in np.split(pixels("x.png"), 4)]
    for row, seeds in zip(rows, ([3, 5, 8], [2], [11, 4]), strict=False):
        for image, seed in zip(row[1:], seeds, strict=False):
            assert np.abs(image - drawn(command, trained, seed, 7)).max() <= 1
        assert not row[1 + len(seeds) :].any()
    assert np.abs(rows[1][0] - rows[1][1]).max() <= 1  # the mean of one
    command(
        *("interpolate", "--ckpt", trained, "--seeds", "3,5,8,2,11,4", "--frames", 6),
        *("--out", "keys.png", "--write-latents", "keys.npy"),
    )
    keys = np.load("keys.npy").astype(np.float64)
    raw = keys[:3].mean(0) - keys[3] + keys[4:].mean(0)
    wanted = raw * np.linalg.norm(keys[4:], axis=1).mean() / np.linalg.norm(raw)
    np.testing.assert_allclose(np.load("z.npy"), wanted[None], rtol=1e-5)
    again = ("interpolate", "--ckpt", trained, "--label", 7, "--seeds", "0,0", "--frames", 2)
    assert command(*again, "--latents", "z.npy", "--out", "result.png").code == 0
    assert np.abs(images_of(pixels("result.png"))[0] - rows[3][0]).max() <= 1


def test_numbers_are_rows_of_a_file(command: Any, rgba: Path) -> None:
    latents = np.random.default_rng(0).uniform(0, 2, (5, 6))
    np.save("given.npy", latents)
    ended = command(
        *("arithmetic", "--ckpt", rgba, "--plus", "0-1", "--minus", 2, "--to", 4),
        *("--latents", "given.npy", "--out", "x.png", "--write-latents", "z.npy"),
    )
    assert ended.code == 0, ended.err
    expected = latents[:2].mean(0) - latents[2] + latents[4]
    np.testing.assert_allclose(np.load("z.npy"), expected[None], rtol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--to", "3"], "the generator takes labels: name one with --label"),
        (["--to", "3", "--label", "1,2"], "Error: --label 1,2: name one class"),
        ([], "Error: Missing option '--to'."),
    ],
)
def test_what_cannot_be_made(
    arguments: list[str], complaint: str, command: Any, trained: Path
) -> None:
    asked = ("--plus", "1", "--minus", "2", *arguments, "--out", "x.png")
    ended = command("arithmetic", "--ckpt", trained, *asked)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.splitlines()[-1].endswith(complaint)
    assert list(Path().iterdir()) == []


def test_a_row_that_a_file_does_not_have(command: Any, rgba: Path) -> None:
    np.save("given.npy", np.zeros((5, 6)))
    asked = ("--plus", "1", "--minus", "5", "--to", "2", "--latents", "given.npy")
    ended = command("arithmetic", "--ckpt", rgba, *asked, "--out", "x.png")
    assert ended == (2, "", "given.npy: has latents 0 to 4, and no 5\n")
