"""A process that has TensorFlow imported, and lets others begin from there.

`gantool` takes four seconds to start TensorFlow. Tests that start it hundreds of times fork it from
here instead, where it has been imported but has done nothing yet: no threads, no devices.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any


class Nursery:
    """Starts `gantool` by forking; a context manager."""

    def __enter__(self) -> Nursery:
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._ask("ready") is True
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def start(self, arguments: list[Any], log: Path) -> int:
        """Begin `gantool` with these arguments; its process. What it prints goes to `log`."""
        pid: int = self._ask("start", [str(argument) for argument in arguments], str(log))
        return pid

    def wait(self, pid: int, seconds: float) -> int | None:
        """How a process ended, as `subprocess` tells it; None where it still runs by then."""
        code: int | None = self._ask("wait", pid, seconds)
        return code

    def _ask(self, *question: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


def _serve() -> None:
    from gantool.cli.loading import start_tensorflow

    start_tensorflow()
    import gantool.sampling.checkpoint_sampler
    import gantool.training.session  # noqa: F401

    for line in sys.stdin:
        what, *arguments = json.loads(line)
        answer = {"ready": lambda: True, "start": _start, "wait": _wait}[what](*arguments)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _start(arguments: list[str], log: str) -> int:
    pid = os.fork()
    if pid:
        return pid
    with Path(log).open("ab") as file:
        for number, handle in ((0, os.open(os.devnull, os.O_RDONLY)), (1, file), (2, file)):
            os.dup2(handle if isinstance(handle, int) else handle.fileno(), number)
    from gantool.cli.main import main

    code = 1
    try:
        main(arguments)
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    finally:
        sys.stdout.flush()
        os._exit(code)


def _wait(pid: int, seconds: float) -> int | None:
    end = time.monotonic() + seconds
    while True:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() >= end:
            return None
        time.sleep(0.002)


if __name__ == "__main__":
    _serve()
