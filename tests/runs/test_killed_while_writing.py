"""A process that dies at any line of the code that writes leaves whole files behind."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gantool.runs.checkpoint import Checkpoint
from gantool.runs.metrics_file import MetricsFile, read_rows
from gantool.runs.resume import find_resume_point, tidy
from gantool.runs.run_folder import RunFolder

from . import dying_writer
from .dying_writer import KEEP, save


@pytest.mark.slow
def test_at_every_line(tmp_path: Path) -> None:
    """Steps 1 and 2 are saved; saving step 3 dies, at each of its lines once."""
    saved = RunFolder(tmp_path / "saved")
    saved.make()
    for step in (1, 2):
        save(saved, MetricsFile(saved.metrics), step)
    subprocess.run([sys.executable, dying_writer.__file__, tmp_path], check=True, timeout=120)
    seen: set[tuple[int, ...]] = set()
    runs = [path for path in tmp_path.iterdir() if path != saved.path]
    for folder in map(RunFolder, runs):
        steps = [Checkpoint(path).header.step for path in folder.checkpoints()]  # all are whole
        assert steps in ([1, 2], [1, 2, 3], [2, 3])
        point = find_resume_point(folder)
        assert point.checkpoint is not None
        assert point.damaged == {}
        # No checkpoint without the rows before it, and no row after its resume.
        tidy(folder, point, KEEP)
        rows = [row["step"] for row in read_rows(folder.metrics)]
        assert rows == list(range(1, point.checkpoint.header.step + 1))
        assert len(folder.checkpoints()) == KEEP
        assert not [path for path in folder.path.rglob("*") if path.name.endswith(".gantool-tmp")]
        seen.add(tuple(steps))
    assert len(runs) > 60
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
