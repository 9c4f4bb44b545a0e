"""A session: training goes on while files are written, and ends when all of them are."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterable, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any

import h5py
import pytest

from gantool import __version__
from gantool.data.loading import load_images
from gantool.distribute.replicas import ALONE, Replicas
from gantool.engine.plan import Plan, make_plan
from gantool.engine.state import TrainingState
from gantool.errors import DivergedError
from gantool.outputs import checkpoints
from gantool.runs.run_folder import RunFolder
from gantool.training.session import run_session

SMALL = (
    "generator.layers=[Dense: {units: 784}, Reshape: {target_shape: [28, 28, 1]}]",
    "discriminator.layers=[Flatten, Dense: {units: 4}, Dense: {units: 1}]",
    "data.labels=false",
    "train.average=null",
    "optimizers={generator: SGD, discriminator: SGD}",
)
ENDLESS = 1_000_000
PATIENCE = 20.0
"""Seconds after which something that should have happened has not."""


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    folder = RunFolder(tmp_path / "run")
    folder.make()
    return folder


@pytest.fixture
def session(load_tiny: Callable[..., Any], folder: RunFolder) -> Callable[..., tuple[Plan, Any]]:
    """Begin a session in `folder`; gives its plan as well."""

    def begin(*settings: str, replicas: Replicas = ALONE) -> tuple[Plan, Any]:
        plan = make_plan(load_tiny(*SMALL, *settings))
        assert plan.source is not None
        images = load_images(plan.source, plan.recipe.data)
        return plan, run_session(plan, images, folder, lambda: False, replicas)

    return begin


class OneOfTwo(Replicas):
    """The replica of one of two workers; notes what there is when all have come to the end."""

    workers = 2

    def __init__(self, worker: int, folder: RunFolder) -> None:
        self.worker = worker
        self.facts: dict[str, object] = {}
        self.at_the_end: list[str] = []
        self._folder = folder

    def begin(self, facts: Iterable[tuple[str, object]], states: Sequence[TrainingState]) -> None:
        assert len(states) == 1
        self.facts = dict(facts)

    def end(self) -> None:
        self.at_the_end = sorted(path.name for path in self._folder.path.rglob("*.*"))


def steps_logged(folder: RunFolder) -> list[int]:
    return [json.loads(line)["step"] for line in folder.metrics.read_text().splitlines()]


@pytest.mark.slow
def test_training_goes_on_while_a_checkpoint_is_written(
    session: Any, folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The checkpoint of step 10 is held up until step 20 has been done, and is still of step 10."""
    twenty, heard = threading.Event(), []
    write = checkpoints.write_checkpoint

    def slow(path: Path, *rest: Any) -> None:
        if path == folder.checkpoint(10):
            heard.append(twenty.wait(PATIENCE))
        write(path, *rest)

    monkeypatch.setattr(checkpoints, "write_checkpoint", slow)
    plan, progresses = session("train.steps=30", "output.checkpoint={every: 10, keep: 9}")
    at_ten = b""
    for progress in progresses:
        if progress.step == 10:
            at_ten = plan.state.generator.weights()["00_Dense/kernel"].numpy().tobytes()
        if progress.step == 20:
            twenty.set()
    assert heard == [True]
    with h5py.File(folder.checkpoint(10)) as file:
        assert file.attrs["step"] == 10
        assert file["optimizers/generator/iteration"][()] == 10
        assert file["generator/00_Dense/kernel"][()].tobytes() == at_ten


