"""The training loop: yields progress, knows no files and prints nothing."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gantool.engine.state import TrainingState
from gantool.engine.step import TrainingStep
from gantool.engine.timetable import Timetable
from gantool.recipe.types import Interval

_SECONDS_A_CALL = 0.5
"""About how long Python stays out of the way, and so how late a signal is heard."""


@dataclass(frozen=True)
class TrainingProgress:
    """Where a run stands.

    Attributes:
        step: Steps done.
        last: Steps in all.
        images: Real images seen.
        seconds: Spent training, earlier processes included.
        session_seconds: Spent training in this process.
        images_per_second: Of the latest steps.
        generator_loss: Of the step just done.
        discriminator_loss: Of the step just done, without penalties.
        stopped: What `should_stop` gave where the run ends here before its last step; else 0.
    """

    step: int
    last: int
    images: int
    seconds: float
    session_seconds: float
    images_per_second: float
    generator_loss: float
    discriminator_loss: float
    stopped: int

    @property
    def ends(self) -> bool:
        """Whether no step follows."""
        return self.stopped != 0 or self.step >= self.last


def train(
    state: TrainingState,
    step: TrainingStep,
    batches: Any,
    *,
    last: int,
    batch_size: int,
    timetable: Timetable,
    intervals: Sequence[Interval],
    should_stop: Callable[[], int],
    agree: Callable[[float, int], tuple[float, int]] = lambda seconds, wish: (seconds, wish),
) -> Iterator[TrainingProgress]:
    """Train up to step `last`, pausing at least wherever one of the intervals is due.

    The batches are an iterator at the state's next one. `should_stop` is asked between calls; where
    it is not 0, the run ends where it is, on all workers. It is a signal's number, so that all can
    tell it. `agree` tells what all workers take for the seconds of a call and the wish to stop.

    Yields:
        At every pause, with the state as it is after that step.

    Raises:
        NotFiniteError: An update was skipped. All is as it was before it; updates before it in the
            same step stay.
    """
    steps_a_call = 1
    seconds_before = state.seconds
    wish = 0
    while state.step < last and not wish:
        before, started = state.step, time.perf_counter()
        stop = timetable.next_stop(before, intervals, last)
        losses = step.run(batches, min(steps_a_call, stop - before))
        took = time.perf_counter() - started
        done = state.step - before
        images = batch_size * (timetable.batches(state.step) - timetable.batches(before))
        state.images += images
        state.seconds += took
        # All workers take the next steps in one call of the same length, or none of them does.
        pace, wish = agree(took, should_stop())
        yield TrainingProgress(
            step=state.step,
            last=last,
            images=state.images,
            seconds=state.seconds,
            session_seconds=state.seconds - seconds_before,
            images_per_second=images / took,
            generator_loss=losses.generator,
            discriminator_loss=losses.discriminator,
            stopped=wish if state.step < last else 0,
        )
        # Doubling keeps the slow first call, which compiles, from deciding for long.
        steps_a_call = max(1, min(2 * steps_a_call, round(_SECONDS_A_CALL * done / pace)))
