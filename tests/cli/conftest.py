from __future__ import annotations

import os
import re
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from .steered import RGBA


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


@pytest.fixture(scope="session")
def rgba(tmp_path_factory: pytest.TempPathFactory, forked: Any) -> Path:
    """A checkpoint in an otherwise empty folder: uniform latents, RGBA, no classes."""
    folder = tmp_path_factory.mktemp("rgba")
    (folder / "pictures").mkdir()
    pick = np.random.default_rng(0)
    for number in range(4):
        pixels = pick.integers(0, 256, (9, 7, 4), np.uint8)
        Image.fromarray(pixels).save(folder / "pictures" / f"{number}.png")
    (folder / "rgba.yaml").write_text(RGBA)
    ended = forked("train", folder / "rgba.yaml", "--out", folder / "run")
    assert ended.code == 0, ended.err
    alone = tmp_path_factory.mktemp("alone") / "my.h5"
    shutil.copy(folder / "run/checkpoints/step-00000001.h5", alone)
    return alone


@pytest.fixture(scope="session")
def points(tmp_path_factory: pytest.TempPathFactory, forked: Any) -> Path:
    """A run of points, of one step."""
    run = tmp_path_factory.mktemp("points") / "run"
    smaller = ["generator.layers=[Dense: {units: 2}]", "discriminator.layers=[Dense: {units: 1}]"]
    settings = [word for it in (*smaller, "output.metrics=[]") for word in ("--set", it)]
    ended = forked("train", "ring", "--steps", 1, "--out", run, *settings)
    assert ended.code == 0, ended.err
    return run
