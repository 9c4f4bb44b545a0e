from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest
import tensorflow as tf

from gantool.data.loading import load_images
from gantool.data.pipeline import batches
from gantool.engine.diagnosis import batch_number, first_not_finite
from gantool.engine.plan import Plan, make_plan
from gantool.engine.refusal import Fault, NotFiniteError
from gantool.engine.step import TrainingStep
from gantool.engine.timetable import batches_before

SMALL = (
    "generator.layers=[Dense: {units: 784}, Reshape: {target_shape: [28, 28, 1]}]",
    "discriminator.layers=[Flatten, Dense: {units: 4}, LeakyReLU, Dense: {units: 1}]",
    "data.labels=false",
    "train.average=0.9",
)


class Steps(NamedTuple):
    """A step of a plan, and the batches from any one on; `whole` are those without a broken one."""

    plan: Plan
    step: TrainingStep
    feed: Callable[[int], Iterator[Any]]
    whole: Callable[[int], Iterator[Any]]

    def fault(self, count: int = 50, feed: Iterator[Any] | None = None) -> Fault:
        """Run steps, one of which has to be refused."""
        first = batches_before(self.updates, self.plan.state.step)
        with pytest.raises(NotFiniteError) as raised:
            self.step.run(feed or self.feed(first), count)
        return raised.value.fault

    @property
    def updates(self) -> Any:
        return self.plan.recipe.train.updates

    def cause(self, fault: Fault) -> str | None:
        feed = self.feed(batch_number(fault, self.updates))
        return first_not_finite(fault, self.step, self.plan.state, feed)

    def bytes(self) -> dict[str, bytes]:
        return {key: variable.numpy().tobytes() for key, variable in self.variables().items()}

    def bytes_after(self, count: int) -> dict[str, bytes]:
        """Those after so many steps of whole batches, from which everything is taken back."""
        before = {key: variable.numpy() for key, variable in self.variables().items()}
        self.step.run(self.whole(0), count)
        found = self.bytes()
        for key, variable in self.variables().items():
            variable.assign(before[key])
        self.plan.state.step = 0
        return found

    def variables(self) -> dict[str, Any]:
        return {
            f"{group}/{key}": variable
            for group, members in self.plan.state.variables().items()
            for key, variable in members.items()
        }

    def multiply(self, key: str, factor: float) -> None:
        network, _, place = key.partition("/")
        variable = getattr(self.plan.state, network).weights()[place]
        variable.assign(variable.numpy() * np.float32(factor))


@pytest.fixture
def small(load_tiny: Callable[..., Any]) -> Callable[..., Steps]:
    """Small networks for digits, with `--set` values; batch number `broken` is not finite."""

    def set_out(*settings: str, broken: int = -1) -> Steps:
        plan = make_plan(load_tiny(*SMALL, *settings))
        assert plan.source is not None
        images = load_images(plan.source, plan.recipe.data)

        def whole(first: int) -> tf.data.Dataset:
            settings = {"batch_size": plan.recipe.train.update_size, "seed": plan.recipe.seed}
            return batches(images, plan.recipe.data, **settings, first_batch=first)

        def feed(first: int) -> Iterator[Any]:
            return iter(whole(first) if broken < 0 else whole(first).enumerate(first).map(_broken))

        def _broken(number: tf.Tensor, batch: Any) -> Any:
            return tf.where(number == broken, np.float32(np.nan), batch[0]), batch[1]

        step = TrainingStep(plan.state, plan.recipe)
        return Steps(plan, step, feed, lambda first: iter(whole(first)))

    return set_out
