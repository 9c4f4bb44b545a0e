"""`gantool runs`."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from gantool.runs.metrics_file import MetricsFile, read_rows
from gantool.runs.run_folder import RunFolder
from gantool.runs.run_lock import alone_with
from gantool.runs.session_file import read_session, write_session

from ..report.rows import row


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trained: Path) -> None:
    """A folder of four runs: done, diverged, damaged and running; and of what is none."""
    for name in ("a", "b", "c", "d"):
        shutil.copytree(trained, tmp_path / "runs" / name)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs" / "notes").mkdir()
    (tmp_path / "runs" / "b.txt").write_text("mine")
    folder = RunFolder(Path("runs/b"))
    session = read_session(folder)
    assert session is not None
    write_session(folder, session.model_copy(update={"diverged": "NaN at step 201"}))
    Path("runs/c/recipe.yaml").write_text("[")
    rows = [row(20), row(40, diversity=0.5)]
    Path("runs/d/metrics.jsonl").write_text("".join(json.dumps(it) + "\n" for it in rows))
    shutil.rmtree("runs/d/checkpoints")


def lines_of(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines()]


def test_each_run_is_a_row(command: Callable[..., Any]) -> None:
    with alone_with(RunFolder(Path("runs/d"))):
        ended = command("runs")
    assert (ended.code, ended.err) == (0, "")
    lines = lines_of(ended.out)
    assert lines[0] == "run recipe state step images/s left figures"
    begins = [" ".join(line.split(" ")[:4]) for line in lines]
    assert "a tiny done 200/200" in begins
    assert "b tiny diverged 200/200" in begins
    assert "c ? done 200/200" in begins
    # (200 − 40) steps, 20 of them in 2 s
    assert "d tiny running 40/200 80 0:00:16 generator_loss 1.5" in lines
    assert lines[-2:] == [
        "c: recipe.yaml is no recipe that this gantool reads",
        "b: NaN at step 201",
    ]
    assert not any("notes" in line for line in lines)


def test_figures_are_told_with_the_best(command: Callable[..., Any], repository: Path) -> None:
    shutil.copy(repository / "recipes" / "ring.yaml", "runs/a/recipe.yaml")
    values = [row(10, modes=3), row(20, modes=8), row(30, modes=6)]
    Path("runs/a/metrics.jsonl").write_text("".join(json.dumps(it) + "\n" for it in values))
    assert "modes 6, best 8 at 20" in lines_of(command("runs", "runs/a").out)
    [found] = json.loads(command("runs", "runs/a", "--json").out)
    assert found["figures"]["modes"] == {
        "latest": {"value": 6.0, "step": 30},
        "best": {"value": 8.0, "step": 20},
        "better": "higher",
    }
    assert found["figures"]["generator_loss"]["best"] is None


def test_json_is_of_all_runs(command: Callable[..., Any]) -> None:
    ended = command("runs", "--json")
    found = json.loads(ended.out)
    assert [it["run"] for it in found] == [f"runs/{name}" for name in "abcd"]
    assert [it["state"] for it in found] == ["done", "diverged", "done", "stopped"]
    assert found[1]["diverged"] == "NaN at step 201"
    assert (found[0]["recipe"], found[0]["seed"], found[0]["last_step"]) == ("tiny", 3, 200)
    assert found[2]["recipe"] is None
    assert found[2]["problems"] == ["recipe.yaml is no recipe that this gantool reads"]


def test_a_run_is_shown_with_its_newest_rows(command: Callable[..., Any]) -> None:
    lines = command("runs", "runs/d").out.splitlines()
    assert lines[-2:] == [
        "step 20  generator 1.5  discriminator 0.5  80 images/s",
        "step 40  generator 1.5  discriminator 0.5  diversity 0.5  80 images/s",
    ]


def test_csv_has_a_column_for_all_that_any_row_has(command: Callable[..., Any]) -> None:
    rows = [row(10), row(20, diversity=0.5, warnings=['a "quoted", one', "another"]), row(30)]
    Path("runs/d/metrics.jsonl").write_text("".join(json.dumps(it) + "\n" for it in rows))
    ended = command("runs", "runs/d", "--csv")
    assert (ended.code, ended.err) == (0, "")
    found = list(csv.DictReader(StringIO(ended.out)))
    assert list(found[0]) == [*row(10), "diversity", "warnings"]
    assert [it["diversity"] for it in found] == ["", "0.5", ""]
    assert found[1]["warnings"] == 'a "quoted", one; another'
    assert [float(it["generator_loss"]) for it in found] == [1.5, 1.5, 1.5]


def test_csv_holds_every_number_exactly(command: Callable[..., Any]) -> None:
    found = csv.DictReader(StringIO(command("runs", "runs/a", "--csv").out))
    rows = read_rows(Path("runs/a/metrics.jsonl"))
    assert [float(it["generator_loss"]) for it in found] == [it["generator_loss"] for it in rows]


def test_where_there_are_no_runs(
    command: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert command("runs") == (0, "", "runs: no runs; `gantool train` begins one\n")
    assert command("runs", "--json") == (0, "[]\n", "")
    assert command("runs", ".") == (0, "", ".: no runs; `gantool train` begins one\n")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["gone"], "gone: no such folder"),
        (["runs/b.txt"], "runs/b.txt: no such folder"),
        (
            ["runs", "--csv"],
            "runs: is no run; --csv prints the rows of one, as in runs/00000-name",
        ),
        (["runs", "--csv", "--json"], "Error: --watch, --json and --csv exclude each other"),
        (
            ["--watch"],
            "Error: --watch of several runs needs a terminal; name one RUN in a pipe",
        ),
    ],
)
def test_bad_input_is_a_line(arguments: list[str], line: str, command: Callable[..., Any]) -> None:
    ended = command("runs", *arguments)
    assert (ended.code, ended.out, ended.err.splitlines()[-1]) == (2, "", line)


def test_a_terminal_obeys_no_name(command: Callable[..., Any]) -> None:
    Path("runs/a").rename("runs/[red]a\x1b[2J")
    out = command("runs").out
    assert "[red]a\\x1b[2J" in out
    assert "\x1b" not in out


def following(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "gantool", "runs", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )


@pytest.mark.slow
def test_a_run_is_followed_until_it_ends() -> None:
    folder = RunFolder(Path("runs/d"))
    with alone_with(folder):
        process = following("runs/d", "--watch")
        assert process.stdout is not None
        first = [process.stdout.readline() for _ in range(2)]
        assert [line.split("  ")[0] for line in first] == ["step 20", "step 40"]
        MetricsFile(folder.metrics).append(row(60))
        assert process.stdout.readline().startswith("step 60  ")
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (0, "d: stopped at step 60\n", "")


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 143)])
def test_ctrl_c_is_how_one_ends_looking(number: int, code: int) -> None:
    with alone_with(RunFolder(Path("runs/d"))):
        process = following("runs/d", "--watch")
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(number)
        _, err = process.communicate(timeout=30)
    assert process.returncode == code
    assert "Traceback" not in err


@pytest.mark.slow
def test_a_terminal_shows_all_runs_until_ctrl_c() -> None:
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "gantool", "runs", "--watch"],
        stdin=theirs, stdout=theirs, stderr=theirs,
        env=os.environ | {"TERM": "xterm-256color", "COLUMNS": "120", "LINES": "40"},
    )  # fmt: skip
    os.close(theirs)
    shown, end = b"", time.monotonic() + 60
    try:
        while b"step" not in shown and time.monotonic() < end:
            shown += os.read(ours, 65536)
        Path("runs/d").rename("runs/renamed")
        while b"renamed" not in shown and time.monotonic() < end:
            shown += os.read(ours, 65536)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0
    finally:
        process.kill()
        os.close(ours)
    assert b"renamed" in shown
    assert b"diverged" in shown
