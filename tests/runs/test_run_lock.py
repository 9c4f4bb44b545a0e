"""Two processes never train one run."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from gantool.errors import InputError
from gantool.runs.run_folder import RunFolder
from gantool.runs.run_lock import alone_with, is_trained

HOLD = """
import sys, time
from pathlib import Path
from gantool.runs.run_folder import RunFolder
from gantool.runs.run_lock import alone_with, is_trained
with alone_with(RunFolder(Path(sys.argv[1]))):
    print("held", flush=True)
    time.sleep(60)
"""


def refusal(folder: RunFolder) -> str:
    with pytest.raises(InputError) as raised, alone_with(folder):
        pass
    return str(raised.value)


def test_the_second_process_is_told_who_trains(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        assert refusal(folder) == (
            f"{tmp_path}: process {other.pid} on {socket.gethostname()} trains this run; stop it,"
            " or wait for its end"
        )
        other.send_signal(signal.SIGKILL)
        other.wait()
        with alone_with(folder):  # a dead process holds nothing, though its file is still there
            assert folder.lock.read_text() == f"process {os.getpid()} on {socket.gethostname()}"
    finally:
        other.kill()
        other.communicate()
    assert not folder.lock.exists()


def test_a_lock_is_given_back_whatever_happens_within(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    with pytest.raises(ZeroDivisionError), alone_with(folder):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []
    with alone_with(folder):
        assert "trains this run" in refusal(folder)


def test_who_looks_keeps_nobody_from_training(tmp_path: Path) -> None:
    """`is_trained` holds a lock of its own for a moment."""
    folder = RunFolder(tmp_path)
    stop = threading.Event()
    seen: set[bool] = set()

    def look() -> None:
        while not stop.is_set():
            seen.add(is_trained(folder))

    looking = threading.Thread(target=look)
    looking.start()
    try:
        for _ in range(200):
            with alone_with(folder):
                pass
    finally:
        stop.set()
        looking.join()
    assert True in seen
    assert not is_trained(folder)
