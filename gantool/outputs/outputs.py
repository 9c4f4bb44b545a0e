"""All that a session writes into its run folder, and what it tells of it."""

from __future__ import annotations

import errno
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

import numpy as np

from gantool.data.loading import Images
from gantool.engine.loop import Progress
from gantool.engine.plan import Plan
from gantool.engine.schedule import calendar
from gantool.files import write_text
from gantool.outputs.consumers import checkpoints, grids, loss_plots, real_grid
from gantool.outputs.metrics import Consumer, Notes, metrics_log
from gantool.outputs.writer import Writer
from gantool.recipe.randomness import key
from gantool.runs.checkpoint import Header
from gantool.runs.metrics_file import MetricsFile
from gantool.runs.run_folder import RunFolder
from gantool.sampling.grid import cells_of


class Outputs:
    """Writes what is due of each `Progress`, beside the training.

    A context manager: on the way out, however the block ended, it waits until all is written.

    Args:
        plan: Of the run.
        images: Of its source.
        folder: Of the run. What it has from its start is written at once.
        warn: Is told what a user should know.

    Raises:
        OSError: Something cannot be written: at one of the next progresses, at the latest at the
            end. Where the recipe says to continue, only for rows and for the last checkpoint.
    """

    def __init__(
        self, plan: Plan, images: Images, folder: RunFolder, warn: Callable[[str], None]
    ) -> None:
        self._folder, self._warn = folder, warn
        self._metrics = MetricsFile(folder.metrics)
        self._consumers = _consumers(plan, images, folder, self._metrics)
        self._writer = Writer(plan.recipe.output.on_write_error == "continue")
        self._last: Progress | None = None

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

    def take(self, progress: Progress) -> None:
        """Hand over all that is due at a progress, and tell what is to be told."""
        self._writer.raise_error()
        self._tell_forgiven()
        notes = Notes()
        for consume in self._consumers:
            job = consume(progress, notes)
            if job is not None:
                self._writer.hand_over(job)
        for warning in notes.warnings:
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


def _consumers(
    plan: Plan, images: Images, folder: RunFolder, metrics: MetricsFile
) -> list[Consumer]:
    """What looks at each progress and writes; what a run has from its start is written here.

    The checkpoint comes last: it implies all else that is due at its step.
    """
    recipe, state = plan.recipe, plan.state
    dates = calendar(recipe.train, len(images))
    reals = _real_images(plan, images)
    if not folder.checkpoints():
        # Before the recipe: a run that has one can be resumed, and its data are looked for.
        write_text(folder.recipe_folder, _as_utf8(plan.loaded.folder))
    write_text(folder.recipe, plan.loaded.text)
    if not folder.reals.exists():
        real_grid(folder.reals, reals, recipe)
    return [
        grids(folder, recipe, dates, state, plan.classes, reals),
        metrics_log(metrics, dates, recipe.output.log_every, recipe.loss),
        loss_plots(folder, recipe, dates),
        checkpoints(
            folder, recipe, dates, state, lambda progress: _header(plan, progress), metrics
        ),
    ]


def _header(plan: Plan, progress: Progress) -> Header:
    loaded = plan.loaded
    return Header(
        recipe=loaded.text,
        recipe_folder=_as_utf8(loaded.folder),
        step=progress.step,
        images=progress.images,
        seconds=progress.seconds,
        seed=loaded.recipe.seed,
        classes=plan.classes,
        retries=plan.state.retries,
    )


def _as_utf8(folder: Path) -> str:
    """A folder's name; bytes of it that are no text are lost."""
    return str(folder).encode("utf-8", "replace").decode()


def _real_images(plan: Plan, images: Images) -> list[np.ndarray]:
    """Real images for a grid; where there are labels, each cell shows the class of its sample."""
    grid = plan.recipe.output.grid
    order = np.random.default_rng(key(plan.recipe.seed, "reals")).permutation(len(images))
    if not plan.classes:
        return list(images.read(np.resize(order, grid.rows * grid.columns)))
    queues = [order[images.labels[order] == label] for label in range(plan.classes)]
    turns = [0] * plan.classes
    shown = []
    for cell in cells_of(grid.layouts[0], grid.rows, grid.columns, plan.classes):
        label = cell.seed % plan.classes if cell.label is None else cell.label
        queue = queues[label]
        if len(queue):
            shown.append(images.read(queue[[turns[label] % len(queue)]])[0])
        else:  # labels may leave a number out
            shown.append(np.zeros(images.shape, np.uint8))
        turns[label] += 1
    return shown
