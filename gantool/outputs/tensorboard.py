"""Event files for TensorBoard: the scalars of each row, and the grids.

They are written here, not by `tf.summary`: its scalars and images need TensorBoard installed, and
it knows no way to take back the steps that a resumed run does again.
"""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from PIL import Image
from tensorflow.core.framework.summary_pb2 import Summary
from tensorflow.core.util.event_pb2 import Event, SessionLog

from gantool.data.records import frame
from gantool.engine.hook import Hook, Moment, Outcome
from gantool.engine.timetable import Timetable
from gantool.files import errors_name
from gantool.recipe.model import Grid
from gantool.runs.run_folder import RunFolder

_VERSION = "brain.Event:2"
_LENGTH = struct.Struct("<Q")
_HEADER, _FOOTER = 12, 4
"""Bytes around a record: its length and the checksum of that; the checksum of the record."""


class EventFiles:
    """The event files of a run: those of sessions before, and one of this session.

    Nothing is written before the first event. Then what earlier sessions wrote of later steps goes,
    and a TensorBoard that shows it already is told to forget it.

    Args:
        folder: Of the event files.
        first: The step that the session goes on from.
    """

    def __init__(self, folder: Path, first: int) -> None:
        self._folder, self._first = folder, first
        self._path: Path | None = None
        self._end = 0

    def add(self, step: int, values: Sequence[Summary.Value]) -> None:
        """Write what was so at a step.

        Raises:
            OSError: It cannot be written.
        """
        with errors_name(self._folder):
            path = self._path or self._begin()
        with errors_name(path), path.open("r+b") as file:
            # A failure may have left a part of an event, behind which nothing could be read.
            file.truncate(self._end)
            file.seek(self._end)
            file.write(_framed(Event(step=step, summary=Summary(value=values))))
            self._end = file.tell()

    def _begin(self) -> Path:
        self._folder.mkdir(exist_ok=True)
        for path in self._folder.glob("events.*"):
            _forget_after(path, self._first)
        name = f"events.out.tfevents.{int(time.time())}.{socket.gethostname()}.{os.getpid()}"
        path = self._folder / f"{name}.{self._first:08d}.v2"
        restart = SessionLog(status=SessionLog.START)
        with path.open("wb") as file:
            file.write(_framed(Event(file_version=_VERSION)))
            file.write(_framed(Event(step=self._first + 1, session_log=restart)))
            self._end = file.tell()
        self._path = path
        return path


class TensorBoardRows(Hook):
    """Writes the numbers of each row of metrics.jsonl, by their names there."""

    def __init__(self, files: EventFiles) -> None:
        self._files = files

    def is_due(self, moment: Moment, timetable: Timetable) -> bool:  # noqa: ARG002 - of rows
        return "step" in moment.values  # the hook before it has given a row

    def __call__(self, moment: Moment) -> Outcome:
        step = moment.progress.step
        values = [
            Summary.Value(tag=name, simple_value=value)
            for name, value in moment.values.items()
            if name != "step" and _is_number(value)
        ]
        return Outcome(job=lambda: self._files.add(step, values))


class TensorBoardGrids(Hook):
    """Adds the grids, as they lie in the run folder, as `samples` and by the layout's name.

    It comes after the hook that writes them.
    """

    def __init__(self, files: EventFiles, grid: Grid, folder: RunFolder) -> None:
        self.every = grid.every
        self._files, self._layouts, self._folder = files, grid.layouts, folder

    def __call__(self, moment: Moment) -> Outcome:
        step = moment.progress.step

        def write() -> None:
            names = {f"samples/{layout}": layout for layout in self._layouts[1:]}
            paths = {
                tag: self._folder.samples(step, layout)
                for tag, layout in {"samples": "", **names}.items()
            }
            self._files.add(step, [_picture(tag, path) for tag, path in paths.items()])

        return Outcome(job=write)


def _picture(tag: str, path: Path) -> Summary.Value:
    """A PNG as it is."""
    with Image.open(path) as image:
        width, height, channels = *image.size, len(image.getbands())
    encoded = Summary.Image(
        width=width, height=height, colorspace=channels, encoded_image_string=path.read_bytes()
    )
    return Summary.Value(tag=tag, image=encoded)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _framed(event: Event) -> bytes:
    event.wall_time = time.time()
    return frame(event.SerializeToString())


def _forget_after(path: Path, step: int) -> None:
    """Cut an event file before its first event of a later step, or one that is not whole."""
    with path.open("r+b") as file:
        end = 0
        for event, after in _events(file):
            # A restart says from which step on to forget, which is the next one.
            if event.step > step + event.HasField("session_log"):
                break
            end = after
        file.truncate(end)


def _events(file: BinaryIO) -> Iterator[tuple[Event, int]]:
    """The whole events of a file, each with the place behind it."""
    size = os.fstat(file.fileno()).st_size
    end = 0
    while len(header := file.read(_HEADER)) == _HEADER:
        [length] = _LENGTH.unpack_from(header)
        end += _HEADER + length + _FOOTER
        if end > size:
            return
        try:
            event = Event.FromString(file.read(length))
        except DecodeError:
            return
        file.seek(_FOOTER, os.SEEK_CUR)
        yield event, end
