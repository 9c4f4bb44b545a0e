"""What is done at pauses of training: each thing of it is a hook."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from gantool.engine.loop import TrainingProgress
from gantool.engine.timetable import Timetable
from gantool.recipe.types import Interval

Job = Callable[[], None]
"""Something to be written, with all that it needs: what training moves was copied before."""


@dataclass(frozen=True)
class Moment:
    """A pause of training, as a hook sees it.

    Attributes:
        progress: Where the run stands.
        folder: Of the run.
        values: What the hooks before have given for the row of metrics.jsonl; behind the one that
            writes it, the row, where there is one.
    """

    progress: TrainingProgress
    folder: Path
    values: Mapping[str, Any] = field(default_factory=dict)


class Outcome(NamedTuple):
    """What a hook gives."""

    values: Mapping[str, Any] = {}
    """For the row of metrics.jsonl: plain data."""
    job: Job | None = None
    """To be done beside the training, after the jobs of the hooks before."""
    warnings: Sequence[str] = ()
    """What the user is to be told."""


class Hook:
    """Looks at a pause of training, and gives values, something to write or warnings.

    Attributes:
        every: How often it comes, with each grid where it is None; it also comes at the last step.
        at_stop: Whether it also comes where a run is stopped before its last step.
    """

    every: Interval | None = None
    at_stop: ClassVar[bool] = False

    def is_due(self, moment: Moment, timetable: Timetable) -> bool:
        """Whether it comes at this moment."""
        progress = moment.progress
        is_end = progress.ends if self.at_stop else progress.step >= progress.last
        return is_end or (self.every is not None and timetable.is_due(progress.step, self.every))

    def __call__(self, moment: Moment) -> Outcome:
        """What it gives at a moment at which it is due; training waits for it."""
        raise NotImplementedError
