"""The checkpoints of a run."""

from collections.abc import Callable

from gantool.engine.hook import Hook, Moment, Outcome
from gantool.engine.loop import TrainingProgress
from gantool.engine.state import TrainingState
from gantool.errors import DivergedError
from gantool.recipe.model import Checkpoint
from gantool.runs.checkpoint_format import Header, Values
from gantool.runs.checkpoint_writing import first_not_finite, values_of, write_checkpoint
from gantool.runs.metrics_file import MetricsFile
from gantool.runs.run_folder import RunFolder


class CheckpointHook(Hook):
    """Saves the run, and keeps the newest few checkpoints.

    It comes last: whoever finds a checkpoint finds all that was due up to its step.
    """

    at_stop = True

    def __init__(
        self,
        settings: Checkpoint,
        folder: RunFolder,
        state: TrainingState,
        header: Callable[[TrainingProgress], Header],
        metrics: MetricsFile,
    ) -> None:
        self.every = settings.every
        self._keep, self._folder, self._state = settings.keep, folder, state
        self._header, self._metrics = header, metrics

    def __call__(self, moment: Moment) -> Outcome:
        step, header = moment.progress.step, self._header(moment.progress)
        values = values_of(self._state.variables())

        def write() -> None:
            _refuse_what_is_not_finite(values, step)
            # Whoever finds a checkpoint finds the rows before it, also after a power cut.
            self._metrics.flush()
            write_checkpoint(self._folder.checkpoint(step), header, values)
            self._folder.keep_newest(self._keep)
            self._folder.recipe_folder.unlink(missing_ok=True)

        return Outcome(job=write)


def _refuse_what_is_not_finite(values: Values, step: int) -> None:
    """The losses of a step are from before its update, which may have been the one too far."""
    if found := first_not_finite(values):
        raise DivergedError(f"training diverged: {found} is no longer finite at step {step}")
