"""metrics.jsonl: one JSON object a line."""

import json
import os
from pathlib import Path
from typing import Any

from gantool.files import errors_name, flush_to_disk, write_text

_NO_STEP = 2**53
"""Steps are below it: a number that every reader of JSON knows exactly."""


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


class RowReader:
    """Reads the rows of a metrics.jsonl that may grow, or be damaged, beside the run.

    Attributes:
        rows: The whole ones so far.
        unreadable: Lines that are no rows.

    Args:
        path: Of the file; it may not be there yet.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._begin()

    def _begin(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.unreadable = 0
        self._end, self._inode = 0, -1

    def read(self) -> None:
        """Read what has come since; all, where the file is another one by now.

        Raises:
            OSError: The file cannot be read.
        """
        try:
            file = self._path.open("rb")
        except FileNotFoundError:
            self._begin()
            return
        with file:
            status = os.fstat(file.fileno())
            if status.st_ino != self._inode or status.st_size < self._end:
                self._begin()
            file.seek(self._end)
            text = file.read()
        whole = text[: text.rfind(b"\n") + 1]
        self._inode, self._end = status.st_ino, self._end + len(whole)
        for line in whole.splitlines():
            row = _row(line)
            if row is None:
                self.unreadable += 1
            else:
                self.rows.append(row)


def _row(line: bytes) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    step = row.get("step") if isinstance(row, dict) else None
    return row if type(step) is int and 0 <= step < _NO_STEP else None


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
