"""What is written of a run, and what of it is taken while training stands still."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from PIL import Image

from gantool.engine.loop import Progress
from gantool.engine.plan import Plan, make_plan
from gantool.engine.schedule import Calendar
from gantool.errors import DivergedError
from gantool.outputs import consumers
from gantool.outputs.consumers import checkpoints, grids, loss_plots
from gantool.outputs.metrics import Consumer, Notes
from gantool.recipe.model import Updates
from gantool.runs.checkpoint import Header
from gantool.runs.metrics_file import MetricsFile
from gantool.runs.run_folder import RunFolder

DATES = Calendar(Updates(), batches_per_epoch=10)
HEADER = Header("", "", 0, 0, 0.0, 0, 0)
REALS = [np.full((28, 28, 1), level, np.uint8) for level in (0, 100, 200)]
SMALL = (
    "generator.layers=[Dense: {units: 784}, Reshape: {target_shape: [28, 28, 1]}]",
    "discriminator.layers=[Flatten, Dense: {units: 4}, Dense: {units: 1}]",
    "data.labels=false",
    "train.average=null",
)


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    folder = RunFolder(tmp_path)
    folder.make()
    return folder


@pytest.fixture
def plan(load_tiny: Callable[..., Any]) -> Plan:
    return make_plan(load_tiny(*SMALL, "output.checkpoint={every: 10, keep: 2}"))


def at(step: int, stopped: bool = False) -> Progress:
    return Progress(step, 100, 64 * step, 1.0, 1.0, 1.0, 0.5, 0.5, stopped)


def saving(plan: Plan, folder: RunFolder) -> Consumer:
    metrics = MetricsFile(folder.metrics)
    return checkpoints(folder, plan.recipe, DATES, plan.state, lambda _: HEADER, metrics)


def write_now(consume: Consumer, progress: Progress) -> None:
    job = consume(progress, Notes())
    if job is not None:
        job()


def test_only_the_newest_checkpoints_stay(plan: Plan, folder: RunFolder) -> None:
    consume = saving(plan, folder)

    def after(step: int, stopped: bool = False) -> list[str]:
        write_now(consume, at(step, stopped))
        return [path.stem.removeprefix("step-0000") for path in folder.checkpoints()]

    assert after(5) == []
    assert after(10) == ["0010"]
    assert after(15) == ["0010"]
    assert after(20) == ["0010", "0020"]
    assert after(30) == ["0020", "0030"]
    assert after(33, stopped=True) == ["0030", "0033"]
    assert after(100) == ["0033", "0100"]


def test_weights_that_are_no_numbers_are_not_saved(plan: Plan, folder: RunFolder) -> None:
    """The losses of a step are those before its update: the update itself may have gone wrong."""
    consume = saving(plan, folder)
    write_now(consume, at(10))
    plan.state.discriminator.weights()["01_Dense/bias"].assign([0.0, np.nan, 0.0, 0.0])
    job = consume(at(20), Notes())
    assert job is not None  # looking through all the weights is not for training to wait for
    with pytest.raises(DivergedError) as raised:
        job()
    assert str(raised.value) == (
        "training diverged: discriminator/01_Dense/bias is no longer finite at step 20"
    )
    assert [path.name for path in folder.checkpoints()] == ["step-00000010.h5"]


def test_a_checkpoint_that_cannot_be_written_costs_none_of_the_others(
    plan: Plan, folder: RunFolder
) -> None:
    consume = saving(plan, folder)
    for step in (10, 20):
        write_now(consume, at(step))
    folder.checkpoint(30).mkdir()  # no file takes the place of a folder
    with pytest.raises(OSError, match="Is a directory"):
        write_now(consume, at(30))
    names = [path.name for path in folder.checkpoints()]
    assert names == ["step-00000010.h5", "step-00000020.h5", "step-00000030.h5"]
    assert list((folder.path / "checkpoints").glob(".*")) == []


def test_a_checkpoint_is_of_the_step_at_which_it_was_due(plan: Plan, folder: RunFolder) -> None:
    bias = plan.state.generator.weights()["00_Dense/bias"]
    bias.assign(np.full(784, 0.25, np.float32))
    job = saving(plan, folder)(at(10), Notes())
    bias.assign(np.full(784, 0.75, np.float32))
    assert folder.checkpoints() == []
    assert job is not None
    job()
    with h5py.File(folder.checkpoint(10)) as file:
        np.testing.assert_array_equal(file["generator/00_Dense/bias"], np.full(784, 0.25))


def test_a_grid_is_of_the_step_at_which_it_was_due(plan: Plan, folder: RunFolder) -> None:
    weights = plan.state.generator.weights()
    weights["00_Dense/kernel"].assign(np.zeros((8, 784)))
    weights["00_Dense/bias"].assign(np.full(784, 1.0))
    job = grids(folder, plan.recipe, DATES, plan.state, 0, REALS)(at(100), Notes())
    weights["00_Dense/bias"].assign(np.full(784, -1.0))
    assert not folder.samples(100).exists()
    assert job is not None
    job()
    with Image.open(folder.samples(100)) as image:
        assert image.getextrema() == (255, 255)  # 1.0 is white


def test_a_grid_is_looked_at_for_doubles(plan: Plan, folder: RunFolder) -> None:
    """Of a generator that makes one image only, whatever the latent."""
    weights = plan.state.generator.weights()
    notes = Notes()
    consume = grids(folder, plan.recipe, DATES, plan.state, 0, REALS)
    consume(at(100), notes)
    assert notes.diversity is not None
    assert notes.diversity > 0.1
    weights["00_Dense/kernel"].assign(np.zeros((8, 784)))
    consume(at(100), notes)
    assert notes.diversity == 0.0


def test_rows_are_on_disk_before_a_checkpoint(
    plan: Plan, folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    flush, write = MetricsFile.flush, consumers.write_checkpoint
    monkeypatch.setattr(MetricsFile, "flush", lambda file: (order.append("rows"), flush(file)))
    monkeypatch.setattr(
        consumers, "write_checkpoint", lambda *rest: (order.append("checkpoint"), write(*rest))
    )
    write_of = saving(plan, folder)
    write_now(write_of, at(10))
    assert order == ["rows", "checkpoint"]


def test_a_checkpoint_is_not_written_without_its_rows(plan: Plan, folder: RunFolder) -> None:
    folder.metrics.mkdir()  # no row can be appended to a folder
    metrics = MetricsFile(folder.metrics)
    with pytest.raises(OSError, match="Is a directory"):
        metrics.append({"step": 10})
    consume = checkpoints(folder, plan.recipe, DATES, plan.state, lambda _: HEADER, metrics)
    with pytest.raises(OSError, match="Is a directory"):
        write_now(consume, at(10))
    assert folder.checkpoints() == []
    folder.metrics.rmdir()
    write_now(consume, at(20))
    assert folder.metrics.read_text() == '{"step": 10}\n'
    assert folder.checkpoints() == [folder.checkpoint(20)]


def test_nothing_is_due_between_the_intervals(plan: Plan, folder: RunFolder) -> None:
    for consume in (
        grids(folder, plan.recipe, DATES, plan.state, 0, REALS),
        saving(plan, folder),
        loss_plots(folder, plan.recipe, DATES),
    ):
        assert consume(at(13), Notes()) is None


def test_losses_are_drawn_where_a_checkpoint_is_due(plan: Plan, folder: RunFolder) -> None:
    consume = loss_plots(folder, plan.recipe, DATES)
    folder.metrics.write_text('{"step": 10, "generator_loss": 1, "discriminator_loss": 2}\n')
    job = consume(at(10), Notes())
    assert not folder.losses.exists()
    assert job is not None
    job()
    with Image.open(folder.losses) as image:
        assert image.size == (960, 540)
    assert consume(at(13, stopped=True), Notes()) is not None
