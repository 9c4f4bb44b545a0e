"""A disk that fills up, a folder that cannot be written: nothing that was saved is lost."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from gantool.data.loading import load_images
from gantool.engine.plan import make_plan
from gantool.runs.checkpoint import Checkpoint
from gantool.runs.resume import find_resume_point
from gantool.runs.run_folder import RunFolder
from gantool.training.session import run_session

SETTINGS = (
    "generator.layers=[Dense: {units: 784}, Reshape: {target_shape: [28, 28, 1]}]",
    "discriminator.layers=[Flatten, Dense: {units: 4}, Dense: {units: 1}]",
    "data.labels=false",
    "train.average=null",
    "train.steps=60",
    "optimizers={generator: SGD, discriminator: SGD}",
)
OUTPUT = (
    "output={log_every: 5, checkpoint: {every: 10, keep: 2},"
    " grid: {every: 10, rows: 2, columns: 2}, on_write_error: CHOICE}"
)


class SmallDisk:
    """A file system of 2 MB of its own, that can be filled, freed and made read-only."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._filler = path / "filler"

    def fill(self) -> None:
        with self._filler.open("wb", buffering=0) as file:
            try:
                while file.write(bytes(4096)):
                    pass
            except OSError as error:
                full = error.errno == errno.ENOSPC
        assert full

    def free(self) -> None:
        self._filler.unlink()

    def remount(self, how: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{how}", self.path], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    path = tmp_path / "disk"
    path.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", path], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("only root may mount a disk to fill; TestWithoutRoot stands in")
    yield SmallDisk(path)
    subprocess.run(["umount", path], check=True)


Train = Callable[..., list[str]]


@pytest.fixture
def train(load_tiny: Callable[..., Any]) -> Train:
    """Train a small recipe in a folder, and do something after some steps; the warnings."""

    def train(
        folder: RunFolder, at: dict[int, Callable[[], Any]], choice: str = "stop"
    ) -> list[str]:
        plan = make_plan(load_tiny(*SETTINGS, OUTPUT.replace("CHOICE", choice)))
        folder.make()
        warnings: list[str] = []
        images = load_images(plan.source, plan.recipe.data)  # type: ignore[arg-type]
        for progress in run_session(plan, images, folder, lambda: 0, warn=warnings.append):
            if progress.step == 20:
                wait_for_checkpoint(folder, 20)
            at.get(progress.step, list)()
        return warnings

    return train


def wait_for_checkpoint(folder: RunFolder, step: int) -> None:
    """The writer is behind the training."""
    while not folder.checkpoint(step).exists():
        time.sleep(0.01)
    time.sleep(0.1)  # the folder is flushed after the file has its name


def assert_whole(folder: RunFolder) -> None:
    """All that has its final name is complete."""
    for path in folder.checkpoints():
        Checkpoint(path)
    for path in folder.path.rglob("*.png"):
        with Image.open(path) as picture:
            picture.load()
    for line in folder.metrics.read_text().splitlines():
        json.loads(line)
    assert list(folder.path.rglob("*.gantool-tmp")) == []


def steps(folder: RunFolder) -> list[int]:
    return [json.loads(line)["step"] for line in folder.metrics.read_text().splitlines()]


@pytest.mark.slow
def test_a_full_disk_stops_the_run_with_what_was_saved(disk: SmallDisk, train: Train) -> None:
    folder = RunFolder(disk.path / "run")
    with pytest.raises(OSError, match="No space left on device") as raised:
        train(folder, {20: disk.fill})
    assert Path(raised.value.filename).is_relative_to(folder.path)
    assert not raised.value.filename.endswith(".gantool-tmp")
    disk.free()
    assert folder.checkpoints() == [folder.checkpoint(10), folder.checkpoint(20)]
    assert find_resume_point(folder).damaged == {}


@pytest.mark.slow
def test_a_full_disk_is_waited_out_where_the_recipe_says_so(disk: SmallDisk, train: Train) -> None:
    """Rows that could not be written come later, in their order; checkpoints go on at the next."""
    folder = RunFolder(disk.path / "run")
    warnings = train(folder, {20: disk.fill, 45: disk.free}, "continue")
    reason = "cannot be written (No space left on device); training goes on"
    assert f"{folder.checkpoint(30)}: {reason}" in warnings
    assert_whole(folder)
    assert steps(folder) == list(range(5, 61, 5))
    assert folder.checkpoints() == [folder.checkpoint(50), folder.checkpoint(60)]


@pytest.mark.slow
def test_a_disk_that_stays_full_ends_the_run_as_failed(disk: SmallDisk, train: Train) -> None:
    folder = RunFolder(disk.path / "run")
    with pytest.raises(OSError, match=r"No space left|could not be written"):
        train(folder, {20: disk.fill}, "continue")
    disk.free()
    assert folder.checkpoints() == [folder.checkpoint(10), folder.checkpoint(20)]
    assert find_resume_point(folder).damaged == {}


@pytest.mark.slow
def test_a_disk_that_turns_read_only(disk: SmallDisk, train: Train) -> None:
    folder = RunFolder(disk.path / "run")
    with pytest.raises(OSError, match="Read-only file system"):
        train(folder, {20: lambda: disk.remount("ro")})
    disk.remount("rw")
    assert_whole(folder)
    assert folder.checkpoints() == [folder.checkpoint(10), folder.checkpoint(20)]


class TestWithoutRoot:
    """The same, by errors that are put in the place of the system's."""

    @pytest.mark.slow
    @pytest.mark.parametrize("name", ["fsync", "replace"])
    @pytest.mark.parametrize("choice", ["stop", "continue"])
    def test_each_call_that_can_fail(
        self,
        name: str,
        choice: str,
        tmp_path: Path,
        train: Train,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        folder = RunFolder(tmp_path / "run")
        usual, failing = getattr(os, name), []

        def fail(*arguments: Any) -> Any:
            if failing:
                raise OSError(errno.EIO, "Input/output error")
            return usual(*arguments)

        monkeypatch.setattr(os, name, fail)
        at = {20: lambda: failing.append(1), 45: failing.clear}
        if choice == "stop":
            with pytest.raises(OSError, match="Input/output error"):
                train(folder, at)
            assert folder.checkpoints() == [folder.checkpoint(10), folder.checkpoint(20)]
        else:
            warnings = train(folder, at, "continue")
            assert any("cannot be written (Input/output error)" in line for line in warnings)
            assert steps(folder) == list(range(5, 61, 5))
            assert folder.checkpoints()[-1] == folder.checkpoint(60)
        assert_whole(folder)
