"""The rows of metrics.jsonl."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gantool.engine.hook import Hook, Moment, Outcome
from gantool.engine.timetable import Timetable
from gantool.outputs.health import MEMORY, warnings_of
from gantool.outputs.judge import Judge
from gantool.recipe.types import Interval
from gantool.runs.metrics_file import MetricsFile, read_rows


class RowHook(Hook):
    """Appends a row, also wherever a hook before it gave values; gives it to those behind it.

    Warnings are a function of the rows so far, so that a resumed run warns alike.

    Args:
        every: Due between rows.
        file: To append to.
        saturates: See `warnings_of`.
        judge: Knows a plateau, where there is a figure to go by.
        notes: What was told of the images; it joins the warnings of the run's first row.
        figures: What training itself tells at a pause.
    """

    def __init__(
        self,
        every: Interval,
        file: MetricsFile,
        saturates: bool,
        judge: Judge | None = None,
        notes: Sequence[str] = (),
        figures: Callable[[], Mapping[str, float]] = dict,
    ) -> None:
        self.every = every
        self._figures, self._judge = figures, judge
        self._file, self._saturates, self._notes = file, saturates, notes
        self._rows: deque[dict[str, Any]] = deque(read_rows(file.path), maxlen=MEMORY)

    def is_due(self, moment: Moment, timetable: Timetable) -> bool:
        return bool(moment.values) or super().is_due(moment, timetable)

    def __call__(self, moment: Moment) -> Outcome:
        progress = moment.progress
        row: dict[str, Any] = {
            "step": progress.step,
            "images": progress.images,
            "seconds": round(progress.seconds, 3),
            "images_per_second": round(progress.images_per_second, 1),
            "generator_loss": progress.generator_loss,
            "discriminator_loss": progress.discriminator_loss,
            **self._figures(),
            **moment.values,
        }
        notes = [] if self._rows else self._notes
        self._rows.append(row)
        warnings = warnings_of(list(self._rows), self._saturates)
        if self._judge is not None:
            warnings += self._judge.told_of_plateau(list(self._rows))
        if notes or warnings:
            row["warnings"] = [*notes, *warnings]
        return Outcome(values=row, job=lambda: self._file.append(row), warnings=warnings)
