"""A process that dies at any line of the code that writes leaves whole files behind."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest

from gantool import files
from gantool.training import checkpoint, run_folder
from gantool.training import metrics as metrics_module
from gantool.training.checkpoint import Header, read_header, write_checkpoint
from gantool.training.metrics import MetricsFile, read_rows
from gantool.training.resume import find_resume_point, tidy
from gantool.training.run_folder import RunFolder

WATCHED = {str(module.__file__) for module in (files, checkpoint, run_folder, metrics_module)}
VALUES = {"generator": {"kernel": np.arange(100, dtype=np.float32)}}
KEEP = 2


def header(step: int) -> Header:
    return Header("name: mine\n", "/recipes", step, 0, 0.0, 0, 0)


def save(folder: RunFolder, metrics: MetricsFile, step: int) -> None:
    """What a writer does where a row and a checkpoint are due."""
    metrics.append({"step": step})
    metrics.flush()
    write_checkpoint(folder.checkpoint(step), header(step), VALUES)
    folder.keep_newest(KEEP)


def dies_at_line(number: int, job: Callable[[], None]) -> bool:
    """Do a job in a process that is killed before its line of this number; whether it was."""
    child = os.fork()
    if child == 0:
        left = number

        def count(_frame: FrameType, event: str, _argument: Any) -> Any:
            nonlocal left
            if event == "line":
                left -= 1
                if left < 0:
                    os.kill(os.getpid(), signal.SIGKILL)
            return count

        def enter(frame: FrameType, _event: str, _argument: Any) -> Any:
            return count if frame.f_code.co_filename in WATCHED else None

        sys.settrace(enter)
        job()
        sys.settrace(None)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def test_at_every_line(tmp_path: Path) -> None:
    """Steps 1 and 2 are saved; saving step 3 dies, at each of its lines once."""
    killed = 0
    seen: set[tuple[int, ...]] = set()
    saved = RunFolder(tmp_path / "saved")
    saved.make()
    for step in (1, 2):
        save(saved, MetricsFile(saved.metrics), step)
    while True:
        folder = RunFolder(tmp_path / str(killed))
        shutil.copytree(saved.path, folder.path)
        metrics = MetricsFile(folder.metrics)
        if not dies_at_line(killed, partial(save, folder, metrics, 3)):
            break
        steps = [read_header(path).step for path in folder.checkpoints()]  # all are whole
        assert steps in ([1, 2], [1, 2, 3], [2, 3])
        point = find_resume_point(folder)
        assert point.header is not None
        assert point.damaged == {}
        # No checkpoint without the rows before it, and no row after its resume.
        tidy(folder, point, KEEP)
        rows = [row["step"] for row in read_rows(folder.metrics)]
        assert rows == list(range(1, point.header.step + 1))
        assert len(folder.checkpoints()) == KEEP
        assert not [path for path in folder.path.rglob("*") if path.name.endswith(".part")]
        seen.add(tuple(steps))
        killed += 1
    assert killed > 60
    assert seen == {(1, 2), (1, 2, 3), (2, 3)}


def test_content_name_and_folder_reach_the_disk_in_this_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    flush, rename, remove = os.fsync, os.replace, os.unlink

    def noting(what: Callable[..., Any], name: str) -> Callable[..., Any]:
        def noted(*arguments: Any, **keywords: Any) -> Any:
            target = arguments[0]
            if isinstance(target, int):
                target = Path(f"/proc/self/fd/{target}").readlink()
            done.append(f"{name} {Path(target).name.removeprefix('.')[:17]}")
            return what(*arguments, **keywords)

        return noted

    folder = RunFolder(tmp_path)
    folder.make()
    metrics = MetricsFile(folder.metrics)
    save(folder, metrics, 1)
    save(folder, metrics, 2)
    monkeypatch.setattr(os, "fsync", noting(flush, "flush"))
    monkeypatch.setattr(os, "replace", noting(rename, "rename"))
    monkeypatch.setattr(os, "unlink", noting(remove, "remove"))
    save(folder, metrics, 3)
    assert done == [
        "flush metrics.jsonl",
        "flush step-00000003.h5.",
        "rename step-00000003.h5.",
        "flush checkpoints",
        "remove step-00000001.h5",
    ]
