"""The best checkpoint of a run, beside the newest ones."""

from __future__ import annotations

from collections.abc import Callable

from gantool.engine.hook import Hook, Moment, Outcome
from gantool.engine.loop import TrainingProgress
from gantool.engine.state import TrainingState
from gantool.engine.timetable import Timetable
from gantool.outputs.judge import Judge
from gantool.runs.checkpoint_format import Header
from gantool.runs.checkpoint_writing import values_of, write_checkpoint
from gantool.runs.metrics_file import read_rows
from gantool.runs.run_folder import RunFolder


class BestHook(Hook):
    """Keeps the state at the best figure so far as `checkpoints/best.h5`.

    Args:
        judge: Knows which figure is better.
        folder: Of the run; its rows so far tell the best.
        state: Of the run.
        header: Of a checkpoint.
    """

    def __init__(
        self,
        judge: Judge,
        folder: RunFolder,
        state: TrainingState,
        header: Callable[[TrainingProgress], Header],
    ) -> None:
        self._judge, self._folder, self._state, self._header = judge, folder, state, header
        best = judge.best(read_rows(folder.metrics))
        self._best = None if best is None else judge.score(best)

    def is_due(self, moment: Moment, timetable: Timetable) -> bool:  # noqa: ARG002 - with its figure
        """See `Hook`."""
        score = self._judge.score(moment.values)
        return score is not None and (self._best is None or score > self._best)

    def __call__(self, moment: Moment) -> Outcome:
        """See `Hook`."""
        self._best = self._judge.score(moment.values)
        header, values = self._header(moment.progress), values_of(self._state.variables())
        return Outcome(job=lambda: write_checkpoint(self._folder.best, header, values))
