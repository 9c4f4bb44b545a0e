"""What is known without TensorFlow is told before TensorFlow is imported, which takes seconds."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

WITHOUT = """
import sys
sys.modules["tensorflow"] = None  # importing it fails
from gantool.cli.main import main
main()
"""


@pytest.mark.slow
@pytest.mark.parametrize("command", ["check", "train", "bench"])
def test_what_is_wrong_with_a_recipe(command: str, tiny: Path, tmp_path: Path) -> None:
    text = tiny.read_text()
    for old, new in (
        ("    - ReLU\n", "    - RiLU\n"),
        ("source: digits ", "source: gone   "),
        ("Dense: {units: 1}", 'Dense: {units: "1"}'),
    ):
        text = text.replace(old, new)
    (tmp_path / "mine.yaml").write_text(text)
    began = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "-c", WITHOUT, command, "mine.yaml"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    took = time.monotonic() - began
    first, *others = ended.stderr.splitlines()
    assert first.startswith("mine.yaml:5:11: data.source: 'gone' is no data set of the catalogue")
    assert others == [
        "mine.yaml:16:7: unknown layer 'RiLU'; did you mean 'ReLU'?",
        "mine.yaml:20:7: unknown layer 'RiLU'; did you mean 'ReLU'?",
        "mine.yaml:29:22: units of Dense must be a number, not '1'",
    ]
    assert (ended.returncode, ended.stdout) == (2, "")
    assert took < 5  # about a third of a second on a machine with nothing else to do


@pytest.mark.slow
def test_a_run_folder_that_cannot_be_made(tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    ended = subprocess.run(
        [sys.executable, "-c", WITHOUT, "train", str(tiny), "--out", "file/run"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (
        2,
        "file/run: the run folder cannot be written (Not a directory); name another with --out\n",
    )
