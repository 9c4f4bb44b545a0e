"""metrics.jsonl."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from gantool.engine.loop import Progress
from gantool.engine.schedule import Calendar
from gantool.outputs.metrics import Consumer, Notes, metrics_log
from gantool.recipe.model import Interval, Updates
from gantool.runs.metrics_file import MetricsFile, keep_rows, read_rows

DATES = Calendar(Updates(), batches_per_epoch=10)


def logging(path: Path, every: int | str = 10) -> Consumer:
    return metrics_log(MetricsFile(path), DATES, Interval.of(every), "non-saturating")


def log(consume: Consumer, *progresses: Progress) -> None:
    """Do what a consumer gives, at once."""
    for progress in progresses:
        job = consume(progress, Notes())
        if job is not None:
            job()


def at(step: int, last: int = 250, **keys: object) -> Progress:
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
    assert rows_due(at(13, stopped=True), Notes()) is None
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
    rows_due = logging(path, "1 epoch")
    log(rows_due, *(at(step) for step in (10, 13, 20)))
    with path.open("a") as file:
        file.write('{"step": 25')
    assert [(row["step"], row["images"]) for row in read_rows(path)] == [(10, 640), (20, 1280)]


class TestFile:
    """Rows on a disk that cannot always be written."""

    def test_a_row_that_could_not_be_written_comes_with_the_next(self, tmp_path: Path) -> None:
        path = tmp_path / "metrics.jsonl"
        file = MetricsFile(path)
        path.mkdir()
        with pytest.raises(IsADirectoryError) as raised:
            file.append({"step": 1})
        assert raised.value.filename == str(path)
        path.rmdir()
        file.append({"step": 2})
        assert path.read_text() == '{"step": 1}\n{"step": 2}\n'

    def test_part_of_a_row_is_written_over(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As on a disk that fills up within a row."""
        path = tmp_path / "metrics.jsonl"
        file = MetricsFile(path)
        file.append({"step": 1})
        write = os.pwrite

        def half(handle: int, text: bytes, place: int) -> int:
            write(handle, text[:5], place)
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(os, "pwrite", half)
            with pytest.raises(OSError, match="No space"):
                file.append({"step": 2})
        assert path.read_text() == '{"step": 1}\n{"ste'
        file.flush()
        assert path.read_text() == '{"step": 1}\n{"step": 2}\n'

    def test_goes_on_behind_what_is_there(self, tmp_path: Path) -> None:
        path = tmp_path / "metrics.jsonl"
        path.write_text('{"step": 1}\n')
        MetricsFile(path).append({"step": 2})
        assert path.read_text() == '{"step": 1}\n{"step": 2}\n'


class TestWarnings:
    """What is wrong with a run whose numbers are all finite, in its rows."""

    def test_a_grid_without_variety_is_a_row_wherever_it_comes(self, tmp_path: Path) -> None:
        path = tmp_path / "metrics.jsonl"
        consume = logging(path)
        for step, value in ((3, 0.8), (10, 0.7), (13, 0.05), (20, 0.04), (21, 0.03)):
            notes = Notes(value)
            job = consume(at(step), notes)
            assert (job is None) == (step == 3)
            if job is not None:
                job()
            assert len(notes.warnings) == (step == 20)
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        assert [(row["step"], row["diversity"], "warnings" in row) for row in rows] == [
            (10, 0.7, False),
            (13, 0.05, False),
            (20, 0.04, True),
            (21, 0.03, False),
        ]
        assert rows[2]["warnings"][0].startswith("the generator has collapsed: ")

    def test_a_resumed_run_warns_at_the_same_step(self, tmp_path: Path) -> None:
        """By the rows that the file holds, not by what a process remembers."""
        whole, half = tmp_path / "whole.jsonl", tmp_path / "half.jsonl"
        consume = logging(whole)
        for number in range(1, 16):
            if number == 8:
                half.write_text(whole.read_text())
            log(consume, at(10 * number, discriminator_loss=0.001))
        resumed = logging(half)
        for number in range(8, 16):
            log(resumed, at(10 * number, discriminator_loss=0.001))
        assert half.read_text() == whole.read_text()
        assert [row["step"] for row in read_rows(whole) if "warnings" in row] == [100]
