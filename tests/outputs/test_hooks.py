"""What is written of a run, and what of it is taken while training stands still."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from PIL import Image

from gantool.data.example import example_of
from gantool.data.loading import load_images
from gantool.engine.hook import Hook, Job, Moment
from gantool.engine.loop import TrainingProgress
from gantool.engine.plan import Plan, make_plan
from gantool.engine.timetable import Timetable
from gantool.errors import DivergedError
from gantool.metrics.diversity import Diversity
from gantool.outputs import checkpoints
from gantool.outputs.checkpoints import CheckpointHook
from gantool.outputs.figures import MetricHook
from gantool.outputs.grid import GridHook
from gantool.outputs.loss_plot import LossPlotHook
from gantool.outputs.recipe_hooks import hooks_of
from gantool.outputs.samples import SamplesOfStep
from gantool.recipe.model import Updates
from gantool.recipe.signatures import names
from gantool.recipe.types import Interval
from gantool.runs.checkpoint_format import Header
from gantool.runs.checkpoint_writing import first_not_finite, values_of
from gantool.runs.metrics_file import MetricsFile
from gantool.runs.run_folder import RunFolder
from gantool.sampling.grid import Cell
from gantool.sampling.sampler import make_sampler
from tests.metrics.given import RealsBeside

TIMETABLE = Timetable(Updates(), batches_per_epoch=10)
HEADER = Header("", "", 0, 0, 0.0, 0, 0)
REALS = [np.full((28, 28, 1), level, np.uint8) for level in range(0, 256, 32)]
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


def at(step: int, stopped: bool = False) -> TrainingProgress:
    return TrainingProgress(step, 100, 64 * step, 1.0, 1.0, 1.0, 0.5, 0.5, stopped)


def saving(plan: Plan, folder: RunFolder) -> CheckpointHook:
    metrics = MetricsFile(folder.metrics)
    return CheckpointHook(
        plan.recipe.output.checkpoint, folder, plan.state, lambda _: HEADER, metrics
    )


def samples_of(plan: Plan) -> SamplesOfStep:
    sampler = make_sampler(plan.state.best_generator, plan.recipe, 0)
    return SamplesOfStep(sampler, 0, example_of(plan.recipe.data))


def drawing(plan: Plan, folder: RunFolder) -> GridHook:
    return GridHook(plan.recipe.output.grid, folder, samples_of(plan), ())


def plotting(plan: Plan, folder: RunFolder) -> LossPlotHook:
    return LossPlotHook(plan.recipe.output.checkpoint.every, folder, "tiny")


def job_of(hook: Hook, progress: TrainingProgress) -> Job | None:
    """What a hook gives to be done, where it is due."""
    moment = Moment(progress, Path())
    return hook(moment).job if hook.is_due(moment, TIMETABLE) else None


def write_now(hook: Hook, progress: TrainingProgress) -> None:
    job = job_of(hook, progress)
    if job is not None:
        job()


def test_only_the_newest_checkpoints_stay(plan: Plan, folder: RunFolder) -> None:
    hook = saving(plan, folder)

    def after(step: int, stopped: bool = False) -> list[str]:
        write_now(hook, at(step, stopped))
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
    hook = saving(plan, folder)
    write_now(hook, at(10))
    plan.state.discriminator.weights()["01_Dense/bias"].assign([0.0, np.nan, 0.0, 0.0])
    job = job_of(hook, at(20))
    assert job is not None  # looking through all the weights is not for training to wait for
    with pytest.raises(DivergedError) as raised:
        job()
    assert str(raised.value) == (
        "training diverged: discriminator/01_Dense/bias is no longer finite at step 20"
    )
    assert [path.name for path in folder.checkpoints()] == ["step-00000010.h5"]


def test_the_state_of_an_optimizer_that_is_infinite_is_not_saved(
    plan: Plan, folder: RunFolder
) -> None:
    """A gradient of 2e19 is finite, and its square in Adam's velocity is not, in float32."""
    consume = saving(plan, folder)
    optimizer, weights = plan.state.generator_optimizer, plan.state.generator.weights()
    variables = plan.state.generator.model.trainable_variables
    gradients = [np.zeros(variable.shape, np.float32) for variable in variables]
    optimizer.apply(gradients, variables)
    write_now(consume, at(10))
    gradients[-1][3] = 2e19
    optimizer.apply(gradients, variables)
    assert all(np.isfinite(variable.numpy()).all() for variable in weights.values())
    with pytest.raises(DivergedError) as raised:
        write_now(consume, at(20))
    assert str(raised.value) == (
        "training diverged: optimizers/generator/00_Dense/bias/velocity is no longer finite at"
        " step 20"
    )
    assert [path.name for path in folder.checkpoints()] == ["step-00000010.h5"]


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["float32", "mixed_float16"])
@pytest.mark.parametrize("name", sorted(names("optimizer")))
def test_what_an_optimizer_keeps_is_finite_by_nature(
    name: str, precision: str, load_tiny: Callable[..., Any]
) -> None:
    """Before its first update, and after updates by nothing, by little and by much."""
    settings = (f"optimizers.generator={name}", f"train.precision={precision}")
    state = make_plan(load_tiny(*SMALL, *settings)).state
    assert first_not_finite(values_of(state.variables())) is None
    variables = state.generator.model.trainable_variables
    for level in (0.0, 1e-30, 1.0, 1e4):
        gradients = [np.full(variable.shape, level, np.float32) for variable in variables]
        state.generator_optimizer.apply(gradients, variables)
        assert first_not_finite(values_of(state.variables())) is None, level


