"""Back to the last checkpoint after a divergence, with other random numbers, at most N times."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import pytest

from gantool.data.loading import load_images
from gantool.engine.loop import TrainingProgress
from gantool.engine.plan import Plan, make_plan
from gantool.errors import DivergedError
from gantool.recipe.randomness import seed_of_retry
from gantool.runs.resume import find_resume_point, restore, tidy
from gantool.runs.run_folder import RunFolder
from gantool.training.session import run_session

SMALL = (
    "generator.layers=[Dense: {units: 784}, Reshape: {target_shape: [28, 28, 1]}]",
    "discriminator.layers=[Flatten, Dense: {units: 4}, Dense: {units: 1}]",
    "data.labels=false",
    "train.average=null",
    "train.steps=30",
    "output={log_every: 5, checkpoint: {every: 10}, grid: {every: 10, rows: 1, columns: 2}}",
)


PLAIN = "optimizers={generator: SGD, discriminator: SGD}"
"""Optimizers that keep nothing, and compile quickly."""


class Run:
    """A run in a folder, whose weights somebody spoils at a given step, so many times."""

    def __init__(self, load: Callable[..., Any], path: Path, *settings: str) -> None:
        self.folder = RunFolder(path)
        self.folder.make()
        self.loaded = load(*SMALL, *settings)
        self.warnings: list[str] = []
        self.latents: list[bytes] = []
        self.plan = self.fresh()

    def fresh(self) -> Plan:
        return make_plan(self.loaded)

    def resume(self) -> None:
        self.plan = self.fresh()
        point = find_resume_point(self.folder)
        restore(self.plan.state, point)
        tidy(self.folder, point, 3)

    def train(self, spoil_at: int, times: int, until: int = 10**9) -> list[TrainingProgress]:
        images = load_images(self.plan.source, self.plan.recipe.data)  # type: ignore[arg-type]
        session = run_session(self.plan, images, self.folder, lambda: 0, warn=self.warnings.append)
        seen = []
        for progress in session:
            seen.append(progress)
            if progress.step >= spoil_at and times:
                times -= 1
                bias = self.plan.state.discriminator.weights()["01_Dense/bias"]
                bias.assign(bias.value + float("inf"))
            if progress.step >= until:
                break
        session.close()
        return seen

    def contents(self, step: int) -> dict[str, bytes]:
        found: dict[str, bytes] = {}

        def collect(key: str, item: Any) -> None:
            if isinstance(item, h5py.Dataset):
                found[key] = item[()].tobytes() if key != "recipe" else b""

        with h5py.File(self.folder.checkpoint(step)) as file:
            file.visititems(collect)
            found["retries"] = bytes([file.attrs["retries"]])
        return found


@pytest.fixture
def run(load_tiny: Callable[..., Any], tmp_path: Path) -> Callable[..., Run]:
    def made(name: str, *settings: str) -> Run:
        return Run(load_tiny, tmp_path / name, *settings)

    return made


@pytest.mark.slow
def test_a_run_goes_back_and_on_with_other_numbers(run: Callable[..., Run]) -> None:
    plain, retried = run("plain"), run("retried", "train.retries=2")
    plain.train(10**9, 0)
    seen = retried.train(15, 1)
    assert [progress.step for progress in seen if progress.step in (10, 15, 20)] == [
        *(10, 15, 15, 20),
    ]
    [line] = retried.warnings
    assert line == (
        "training diverged at step 16: the discriminator's loss is nan; first not finite: the"
        " weights of discriminator/01_Dense; going back to step 10, on from there with other random"
        " numbers (1 of 2)"
    )
    assert retried.contents(10) == plain.contents(10)
    assert retried.contents(20)["retries"] == b"\1"
    weights = "generator/00_Dense/kernel"
    assert retried.contents(20)[weights] != plain.contents(20)[weights]
    rows = (retried.folder.metrics).read_text().splitlines()
    assert len(rows) == 6  # 5, 10, … 30: none twice


@pytest.mark.slow
def test_at_most_so_many_times(run: Callable[..., Run]) -> None:
    spoiled = run("spoiled", "train.retries=2", PLAIN)
    with pytest.raises(DivergedError) as raised:
        spoiled.train(15, 3)
    assert len(spoiled.warnings) == 2
    assert spoiled.warnings[1].endswith("(2 of 2)")
    assert str(raised.value).startswith("training diverged at step 16: the discriminator's loss")
    assert raised.value.exit_code == 3
    assert [path.stem for path in spoiled.folder.checkpoints()] == ["step-00000010"]


@pytest.mark.slow
def test_without_retries_the_first_ends_it(run: Callable[..., Run]) -> None:
    spoiled = run("spoiled", PLAIN)
    with pytest.raises(DivergedError):
        spoiled.train(15, 1)
    assert spoiled.warnings == []


@pytest.mark.slow
def test_before_the_first_checkpoint_it_goes_back_to_the_start(run: Callable[..., Run]) -> None:
    spoiled = run("spoiled", "train.retries=1", PLAIN)
    start = {
        key: variable.numpy().tobytes()
        for key, variable in spoiled.fresh().state.generator.weights().items()
    }
    seen = spoiled.train(1, 1)
    assert [progress.step for progress in seen][:2] == [1, 1]
    assert spoiled.warnings[0].endswith(
        "going back to step 0, on from there with other random numbers (1 of 1)"
    )
    assert int(spoiled.plan.state.generator_optimizer.iterations) == 30
    fresh = spoiled.fresh().state.generator.weights()
    assert {key: variable.numpy().tobytes() for key, variable in fresh.items()} == start


@pytest.mark.slow
def test_a_run_killed_after_it_went_back_ends_as_one_that_was_not(run: Callable[..., Run]) -> None:
    """The other numbers are a function of the seed and of how often it went back."""
    whole, halves = run("whole", "train.retries=3"), run("halves", "train.retries=3")
    whole.train(15, 1)
    halves.train(15, 1, until=20)
    assert halves.folder.checkpoints()[-1] == halves.folder.checkpoint(20)
    halves.resume()
    assert halves.plan.state.retries == 1
    halves.train(10**9, 0)
    assert halves.contents(30) == whole.contents(30)


def test_seeds_of_retries() -> None:
    assert seed_of_retry(7, 0) == 7
    assert len({seed_of_retry(7, retries) for retries in range(100)}) == 100
    assert seed_of_retry(7, 1) != seed_of_retry(8, 1)
