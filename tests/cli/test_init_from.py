"""Runs that begin with the weights of another one."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from gantool.runs.checkpoint import Checkpoint

from ..runs.resealing import index_of, with_index


def values(path: Path) -> dict[str, np.ndarray]:
    """All variables of a checkpoint."""
    found: dict[str, np.ndarray] = {}

    def collect(key: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and key != "recipe":
            found[key] = item[()]

    with h5py.File(path) as file:
        file.visititems(collect)
    return found


@pytest.fixture
def alone(trained: Path, tmp_path: Path) -> Path:
    """A checkpoint by itself in a folder."""
    path = tmp_path / "elsewhere" / "faces.h5"
    path.parent.mkdir()
    shutil.copy(trained / "checkpoints" / "step-00000200.h5", path)
    return path


def test_all_weights_of_the_same_networks_and_fresh_optimizers(
    command: Callable[..., Any], tiny: Path, alone: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    ended = command(
        *("train", tiny, "--init-from", alone, "--out", run, "--steps", "1"),
        # Nothing of it moves, so the checkpoint at the end shows with what it began.
        *("--set", "optimizers.generator={SGD: {learning_rate: 1e-30}}"),
        *("--set", "optimizers.discriminator={SGD: {learning_rate: 1e-30}}"),
        *("--set", "train.average=0.9"),
    )
    assert ended.code == 0, ended.err
    before, after = values(alone), values(run / "checkpoints" / "step-00000001.h5")
    weights = [key for key in before if not key.startswith("optimizers/") and "moving_" not in key]
    assert {key.split("/")[0] for key in weights} == {
        "generator", "generator_average", "discriminator"
    }  # fmt: skip
    for key in weights:
        if not key.startswith("generator_average"):
            np.testing.assert_array_equal(after[key], before[key], key)
    # The average has moved a step from its own beginning, not from the generator's weights.
    key = "generator_average/01_Dense/kernel"
    assert np.abs(after[key] - before[key]).max() > 0
    assert np.abs(after[key] - before[key]).max() < np.abs(before[key]).max()
    assert after["optimizers/generator/iteration"] == 1
    lines = ended.out.splitlines()
    count = sum(key.startswith("generator/") for key in before)
    assert lines[0] == f"generator: {count} of {count} variables from {alone}"
    assert lines[1].startswith("discriminator: ")
    assert lines[2].startswith(f"{run}: 300 images, steps 1 to 1")


def test_what_does_not_fit_stays_as_it_begins_and_is_told(
    command: Callable[..., Any], tiny: Path, alone: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    ended = command(
        *("train", tiny, "--init-from", alone, "--out", run, "--steps", "1"),
        *("--set", "discriminator.layers.1.Conv2D.filters=5"),
    )
    assert ended.code == 0, ended.err
    told = ended.out.splitlines()[1]
    assert told.endswith(
        "; not 01_Conv2D/kernel (4×4×11×4 there, 4×4×11×5 here), 02_BatchNormalization/gamma (4"
        " there, 5 here), 02_BatchNormalization/beta (4 there, 5 here) and 3 more"
    )
    kernel = values(run / "checkpoints" / "step-00000000.h5")["discriminator/01_Conv2D/kernel"]
    assert kernel.shape[-1] == 5


def test_classes_that_have_other_numbers_are_told(
    command: Callable[..., Any], tiny: Path, alone: Path, tmp_path: Path
) -> None:
    shutil.copy(alone, tmp_path / "other.h5")
    text = index_of(alone)["header"]["recipe"]
    swapped = re.sub("(['\"])0\\1, (['\"])1\\2", "'1', '0'", text)
    assert swapped != text
    with_index(tmp_path / "other.h5", lambda index: index["header"].update(recipe=swapped))
    ended = command(
        "train", tiny, "--init-from", tmp_path / "other.h5", "--out", tmp_path / "run", "--steps", 1
    )
    assert ended.out.splitlines()[2] == (
        f"classes: weights of labels are by number, and {tmp_path / 'other.h5'} numbers other ones:"
        " 0 (1 there, 0 here), 1 (0 there, 1 here)"
    )


def test_a_run_killed_before_its_first_checkpoint_goes_on_from_there(
    command: Callable[..., Any], tiny: Path, trained: Path, tmp_path: Path
) -> None:
    settings = ("--init-from", trained, "--steps", "3", "--set", "output.checkpoint.keep=9")
    whole = command("train", tiny, "--out", tmp_path / "whole", *settings)
    assert whole.code == 0, whole.err
    killed = tmp_path / "killed"
    shutil.copytree(tmp_path / "whole", killed)
    for path in (killed / "checkpoints").iterdir():
        if path.name != "step-00000000.h5":
            path.unlink()
    resumed = command("train", "--resume", killed)
    assert resumed.code == 0, resumed.err
    name = "checkpoints/step-00000003.h5"
    first, second = values(tmp_path / "whole" / name), values(killed / name)
    assert first.keys() == second.keys()
    assert all(np.array_equal(first[key], second[key]) for key in first)
    begun = Checkpoint(killed / "checkpoints" / "step-00000000.h5").header
    assert (begun.step, begun.images) == (0, 0)


def test_nothing_fits(command: Callable[..., Any], alone: Path, tmp_path: Path) -> None:
    ended = command("train", "ring", "--init-from", alone, "--out", tmp_path / "run")
    assert ended.code == 2
    assert ended.err == (
        f"{alone}: none of its weights has the place, name and shape of one of the recipe's"
        " networks\n"
    )
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ("train", "--resume", "run", "--init-from", "x.h5"),
            "--init-from has no meaning with --resume: the run goes on with its own weights",
        ),
        (("train", "quickstart", "--init-from", "x.h5"), "x.h5: no such file or run folder"),
    ],
)
def test_what_cannot_be(
    command: Callable[..., Any],
    arguments: tuple[str, ...],
    line: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = command(*arguments)
    assert ended.code == 2
    assert ended.err.splitlines()[-1].removeprefix("Error: ") == line
    assert list(tmp_path.iterdir()) == []
