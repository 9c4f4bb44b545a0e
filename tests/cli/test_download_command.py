"""`gantool download mnist`, without a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

NAMES = sorted(
    f"{part}-{kind}-ubyte.gz"
    for part in ("train", "t10k")
    for kind in ("images-idx3", "labels-idx1")
)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("GANTOOL_DATA", str(tmp_path / "sets"))


def test_the_copy_of_the_repository_serves(command: Any, repository: Path, tmp_path: Path) -> None:
    placed = tmp_path / "sets" / "mnist"
    ended = command("download", "mnist")
    assert ended == (
        0,
        f"mnist is in {placed} (copied from {repository / 'data' / 'mnist'})\n",
        "",
    )
    assert sorted(path.name for path in placed.iterdir()) == NAMES
    for name in NAMES:
        assert (placed / name).read_bytes() == (repository / "data/mnist" / name).read_bytes()
    assert command("download", "mnist") == (0, f"mnist is in {placed} already\n", "")
    (placed / NAMES[1]).write_bytes(b"half")
    assert "copied" in command("download", "mnist").out
    right = (repository / "data/mnist" / NAMES[1]).read_bytes()
    assert (placed / NAMES[1]).read_bytes() == right


def test_an_unknown_set(command: Any, tmp_path: Path) -> None:
    assert command("download", "minst") == (
        2,
        "",
        "no data set 'minst' in the catalogue (emoji, mnist); did you mean 'mnist'?\n",
    )
    assert list(tmp_path.iterdir()) == []


def test_a_mirror_that_does_not_answer_leaves_nothing(command: Any, tmp_path: Path) -> None:
    ended = command("download", "mnist", "--mirror", "http://127.0.0.1:9/")
    assert ended.code == 1
    assert ended.err.startswith("cannot download http://127.0.0.1:9/train-images-idx3-ubyte.gz: ")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
