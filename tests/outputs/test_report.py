"""report.html, written while a run trains."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from gantool.engine.hook import Moment
from gantool.engine.loop import TrainingProgress
from gantool.outputs import report
from gantool.outputs.report import ReportHook
from gantool.recipe.types import Interval
from gantool.report.run import RunReader
from gantool.runs.run_folder import RunFolder
from gantool.runs.session_file import read_session


@pytest.fixture
def folder(trained: Path, tmp_path: Path) -> RunFolder:
    return RunFolder(Path(shutil.copytree(trained, tmp_path / "run")))


def write_at(hook: ReportHook, step: int, stopped: int = 0) -> None:
    progress = TrainingProgress(step, 200, 8 * step, 1.0, 1.0, 1.0, 0.5, 0.5, stopped)
    job = hook(Moment(progress, Path())).job
    assert job is not None
    job()


@pytest.mark.parametrize(
    ("step", "stopped", "state"), [(100, 0, "running"), (100, 2, "stopped"), (200, 0, "done")]
)
def test_it_knows_how_the_run_stands(
    step: int, stopped: int, state: str, folder: RunFolder
) -> None:
    write_at(ReportHook(Interval.of(50), folder), step, stopped)
    assert f'<span class="state {state}">' in folder.report.read_text()


def test_pages_take_a_twentieth_of_the_time_at_most(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, written = [100.0], []

    def page(*_: Any) -> str:
        now[0] += 2.0
        written.append(now[0])
        return ""

    monkeypatch.setattr(report.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(report, "page_of_run", page)
    hook = ReportHook(Interval.of(50), folder)
    for step, moment in ((50, 100.0), (60, 103.0), (70, 141.9), (80, 142.0), (90, 145.0)):
        now[0] = moment
        write_at(hook, step)
    assert written == [102.0, 144.0]
    write_at(hook, 200)  # the last one always
    assert len(written) == 3


def test_a_page_that_cannot_be_made_is_told_of_at_the_next_pause(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def page(*_: Any) -> str:
        raise ZeroDivisionError("of a chart")

    before = folder.report.read_text()
    hook = ReportHook(Interval.of(50), folder)
    with monkeypatch.context() as patch:
        patch.setattr(report, "page_of_run", page)
        write_at(hook, 50)
    assert folder.report.read_text() == before
    progress = TrainingProgress(100, 200, 800, 1.0, 1.0, 1.0, 0.5, 0.5, 0)
    told = [hook(Moment(progress, Path())).warnings for _ in range(2)]
    assert told == [["report.html could not be made: ZeroDivisionError: of a chart"], []]


def test_a_trained_run_has_its_page_with_layers_and_device(trained: Path) -> None:
    text = (trained / "report.html").read_text()
    assert '<h1>run <span class="state done">done</span></h1>' in text
    session = read_session(RunFolder(trained))
    assert session is not None
    told = (trained.parent / "stdout").read_text().splitlines()
    assert f"computing on {session.computing}" in told
    assert (session.images, session.last_step, session.diverged) == (300, 200, None)
    assert session.computing in text
    # 18·196 + 4·196 + 4·4·4·4 + 4 + 4·4 + 4·4·1·4 + 1; 4·4·11·4 + 4·4 + 14·14·4 + 1
    assert {name: it.parameters for name, it in session.networks.items()} == {
        "generator": 4653,
        "discriminator": 1505,
    }
    assert session.networks["generator"].rows[:3] == [
        ("", "input", "8 + label", ""),
        ("1", "ConcatLabel", "18", ""),
        ("2", "Dense", "196", "3,528"),
    ]
    assert "discriminator, 1,505 parameters" in text


@pytest.mark.slow
def test_a_divergence_is_recorded_and_forgotten_by_going_on(
    command: Callable[..., Any], folder: RunFolder
) -> None:
    run = folder.path
    ended = command(
        *("train", "--resume", run, "--steps", 300),
        *("--set", "optimizers.discriminator.Adam.learning_rate=1.0e+30"),
    )
    assert ended.code == 3
    how = ended.err.splitlines()[0]
    found = RunReader(run).read()
    assert (found.state, found.diverged) == ("diverged", how)
    text = folder.report.read_text()
    assert '<span class="state diverged">diverged</span>' in text
    assert how in unescape(text)
    ended = command(
        *("train", "--resume", run, "--steps", 201),
        *("--set", "optimizers.discriminator.Adam.learning_rate=1.0e-3"),
    )
    assert ended.code == 0, ended.err
    assert (RunReader(run).read().state, RunReader(run).read().diverged) == ("done", None)