@pytest.mark.slow
def test_a_checkpoint_implies_the_rows_up_to_its_step(
    session: Any, folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: dict[int, list[int]] = {}
    write = checkpoints.write_checkpoint

    def look(path: Path, header: Any, values: Any) -> None:
        found[header.step] = steps_logged(folder)
        write(path, header, values)

    monkeypatch.setattr(checkpoints, "write_checkpoint", look)
    _, progresses = session("train.steps=20", "output={log_every: 5, checkpoint: {every: 10}}")
    assert list(progresses)[-1].step == 20
    assert found == {10: [5, 10], 20: [5, 10, 15, 20]}


@pytest.mark.slow
def test_a_session_that_is_closed_leaves_everything_that_was_due(
    session: Any, folder: RunFolder
) -> None:
    _, progresses = session(
        f"train.steps={ENDLESS}",
        "output={log_every: 10, grid: {every: 10, rows: 1}, checkpoint: {every: 10}}",
    )
    for progress in progresses:
        if progress.step == 10:
            break
    progresses.close()
    assert steps_logged(folder) == [10]
    assert folder.checkpoints() == [folder.checkpoint(10)]
    assert folder.samples(10).exists()
    assert folder.losses.exists()
    assert list(folder.path.rglob("*.gantool-tmp")) == []


@pytest.mark.slow
def test_an_error_of_a_file_ends_the_training_soon(session: Any, folder: RunFolder) -> None:
    shutil.rmtree(folder.path / "checkpoints")
    _, progresses = session(
        f"train.steps={ENDLESS}", "output={log_every: 10, checkpoint: {every: 10}}"
    )
    with pytest.raises(FileNotFoundError) as raised:
        list(progresses)
    assert str(raised.value.filename).startswith(str(folder.path / "checkpoints"))
    assert steps_logged(folder) == [10]  # what comes behind the failed file is not written
    assert not folder.samples(20).exists()


@pytest.mark.slow
def test_an_error_is_not_kept_until_something_else_is_due(session: Any, folder: RunFolder) -> None:
    shutil.rmtree(folder.path / "checkpoints")
    rarely = ENDLESS // 2
    every = ("log_every", "grid.every", "checkpoint.every")
    plan, progresses = session(
        f"train.steps={ENDLESS}", *(f"output.{name}={rarely}" for name in every)
    )
    plan.state.step = rarely - 1
    with pytest.raises(FileNotFoundError):
        list(takewhile(lambda progress: progress.step < rarely + 20_000, progresses))


@pytest.mark.slow
def test_an_error_of_the_last_file_is_not_lost(session: Any, folder: RunFolder) -> None:
    folder.losses.mkdir()
    _, progresses = session("train.steps=3")
    with pytest.raises(IsADirectoryError):
        list(progresses)


@pytest.mark.slow
def test_the_first_worker_writes_and_ends_when_all_is_written(
    session: Any, folder: RunFolder
) -> None:
    first = OneOfTwo(0, folder)
    _, progresses = session("train.steps=3", replicas=first)
    assert list(progresses)[-1].images == 24
    assert first.at_the_end == [
        *("losses.png", "metrics.jsonl", "reals.png", "recipe.yaml", "report.html"),
        *("session.json", "step-00000003.h5", "step-00000003.png"),
    ]


@pytest.mark.slow
def test_another_worker_writes_nothing(session: Any, folder: RunFolder) -> None:
    second = OneOfTwo(1, folder)
    plan, progresses = session("train.steps=3", replicas=second)
    plan.state.step = 1
    assert [progress.step for progress in progresses][-1] == 3
    assert [path for path in folder.path.rglob("*") if path.is_file()] == []
    assert second.facts["version of gantool"] == __version__
    assert second.facts["train of the recipe"] == plan.recipe.train
    assert second.facts["number of images"] == 300
    assert second.facts["step to go on from"] == 1


@pytest.mark.slow
def test_weights_that_are_no_numbers_end_the_training(session: Any, folder: RunFolder) -> None:
    """Those of the moving average, which no loss tells of."""
    plan, progresses = session(
        f"train.steps={ENDLESS}", "train.average=0.9", "output.checkpoint.every=10"
    )
    bias = plan.state.average.weights()["00_Dense/bias"]
    bias.assign(bias * float("nan"))
    with pytest.raises(DivergedError) as raised:
        list(progresses)
    assert str(raised.value) == (
        "training diverged: generator_average/00_Dense/bias is no longer finite at step 10"
    )
    assert folder.checkpoints() == []


@pytest.mark.slow
def test_a_run_tells_where_its_recipe_lay_until_a_checkpoint_does(
    session: Any, folder: RunFolder, tiny: Path
) -> None:
    _, progresses = session("train.steps=3")
    assert next(progresses).step == 1
    assert folder.recipe_folder.read_text() == str(tiny.parent)
    list(progresses)
    assert not folder.recipe_folder.exists()
    with h5py.File(folder.checkpoint(3)) as file:
        assert file.attrs["recipe_folder"] == str(tiny.parent)
