"""A process that dies before each line of the code that writes, once.

A program, since a process of tests is large by then, and slow to fork: FOLDER, which holds the run
`saved` → beside it `0`, `1`, …, the runs of processes that died before their line of that number.
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from gantool import files
from gantool.runs import checkpoint, run_folder
from gantool.runs import metrics_file as metrics_module
from gantool.runs.checkpoint_format import Header
from gantool.runs.checkpoint_writing import write_checkpoint
from gantool.runs.metrics_file import MetricsFile
from gantool.runs.run_folder import RunFolder

WATCHED = {str(module.__file__) for module in (files, checkpoint, run_folder, metrics_module)}
VALUES = {"generator": {"kernel": np.arange(100, dtype=np.float32)}}
KEEP = 2


def save(folder: RunFolder, metrics: MetricsFile, step: int) -> None:
    """What a writer does where a row and a checkpoint are due."""
    metrics.append({"step": step})
    metrics.flush()
    header = Header("name: mine\n", "/recipes", step, 0, 0.0, 0, 0)
    write_checkpoint(folder.checkpoint(step), header, VALUES)
    folder.keep_newest(KEEP)


def dies_at_line(number: int, folder: RunFolder) -> bool:
    """Save step 3 in a process that is killed before its line of this number; whether it was."""
    metrics = MetricsFile(folder.metrics)
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
        save(folder, metrics, 3)
        sys.settrace(None)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def main(folder: Path) -> None:
    for number in itertools.count():
        run = folder / str(number)
        shutil.copytree(folder / "saved", run)
        if not dies_at_line(number, RunFolder(run)):
            shutil.rmtree(run)
            return


if __name__ == "__main__":
    main(Path(sys.argv[1]))
