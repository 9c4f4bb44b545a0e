"""When things are due, as pure functions of the step. Step n is the state after n steps."""

from __future__ import annotations

from collections.abc import Iterable

from gantool.recipe.model import Train


def is_due(step: int, every: int) -> bool:
    """Whether something that comes every so many steps comes at this one; never at step 0."""
    return step > 0 and step % every == 0


def next_stop(step: int, intervals: Iterable[int], last: int) -> int:
    """The first step after `step` at which anything is due, at the latest `last`."""
    return min([last, *((step // every + 1) * every for every in intervals)])


def batches_per_epoch(images: int, batch_size: int) -> int:
    """Whole batches in one pass over the images; the last partial one is left out."""
    return images // batch_size


def total_steps(train: Train, images: int) -> int:
    """How many steps a run has in all."""
    if train.steps is not None:
        return train.steps
    assert train.epochs is not None  # the recipe has one of the two
    batches = train.epochs * batches_per_epoch(images, train.batch_size)
    return max(1, batches // train.updates.discriminator)
