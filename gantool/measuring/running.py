"""A plan's training step on its live batches: the time it takes, and how long it waits for them."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from gantool.data.loading import Images
from gantool.data.pipeline import batches, errors_of
from gantool.engine.plan import Plan
from gantool.engine.step import Losses, TrainingStep
from gantool.engine.timetable import batches_before
from gantool.recipe.model import Recipe

_CALLS = 10
"""That timed steps are shared out among: enough for a median."""
_FEWEST = 3
"""Steps between which batches are waited for."""


@dataclass(frozen=True)
class Call:
    """One call of the compiled step: the steps made in it, and the losses of the last one."""

    steps: int
    seconds: float
    losses: Losses

    @property
    def seconds_per_step(self) -> float:
        """What one of its steps took."""
        return self.seconds / self.steps


class Running:
    """Moves a plan's state as training does, by usual steps alone, and writes nothing."""

    def __init__(self, plan: Plan, images: Images) -> None:
        recipe = without_bursts(plan.recipe)
        self._state, self._images = plan.state, images
        self._step = TrainingStep(plan.state, recipe)
        self._fetch = fetching(recipe.train.updates.discriminator)
        feed = batches(
            images,
            recipe.data,
            batch_size=recipe.train.update_size,
            seed=recipe.seed,
            first_batch=batches_before(recipe.train.updates, plan.state.step),
        )
        self._feed = iter(feed)

    def run(self, steps: int) -> Call:
        """Make so many steps in one call; the first call compiles them, too.

        Raises:
            NotFiniteError: An update's loss or gradients are not finite; the call ended early.
            InputError: An image cannot be read.
        """
        return self._run(self._feed, steps)

    def _run(self, feed: Iterator[Any], steps: int) -> Call:
        started = time.perf_counter()
        with errors_of(self._images):
            losses = self._step.run(feed, steps)
        seconds = time.perf_counter() - started
        return Call(steps, seconds, losses)

    def settle(self, seconds: float) -> Call:
        """Run for about so long, in calls of 1, 2, 4, … steps; the last call."""
        steps, spent = 1, 0.0
        while True:
            call = self.run(steps)
            spent += call.seconds
            if spent >= seconds:
                return call
            steps *= 2

    def calls(self, steps: int) -> list[Call]:
        """Make so many steps in about ten calls."""
        count = min(steps, _CALLS)
        return [self.run(steps // count + (number < steps % count)) for number in range(count)]

    def waited_share(self, seconds: float) -> float:
        """The share of the time of steps in which they stand still until their batches are there.

        Within a step, other work may go on meanwhile. So steps are made on a batch that is there,
        and between them, while nothing else goes on, those of the data set are fetched and timed.

        Args:
            seconds: To measure for.
        """
        with errors_of(self._images):
            batch = next(self._feed)
            self._fetch(self._feed)  # compiles
        ready = iter(tf.data.Dataset.from_tensors(batch).repeat())
        waited, steps, began = 0.0, 0, time.perf_counter()
        while steps < _FEWEST or time.perf_counter() - began < seconds:
            with errors_of(self._images):
                waited += float(self._fetch(self._feed))
            self._run(ready, 1)
            steps += 1
        return waited / (time.perf_counter() - began)


def fetching(count: int) -> Callable[[Iterator[Any]], tf.Tensor]:
    """A function that takes so many batches from an iterator and tells the seconds that took."""

    def fetch(feed: Any) -> tf.Tensor:
        begins = last = tf.timestamp()
        for _ in range(count):
            with tf.control_dependencies([last]):
                batch = feed.get_next()
            with tf.control_dependencies(tf.nest.flatten(batch)):
                last = tf.timestamp()
        return last - begins

    # Compiled: in Python, asking alone takes as long as 1 % of a short step.
    compiled: Callable[[Iterator[Any]], tf.Tensor] = tf.function(fetch, autograph=False)
    return compiled


def without_bursts(recipe: Recipe) -> Recipe:
    """The recipe whose every step is a usual one."""
    updates = recipe.train.updates.model_copy(update={"burst": None})
    return recipe.model_copy(update={"train": recipe.train.model_copy(update={"updates": updates})})
