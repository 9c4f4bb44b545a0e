"""`gantool convert`: what it says, how it ends, and that what it makes can be trained on."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 600 JPEG files of 178×218 (width×height) in two class folders."""
    folder = tmp_path_factory.mktemp("pictures")
    random = np.random.default_rng(5)
    for number in range(600):
        path = folder / "ab"[number % 2] / f"{number:04}.jpg"
        path.parent.mkdir(exist_ok=True)
        if number >= 60:
            # Links are pictures of their own; making as many would take long.
            path.symlink_to(folder / "ab"[number % 2] / f"{number % 60:04}.jpg")
            continue
        patches = Image.fromarray(random.integers(0, 256, (4, 3, 3), np.uint8))
        patches.resize((178, 218), Image.Resampling.BICUBIC).save(path, quality=90)
    return folder


@pytest.fixture
def few(tmp_path: Path) -> Path:
    """A folder of three PNG files, one of them cut off."""
    folder = tmp_path / "few"
    folder.mkdir()
    for number in range(3):
        buffer = BytesIO()
        Image.new("RGB", (9, 9), (number, 0, 0)).save(buffer, "PNG")
        (folder / f"{number}.png").write_bytes(buffer.getvalue()[: 50 if number == 1 else None])
    return folder


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.slow
def test_what_is_said_in_a_pipe(command: Any, pictures: Path, tmp_path: Path) -> None:
    dest = tmp_path / "set"
    arguments = ("convert", pictures, dest, "--size", "32x24", "--crop", "108", "--shards", 2)
    ended = command(*arguments)
    assert (ended.code, ended.err) == (0, "")
    first, second, last = ended.out.splitlines()
    assert re.fullmatch(r"shard 1/2  300 of 600 images  [\d,]+ images/s  0:00:\d\d left", first)
    assert re.fullmatch(r"shard 2/2  600 of 600 images  [\d,]+ images/s  0:00:00 left", second)
    size = sum(path.stat().st_size for path in dest.glob("*.tfrecord")) / 1e6
    told = f"{dest}: 600 images of 2 classes, 2 shards, {size:.1f} MB"
    assert last == told
    settings = json.loads((dest / "manifest.json").read_text())["settings"]
    assert settings == {"size": [32, 24], "crop": [108, 108], "labels": True, "shards": 2}
    assert command(*arguments) == (0, f"{told} (already there, and right)\n", "")


def test_skipped_images_are_listed(command: Any, few: Path, tmp_path: Path) -> None:
    ended = command("convert", few, tmp_path / "set", "--size", 4)
    assert (ended.code, ended.err) == (0, "skipped 1.png: the image is truncated\n")
    assert re.fullmatch(
        rf"{tmp_path}/set: 2 images, 1 shard, 0\.0 MB, 1 skipped", ended.out.splitlines()[-1]
    )
    ended = command("convert", few, tmp_path / "other", "--size", 4, "--strict")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == (
        f"{few}/1.png: the image is truncated; repair or remove it, or convert without --strict,"
        " which skips it\n"
    )


@pytest.fixture
def parted(tmp_path: Path) -> Path:
    """A folder of three training pictures, and one to test."""
    for number, name in enumerate(["train/0.png", "train/1.png", "train/2.png", "test/0.png"]):
        path = tmp_path / "parted" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (9, 9), (number, 0, 0)).save(path)
    (tmp_path / "parted" / "notes.md").write_text("text")
    return tmp_path / "parted"


def classes(folder: Path) -> list[tuple[str, int]]:
    manifest = json.loads((folder / "manifest.json").read_text())
    return [(found["name"], found["records"]) for found in manifest["classes"]]


def test_what_is_left_out_is_told(command: Any, parted: Path, tmp_path: Path) -> None:
    ended = command("convert", parted, tmp_path / "set", "--size", 4)
    assert (ended.code, ended.err) == (
        0,
        f"warning: {parted}: 1 file of another kind is left out (.md 1)\n"
        f"warning: {parted}: the 3 training images are taken; left out: test 1 (data.split takes"
        " them)\n",
    )
    assert f"{tmp_path}/set: 3 images, 1 shard" in ended.out
    ended = command("convert", parted, tmp_path / "test", "--size", 4, "--split", "test")
    assert f"{tmp_path}/test: 1 image, 1 shard" in ended.out


