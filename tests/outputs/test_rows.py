"""The rows of metrics.jsonl."""

from __future__ import annotations

import json
from pathlib import Path

from gantool.engine.hook import Moment
from gantool.engine.loop import TrainingProgress
from gantool.engine.timetable import Timetable
from gantool.outputs.rows import RowHook
from gantool.recipe.model import Updates
from gantool.recipe.types import Interval
from gantool.runs.metrics_file import MetricsFile, read_rows

TIMETABLE = Timetable(Updates(), batches_per_epoch=10)


def logging(path: Path, every: int | str = 10) -> RowHook:
    return RowHook(Interval.of(every), MetricsFile(path), saturates=True)


def look(hook: RowHook, progress: TrainingProgress, **values: float) -> list[str] | None:
    """Write a row at once, where it is due; its warnings."""
    moment = Moment(progress, Path(), values)
    if not hook.is_due(moment, TIMETABLE):
        return None
    outcome = hook(moment)
    assert outcome.job is not None
    outcome.job()
    return list(outcome.warnings)


def log(hook: RowHook, *progresses: TrainingProgress) -> None:
    for progress in progresses:
        look(hook, progress)


def at(step: int, last: int = 250, **keys: object) -> TrainingProgress:
    values: dict[str, object] = {
        "images": 64 * step,
        "seconds": 1.23456 * step,
        "session_seconds": 1.0,
        "images_per_second": 1234.5678,
        "generator_loss": 0.1234567,
        "discriminator_loss": -1.5,
        "stopped": False,
    }
    return TrainingProgress(step=step, last=last, **(values | keys))  # type: ignore[arg-type]


def test_what_was_told_of_the_images_is_in_the_first_row_of_the_run(tmp_path: Path) -> None:
    """Not in that of a run that goes on: its rows are to be those of one that was not stopped."""
    path = tmp_path / "metrics.jsonl"
    for first in (10, 30):
        hook = RowHook(Interval.of(10), MetricsFile(path), saturates=True, notes=("one left out",))
        assert look(hook, at(first)) == []
        assert look(hook, at(first + 10)) == []
    assert [row.get("warnings") for row in read_rows(path)] == [["one left out"], None, None, None]


def test_rows_come_at_each_interval_and_at_the_last_step(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    rows_due = logging(path)
    log(rows_due, *(at(step, last=25) for step in (5, 10, 13, 20, 25)))
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert [row["step"] for row in rows] == [10, 20, 25]
    assert rows[0] == {
        "step": 10,
        "images": 640,
        "seconds": 12.346,
        "images_per_second": 1234.6,
        "generator_loss": 0.1234567,
        "discriminator_loss": -1.5,
    }


def test_a_stop_in_between_writes_no_row(tmp_path: Path) -> None:
    rows_due = logging(tmp_path / "metrics.jsonl")
    assert look(rows_due, at(13, stopped=True)) is None
    assert not (tmp_path / "metrics.jsonl").exists()


def test_rows_come_at_epochs(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    rows_due = logging(path, "1 epoch")
    log(rows_due, *(at(step) for step in (10, 13, 20)))
    assert [(row["step"], row["images"]) for row in read_rows(path)] == [(10, 640), (20, 1280)]


def test_a_row_has_what_other_hooks_gave(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    look(logging(path), at(10), kernel_distance=0.5)
    assert read_rows(path)[0]["kernel_distance"] == 0.5


class TestWarnings:
    """What is wrong with a run whose numbers are all finite, in its rows."""

    def test_what_hooks_give_is_a_row_wherever_it_comes(self, tmp_path: Path) -> None:
        path = tmp_path / "metrics.jsonl"
        hook = logging(path)
        for step, value in ((3, 0.8), (10, 0.7), (13, 0.05), (20, 0.04), (21, 0.03)):
            warnings = look(hook, at(step), diversity=value)
            assert warnings is not None
            assert len(warnings) == (step == 20)
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        assert [(row["step"], row["diversity"], "warnings" in row) for row in rows] == [
            (3, 0.8, False),
            (10, 0.7, False),
            (13, 0.05, False),
            (20, 0.04, True),
            (21, 0.03, False),
        ]
        assert rows[3]["warnings"][0].startswith("the generator has collapsed: ")

    def test_a_resumed_run_warns_at_the_same_step(self, tmp_path: Path) -> None:
        """By the rows that the file holds, not by what a process remembers."""
        whole, half = tmp_path / "whole.jsonl", tmp_path / "half.jsonl"
        hook = logging(whole)
        for number in range(1, 16):
            if number == 8:
                half.write_text(whole.read_text())
            log(hook, at(10 * number, discriminator_loss=0.001))
        resumed = logging(half)
        for number in range(8, 16):
            log(resumed, at(10 * number, discriminator_loss=0.001))
        assert half.read_text() == whole.read_text()
        assert [row["step"] for row in read_rows(whole) if "warnings" in row] == [100]
