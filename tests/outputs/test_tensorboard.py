"""Event files for TensorBoard, read back by TensorFlow's own reader."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
from PIL import Image
from tensorflow.core.framework.summary_pb2 import Summary
from tensorflow.core.util.event_pb2 import Event, SessionLog

from gantool.outputs.tensorboard import EventFiles
from gantool.runs.metrics_file import read_rows

QUICK = (
    *("--set", "output.tensorboard=true", "--set", "output.log_every=10"),
    *("--set", "output.grid={every: 20, rows: 2, columns: 5, layouts: [by-seed, by-label]}"),
    *("--set", "output.checkpoint.every=20", "--set", "train.average=null"),
    *("--set", "optimizers={generator: SGD, discriminator: SGD}"),
)


def events(folder: Path) -> list[Event]:
    """All events of a run, in the order of its files."""
    return [
        Event.FromString(record)
        for path in sorted(folder.glob("events.out.tfevents.*"))
        for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator()
    ]


def scalars(folder: Path, tag: str) -> list[tuple[int, float]]:
    return [
        (event.step, value.simple_value)
        for event in events(folder)
        for value in event.summary.value
        if value.tag == tag and value.HasField("simple_value")
    ]


def steps(folder: Path) -> list[int]:
    return [event.step for event in events(folder) if event.HasField("summary")]


def values(number: float) -> list[Summary.Value]:
    return [Summary.Value(tag="x", simple_value=number)]


@pytest.mark.slow
def test_a_resumed_run_has_each_row_and_grid_once(
    tiny: Path, command: Callable[..., Any], tmp_path: Path
) -> None:
    """It goes on from step 20, after rows and grids up to 40 were written."""
    run = tmp_path / "run"
    assert command("train", tiny, "--out", run, "--steps", 40, *QUICK).code == 0
    folder = run / "tensorboard"
    before = scalars(folder, "generator_loss")
    assert [step for step, _ in before] == [10, 20, 30, 40]
    (run / "checkpoints" / "step-00000040.h5").unlink()
    ended = command("train", "--resume", run, "--steps", 60)
    assert ended.code == 0, ended.err
    rows = read_rows(run / "metrics.jsonl")
    for name in ("generator_loss", "discriminator_loss", "images_per_second", "images"):
        assert scalars(folder, name) == [
            (row["step"], pytest.approx(row[name], rel=1e-6)) for row in rows
        ]
    assert [step for step, _ in scalars(folder, "diversity")] == [20, 40, 60]
    assert scalars(folder, "step") == scalars(folder, "warnings") == []
    for tag, ending in (("samples", ""), ("samples/by-label", "-by-label")):
        found = [
            (event.step, value.image)
            for event in events(folder)
            for value in event.summary.value
            if value.tag == tag
        ]
        assert [step for step, _ in found] == [20, 40, 60]
        for step, image in found:
            path = run / "samples" / f"step-{step:08d}{ending}.png"
            assert image.encoded_image_string == path.read_bytes()
            with Image.open(BytesIO(image.encoded_image_string)) as picture:
                assert (image.width, image.height, image.colorspace) == (*picture.size, 1)
    # Who has it open already is told to forget what comes after the checkpoint.
    restarts = [event.step for event in events(folder) if event.HasField("session_log")]
    assert restarts == [1, 21]


@pytest.mark.slow
def test_without_the_key_there_are_none(trained: Path) -> None:
    assert not (trained / "tensorboard").exists()


def test_a_file_begins_as_tensorboard_asks(tmp_path: Path) -> None:
    EventFiles(tmp_path / "tensorboard", 0).add(10, values(1.5))
    version, restart, event = events(tmp_path / "tensorboard")
    assert version.file_version == "brain.Event:2"
    assert restart.session_log.status == SessionLog.START
    assert (event.step, event.summary.value[0].simple_value) == (10, 1.5)
    assert 0 <= event.wall_time - version.wall_time < 60


def test_nothing_is_written_before_the_first_event(tmp_path: Path) -> None:
    EventFiles(tmp_path / "tensorboard", 0)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("first", "kept"), [(0, []), (10, [10]), (19, [10]), (30, [10, 20, 30])])
def test_later_steps_of_sessions_before_go(first: int, kept: list[int], tmp_path: Path) -> None:
    earlier = EventFiles(tmp_path, 0)
    for step in (10, 20, 30):
        earlier.add(step, values(step))
    EventFiles(tmp_path, first).add(35, values(35))
    assert steps(tmp_path) == [*kept, 35]


def test_of_three_sessions_each_step_is_there_once(tmp_path: Path) -> None:
    for first, last in ((0, 30), (20, 50), (10, 40)):
        files = EventFiles(tmp_path, first)
        for step in range(first + 10, last + 10, 10):
            files.add(step, values(first))
    assert steps(tmp_path) == [10, 20, 30, 40]
    assert [value for _, value in scalars(tmp_path, "x")] == [0, 10, 10, 10]


@pytest.mark.parametrize("cut", [1, 5, 17, 30])
def test_an_event_that_was_cut_off_goes(cut: int, tmp_path: Path) -> None:
    files = EventFiles(tmp_path, 0)
    files.add(10, values(1))
    files.add(20, values(2))
    [path] = tmp_path.iterdir()
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - cut)
    EventFiles(tmp_path, 20).add(30, values(3))
    assert steps(tmp_path) == [10, 30]


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\xff" * 1000])
def test_a_file_that_is_none_is_emptied_before_its_nonsense(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "events.out.tfevents.0.there").write_bytes(content)
    EventFiles(tmp_path, 20).add(30, values(3))
    assert steps(tmp_path) == [30]


def test_a_part_of_an_event_is_written_over(tmp_path: Path) -> None:
    """As on a disk that was full for a while."""
    files = EventFiles(tmp_path, 0)
    files.add(10, values(1))
    [path] = tmp_path.iterdir()
    with path.open("ab") as file:
        file.write(b"half an event")
    files.add(20, values(2))
    assert steps(tmp_path) == [10, 20]


def test_an_error_names_the_place(tmp_path: Path) -> None:
    (tmp_path / "tensorboard").write_text("a file")
    with pytest.raises(OSError, match="exists") as raised:
        EventFiles(tmp_path / "tensorboard", 0).add(10, values(1))
    assert raised.value.filename == str(tmp_path / "tensorboard")
