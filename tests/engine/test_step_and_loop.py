"""How many updates a step makes, when the loop pauses, and what it does with bad losses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from gantool.data.loading import Images, load_images
from gantool.data.pipeline import batches
from gantool.engine.loop import TrainingProgress, train
from gantool.engine.plan import Plan, make_plan
from gantool.engine.step import Losses, TrainingStep
from gantool.engine.timetable import Timetable
from gantool.gan.updates import Given, Update
from gantool.recipe.model import Updates
from gantool.recipe.types import Interval

DATES = Timetable(Updates(), batches_per_epoch=10)
SMALL = (
    "generator.layers=[Dense: {units: 784}, BatchNormalization,"
    " Reshape: {target_shape: [28, 28, 1]}]",
    "discriminator.layers=[Flatten, Dense: {units: 4}, BatchNormalization, Dense: {units: 1}]",
    "data.labels=false",
    "optimizers={generator: SGD, discriminator: SGD}",
)


def set_out(loaded: Any) -> tuple[Plan, Images, Any]:
    plan = make_plan(loaded)
    assert plan.source is not None
    images = load_images(plan.source, plan.recipe.data)
    feed = batches(
        images,
        plan.recipe.data,
        batch_size=plan.recipe.train.batch_size,
        seed=plan.recipe.seed,
        first_batch=0,
    )
    return plan, images, iter(feed)


def updates(plan: Plan) -> tuple[int, int]:
    optimizers = (plan.state.discriminator_optimizer, plan.state.generator_optimizer)
    discriminator, generator = (int(optimizer.iterations) for optimizer in optimizers)
    return discriminator, generator


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "made"),
    [
        ([], (5, 5)),
        (["train.updates={discriminator: 3, generator: 2}"], (15, 10)),
        (["train.updates={discriminator: 3, real_and_generated: separate}"], (30, 5)),
        (["train.updates={order: generator-first, discriminator: 2, generator: 3}"], (10, 15)),
        (["train.updates={order: simultaneous}"], (5, 5)),
        (
            ["train.updates={discriminator: 2, burst: {discriminator: 6, first: 1, every: 3}}"],
            (18, 5),
        ),
    ],
)
def test_a_step_makes_the_updates_of_the_recipe(
    settings: list[str], made: tuple[int, int], load_tiny: Callable[..., Any]
) -> None:
    plan, _, feed = set_out(load_tiny(*SMALL, *settings))
    step = TrainingStep(plan.state, plan.recipe)
    step.run(feed, 2)
    losses = step.run(feed, 3)
    assert updates(plan) == made
    assert plan.state.step == 5
    assert np.isfinite([losses.generator, losses.discriminator]).all()


class Order:
    """Which latents and labels each update of an eager step was given, and in which order."""

    def __init__(self, loaded: Any) -> None:
        plan, _, feed = set_out(loaded)
        self.made: list[tuple[str, bytes, bytes]] = []
        tf.config.run_functions_eagerly(True)
        try:
            step = _Noting(plan.state, plan.recipe)
            step.made = self.made
            for _ in range(2):
                step.run(feed, 1)
        finally:
            tf.config.run_functions_eagerly(False)

    def networks(self) -> list[str]:
        return [name for name, _, _ in self.made]

    def latents(self) -> list[bytes]:
        return [latents for _, latents, _ in self.made]

    def labels(self) -> list[bytes]:
        return [labels for _, _, labels in self.made]


@pytest.fixture
def order(load_tiny: Callable[..., Any]) -> Callable[[str], Order]:
    """Two steps of tiny.yaml with some `train.updates`."""
    return lambda updates: Order(load_tiny(f"train.updates={{{updates}}}"))


class _Noting(TrainingStep):
    made: list[tuple[str, bytes, bytes]]

    def make(self, update: Update, given: Given) -> dict[str, tf.Tensor]:
        latents, labels = (it.numpy().tobytes() for it in (given.latents, given.labels))
        self.made.append((update.network, latents, labels))
        return super().make(update, given)


class TestOrderOfUpdates:
    @pytest.mark.slow
    def test_the_discriminator_first(self, order: Callable[[str], Order]) -> None:
        found = order("discriminator: 2, generator: 2")
        step = ["discriminator", "discriminator", "generator", "generator"]
        assert found.networks() == step * 2
        assert len(set(found.latents())) == 8  # each update has its own
        labels = found.labels()
        assert labels[2] == labels[3] == labels[1] != labels[0]

    @pytest.mark.slow
    def test_the_generator_first_with_latents_and_labels_of_the_step(
        self, order: Callable[[str], Order]
    ) -> None:
        found = order("order: generator-first, generator: 2, latents: shared")
        assert found.networks() == ["generator", "generator", "discriminator"] * 2
        first, second = found.latents()[:3], found.latents()[3:]
        assert len(set(first)) == len(set(second)) == 1
        assert first[0] != second[0]
        assert len(set(found.labels()[:3])) == len(set(found.labels()[3:])) == 1
        assert found.labels()[0] != found.labels()[3]

    @pytest.mark.slow
    def test_the_generator_first_with_latents_of_its_own(
        self, order: Callable[[str], Order]
    ) -> None:
        found = order("order: generator-first, generator: 2")
        assert len(set(found.latents())) == 6
        assert len(set(found.labels())) == 2

    @pytest.mark.slow
    def test_both_at_once(self, order: Callable[[str], Order]) -> None:
        found = order("order: simultaneous")
        assert found.networks() == ["both"] * 2
        assert len(set(found.latents())) == 2

    @pytest.mark.slow
    def test_shared_latents_over_several_updates_of_the_discriminator(
        self, order: Callable[[str], Order]
    ) -> None:
        found = order("discriminator: 3, latents: shared")
        assert found.networks() == (["discriminator"] * 3 + ["generator"]) * 2
        assert len(set(found.latents()[:4])) == 1
        assert len(set(found.labels()[:3])) == 3  # but a batch for each


class FakeStep:
    """Counts; its losses are a function of the step. The real one is tested above."""

    def __init__(self, state: Any) -> None:
        self.state, self.calls = state, 0

    def run(self, _batches: Any, count: int) -> Losses:
        assert count >= 1
        self.calls += 1
        self.state.step += count
        return Losses(0.5, self.state.step / 1000)


class State:
    step = 0
    images = 0
    seconds = 10.0


def walk(*, first: int = 0, seen: int = 0, **keys: Any) -> list[TrainingProgress]:
    state = State()
    state.step, state.images = first, seen
    settings: dict[str, Any] = {
        "last": 100,
        "batch_size": 64,
        "timetable": DATES,
        "intervals": [Interval.of(30), Interval.of(50)],
        "should_stop": lambda: False,
    }
    step = FakeStep(state)
    return list(train(state, step, None, **settings | keys))  # type: ignore[arg-type]


def test_the_loop_pauses_at_every_step_that_is_due() -> None:
    assert {30, 50, 60, 90, 100} <= {progress.step for progress in walk()}
    assert walk()[-1].step == 100


def test_the_loop_goes_on_from_where_the_state_is() -> None:
    steps = [progress.step for progress in walk(first=57)]
    assert steps[0] > 57
    assert {60, 90, 100} <= set(steps)


def test_images_are_counted_by_the_batches_that_they_came_in() -> None:
    # 10 steps in batches of another size had been done.
    assert walk(first=10, seen=10 * 16, last=12)[-1].images == 10 * 16 + 2 * 64


def test_progress_tells_where_the_run_stands() -> None:
    first, *_, last = walk()
    assert first.step == 1
    assert (last.step, last.last, last.images) == (100, 100, 6400)
    assert (last.generator_loss, last.discriminator_loss) == (0.5, 0.1)
    assert last.seconds == pytest.approx(10.0 + last.session_seconds)
    assert last.images_per_second > 0
    assert [last.ends, last.stopped, first.ends] == [True, False, False]


def test_a_wish_to_stop_is_heard_at_the_next_pause() -> None:
    asked: list[int] = []

    def should_stop() -> bool:
        asked.append(1)
        return len(asked) == 3

    found = walk(should_stop=should_stop)
    assert len(found) == 3
    assert [progress.stopped for progress in found] == [False, False, True]
    assert found[-1].ends
    assert found[-1].step < 100


class TwoWorkers:
    """The other one, number 0, takes 0.3 s a call, and wishes to stop at its third pause."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def agree(self, _seconds: float, wish: int) -> tuple[float, int]:
        self.asked.append(wish)
        return 0.3, 15 if len(self.asked) == 3 else wish


def test_workers_pause_together_and_stop_for_each_other() -> None:
    workers = TwoWorkers()
    found = walk(agree=workers.agree, intervals=[Interval.of(1000)], last=1000)
    assert workers.asked == [0, 0, 0]
    assert [progress.stopped for progress in found] == [0, 0, 15]
    # By its pace half a second takes two steps, then three; by this one's own they would double.
    assert [progress.step for progress in found] == [1, 3, 6]


def test_a_wish_of_this_worker_is_told_to_the_others() -> None:
    workers = TwoWorkers()
    [only] = walk(agree=workers.agree, should_stop=lambda: 2)
    assert (workers.asked, only.stopped) == ([2], 2)


def test_a_wish_to_stop_at_the_last_step_is_no_stop() -> None:
    [only] = walk(first=99, should_stop=lambda: True)
    assert (only.step, only.stopped, only.ends) == (100, False, True)
