"""`gantool inspect` of a checkpoint and of a run folder."""

from __future__ import annotations

import re
import shutil
from importlib.metadata import version
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from gantool import __version__
from gantool.device import machine
from gantool.runs.checkpoint import Checkpoint


@pytest.fixture
def run(trained: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained, tmp_path / "run"))


def told(checkpoint: Path) -> list[str]:
    """What is said of a whole one of tiny.yaml, but for the time it took."""
    return [
        f"{checkpoint}: whole, {checkpoint.stat().st_size:,} bytes",
        "recipe      tiny, seed 3",
        "step        200, 1,600 real images, N s of training",
        "classes     10: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9",
        f"machine     {machine()}",
        # 18·196 + 4·196 + 4·4·4·4 + 4 + 4·4 + 4·4·1·4 + 1; 4·4·11·4 + 4·4 + 14·14·4 + 1
        "generator                4,653 numbers in 13 variables",
        "generator_average        4,653 numbers in 13 variables",
        "discriminator            1,505 numbers in 7 variables",
        f"written by  gantool {__version__}, keras {version('keras')}, tensorflow"
        f" {version('tensorflow')}, format 2",
        f"sha256      {Checkpoint(checkpoint).sha256}",
    ]


def lines(out: str) -> list[str]:
    found = re.sub(r"\d+ s of training", "N s of training", out).splitlines()
    return [line for line in found if not line.startswith("optimizers ")]


def test_a_checkpoint(command: Any, run: Path) -> None:
    newest = run / "checkpoints" / "step-00000200.h5"
    ended = command("inspect", newest)
    assert (ended.code, ended.err) == (0, "")
    assert lines(ended.out) == told(newest)


def test_a_checkpoint_by_any_name(command: Any, run: Path) -> None:
    other = run / "mine"
    shutil.copy(run / "checkpoints" / "step-00000200.h5", other)
    ended = command("inspect", other)
    assert ended.code == 0
    assert lines(ended.out) == told(other)


def test_a_damaged_checkpoint(command: Any, run: Path) -> None:
    newest = run / "checkpoints" / "step-00000200.h5"
    size = newest.stat().st_size
    newest.write_bytes(newest.read_bytes()[:-7])
    assert command("inspect", newest) == (
        2,
        "",
        f"{newest}: the checkpoint is damaged: it has {size - 7:,} bytes of {size:,}\n",
    )


def test_a_run(command: Any, run: Path) -> None:
    older, newest = sorted((run / "checkpoints").iterdir())
    ended = command("inspect", run)
    assert ended.code == 0
    assert lines(ended.out) == [
        f"{older}: whole, {older.stat().st_size:,} bytes",
        f"{newest}: whole, {newest.stat().st_size:,} bytes",
        "",
        *told(newest),
    ]


def test_a_run_with_a_damaged_checkpoint(command: Any, run: Path) -> None:
    older, newest = sorted((run / "checkpoints").iterdir())
    newest.write_bytes(b"")
    ended = command("inspect", run)
    assert ended == (
        2,
        f"{older}: whole, {older.stat().st_size:,} bytes\n{newest}: the file is empty\n",
        f"{run}: 1 of 2 checkpoints not whole\n",
    )


def test_a_run_before_its_first_checkpoint(command: Any, run: Path) -> None:
    for path in (run / "checkpoints").iterdir():
        path.unlink()
    assert command("inspect", run) == (0, f"{run}: no checkpoint yet\n", "")


def test_an_h5_of_somebody_else(command: Any, tmp_path: Path) -> None:
    path = tmp_path / "weights.h5"
    with h5py.File(path, "w") as file:
        file["dense/kernel"], file["dense/bias"] = np.zeros((3, 4)), np.zeros(4)
    assert command("inspect", path) == (
        2,
        "",
        "weights.h5: no array of images in it; it holds dense/bias [4] float64, dense/kernel"
        " [3, 4] float64\n",
    )
