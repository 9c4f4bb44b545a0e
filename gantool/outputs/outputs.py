"""All that a session writes into its run folder, and what it tells of it."""

from __future__ import annotations

import errno
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Any

from gantool.data.drawing import write_png
from gantool.data.loading import Images
from gantool.engine.hook import Hook, Moment
from gantool.engine.loop import TrainingProgress
from gantool.engine.plan import Plan
from gantool.engine.timetable import timetable_of
from gantool.evaluation.reals import real_images
from gantool.files import write_text
from gantool.outputs.session_facts import session_of
from gantool.outputs.writer import Writer
from gantool.runs.header import as_utf8
from gantool.runs.metrics_file import MetricsFile
from gantool.runs.run_folder import RunFolder
from gantool.runs.session_file import write_session
from gantool.sampling.grid import grid_cells, names_of_rows


class Outputs:
    """Has the hooks of a run look at its pauses, and does their jobs beside the training.

    A context manager: on the way out, however the block ended, it waits until all is written.

    Args:
        plan: Of the run.
        images: Of its source.
        folder: Of the run. What it has from its start is written at once.
        hooks: Of the run, in their order.
        metrics: Its rows.
        warn: Is told what a user should know.

    Raises:
        OSError: Something cannot be written: at one of the next pauses, at the latest at the end.
            Where the recipe says to continue, only for rows and for the last checkpoint.
    """

    def __init__(
        self,
        plan: Plan,
        images: Images,
        folder: RunFolder,
        hooks: Sequence[Hook],
        metrics: MetricsFile,
        warn: Callable[[str], None],
    ) -> None:
        self._folder, self._hooks, self._metrics, self._warn = folder, hooks, metrics, warn
        self._timetable = timetable_of(plan.recipe.train, len(images))
        _write_start(plan, images, folder)
        self._writer = Writer(plan.recipe.output.on_write_error == "continue")
        self._last: TrainingProgress | None = None

    def __enter__(self) -> Outputs:
        self._writer.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with ExitStack() as stack:
            stack.callback(self._tell_forgiven)
            self._writer.__exit__(kind, error, traceback)
        if kind is None:
            self._refuse_unsaved()

    def take(self, progress: TrainingProgress) -> None:
        """Hand over all that is due at a progress, and tell what is to be told."""
        self._writer.raise_error()
        self._tell_forgiven()
        values: dict[str, Any] = {}
        for hook in self._hooks:
            moment = Moment(progress, self._folder.path, values)
            if not hook.is_due(moment, self._timetable):
                continue
            outcome = hook(moment)
            values = {**values, **outcome.values}  # jobs may hold the moment that had the others
            if outcome.job is not None:
                self._writer.hand_over(outcome.job)
            for warning in outcome.warnings:
                self._warn(f"step {progress.step}: {warning}")
        self._last = progress

    def _tell_forgiven(self) -> None:
        forgiven = self._writer.forgiven
        while forgiven:
            error = forgiven.popleft()
            self._warn(f"{error.filename}: cannot be written ({error.strerror}); training goes on")

    def _refuse_unsaved(self) -> None:
        """Raise OSError where a run has ended that is not saved, whatever went on before."""
        self._metrics.flush()
        if self._last is not None and self._last.ends:
            path = self._folder.checkpoint(self._last.step)
            if not path.exists():
                raise OSError(errno.EIO, "the last checkpoint could not be written", str(path))


def _write_start(plan: Plan, images: Images, folder: RunFolder) -> None:
    """Write what a run has from its start."""
    if not folder.checkpoints():
        # Before the recipe: a run that has one can be resumed, and its data are looked for.
        write_text(folder.recipe_folder, as_utf8(plan.loaded.folder))
    write_text(folder.recipe, plan.loaded.text)
    write_session(folder, session_of(plan, len(images)))
    if not folder.reals.exists():
        grid = plan.recipe.output.grid
        cells = grid_cells(grid.layouts[0], grid.rows, grid.columns, plan.classes)
        reals = real_images(images, cells, plan.classes, plan.recipe.seed)
        names = names_of_rows(
            grid.layouts[0], grid.rows, plan.recipe.data.class_names(plan.classes)
        )
        write_png(folder.reals, images.example.picture(reals, grid.rows, grid.columns, names))