def test_a_table_gives_the_classes(command: Any, parted: Path, tmp_path: Path) -> None:
    table = "file,note,kind\ntrain/0.png,x,b\ntrain/1.png,x,a\ntrain/2.png,y,b\n"
    (tmp_path / "t.csv").write_text(table)
    options = ("--size", 4, "--labels-from", f"{tmp_path}/t.csv:kind")
    ended = command("convert", parted, tmp_path / "set", *options)
    assert ended.code == 0, ended.err
    assert classes(tmp_path / "set") == [("a", 1), ("b", 2)]
    ended = command("convert", parted, tmp_path / "no", *options, "--no-labels")
    assert (ended.code, ended.err.splitlines()[-1]) == (
        2,
        "Error: --no-labels and --labels-from contradict each other",
    )
    # Another column is another source.
    options = ("--size", 4, "--labels-from", f"{tmp_path}/t.csv:note")
    ended = command("convert", parted, tmp_path / "set", *options)
    assert (ended.code, "holds a conversion of another source" in ended.err) == (2, True)


def test_incomplete_labels_are_refused_or_left_out(
    command: Any, parted: Path, tmp_path: Path
) -> None:
    found = {"labels": [["train/0.png", 0], ["train/1.png", 1]]}
    (parted / "dataset.json").write_text(json.dumps(found))
    ended = command("convert", parted, tmp_path / "set", "--size", 4)
    assert (ended.code, ended.err) == (
        2,
        f"{parted}, dataset.json: 1 of 3 images have no class in it (train/2.png, for one); add"
        " them, or remove the images; --no-labels converts without classes\n",
    )
    assert not (tmp_path / "set").exists()
    assert command("convert", parted, tmp_path / "set", "--size", 4, "--no-labels").code == 0


def test_names_that_are_not_utf8(command: Any, tmp_path: Path) -> None:
    source = os.fsencode(tmp_path) + b"/lat\xe9"
    for name in (b"caf\xe9", b"line\nbreak", "дом".encode()):
        folder = Path(os.fsdecode(source + b"/" + name))
        folder.mkdir(parents=True)
        Image.new("L", (8, 8)).save(folder / "a.png")
        (folder / "b.png").write_bytes(b"")
    dest = os.fsdecode(os.fsencode(tmp_path) + b"/s\xe9t")
    ended = command("convert", os.fsdecode(source), dest, "--size", 8)
    assert ended.code == 0, ended.err
    assert ended.err == (
        "skipped caf\\xe9/b.png: the file is empty\n"
        "skipped line\\nbreak/b.png: the file is empty\n"
        "skipped дом/b.png: the file is empty\n"
    )
    assert f"{tmp_path}/s\\xe9t: 3 images of 3 classes" in ended.out
    assert classes(Path(dest)) == [("caf\\xe9", 1), ("line\\nbreak", 1), ("дом", 1)]


@pytest.mark.parametrize("size", ["0", "64x", "x64", "64x0", "-3", "big", "64.5", "100000"])
def test_a_wrong_size(command: Any, few: Path, tmp_path: Path, size: str) -> None:
    ended = command("convert", few, tmp_path / "set", f"--size={size}")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.splitlines()[-1] == (
        f"Error: Invalid value for '--size': '{size}' is no size; write 64, or height x width as"
        " in 64x96"
    )
    assert not (tmp_path / "set").exists()


def test_a_source_that_is_not_there(command: Any, tmp_path: Path) -> None:
    ended = command("convert", tmp_path / "gone", tmp_path / "set", "--size", 4)
    assert (ended.code, ended.out) == (2, "")
    assert "is no data set of the catalogue" in ended.err
    assert list(tmp_path.iterdir()) == []
    ended = command("convert", "", tmp_path / "set", "--size", 4)
    assert (ended.code, ended.err) == (
        2,
        "SOURCE is empty; name a folder, a file or a data set of the catalogue\n",
    )


