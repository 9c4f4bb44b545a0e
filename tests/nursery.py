"""A process that has TensorFlow imported, and lets others begin from there.

`gantool` takes four seconds to start TensorFlow. Tests that start it often fork it from here, where
it has been imported but has done nothing yet: no threads, no devices.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


class Nursery:
    """Starts `gantool` by forking; a context manager."""

    def __enter__(self) -> Nursery:
        self._outputs = tempfile.TemporaryDirectory()
        self._started = 0
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.ask("ready") is True
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()
        self._outputs.cleanup()

    def start(self, *arguments: Any, **env: str) -> Started:
        """Begin `gantool` with these arguments, here and with these variables of the environment.

        Those that TensorFlow reads when it is imported come too late.
        """
        self._started += 1
        outputs = [Path(self._outputs.name, f"{self._started}.{name}") for name in ("out", "err")]
        words = [str(argument) for argument in arguments]
        pid: int = self.ask("start", words, [str(path) for path in outputs], str(Path.cwd()), env)
        return Started(self, pid, *outputs)

    def ask(self, *question: Any) -> Any:
        """What the process answers."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


class Started:
    """A process of `gantool` that can be watched and signalled."""

    def __init__(self, nursery: Nursery, pid: int, out: Path, err: Path) -> None:
        self.pid = pid
        self._nursery, self._out, self._err = nursery, out, err
        self._code: int | None = None

    def wait(self, seconds: float) -> int | None:
        """How it ended, as `subprocess` tells it; None where it still runs by then."""
        if self._code is None:
            self._code = self._nursery.ask("wait", self.pid, seconds)
        return self._code

    def wait_for(self, beginning: str) -> list[str]:
        """The lines that it printed, until one that begins so."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            over = self.wait(0.005) is not None
            # The last one may be half a line.
            lines = self._out.read_text().split("\n")[:-1]
            for number, line in enumerate(lines, 1):
                if line.startswith(beginning):
                    return lines[:number]
            if over:
                break
        raise AssertionError(f"no line began with {beginning!r}: {self.so_far()}")

    def end(self, *signals: int) -> Ended:
        """Send signals, one soon after the other, and wait for its end."""
        for number in signals:
            self.send_signal(number)
            time.sleep(0.05)
        code = self.wait(120)
        assert code is not None, f"{self.pid} does not end: {self.so_far()}"
        return Ended(code, *self.so_far())

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.wait(0) is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)
        self.wait(60)

    def so_far(self) -> tuple[str, str]:
        """What it wrote to stdout and to stderr."""
        return self._out.read_text(), self._err.read_text()


def _serve() -> None:
    from gantool.cli.loading import start_tensorflow

    start_tensorflow()
    import gantool.sampling.model
    import gantool.training.session  # noqa: F401

    for line in sys.stdin:
        what, *arguments = json.loads(line)
        answer = {"ready": lambda: True, "start": _start, "wait": _wait}[what](*arguments)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _start(arguments: list[str], outputs: list[str], folder: str, env: dict[str, str]) -> int:
    for path in outputs:
        Path(path).touch()
    pid = os.fork()
    if pid:
        return pid
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, path in enumerate(outputs, 1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_APPEND), number)
    os.chdir(folder)
    os.environ.update(env)
    from gantool.__main__ import main

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
