"""Two processes of the command at once, and one that is killed."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from gantool.data.download.http import TIMEOUTS

IMAGES = "train-images-idx3-ubyte.gz"


@pytest.fixture
def start(tmp_path, server):
    """Start `gantool download mnist` from the server of the test."""

    def run() -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "gantool", "download", "mnist", "--mirror", server.url],
            cwd=tmp_path,
            env=os.environ | {"GANTOOL_DATA": str(tmp_path / "sets")},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return run


@pytest.fixture
def mnist(real_data, server) -> dict[str, bytes]:
    """What the server serves."""
    files = {path.name: path.read_bytes() for path in (real_data / "mnist").glob("*.gz")}
    for name, content in files.items():
        server.serve(f"/{name}", server.parts(content))
    return files


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


@pytest.mark.slow
def test_what_a_killed_process_left_is_of_use(start, server, mnist, tmp_path, names):
    folder = tmp_path / "sets/mnist"
    part = folder / f".{IMAGES}.part"
    server.serve(f"/{IMAGES}", server.cut(mnist[IMAGES], 3_000_000, stall=True))
    process = start()
    # The bytes are under way when the server has sent them, and nothing tells of their arrival.
    # It must not take as long as the command waits for more.
    deadline = time.monotonic() + TIMEOUTS[1] * 0.8
    while not (part.is_file() and part.stat().st_size > 2_900_000):
        assert time.monotonic() < deadline
        assert not server.ends.wait(0.01)
        assert process.poll() is None
    process.kill()
    ended(process)
    size = part.stat().st_size
    assert part.read_bytes() == mnist[IMAGES][:size]
    assert ".lock" in names(folder)

    server.requests.clear()
    server.serve(f"/{IMAGES}", server.parts(mnist[IMAGES]))
    code, out, err = ended(start())
    assert (code, out) == (0, f"mnist is in {folder} (downloaded from {server.url}/)\n")
    assert err.splitlines()[0] == (
        f"downloading {IMAGES} (9,630,610 bytes), going on after {size:,}"
    )
    assert server.asked(f"/{IMAGES}") == [f"bytes={size}-"]
    assert names(folder) == sorted(mnist)
    assert (folder / IMAGES).read_bytes() == mnist[IMAGES]


@pytest.mark.slow
def test_the_second_of_two_waits(start, server, mnist, tmp_path, names):
    folder = tmp_path / "sets/mnist"
    asked, go = threading.Event(), threading.Event()
    send = server.parts(mnist[IMAGES])

    def hold(handler: Any) -> None:
        asked.set()
        assert go.wait(30)
        send(handler)

    server.serve(f"/{IMAGES}", hold)
    first = start()
    assert asked.wait(30)
    second = start()
    assert second.stderr is not None
    line = second.stderr.readline()
    go.set()
    assert line == f"another process fills {folder}; waiting for its end\n"
    assert ended(first)[:2] == (0, f"mnist is in {folder} (downloaded from {server.url}/)\n")
    assert ended(second) == (0, f"mnist is in {folder} already\n", "")
    assert sorted(request.path for request in server.requests) == sorted(f"/{n}" for n in mnist)
    assert {name: Path(folder / name).read_bytes() for name in names(folder)} == mnist
