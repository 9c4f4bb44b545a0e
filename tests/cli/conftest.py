from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def in_terminal() -> Callable[..., tuple[str, str]]:
    """Run `gantool` in a terminal, until it ends well.

    Gives what it wrote, with the terminal's control sequences and without.
    """

    def run(*arguments: Any) -> tuple[str, str]:
        ours, theirs = os.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "gantool", *map(str, arguments)],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=os.environ | {"TERM": "xterm-256color", "COLUMNS": "120"},
        )
        os.close(theirs)
        shown = b""
        deadline = time.monotonic() + 60
        try:
            while time.monotonic() < deadline:
                if not select.select([ours], [], [], 1)[0]:
                    continue
                try:
                    shown += os.read(ours, 65536)
                except OSError:  # Linux says so that the other end is closed
                    break
            assert process.wait(timeout=10) == 0
        finally:
            process.kill()
            os.close(ours)
        text = shown.decode()
        return text, re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)

    return run
