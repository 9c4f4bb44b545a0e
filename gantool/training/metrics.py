"""metrics.jsonl: one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gantool.files import write_text
from gantool.recipe.model import Interval
from gantool.training.schedule import Calendar
from gantool.training.writer import Job

if TYPE_CHECKING:
    from gantool.training.loop import Progress

Consumer = Callable[["Progress"], Job | None]
"""Gives what is to be written of a `Progress`; None where nothing is due."""


def metrics_log(path: Path, calendar: Calendar, every: Interval) -> Consumer:
    """Append a row to metrics.jsonl whenever `every` is due, and at the last step."""

    def consume(progress: Progress) -> Job | None:
        if not (calendar.is_due(progress.step, every) or progress.step >= progress.last):
            return None
        row = {
            "step": progress.step,
            "images": progress.images,
            "seconds": round(progress.seconds, 3),
            "images_per_second": round(progress.images_per_second, 1),
            "generator_loss": progress.generator_loss,
            "discriminator_loss": progress.discriminator_loss,
        }
        return partial(_append, path, row)

    return consume


def _append(path: Path, row: dict[str, Any]) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")


def read_rows(path: Path) -> list[dict[str, Any]]:
    """All whole rows of metrics.jsonl, in order; none where there is no such file."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith("\n")]


def keep_rows(path: Path, step: int) -> None:
    """Drop the rows of metrics.jsonl that come after `step`, and a row that was cut off."""
    if not path.exists():
        return
    text = path.read_text(encoding="utf-8")
    rows = [line for line in text.splitlines(keepends=True) if _is_row_until(line, step)]
    if "".join(rows) != text:
        write_text(path, "".join(rows))


def _is_row_until(line: str, step: int) -> bool:
    try:
        return bool(line.endswith("\n") and json.loads(line)["step"] <= step)
    except (ValueError, KeyError, TypeError):
        return False
