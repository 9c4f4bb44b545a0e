"""When things are due, as pure functions of the step. Step n is the state after n steps."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gantool.recipe.model import Burst, Train, Updates
from gantool.recipe.types import Interval


def in_burst(burst: Burst, step: Any) -> Any:
    """Whether a step, an int from 0 or a tensor of one, is one of a burst's; likewise a bool."""
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
class Timetable:
    """Translates between steps, batches, images and epochs.

    Every update of the discriminator is a batch here, also one that accumulates several.

    Attributes:
        updates: The recipe's.
        batches_per_epoch: Whole batches in one pass over the images; the last partial one is left
            out.
        batch_size: Images in each.
    """

    updates: Updates
    batches_per_epoch: int
    batch_size: int = 1

    def batches(self, step: int) -> int:
        """How many batches the first `step` steps take."""
        return batches_before(self.updates, step)

    def step_after(self, batches: int) -> int:
        """The first step by whose end so many batches have been taken."""
        before, after = 0, batches
        while before < after:
            middle = (before + after) // 2
            if self.batches(middle) < batches:
                before = middle + 1
            else:
                after = middle
        return after

    def last_step(self, train: Train) -> int:
        """How many steps a run has in all; one that is given in epochs finishes the last."""
        if train.steps is not None:
            return train.steps
        assert train.epochs is not None  # the recipe has one of the two
        return self.step_after(train.epochs * self.batches_per_epoch)

    def is_due(self, step: int, every: Interval) -> bool:
        """Whether something comes at this step; never at step 0.

        What comes every so many epochs or images comes at the first step by whose end they are
        through.
        """
        if step == 0:
            return False
        if every.unit == "step":
            return step % every.count == 0
        span = self._images(every)
        before, after = (self.batches(number) * self.batch_size for number in (step - 1, step))
        return after // span > before // span

    def next_due(self, step: int, every: Interval) -> int:
        """The first step after `step` at which something comes."""
        if every.unit == "step":
            return (step // every.count + 1) * every.count
        span = self._images(every)
        due = (self.batches(step) * self.batch_size // span + 1) * span
        return self.step_after(-(-due // self.batch_size))

    def _images(self, every: Interval) -> int:
        """How many images an interval of epochs or images is."""
        epoch = self.batches_per_epoch * self.batch_size
        return every.count * (epoch if every.unit == "epoch" else 1)

    def next_stop(self, step: int, intervals: Iterable[Interval], last: int) -> int:
        """The first step after `step` at which anything comes, at the latest `last`."""
        return min([last, *(self.next_due(step, every) for every in intervals)])


def timetable_of(train: Train, images: int) -> Timetable:
    """The timetable of a recipe over so many images.

    Where a batch is larger than the set and repeats images, it is an epoch.
    """
    return Timetable(train.updates, max(1, images // train.update_size), train.update_size)


def step_of_update(updates: Updates, network: str, index: int) -> int:
    """Number, from 0, of the step that an update belongs to.

    Its own `index` counts the updates of its network, or of "both".
    """
    if network == "discriminator":
        return Timetable(updates, 1).step_after(index + 1) - 1
    return index // updates.generator
