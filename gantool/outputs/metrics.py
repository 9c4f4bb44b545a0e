"""The rows of metrics.jsonl."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gantool.engine.schedule import Calendar
from gantool.outputs.health import MEMORY, is_collapsed, warnings_of
from gantool.outputs.writer import Job
from gantool.recipe.model import Interval
from gantool.runs.metrics_file import MetricsFile, read_rows

if TYPE_CHECKING:
    from gantool.engine.loop import Progress


@dataclass
class Notes:
    """What consumers tell each other, and the user, of one `Progress`.

    Attributes:
        diversity: Of the grid, where one was drawn; see `gantool.outputs.health`.
        warnings: What the user is to be told.
    """

    diversity: float | None = None
    warnings: list[str] = field(default_factory=list)


Consumer = Callable[["Progress", Notes], Job | None]
"""Gives what is to be written of a `Progress`; None where nothing is due."""


def metrics_log(file: MetricsFile, calendar: Calendar, every: Interval, loss: str) -> Consumer:
    """Append a row wherever `every` is due, at the last step, and at a grid that has collapsed.

    A row is a function of its step and the rows before it, so that a resumed run has the same ones.

    Args:
        file: To append to.
        calendar: Of the run.
        every: Due between rows.
        loss: Of the recipe.
    """
    rows = deque(read_rows(file.path), maxlen=MEMORY)

    def consume(progress: Progress, notes: Notes) -> Job | None:
        is_due = calendar.is_due(progress.step, every)
        is_bad = notes.diversity is not None and is_collapsed(notes.diversity)
        if not (is_due or is_bad or progress.step >= progress.last):
            return None
        row: dict[str, Any] = {
            "step": progress.step,
            "images": progress.images,
            "seconds": round(progress.seconds, 3),
            "images_per_second": round(progress.images_per_second, 1),
            "generator_loss": progress.generator_loss,
            "discriminator_loss": progress.discriminator_loss,
        }
        if notes.diversity is not None:
            row["diversity"] = notes.diversity
        rows.append(row)
        if found := warnings_of(list(rows), loss):
            row["warnings"] = found
            notes.warnings += found
        return lambda: file.append(row)

    return consume