def test_what_is_made_can_be_trained_on(
    command: Any, tiny: Path, trained: Path, tmp_path: Path
) -> None:
    digits = tiny.parent / "digits"
    assert command("convert", digits, tmp_path / "set", "--size", 28, "--shards", 3).code == 0
    run = tmp_path / "run"
    setting = f"data.source={tmp_path / 'set'}"
    ended = command("train", tiny, "--out", run, "--steps", 2, "--set", setting)
    assert ended.code == 0, ended.err
    # PNG loses nothing: the pictures are those of the IDX file.
    reals = "samples/reals.png"
    assert (run / reals).read_bytes() == (trained / reals).read_bytes()


class Converting:
    """`gantool convert` in a process group of its own, as a shell starts it."""

    def __init__(self, *arguments: Any) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gantool", "convert", *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def wait_for_a_shard(self) -> None:
        assert self.process.stdout is not None
        assert self.process.stdout.readline().startswith("shard ")

    def end(self, number: int, whole_group: bool) -> tuple[int, str]:
        send = os.killpg if whole_group else os.kill
        send(self.process.pid, number)
        _, err = self.process.communicate(timeout=60)
        return self.process.returncode, err


@pytest.fixture(scope="module")
def arguments(pictures: Path) -> tuple[Any, ...]:
    """Enough work to be interrupted in."""
    return (pictures, "--size", 128, "--shards", 20)


@pytest.fixture(scope="module")
def uninterrupted(
    arguments: tuple[Any, ...], gantool: Any, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, bytes]:
    dest = tmp_path_factory.mktemp("uninterrupted") / "set"
    assert gantool("convert", arguments[0], dest, *arguments[1:]).code == 0
    return content(dest)


@pytest.fixture
def converting(arguments: tuple[Any, ...], tmp_path: Path) -> Iterator[Converting]:
    started = Converting(arguments[0], tmp_path / "set", *arguments[1:])
    yield started
    started.process.kill()
    started.process.communicate()


@pytest.mark.parametrize(
    ("number", "whole_group", "code"),
    [
        (signal.SIGINT, True, 130),  # a terminal's Ctrl-C
        (signal.SIGTERM, False, 143),
        (signal.SIGTERM, True, 143),  # the end of a job on a cluster
        (signal.SIGKILL, False, -9),
    ],
)
def test_an_interrupted_conversion_goes_on_to_the_same_bytes(
    number: int,
    whole_group: bool,
    code: int,
    converting: Converting,
    arguments: tuple[Any, ...],
    uninterrupted: dict[str, bytes],
    command: Any,
    tmp_path: Path,
) -> None:
    dest = tmp_path / "set"
    converting.wait_for_a_shard()
    ended, err = converting.end(number, whole_group)
    assert ended == code
    finished = sorted((dest / "unfinished").glob("*.tfrecord"))
    assert 1 <= len(finished) < 20
    assert [path.name for path in dest.iterdir()] == ["unfinished"]
    if code > 0:
        assert list(dest.rglob("*.gantool-tmp")) == []
        assert err == (
            f"stopped with {len(finished)} shards finished; the same command goes on from there\n"
        )
    else:  # Python's own tracker removes the semaphores of the workers, and says so
        assert not err or "resource_tracker: There appear to be" in err
        assert "Traceback" not in err
    again = command("convert", arguments[0], dest, *arguments[1:])
    assert again.code == 0, again.err
    assert again.out.startswith(f"shard {len(finished) + 1}/20  ")
    assert content(dest) == uninterrupted


@pytest.mark.slow
def test_a_second_conversion_into_the_same_folder_is_refused(
    converting: Converting, arguments: tuple[Any, ...], command: Any, tmp_path: Path
) -> None:
    dest = tmp_path / "set"
    converting.wait_for_a_shard()
    os.kill(converting.process.pid, signal.SIGSTOP)
    refused = command("convert", arguments[0], dest, *arguments[1:])
    os.kill(converting.process.pid, signal.SIGCONT)
    assert refused == (
        2,
        "",
        f"{dest}: another conversion writes into it; wait for its end, or name another folder\n",
    )


def test_a_terminal_gets_a_bar(few: Path, tmp_path: Path, in_terminal: Any) -> None:
    _, text = in_terminal("convert", few, tmp_path / "set", "--size", 4)
    assert re.search(r"3/3 \S* *[\d,]+ images/s 0:00:00 left", text), text
    assert "shard 1/1" not in text
