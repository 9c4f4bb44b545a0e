"""`gantool inspect`: what it says of a source, and that its lines make a recipe."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

from gantool.recipe.load import find_recipe, load


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """30 PNG files in two class folders, every second one the same, and two that are broken."""
    folder = tmp_path / "pets"
    for number in range(30):
        path = folder / ("cat" if number < 10 else "dog") / f"{number:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        side = 40 if number < 28 else 50
        Image.new("RGB", (side, 60), (number // 2 if number < 28 else number, 0, 0)).save(path)
    (folder / "dog" / "30.png").write_bytes(b"")
    (folder / "dog" / "31.png").write_bytes(b"no image at all")
    return folder


def test_a_folder(command: Any, pets: Path) -> None:
    groups = [
        f"  {pets}/{name}/{number:02}.png = {pets}/{name}/{number + 1:02}.png"
        for number in range(0, 20, 2)
        for name in ["cat" if number < 10 else "dog"]
    ]
    formats = "PNG, JPEG, WEBP, GIF, BMP, TIFF, PPM"
    lines = [
        "pets: 32 images",
        "formats  PNG 30",
        "modes    RGB 30",
        "sizes    2 (height×width), smallest 60×40, largest 60×50, most common 60×40 (28)",
        "labels   2 classes: cat 10, dog 22",
        "2 cannot be read:",
        f"  {pets}/dog/30.png: the file is empty",
        f"  {pets}/dog/31.png: not an image ({formats}), or cut off in its first bytes",
        "14 duplicates in 14 groups:",
        *groups,
        "  and 4 more",
        "",
        "for a recipe:",
        "data:",
        f'  source: "{pets}"',
        "  size: [32, 32]",
        "  channels: 3",
        "  labels: true",
    ]
    assert command("inspect", pets) == (0, "\n".join(lines) + "\n", "")


@pytest.mark.parametrize("name", ["pets", "1e5", 'odd "name" é: #x'])
def test_the_lines_make_a_recipe(
    command: Any, pets: Path, tiny: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pets.rename(pets.with_name(name))
    monkeypatch.chdir(pets.parent)
    pasted = command("inspect", name).out.partition("for a recipe:\n")[2]
    rest = yaml.safe_load(tiny.read_text())
    del rest["data"]
    recipe = pets.parent / "pasted.yaml"
    recipe.write_text(pasted + yaml.safe_dump(rest))
    data = load(find_recipe(str(recipe)), [], None).recipe.data
    assert (data.source, data.size, data.channels, data.labels, data.crop) == (
        name,
        (32, 32),
        3,
        True,
        None,
    )


def test_a_set_of_the_catalogue(
    command: Any, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository)
    monkeypatch.delenv("GANTOOL_DATA", raising=False)
    assert command("inspect", "emoji") == (
        0,
        "emoji: 3,916 images\n"
        "formats  PNG 3,916\n"
        "modes    P 3,911, RGBA 5\n"
        "sizes    128×136 (height×width)\n"
        "transparency in 3,916\n"
        "labels   none\n"
        "\n"
        "for a recipe:\n"
        "data:\n"
        '  source: "emoji"\n'
        "  size: [64, 64]\n"
        "  channels: 3  # 4 keeps transparency\n"
        "  labels: false\n",
        "",
    )


def test_a_converted_set_is_proven(command: Any, pets: Path, tmp_path: Path) -> None:
    dest = tmp_path / "set"
    assert command("convert", pets, dest, "--size", 20, "--shards", 2).code == 0
    right = command("inspect", dest)
    assert (right.code, right.err) == (0, "")
    assert right.out.startswith("manifest:\n  every shard is as it says\nset: 30 images\n")
    shard = dest / "images-00001-of-00002.tfrecord"
    damaged = bytearray(shard.read_bytes())
    damaged[40] ^= 1
    shard.write_bytes(damaged)
    shutil.copy(dest / "images-00000-of-00002.tfrecord", dest / "more.tfrecord")
    told = command("inspect", dest)
    assert told.code == 0
    assert re.match(
        rf"manifest:\n  {shard}: differs: its SHA-256 is [0-9a-f]{{64}}, not [0-9a-f]{{64}}\n"
        rf"  {dest}/more.tfrecord: is not in the manifest\nset: 46 images\n",
        told.out,
    )
    assert f"  {shard}, record 0: the record is damaged: its checksum does not fit\n" in told.out
    (dest / "more.tfrecord").unlink()
    shard.write_bytes(damaged[:-1])
    told = command("inspect", dest)
    size = len(damaged)
    assert told == (
        2,
        f"manifest:\n  {shard}: has {size - 1:,} bytes, not {size:,}\n",
        f"{shard}: the file is cut off in record 13; copy it again\n",
    )
    shard.unlink()
    assert f"  {shard}: is missing\n" in command("inspect", dest).out


def test_a_source_that_cannot_be_opened(command: Any, tmp_path: Path) -> None:
    ended = command("inspect", tmp_path / "gone")
    assert (ended.code, ended.out) == (2, "")
    assert "is no data set of the catalogue" in ended.err
    (tmp_path / "broken.zip").write_bytes(b"PK")
    ended = command("inspect", tmp_path / "broken.zip")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"{tmp_path}/broken.zip: not a zip file, or a damaged one")


@pytest.mark.slow
def test_a_terminal_gets_a_bar_and_a_pipe_the_report(pets: Path) -> None:
    ours, theirs = os.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "gantool", "inspect", pets],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
        env=os.environ | {"TERM": "xterm-256color", "COLUMNS": "120"},
        text=True,
        check=True,
    )
    os.close(theirs)
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    assert done.stdout.startswith("pets: 32 images\n")
    assert re.search(
        r"32/32 .* images/s 0:00:00 left", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    )
