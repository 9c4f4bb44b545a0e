"""metrics.jsonl."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from gantool.runs.metrics_file import MetricsFile, keep_rows, read_rows


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
    path.write_text('{"step": 10}\n{"step": 20}\n{"step": 25')
    assert read_rows(path) == [{"step": 10}, {"step": 20}]


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
