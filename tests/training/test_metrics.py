"""metrics.jsonl."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gantool.recipe.model import Interval, Updates
from gantool.training.loop import Progress
from gantool.training.metrics import Consumer, keep_rows, metrics_log, read_rows
from gantool.training.schedule import Calendar

DATES = Calendar(Updates(), batches_per_epoch=10)


def log(consume: Consumer, *progresses: Progress) -> None:
    """Do what a consumer gives, at once."""
    for progress in progresses:
        job = consume(progress)
        if job is not None:
            job()


def at(step: int, last: int = 25, **keys: object) -> Progress:
    values: dict[str, object] = {
        "images": 64 * step,
        "seconds": 1.23456 * step,
        "session_seconds": 1.0,
        "images_per_second": 1234.5678,
        "generator_loss": 0.1234567,
        "discriminator_loss": -1.5,
        "stopped": False,
    }
    return Progress(step=step, last=last, **(values | keys))  # type: ignore[arg-type]


def test_rows_come_at_each_interval_and_at_the_last_step(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    rows_due = metrics_log(path, DATES, Interval.of(10))
    log(rows_due, *(at(step) for step in (5, 10, 13, 20, 25)))
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
    rows_due = metrics_log(tmp_path / "metrics.jsonl", DATES, Interval.of(10))
    assert rows_due(at(13, stopped=True)) is None
    assert not (tmp_path / "metrics.jsonl").exists()


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ('{"step": 10}\n{"step": 20}\n', '{"step": 10}\n{"step": 20}\n'),
        ('{"step": 10}\n{"step": 30}\n', '{"step": 10}\n'),
        ('{"step": 10}\n{"step": 20', '{"step": 10}\n'),
        ('{"step": 10}\n{"step": 20}', '{"step": 10}\n'),
        ('{"step": 10}\nnonsense\n[1]\n{"a": 1}\n{"step": "x"}\n', '{"step": 10}\n'),
        ('{"step": 21}\n', ""),
        ("", ""),
    ],
)
def test_rows_after_a_step_and_torn_rows_are_dropped(text: str, kept: str, tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text(text)
    keep_rows(path, 20)
    assert path.read_text() == kept


def test_a_missing_log_stays_missing(tmp_path: Path) -> None:
    keep_rows(tmp_path / "metrics.jsonl", 20)
    assert list(tmp_path.iterdir()) == []


def test_whole_rows_are_read_back(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    assert read_rows(path) == []
    rows_due = metrics_log(path, DATES, Interval.of("1 epoch"))
    log(rows_due, *(at(step) for step in (10, 13, 20)))
    with path.open("a") as file:
        file.write('{"step": 25')
    assert [(row["step"], row["images"]) for row in read_rows(path)] == [(10, 640), (20, 1280)]
