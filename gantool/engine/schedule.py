"""When things are due, as pure functions of the step. Step n is the state after n steps."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gantool.recipe.model import Burst, Interval, Train, Updates


def in_burst(burst: Burst, step: Any) -> Any:
    """Whether the step with this number, from 0, is one of a burst's: a bool, or a bool tensor.

    Args:
        burst: The recipe's.
        step: An int, or an int tensor.
    """
    is_one = step < burst.first
    return is_one if burst.every is None else is_one | (step % burst.every == 0)


def batches_before(updates: Updates, step: int) -> int:
    """How many batches the first `step` steps take: one an update of the discriminator."""
    burst = updates.burst
    if burst is None:
        return step * updates.discriminator
    first = min(step, burst.first)
    # Multiples of `every` below step, without those that the first steps hold already.
    later = 0 if burst.every is None else -(-step // burst.every) - -(-first // burst.every)
    bursts = first + later
    return (step - bursts) * updates.discriminator + bursts * burst.discriminator


@dataclass(frozen=True)
class Calendar:
    """Translates between steps, batches and epochs. Every update of the discriminator is a batch.

    Attributes:
        updates: The recipe's.
        batches_per_epoch: Whole batches in one pass over the images; the last partial one is left
            out.
    """

    updates: Updates
    batches_per_epoch: int

    def batches(self, step: int) -> int:
        """How many batches the first `step` steps take."""
        return batches_before(self.updates, step)

    def step_after(self, batches: int) -> int:
        """The first step by whose end so many batches have been taken."""
        return bisect_left(range(batches + 1), batches, key=self.batches)

    def last_step(self, train: Train) -> int:
        """How many steps a run has in all; one that is given in epochs finishes the last."""
        if train.steps is not None:
            return train.steps
        assert train.epochs is not None  # the recipe has one of the two
        return self.step_after(train.epochs * self.batches_per_epoch)

    def is_due(self, step: int, every: Interval) -> bool:
        """Whether something comes at this step; never at step 0.

        What comes every so many epochs comes at the first step by whose end they are through.
        """
        if step == 0:
            return False
        if not every.in_epochs:
            return step % every.count == 0
        span = every.count * self.batches_per_epoch
        return self.batches(step) // span > self.batches(step - 1) // span

    def next_due(self, step: int, every: Interval) -> int:
        """The first step after `step` at which something comes."""
        if not every.in_epochs:
            return (step // every.count + 1) * every.count
        span = every.count * self.batches_per_epoch
        return self.step_after((self.batches(step) // span + 1) * span)

    def next_stop(self, step: int, intervals: Iterable[Interval], last: int) -> int:
        """The first step after `step` at which anything comes, at the latest `last`."""
        return min([last, *(self.next_due(step, every) for every in intervals)])


def calendar(train: Train, images: int) -> Calendar:
    """The calendar of a recipe over so many images."""
    return Calendar(train.updates, images // train.batch_size)
