"""A run that is stopped: by a signal, with a checkpoint, and a way on."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import pytest

ENDLESS = ("--set", "train.steps=1000000", "--set", "output.log_every=5")


class Process:
    """`gantool` in a process of its own that can be watched and signalled."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gantool", *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )

    def wait_for(self, beginning: str) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith(beginning):
                return
        raise AssertionError(f"no line began with {beginning!r}")

    def end(self, *signals: int) -> tuple[int, str, str]:
        for number in signals:
            self.process.send_signal(number)
            time.sleep(0.05)
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out, err


@pytest.fixture
def start() -> Iterator[Callable[..., Process]]:
    started: list[Process] = []

    def start(*arguments: Any, **options: Any) -> Process:
        started.append(Process(*arguments, **options))
        return started[-1]

    yield start
    for process in started:
        process.process.kill()
        process.process.communicate()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_run_with_a_checkpoint_to_go_on_from(
    number: int, code: int, start: Any, tiny: Path, tmp_path: Path, command: Any
) -> None:
    run = tmp_path / "run"
    process = start("train", tiny, "--out", run, *ENDLESS)
    process.wait_for("step 20/")
    ended, _, err = process.end(number)
    assert ended == code
    told = re.fullmatch(rf"stopped at step (\d+); go on with: gantool train --resume {run}\n", err)
    assert told, err
    step = int(told[1])
    newest = run / "checkpoints" / f"step-{step:08d}.h5"
    assert max((run / "checkpoints").iterdir()) == newest
    with h5py.File(newest) as file:
        assert file.attrs["step"] == step
        assert file["optimizers/generator/iteration"][()] == step
    assert list(run.rglob("*.part")) == []
    resumed = command("train", "--resume", run, "--steps", step + 2)
    assert resumed.code == 0, resumed.err
    assert resumed.out.startswith(f"{run}: 300 images, steps {step + 1} to {step + 2}\n")


@pytest.mark.parametrize("seconds", [0.6, 1.3, 2.0, 3.5])
def test_ctrl_c_while_loading_leaves_no_traceback(
    seconds: float, start: Any, tiny: Path, tmp_path: Path
) -> None:
    process = start("train", tiny, "--out", tmp_path / "run", *ENDLESS)
    time.sleep(seconds)
    code, _, err = process.end(signal.SIGINT)
    # Python may end by the signal itself, once an extension was interrupted; a shell sees 130 too.
    assert code in (130, -signal.SIGINT)
    assert "Traceback" not in err
    assert "unexpected error" not in err
    assert err.splitlines()[-1].startswith("stopped")


def test_a_second_signal_ends_at_once(start: Any, tiny: Path, tmp_path: Path) -> None:
    """The first step compiles for a while; who does not want to wait for it need not."""
    run = tmp_path / "run"
    process = start("train", tiny, "--out", run, *ENDLESS)
    process.wait_for(f"{run}: 300 images")
    code, _, err = process.end(signal.SIGTERM, signal.SIGTERM)
    assert code == -signal.SIGTERM
    assert err == ""
    assert list((run / "checkpoints").iterdir()) == []


def test_a_terminal_gets_a_bar_with_steps_and_both_losses(
    tiny: Path, tmp_path: Path, in_terminal: Any
) -> None:
    shown, text = in_terminal("train", tiny, "--out", tmp_path / "run")
    last = [line for line in re.split(r"[\r\n]+", text) if line.startswith("step")][-1]
    assert re.match(
        r"step\s+200/200 .* [\d,]+ images/s 0:00:00 left G -?\d+\.\d{3} D -?\d+\.\d{3}", last
    ), last
    assert "step 20/200" not in text
    assert "\x1b[" in shown
