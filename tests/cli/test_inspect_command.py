"""`gantool inspect`: what it says of a source, and that its lines make a recipe."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image, ImageCms

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
    formats = "PNG, JPEG, WEBP, GIF, BMP, TIFF, PPM, AVIF, JPEG2000, ICO, QOI, TGA, HEIF"
    lines = [
        "pets: 32 images",
        "formats  PNG 30",
        "modes    RGB 30",
        "sizes    2 (height×width), smallest 60×40, largest 60×50, most common 60×40 (28)",
        "labels   2 classes, by number:",
        "  0  cat  10",
        "  1  dog  22",
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
        "  size: [32, 32]  # all images have it in both directions",
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


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A folder of 30 classes by number, one picture each, with splits and other files."""
    for split, count in (("train", 30), ("test", 2)):
        for number in range(count):
            path = tmp_path / "many" / split / str(number) / "a.png"
            path.parent.mkdir(parents=True)
            Image.new("RGB", (8, 8), (number, count, 0)).save(path)
    (tmp_path / "many" / "notes.txt").write_text("text")
    return tmp_path / "many"


def test_many_classes_and_what_is_left_out(command: Any, many: Path) -> None:
    told = command("inspect", many).out.splitlines()
    at = told.index("labels   30 classes, by number:")
    assert told[at + 1 : at + 25] == [
        *(f"  {number:>2}  {number}  1" for number in range(20)),
        "  and 10 more; --all shows them",
        "notes:",
        f"  {many}: 1 file of another kind is left out (.txt 1)",
        f"  {many}: the 30 training images are taken; left out: test 2 (data.split takes them)",
    ]
    told = command("inspect", many, "--all").out.splitlines()
    assert told[at + 1 : at + 31] == [f"  {number:>2}  {number}  1" for number in range(30)]


def test_a_large_group_of_duplicates_is_cut(command: Any, tmp_path: Path) -> None:
    for number in range(13):
        Image.new("RGB", (8, 8)).save(tmp_path / f"{number:02}.png")
    alike = " = ".join(f"{tmp_path}/{number:02}.png" for number in range(10))
    assert f"12 duplicates in 1 group:\n  {alike} and 3 more\n" in command("inspect", tmp_path).out


def test_another_split(command: Any, many: Path) -> None:
    told = command("inspect", many, "--split", "test").out
    assert told.startswith("many: 2 images\n")
    assert told.endswith(
        "  split: test\n  size: [8, 8]  # as all images are\n  channels: 3\n  labels: true\n"
    )


def test_a_table_of_classes(command: Any, many: Path, tmp_path: Path) -> None:
    lines = [f"test/{number}/a.png,x,{'odd' if number else 'even'}" for number in range(2)]
    (tmp_path / "kinds.csv").write_text("\n".join(["file,more,kind", *lines]))
    ended = command("inspect", many, "--split", "test", "--labels-from", "kinds.csv:kind")
    assert "labels   2 classes, by number:\n  0  even  1\n  1  odd  1\n" in ended.out
    assert ended.out.endswith('  labels: {file: "kinds.csv", column: "kind"}\n')
    ended = command("inspect", many, "--labels-from", ",")
    assert ended.err.endswith("name a table such as labels.csv, or attributes of CelebA's list\n")


def test_incomplete_labels_are_told(command: Any, many: Path) -> None:
    Image.new("RGB", (8, 8)).save(many / "train" / "lost.png")
    assert (
        f"labels   cannot be read: {many}: data.labels is true, but 1 of 31 images lie in no class"
        " folder (train/lost.png, for one); put the images of each class into a folder of its own,"
        " or set data.labels to false\n"
    ) in command("inspect", many).out


def test_profiles_and_deep_pixels(command: Any, tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png", icc_profile=profile)
    Image.fromarray(np.full((8, 8), 1000, np.uint16)).save(tmp_path / "b.png")
    Image.fromarray(np.full((8, 8), 4095, np.uint16)).save(tmp_path / "c.png")
    told = command("inspect", tmp_path).out.splitlines()
    assert "profiles of colours in 1: sRGB built-in 1" in told
    assert (
        "more than 8 bits in 2, the largest value is 4,095; data.white says which is white" in told
    )


def test_names_that_are_not_utf8(command: Any, tmp_path: Path) -> None:
    for name in (b"caf\xe9", b"line\nbreak"):
        folder = os.fsencode(tmp_path) + b"/lat\xe9/" + name
        Path(os.fsdecode(folder)).mkdir(parents=True)
        buffer = BytesIO()
        Image.new("L", (8, 8), len(name)).save(buffer, "PNG")
        Path(os.fsdecode(folder + b"/a.png")).write_bytes(buffer.getvalue())
        Path(os.fsdecode(folder + b"/b.png")).write_bytes(b"")
    ended = command("inspect", os.fsdecode(os.fsencode(tmp_path) + b"/lat\xe9"))
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("lat\\xe9: 4 images\n")
    assert "  0  caf\\xe9  2\n  1  line\\nbreak  2\n" in ended.out
    assert f"  {tmp_path}/lat\\xe9/line\\nbreak/b.png: the file is empty\n" in ended.out
    assert f'  source: "{tmp_path}/lat\\U0000dce9"\n' in ended.out
    [source] = re.findall("  source: (.*)\n", ended.out)
    assert os.fsencode(yaml.safe_load(source)) == os.fsencode(tmp_path) + b"/lat\xe9"


@pytest.mark.slow
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
        "  size: [64, 64]  # all images have it in both directions; a larger size trains longer\n"
        "  channels: 3  # 4 keeps transparency\n"
        "  labels: false\n",
        "",
    )


@pytest.mark.slow
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


@pytest.mark.slow
def test_names_of_arrays(command: Any, tmp_path: Path) -> None:
    pixels = np.arange(4 * 6 * 6, dtype=np.uint8).reshape(4, 6, 6)
    path = tmp_path / "own.npz"
    np.savez(path, before=pixels, after=pixels[:, :5], kind=np.array(["x", "y", "x", "y"]))
    ended = command("inspect", path)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == (
        "own.npz: several arrays may be the images: before [4, 6, 6] uint8, after [4, 5, 6] uint8;"
        " name one with data.features: {image: …}, as in --set data.features.image=NAME (inspect,"
        " convert: --features image=NAME)\n"
    )
    ended = command("inspect", path, "--features", "image=after,label=kind")
    assert (ended.code, ended.err) == (0, "")
    assert "labels   2 classes, by number:\n  0  x  2\n  1  y  2\n" in ended.out
    lines = yaml.safe_load(ended.out.partition("for a recipe:\n")[2])
    assert lines["data"]["features"] == {"image": "after", "label": "kind"}
    ended = command("convert", path, tmp_path / "set", "--size", 4, "--features", "label=kind")
    assert (ended.code, ended.out) == (2, "")
    ended = command("convert", path, tmp_path / "set", "--size", 4, "--features", "image=after")
    assert ended.out.splitlines()[-1].startswith(f"{tmp_path}/set: 4 images, 1 shard")
    for wrong in ("after", "image=", "image=a,image=b", "pixels=a", ""):
        ended = command("inspect", path, "--features", wrong)
        assert (ended.code, ended.err.splitlines()[-1]) == (
            2,
            f"Error: Invalid value for '--features': {wrong!r}: write image=NAME, label=NAME,"
            " or both",
        )
