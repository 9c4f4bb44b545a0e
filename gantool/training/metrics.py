"""metrics.jsonl: one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from gantool.files import write_text
from gantool.training.schedule import is_due

if TYPE_CHECKING:
    from gantool.training.loop import Progress

Consumer = Callable[["Progress"], None]


def metrics_log(path: Path, every: int) -> Consumer:
    """Append a row to metrics.jsonl at every `every`-th step and at the last."""

    def consume(progress: Progress) -> None:
        if not (is_due(progress.step, every) or progress.step >= progress.last):
            return
        row = {
            "step": progress.step,
            "images": progress.images,
            "seconds": round(progress.seconds, 3),
            "images_per_second": round(progress.images_per_second, 1),
            "generator_loss": progress.generator_loss,
            "discriminator_loss": progress.discriminator_loss,
        }
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    return consume


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
