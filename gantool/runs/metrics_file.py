"""metrics.jsonl: one JSON object a line."""

import json
import os
from pathlib import Path
from typing import Any

from gantool.files import errors_name, flush_to_disk, write_text


class MetricsFile:
    """Appends rows to metrics.jsonl; one that could not be written waits for the next try.

    Args:
        path: Of the file. What it holds is whole rows, as `keep_rows` leaves it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._waiting: list[str] = []
        self._end = path.stat().st_size if path.exists() else 0

    def append(self, row: dict[str, Any]) -> None:
        """Write a row, after those that wait.

        Raises:
            OSError: It cannot be written now, and waits.
        """
        self._waiting.append(json.dumps(row) + "\n")
        self._write()

    def flush(self) -> None:
        """Return when all rows would outlive a power cut.

        Raises:
            OSError: They cannot be written now, and wait.
        """
        self._write()
        if self.path.exists():
            with errors_name(self.path):
                flush_to_disk(self.path)

    def _write(self) -> None:
        if not self._waiting:
            return
        text = "".join(self._waiting).encode()
        with errors_name(self.path):
            handle = os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o666)
            try:
                # A failure may have left a part of a row.
                self._end = min(self._end, os.fstat(handle).st_size)
                os.ftruncate(handle, self._end)
                done = 0
                while done < len(text):
                    done += os.pwrite(handle, text[done:], self._end + done)
            finally:
                os.close(handle)
        self._end += len(text)
        self._waiting.clear()


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
