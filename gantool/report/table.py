"""Runs as plain data, and the rows of a run as CSV."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

from gantool.report.figures import LOSSES, Row, Value, best, direction_of, figure_names, values_of
from gantool.report.run import Run
from gantool.runs.run_folder import RunFolder


class Reached(NamedTuple):
    """A figure of a run.

    Attributes:
        latest: Its latest value.
        best: Its best one; None where no end of it is the better one.
        better: "higher" or "lower", likewise.
    """

    latest: Value
    best: Value | None
    better: str | None


def run_folders(place: Path) -> list[Path]:
    """The run folders in a folder, by their names."""
    found = []
    for path in sorted(place.iterdir()):
        with suppress(OSError):  # one that may not be looked into
            if path.is_dir() and RunFolder(path).holds_run():
                found.append(path)
    return found


def reached(run: Run) -> dict[str, Reached]:
    """Every figure of a run that has a value, the losses first."""
    found = {}
    for name in (*LOSSES, *figure_names(run.rows)):
        if values := values_of(run.rows, name):
            better = direction_of(name, run.recipe)
            found[name] = Reached(values[-1], best(values, better), better)
    return found


def plain(run: Run) -> dict[str, Any]:
    """What is known of a run, for programs."""
    recipe = run.recipe
    return {
        "run": str(run.folder.path),
        "recipe": None if recipe is None else recipe.name,
        "seed": None if recipe is None else recipe.seed,
        "state": run.state,
        "diverged": run.diverged,
        "step": run.step,
        "last_step": run.last_step,
        "images_per_second": run.images_per_second,
        "seconds_left": run.seconds_left,
        "figures": {
            name: {
                "latest": it.latest._asdict(),
                "best": None if it.best is None else it.best._asdict(),
                "better": it.better,
            }
            for name, it in reached(run).items()
        },
        "problems": list(run.problems),
    }


def as_csv(rows: Sequence[Row]) -> str:
    """All rows, with a column for everything that any of them has; warnings in one cell."""
    columns = dict.fromkeys(name for row in rows for name in row)
    text = StringIO()
    writer = csv.DictWriter(text, list(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, list) and all(isinstance(it, str) for it in value):
        return "; ".join(value)
    return json.dumps(value) if isinstance(value, (list, dict)) else value
