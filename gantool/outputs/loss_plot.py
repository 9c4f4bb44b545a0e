"""losses.png: both losses over the steps."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gantool.engine.hook import Hook, Moment, Outcome
from gantool.files import complete_or_absent
from gantool.recipe.types import Interval
from gantool.runs.metrics_file import read_rows
from gantool.runs.run_folder import RunFolder

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class LossPlotHook(Hook):
    """Draws the losses so far wherever a checkpoint is due."""

    at_stop = True

    def __init__(self, every: Interval, folder: RunFolder, title: str) -> None:
        self.every = every
        self._folder, self._title = folder, title

    def __call__(self, moment: Moment) -> Outcome:  # noqa: ARG002 - all rows are drawn
        folder = self._folder
        return Outcome(
            job=lambda: write_loss_plot(folder.losses, read_rows(folder.metrics), self._title)
        )


def write_loss_plot(path: Path, rows: Sequence[Mapping[str, Any]], title: str) -> None:
    """Write `loss_figure` as a PNG, whole or not at all."""
    with _garbage_freed(), complete_or_absent(path) as temporary:
        loss_figure(rows, title).savefig(temporary, format="png")


def loss_figure(rows: Sequence[Mapping[str, Any]], title: str) -> Figure:
    """Draw the losses of rows of metrics.jsonl over their steps."""
    # Takes half a second to import, which no run has to wait for before its first checkpoint. The
    # figure is made without pyplot, which keeps a list of figures and looks for a display.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.5), dpi=120, layout="constrained")
    axes = figure.add_subplot()
    steps = [row["step"] for row in rows]
    # A single point makes no line.
    marker = "o" if len(rows) == 1 else ""
    for name in ("generator", "discriminator"):
        axes.plot(steps, [row[f"{name}_loss"] for row in rows], label=name, marker=marker, lw=1)
    axes.set(title=title, xlabel="step", ylabel="loss")
    axes.grid(alpha=0.3)
    axes.legend()
    return figure


@contextmanager
def _garbage_freed() -> Iterator[None]:
    """Free on the way out what the block leaves behind and refers to itself, as figures do.

    Such garbage is looked for generation by generation. Beside the objects of TensorFlow the oldest
    is hardly ever looked through, and dozens of figures of some megabytes would lie about in it.
    """
    was_enabled = gc.isenabled()
    gc.disable()  # so that nothing grows older within the block
    try:
        yield
    finally:
        gc.collect(0)
        if was_enabled:
            gc.enable()
