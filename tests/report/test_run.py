"""A run as its folder tells it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gantool.errors import InputError
from gantool.report.run import Run, RunReader
from gantool.runs.run_folder import RunFolder
from gantool.runs.run_lock import alone_with
from gantool.runs.session_file import Session, read_session, write_session

from .rows import row

SESSION = Session(computing="2 cores", images=300, last_step=400, networks={})


def read(path: Path) -> Run:
    return RunReader(path).read()


@pytest.mark.parametrize(
    ("last", "state"), [(100, "stopped"), (199, "stopped"), (200, "done"), (201, "done")]
)
def test_a_run_is_done_at_its_last_step(last: int, state: str, made: Callable[..., Path]) -> None:
    run = read(made(rows=[row(50), row(last)]))  # its recipe has 200 steps
    assert (run.state, run.step, run.last_step, run.seconds_left) == (state, last, 200, None)


def test_the_session_knows_the_last_step_better(made: Callable[..., Path]) -> None:
    """Where the recipe counts epochs, or `--steps` came since."""
    path = made(rows=[row(200)])
    write_session(RunFolder(path), SESSION)
    assert (read(path).state, read(path).last_step) == ("stopped", 400)


def test_a_checkpoint_may_be_newer_than_the_rows(made: Callable[..., Path]) -> None:
    path = made(rows=[row(50)])
    RunFolder(path).checkpoint(70).touch()
    assert read(path).step == 70


def test_a_run_is_running_while_its_lock_is_held(made: Callable[..., Path]) -> None:
    # 10 steps a second over the last ten rows, after a slow beginning; 200 are to be done.
    rows = [row(10, 50.0), *(row(10 * it, 50.0 + it) for it in range(2, 13))]
    path = made(rows=rows)
    assert read(path).state == "stopped"
    with alone_with(RunFolder(path)):
        run = read(path)
        assert run.state == "running"
        assert run.seconds_left == pytest.approx((200 - 120) / 10)
        assert run.images_per_second == pytest.approx(80)
    (path / ".lock").write_text("of a process that was killed")
    assert read(path).state == "stopped"


def test_a_divergence_is_told_until_the_run_goes_on(made: Callable[..., Path]) -> None:
    path = made(rows=[row(50)])
    write_session(RunFolder(path), SESSION.model_copy(update={"diverged": "NaN at step 51"}))
    assert (read(path).state, read(path).diverged) == ("diverged", "NaN at step 51")
    write_session(RunFolder(path), SESSION)
    assert read(path).state == "stopped"


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"computing": 3}', '{"last_step": -1}', "\xff\xfe"]
)
def test_a_session_that_cannot_be_read_is_none(text: str, made: Callable[..., Path]) -> None:
    path = made(rows=[row(50)])
    (path / "session.json").write_text(text, encoding="latin-1")
    assert read_session(RunFolder(path)) is None
    assert read(path).last_step == 200


def test_lines_that_are_no_rows_are_counted(made: Callable[..., Path]) -> None:
    path = made(rows=[row(50)])
    deep = "[" * 100_000
    lines = ["nonsense", "[1]", '{"a": 1}', '{"step": "x"}', '{"step": -1}', '{"step": true}', deep]
    with (path / "metrics.jsonl").open("a") as file:
        file.write("".join(f"{line}\n" for line in lines))
        file.write(json.dumps(row(60)) + "\n" + '{"step": 70, "gen')  # is being written
    run = read(path)
    assert [it["step"] for it in run.rows] == [50, 60]
    assert run.problems == ["metrics.jsonl: lines that are no rows: 7"]


def test_bytes_that_are_no_text(made: Callable[..., Path]) -> None:
    path = made()
    (path / "metrics.jsonl").write_bytes(b'\xff\xfe\n{"step": 5}\n')
    assert [it["step"] for it in read(path).rows] == [5]


def test_a_reader_sees_what_comes_and_what_is_taken_back(made: Callable[..., Path]) -> None:
    from gantool.runs.metrics_file import MetricsFile, keep_rows

    path = made(rows=[row(10)])
    reader = RunReader(path)
    metrics = path / "metrics.jsonl"

    def steps() -> list[int]:
        return [it["step"] for it in reader.read().rows]

    assert steps() == [10]
    file = MetricsFile(metrics)
    file.append(row(20))
    file.append(row(30))
    assert steps() == [10, 20, 30]
    keep_rows(metrics, 20)
    assert steps() == [10, 20]
    MetricsFile(metrics).append(row(25))
    assert steps() == [10, 20, 25]
    metrics.unlink()
    assert steps() == []


def test_a_run_with_nothing_yet(made: Callable[..., Path]) -> None:
    path = made()
    (path / "metrics.jsonl").unlink()
    run = read(path)
    assert (run.step, run.state, run.rows, run.problems) == (0, "stopped", [], [])
    assert (run.images_per_second, run.seconds_left, run.seconds_trained) == (None, None, None)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"layers: [", "recipe.yaml is no recipe that this gantool reads"),
        (b"name: other\n", "recipe.yaml is no recipe that this gantool reads"),
        (b"\xff\xfe", "recipe.yaml is no recipe that this gantool reads"),
        (b"x" * 300_000, "recipe.yaml has more than 262,144 characters"),
    ],
)
def test_a_recipe_that_cannot_be_read(
    content: bytes, problem: str, made: Callable[..., Path]
) -> None:
    path = made(rows=[row(50)])
    (path / "recipe.yaml").write_bytes(content)
    run = read(path)
    assert (run.recipe, run.problems, run.state) == (None, [problem], "stopped")


def test_rows_without_a_recipe(made: Callable[..., Path]) -> None:
    path = made(rows=[row(50)])
    (path / "recipe.yaml").unlink()
    assert read(path).problems == ["recipe.yaml cannot be read (No such file or directory)"]


def test_a_folder_that_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no run folder \(it has no recipe.yaml\)"):
        RunReader(tmp_path)
    with pytest.raises(InputError, match="gone: no such run folder"):
        RunReader(tmp_path / "gone")


def test_a_run_that_was_moved(trained: Path, tmp_path: Path) -> None:
    moved = Path(shutil.copytree(trained, tmp_path / "elsewhere"))
    run = read(moved)
    assert (run.name, run.state, run.step, run.last_step) == ("elsewhere", "done", 200, 200)
    assert run.problems == []
