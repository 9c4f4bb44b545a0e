"""A run that is stopped: by a signal, with a checkpoint, and a way on."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import h5py
import pytest
from PIL import Image

from gantool.runs.checkpoint import Checkpoint

from ..nursery import Started

ENDLESS = ("--set", "train.steps=1000000", "--set", "output.log_every=5")
QUICK = (
    *("--set", "train.average=null", "--set", "data.labels=false"),
    *("--set", "generator.layers=[Dense: {units: 784}, Reshape: {target_shape: [28, 28, 1]}]"),
    *("--set", "discriminator.layers=[Flatten, Dense: {units: 1}]"),
)
"""Makes of the tiny recipe one that compiles quickly."""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_run_with_a_checkpoint_to_go_on_from(
    number: int, code: int, start: Any, tiny: Path, tmp_path: Path, command: Any
) -> None:
    run = tmp_path / "run"
    process = start("train", tiny, "--out", run, *ENDLESS, *QUICK)
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
    assert list(run.rglob("*.gantool-tmp")) == []
    resumed = command("train", "--resume", run, "--steps", step + 2)
    assert resumed.code == 0, resumed.err
    assert resumed.out.startswith(f"{run}: 300 images, steps {step + 1} to {step + 2}\n")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "code", "seconds"),
    [
        (signal.SIGINT, 130, 0.6),
        (signal.SIGINT, 130, 1.3),
        (signal.SIGINT, 130, 3.5),
        (signal.SIGTERM, 143, 1.0),
        (signal.SIGTERM, 143, 2.0),
    ],
)
def test_a_signal_while_loading_leaves_no_traceback(
    number: int, code: int, seconds: float, tiny: Path, tmp_path: Path
) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "gantool", "train", tiny, "--out", tmp_path / "run", *ENDLESS],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        time.sleep(seconds)
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
    # Python may end by the signal itself, once an extension was interrupted; a shell sees the same.
    assert process.returncode in (code, -number)
    assert "Traceback" not in err
    assert "unexpected error" not in err
    assert err.splitlines()[-1].startswith("stopped")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_amid_the_first_imports_is_not_lost(
    number: int, code: int, gantool: Any, tmp_path: Path
) -> None:
    """A module that loses the exception, as native ones do, stands in for the first imported."""
    losing = "try:\n    signal.raise_signal({})\nexcept BaseException:\n    pass\n"
    (tmp_path / "click.py").write_text("import signal\n" + losing.format(int(number)))
    found = os.pathsep.join((str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])))
    ended = gantool("train", "quickstart", PYTHONPATH=found)
    assert (ended.code, ended.out, ended.err) == (code, "", "stopped\n")


def test_sigterm_while_data_load(start: Any, tiny: Path, tmp_path: Path) -> None:
    """Many images, so that it is their loading that is met: nothing of the run is there yet."""
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    Image.effect_noise((1000, 1000), 90).save(pictures / "000.png", compress_level=0)
    for number in range(1, 200):
        (pictures / f"{number:03}.png").hardlink_to(pictures / "000.png")
    text = tiny.read_text().replace("source: digits", f"source: {pictures}")
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(
        text.replace("labels: true", "labels: false").replace("- ConcatLabel", "- ReLU")
    )
    process = start("train", recipe, "--out", tmp_path / "run", *ENDLESS)
    loading = until_opened(process, pictures)
    code, out, err = process.end(signal.SIGTERM)
    assert loading
    assert (code, out) == (143, "")
    assert err.split() == ["stopped"]
    assert not (tmp_path / "run").exists()


def until_opened(process: Started, folder: Path) -> bool:
    """Wait until a process reads a file of a folder; whether it did in time."""
    handles = Path(f"/proc/{process.pid}/fd")
    end = time.monotonic() + 60
    while time.monotonic() < end and process.wait(0) is None:
        for handle in handles.iterdir():
            with suppress(OSError):
                if handle.readlink().parent == folder:
                    return True
    return False


def test_sigterm_while_compiling_finishes_the_step(start: Any, tiny: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    process = start("train", tiny, "--out", run, *ENDLESS)
    process.wait_for("computing on")
    code, _, err = process.end(signal.SIGTERM)
    assert code == 143
    assert err == f"stopped at step 1; go on with: gantool train --resume {run}\n"
    assert [path.name for path in (run / "checkpoints").iterdir()] == ["step-00000001.h5"]


def test_sigterm_while_writing(start: Any, tiny: Path, tmp_path: Path) -> None:
    """Each step writes, so that something is always being written."""
    run = tmp_path / "run"
    always = "output={log_every: 1, checkpoint: {every: 1}, grid: {every: 1, rows: 2}}"
    process = start("train", tiny, "--out", run, *ENDLESS[:2], *QUICK, "--set", always)
    process.wait_for("step 5/")
    code, _, err = process.end(signal.SIGTERM)
    assert code == 143
    [step] = map(int, re.findall(r"^stopped at step (\d+);", err, re.MULTILINE))
    newest = sorted((run / "checkpoints").iterdir())
    assert [path.name for path in newest][-1] == f"step-{step:08d}.h5"
    for path in newest:
        Checkpoint(path)
    assert len((run / "metrics.jsonl").read_text().splitlines()) == step
    assert list(run.rglob("*.gantool-tmp")) == []


def test_a_second_signal_ends_at_once(start: Any, tiny: Path, tmp_path: Path, command: Any) -> None:
    """The first step compiles for a while; who does not want to wait for it need not."""
    run = tmp_path / "run"
    process = start("train", tiny, "--out", run, *ENDLESS)
    process.wait_for(f"{run}: 300 images")
    code, _, err = process.end(signal.SIGTERM, signal.SIGTERM)
    assert code == 143
    assert err == "stopped\n"
    assert list((run / "checkpoints").iterdir()) == []
    # It may not have had its recipe yet; then it is begun anew.
    again = ("--resume", run) if (run / "recipe.yaml").exists() else (tiny, "--out", run)
    resumed = command("train", *again, "--set", "train.steps=2")
    assert resumed.code == 0, resumed.err
    assert list(run.rglob("*.gantool-tmp")) == []
    assert not (run / ".lock").exists()


def test_a_terminal_gets_a_bar_with_steps_and_both_losses(
    tiny: Path, tmp_path: Path, in_terminal: Any
) -> None:
    shown, text = in_terminal("train", tiny, "--out", tmp_path / "run", *QUICK)
    last = [line for line in re.split(r"[\r\n]+", text) if line.startswith("step")][-1]
    assert re.match(
        r"step\s+200/200 .* [\d,]+ images/s 0:00:00 left G -?\d+\.\d{3} D -?\d+\.\d{3}", last
    ), last
    assert "step 20/200" not in text
    assert "\x1b[" in shown
