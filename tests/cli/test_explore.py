"""`gantool explore`: how it begins, and how it ends."""

from __future__ import annotations

import signal
import socket
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from gantool.cli import explore


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_it_serves_until_a_signal_comes(number: int, code: int, start: Any, trained: Path) -> None:
    process = start("explore", trained)
    [*_, address] = process.wait_for("http://127.0.0.1:")
    with urlopen(address) as page:
        assert b"<h1>tiny, step 200</h1>" in page.read()
    ended = process.end(number)
    newest = trained / "checkpoints" / "step-00000200.h5"
    assert ended == (
        code,
        f"{address}\n",
        f"{newest}, step 200; Ctrl-C ends it\n\nstopped\n",
    )


def test_each_start_has_an_address_of_its_own(start: Any, trained: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    newest = trained / "checkpoints" / "step-00000200.h5"
    [first] = start("explore", newest, "--port", port).wait_for("http://")
    [second] = start("explore", newest).wait_for("http://")
    assert first.startswith(f"http://127.0.0.1:{port}/")
    tokens = {address.split("/")[3] for address in (first, second)}
    assert len(tokens) == 2
    assert all(len(token) == 43 for token in tokens)


def test_a_port_that_is_taken_is_told_before_tensorflow_starts(
    command: Any, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explore, "build", None)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert command("explore", trained, "--port", port) == (
            2,
            "",
            f"--port {port}: cannot be had (Address already in use); name another, or leave it"
            " out\n",
        )


def test_answers_do_not_wait_for_the_last_one_to_be_acknowledged() -> None:
    with explore._listener(None) as listener, socket.create_connection(listener.getsockname()):
        connection, _ = listener.accept()
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        connection.close()


def test_without_the_packages_it_says_what_to_install(
    command: Any, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explore, "find_spec", lambda _: None)
    assert command("explore", trained) == (
        2,
        "",
        "gantool explore needs starlette and uvicorn, which is not here: pip install '.[explore]'"
        " in the clone\n",
    )


def test_a_checkpoint_that_is_not_there(command: Any, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    assert command("explore", gone) == (2, "", f"{gone}: no such file or run folder\n")


@pytest.mark.slow
def test_points_are_refused(forked: Any, tmp_path: Path, command: Any) -> None:
    smaller = ["generator.layers=[Dense: {units: 2}]", "discriminator.layers=[Dense: {units: 1}]"]
    settings = [word for it in (*smaller, "output.metrics=[]") for word in ("--set", it)]
    run = tmp_path / "run"
    assert forked("train", "ring", "--steps", 1, "--out", run, *settings).code == 0
    newest = run / "checkpoints" / "step-00000001.h5"
    assert command("explore", run) == (
        2,
        "",
        f"{newest}: makes points, and explore shows images\n",
    )
