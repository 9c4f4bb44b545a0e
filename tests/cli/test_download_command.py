"""`gantool download mnist`, without a network."""

from __future__ import annotations

import hashlib
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


@pytest.mark.slow
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
        "no data set 'minst' in the catalogue (celeba, cifar10, cifar100, emoji, fashion-mnist,"
        " flowers102, kmnist, lfw, mnist, inception); did you mean 'mnist'?\n",
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_mirror_that_does_not_answer_leaves_nothing(command: Any, tmp_path: Path) -> None:
    ended = command("download", "mnist", "--mirror", "http://127.0.0.1:9/")
    assert ended.code == 1
    assert ended.err.startswith("cannot download http://127.0.0.1:9/train-images-idx3-ubyte.gz: ")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_the_user_has(command: Any, repository: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.zip"
    mine.write_bytes((repository / "data/emoji/noto-emoji-136x128.zip").read_bytes())
    placed = tmp_path / "sets" / "emoji"
    assert command("download", "emoji", "--from-file", mine) == (
        0,
        f"emoji is in {placed} (copied from {mine})\n",
        "",
    )
    assert (placed / "noto-emoji-136x128.zip").read_bytes() == mine.read_bytes()


def test_files_that_the_user_has(command: Any, repository: Path, tmp_path: Path) -> None:
    given = [repository / "data/mnist" / name for name in NAMES]
    options = [part for path in given for part in ("--from-file", path)]
    ended = command("download", "mnist", "--mirror", "http://127.0.0.1:9", *options)
    assert (ended.code, ended.err) == (0, "")
    assert sorted(path.name for path in (tmp_path / "sets" / "mnist").iterdir()) == NAMES


def test_another_version_of_celeba(command: Any, tmp_path: Path) -> None:
    mine = tmp_path / "img_align_celeba.zip"
    mine.write_bytes(b"packed again")
    assert command("download", "celeba", "--from-file", mine) == (
        2,
        "",
        f"--from-file {mine}: not the img_align_celeba.zip of the catalogue: it has 12 bytes,"
        f" SHA-256 {hashlib.sha256(b'packed again').hexdigest()}, and 1,443,490,838 bytes, SHA-256"
        " 46fb89443c578308acf364d7d379fe1b9efb793042c0af734b6112e4fd3a8c74 are expected; get it"
        f" again, or leave --from-file out to download it. Images of another version are"
        f" trained on by their path: data.source: {mine}, data.crop: [108, 108]"
        "\n",
    )
    assert list(tmp_path.iterdir()) == [mine]
    assert mine.read_bytes() == b"packed again"


def test_every_mirror_and_the_way_out_are_named(
    command: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("gantool.data.download.http.RETRY", 0)
    ended = command("download", "celeba")
    assert (ended.code, ended.out) == (1, "")
    drive = "https://drive.usercontent.google.com/download?id={}&export=download&confirm=t"
    mirrors = [
        drive.format("0B7EVK8r0v71pZjFTYXZWM3FlRnM"),
        "https://s3-us-west-1.amazonaws.com/udacity-dlnfd/datasets/celeba.zip",
        "https://s3.amazonaws.com/pytorch-tutorial-assets/img_align_celeba.zip",
        drive.format("1zmsC4yvw-e089uHXj5EdP0BSZ0AlDQRR"),
    ]
    reasons = [f"{mirror}: no connection (Connection refused)" for mirror in mirrors]
    assert ended.err.splitlines() == [
        *(
            f"{reason}; trying {mirror}"
            for reason, mirror in zip(reasons, mirrors[1:], strict=False)
        ),
        "cannot download img_align_celeba.zip; its 4 mirrors said:",
        *(f"  {reason}" for reason in reasons),
        "try again, name another mirror with --mirror, or get the file by other means and hand it"
        " over with --from-file img_align_celeba.zip",
    ]
    assert list(tmp_path.iterdir()) == []