def test_a_checkpoint_that_cannot_be_written_costs_none_of_the_others(
    plan: Plan, folder: RunFolder
) -> None:
    hook = saving(plan, folder)
    for step in (10, 20):
        write_now(hook, at(step))
    folder.checkpoint(30).mkdir()  # no file takes the place of a folder
    with pytest.raises(OSError, match="Is a directory"):
        write_now(hook, at(30))
    names = [path.name for path in folder.checkpoints()]
    assert names == ["step-00000010.h5", "step-00000020.h5", "step-00000030.h5"]
    assert list((folder.path / "checkpoints").glob(".*")) == []


def test_a_checkpoint_is_of_the_step_at_which_it_was_due(plan: Plan, folder: RunFolder) -> None:
    bias = plan.state.generator.weights()["00_Dense/bias"]
    bias.assign(np.full(784, 0.25, np.float32))
    job = job_of(saving(plan, folder), at(10))
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
    job = job_of(drawing(plan, folder), at(100))
    weights["00_Dense/bias"].assign(np.full(784, -1.0))
    assert not folder.samples(100).exists()
    assert job is not None
    job()
    with Image.open(folder.samples(100)) as image:
        assert image.getextrema() == (255, 255)  # 1.0 is white


class TestMetrics:
    """Of a generator that is made to give one image only, whatever the latent."""

    @staticmethod
    def measured(plan: Plan, metric: Diversity, reals: RealsBeside) -> MetricHook:
        cells = [Cell(seed) for seed in range(8)]
        return MetricHook(metric, cells, samples_of(plan), reals)

    def test_are_taken_of_the_samples_of_the_step(self, plan: Plan) -> None:
        reals = RealsBeside(REALS)
        hook = self.measured(plan, Diversity(), reals)
        before = hook(Moment(at(100), Path())).values["diversity"]
        assert before > 0.1
        plan.state.generator.weights()["00_Dense/kernel"].assign(np.zeros((8, 784)))
        assert hook(Moment(at(100), Path())).values["diversity"] == before  # drawn once a step
        assert hook(Moment(at(200), Path())).values["diversity"] == 0.0
        assert reals.asked == [8, 8, 8]

    def test_are_of_as_many_samples_as_they_say(self, plan: Plan) -> None:
        reals = RealsBeside(REALS)
        self.measured(plan, Diversity(samples=9), reals)(Moment(at(100), Path()))
        assert reals.asked == [9]


def test_rows_are_on_disk_before_a_checkpoint(
    plan: Plan, folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    flush, write = MetricsFile.flush, checkpoints.write_checkpoint
    monkeypatch.setattr(MetricsFile, "flush", lambda file: (order.append("rows"), flush(file)))
    monkeypatch.setattr(
        checkpoints, "write_checkpoint", lambda *rest: (order.append("checkpoint"), write(*rest))
    )
    write_now(saving(plan, folder), at(10))
    assert order == ["rows", "checkpoint"]


def test_a_checkpoint_is_not_written_without_its_rows(plan: Plan, folder: RunFolder) -> None:
    folder.metrics.mkdir()  # no row can be appended to a folder
    metrics = MetricsFile(folder.metrics)
    with pytest.raises(OSError, match="Is a directory"):
        metrics.append({"step": 10})
    settings = plan.recipe.output.checkpoint
    hook = CheckpointHook(settings, folder, plan.state, lambda _: HEADER, metrics)
    with pytest.raises(OSError, match="Is a directory"):
        write_now(hook, at(10))
    assert folder.checkpoints() == []
    folder.metrics.rmdir()
    write_now(hook, at(20))
    assert folder.metrics.read_text() == '{"step": 10}\n'
    assert folder.checkpoints() == [folder.checkpoint(20)]


def test_nothing_is_due_between_the_intervals(plan: Plan, folder: RunFolder) -> None:
    for hook in (drawing(plan, folder), saving(plan, folder), plotting(plan, folder)):
        assert job_of(hook, at(13)) is None


def test_losses_are_drawn_where_a_checkpoint_is_due(plan: Plan, folder: RunFolder) -> None:
    hook = plotting(plan, folder)
    folder.metrics.write_text('{"step": 10, "generator_loss": 1, "discriminator_loss": 2}\n')
    job = job_of(hook, at(10))
    assert not folder.losses.exists()
    assert job is not None
    job()
    with Image.open(folder.losses) as image:
        assert image.size == (960, 540)
    assert job_of(hook, at(13, stopped=True)) is not None


def test_hooks_come_as_often_as_the_recipe_says_or_with_each_grid(
    load_tiny: Callable[..., Any], folder: RunFolder
) -> None:
    plan = make_plan(
        load_tiny(
            *SMALL,
            "output={log_every: 3, grid: {every: 7}, checkpoint: {every: 11},"
            " metrics: [Diversity, Diversity: {every: 1 epoch}]}",
        )
    )
    assert plan.source is not None
    images = load_images(plan.source, plan.recipe.data)
    hooks = hooks_of(plan, images, folder, MetricsFile(folder.metrics))
    assert [hook.every for hook in hooks] == [
        Interval.of(every) for every in (7, 7, "1 epoch", 3, 11, 11, 11)
    ]


def test_a_stopped_run_is_saved_but_not_drawn(plan: Plan, folder: RunFolder) -> None:
    assert job_of(saving(plan, folder), at(13, stopped=True)) is not None
    assert job_of(drawing(plan, folder), at(13, stopped=True)) is None
