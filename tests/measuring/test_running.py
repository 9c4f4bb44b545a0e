"""Timed steps: how many, what they wait for, and what can go wrong."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from gantool.data.loading import Images, load_images
from gantool.engine.plan import Plan, make_plan
from gantool.engine.step import Losses
from gantool.errors import DivergedError, InputError
from gantool.measuring.running import Call, Running, fetching, without_bursts

QUICK = (
    "generator.layers=[Dense: {units: 784}, Reshape: {target_shape: [28, 28, 1]}]",
    "discriminator.layers=[Flatten, Dense: {units: 1}]",
    "data.labels=false",
    "train.average=null",
    "optimizers={generator: SGD, discriminator: SGD}",
)
SLOW = 0.1
"""Seconds that a slow batch takes to make."""


def set_out(loaded: Any) -> tuple[Plan, Images]:
    plan = make_plan(loaded)
    assert plan.source is not None
    return plan, load_images(plan.source, plan.recipe.data)


def slow_numbers(made: Callable[[int], None]) -> tf.data.Dataset:
    """0, 1, 2, …, each made in `SLOW` seconds and then told of."""

    def make(number: np.ndarray) -> np.ndarray:
        time.sleep(SLOW)
        made(int(number))
        return number

    # One after the other: TensorFlow makes others side by side.
    return tf.data.Dataset.range(100).map(
        lambda number: tf.numpy_function(make, [number], tf.int64, stateful=True)
    )


def test_batches_that_are_made_when_asked_for_are_waited_for() -> None:
    feed = iter(slow_numbers(lambda _: None))
    began = time.perf_counter()
    assert 3 * SLOW <= float(fetching(3)(feed)) <= time.perf_counter() - began + 0.01
    assert int(next(feed)) == 3


def test_batches_that_lie_ready_are_not_waited_for() -> None:
    three = threading.Event()
    numbers = slow_numbers(lambda number: three.set() if number == 3 else None)
    feed = iter(numbers.prefetch(10))
    fetch = fetching(1)
    assert float(fetch(feed)) > 0.5 * SLOW
    assert three.wait(timeout=60)
    assert float(fetch(feed)) + float(fetch(feed)) < SLOW


@pytest.mark.slow
def test_a_pipeline_made_slow_is_waited_for_about_all_of_the_time(
    load_tiny: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, images = set_out(load_tiny(*QUICK, "train.updates.discriminator=2"))
    running = Running(plan, images)
    running.run(1)
    one_at_a_time, read = threading.Lock(), images.read

    def read_slowly(indices: Any) -> Any:
        with one_at_a_time:
            time.sleep(SLOW)
            return read(indices)

    quick = running.waited_share(0.2)
    monkeypatch.setattr(images, "read", read_slowly)
    running.run(10)  # whatever was ready
    assert 0 < quick < 0.8 < running.waited_share(1.0) < 1


@pytest.mark.slow
def test_steps_of_a_call_and_calls(load_tiny: Callable[..., Any]) -> None:
    plan, images = set_out(load_tiny(*QUICK))
    running = Running(plan, images)
    first = running.run(1)
    assert plan.state.step == 1
    assert np.isfinite([first.losses.generator, first.losses.discriminator]).all()
    assert [call.steps for call in running.calls(23)] == [3, 3, 3, 2, 2, 2, 2, 2, 2, 2]
    assert plan.state.step == 24
    assert [call.steps for call in running.calls(2)] == [1, 1]


def test_running_settles_in_ever_longer_calls(
    load_tiny: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    running = Running(*set_out(load_tiny(*QUICK)))
    made = []

    def run(steps: int) -> Call:
        made.append(steps)
        return Call(steps, 0.25 * steps, Losses(0.0, 0.0))

    monkeypatch.setattr(running, "run", run)
    assert running.settle(1.0).seconds_per_step == 0.25
    assert made == [1, 2, 4]


@pytest.mark.slow
def test_bursts_are_left_out(load_tiny: Callable[..., Any]) -> None:
    updates = "train.updates={discriminator: 2, generator: 3, burst: {discriminator: 50}}"
    loaded = load_tiny(*QUICK, updates)
    plan, images = set_out(loaded)
    Running(plan, images).run(4)
    assert int(plan.state.discriminator_optimizer.iterations) == 8
    assert int(plan.state.generator_optimizer.iterations) == 12
    usual = without_bursts(loaded.recipe)
    assert usual.train.updates.burst is None
    assert usual.model_dump(exclude={"train": {"updates": {"burst"}}}) == loaded.recipe.model_dump(
        exclude={"train": {"updates": {"burst"}}}
    )


@pytest.mark.slow
def test_a_loss_that_is_no_number_ends_it(load_tiny: Callable[..., Any]) -> None:
    learning_rate = "optimizers.discriminator={SGD: {learning_rate: 1.0e+30}}"
    running = Running(*set_out(load_tiny(*QUICK, learning_rate)))
    with pytest.raises(DivergedError) as raised:
        running.run(50)
    told = str(raised.value)
    assert told.startswith("training diverged at step ")
    assert re.search(r": the (generator|discriminator)'s loss is (nan|inf)$", told)


@pytest.mark.slow
def test_a_damaged_image_is_named(load_tiny: Callable[..., Any], tmp_path: Path) -> None:
    for number in range(8):
        Image.new("L", (28, 28), number).save(tmp_path / f"{number}.png")
    damaged = tmp_path / "5.png"
    damaged.write_bytes(damaged.read_bytes()[:40])
    plan = make_plan(load_tiny(*QUICK, f"data.source={tmp_path}"))
    assert plan.source is not None
    images = load_images(plan.source, plan.recipe.data, at_most=0)
    with pytest.raises(InputError, match=r"1 of 8 images cannot be used(.|\n)*5\.png"):
        Running(plan, images).run(1)
