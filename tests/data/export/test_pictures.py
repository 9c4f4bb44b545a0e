"""A picture a file: the pixels given, encoded beside their making, and whole or not there."""

from __future__ import annotations

import io
import os
import resource
import threading
import zipfile
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gantool.data.export import pictures
from gantool.data.export.encoding import encode, reason_against
from gantool.data.export.pictures import Picture, Run, write_folder, write_zip

PATIENCE = 20.0
"""Seconds after which something that should have happened has not."""

pick = np.random.default_rng(0)


def noise(channels: int) -> np.ndarray:
    return pick.integers(0, 256, (5, 7, channels), np.uint8)


def runs(given: Iterable[Picture]) -> Iterator[Run]:
    """Two pictures a run."""
    waiting: list[Picture] = []
    for picture in given:
        waiting.append(picture)
        if len(waiting) == 2:
            yield lambda kept=waiting: kept
            waiting = []
    if waiting:
        yield lambda: waiting


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def read(content: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(content)) as image:
        pixels = np.asarray(image)
    return pixels if pixels.ndim == 3 else pixels[:, :, np.newaxis]


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("format", ["png", "webp"])
def test_files_hold_the_very_pixels(format: str, channels: int, tmp_path: Path) -> None:
    given = {f"p{number}": noise(channels) for number in range(5)}
    write_folder(tmp_path, runs(Picture(*pair) for pair in given.items()), format)
    write_zip(tmp_path / "all.zip", runs(Picture(*pair) for pair in given.items()), format)
    assert names(tmp_path) == ["all.zip", *(f"{name}.{format}" for name in given)]
    with zipfile.ZipFile(tmp_path / "all.zip") as packed:
        assert packed.namelist() == [f"{name}.{format}" for name in given]
        for name, pixels in given.items():
            content = (tmp_path / f"{name}.{format}").read_bytes()
            assert packed.read(f"{name}.{format}") == content
            expected = pixels
            if (format, channels) == ("webp", 1):  # which has no grey
                expected = np.repeat(pixels, 3, axis=2)
            np.testing.assert_array_equal(read(content), expected)


def test_jpeg_is_near_the_pixels() -> None:
    smooth = np.linspace(0, 255, 16 * 16 * 3).reshape(16, 16, 3).astype(np.uint8)
    difference = read(bytes(encode(smooth, "jpg"))).astype(int) - smooth
    assert 0 < np.abs(difference).max() <= 8


@pytest.mark.parametrize(
    ("format", "shape", "reason"),
    [
        ("jpg", (5, 7, 4), "a JPEG has no transparency: choose png or webp"),
        ("jpg", (5, 65_501, 3), "5×65501 pixels, and a jpg has 65,500 a side at most"),
        ("webp", (16_384, 7, 3), "16384×7 pixels, and a webp has 16,383 a side at most"),
        ("webp", (16_383, 16_383, 4), None),
        ("jpg", (5, 7, 1), None),
        ("png", (100_000, 7, 4), None),
    ],
)
def test_what_a_format_cannot_hold(format: str, shape: tuple[int, ...], reason: str | None) -> None:
    assert reason_against(format, shape) == reason


def test_a_zip_is_the_same_bytes_at_any_time(tmp_path: Path) -> None:
    given = [Picture("a", noise(3)), Picture("b", noise(3))]
    for name, when in (("one.zip", None), ("two.zip", 1e9)):
        write_zip(tmp_path / name, runs(given), "png")
        os.utime(tmp_path / name, when and (when, when))
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_a_zip_has_each_name_once(tmp_path: Path) -> None:
    first, second = noise(3), noise(3)
    write_zip(tmp_path / "a.zip", runs([Picture("a", first), Picture("a", second)]), "png")
    with zipfile.ZipFile(tmp_path / "a.zip") as packed:
        assert packed.namelist() == ["a.png"]
        np.testing.assert_array_equal(read(packed.read("a.png")), first)
        assert packed.getinfo("a.png").external_attr >> 16 == 0o644


def test_the_next_pictures_are_made_while_one_is_encoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures.os, "sched_getaffinity", lambda _: {0, 1})
    made, heard = threading.Event(), []

    def slow(pixels: np.ndarray, format: str, text: str) -> bytes:
        heard.append(made.wait(PATIENCE if all(heard) else 0))
        return bytes(encode(pixels, format, text))

    def given() -> Iterator[Picture]:
        for number in range(12):
            yield Picture(str(number), noise(3))
        made.set()

    monkeypatch.setattr(pictures, "encode", slow)
    write_folder(tmp_path, runs(given()), "png")
    assert heard == [True] * 12
    assert len(names(tmp_path)) == 12


@pytest.mark.parametrize("to_zip", [False, True])
def test_making_waits_for_files_that_are_slow(
    to_zip: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many pictures there are, few are in memory: here there are endlessly many."""
    write_it, place = (write_zip, tmp_path / "a.zip") if to_zip else (write_folder, tmp_path)
    monkeypatch.setattr(pictures.os, "sched_getaffinity", lambda _: {0, 1})
    go_on, ahead = threading.Event(), threading.Event()

    class GoneError(Exception):
        pass

    def slow(*_: object) -> bytes:
        assert go_on.wait(PATIENCE)
        raise GoneError

    def given() -> Iterator[Picture]:
        for number in count():
            if number == 100:
                ahead.set()
            yield Picture(str(number), noise(3))

    def write() -> None:
        with pytest.raises(GoneError):
            write_it(place, runs(given()), "png")

    monkeypatch.setattr(pictures, "encode", slow)
    thread = threading.Thread(target=write)
    thread.start()
    assert not ahead.wait(0.3)
    go_on.set()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert names(tmp_path) == []


def test_an_error_comes_as_itself_and_leaves_whole_files(tmp_path: Path) -> None:
    (tmp_path / "40.png").mkdir()  # no file takes the place of a folder
    with pytest.raises(IsADirectoryError):
        write_folder(tmp_path, runs(Picture(str(name), noise(1)) for name in range(64)), "png")
    (tmp_path / "40.png").rmdir()
    assert {"0.png", "39.png"} <= set(names(tmp_path))
    for path in tmp_path.iterdir():
        assert read(path.read_bytes()).shape == (5, 7, 1)


@pytest.mark.parametrize("to_zip", [False, True])
def test_a_file_that_does_not_fit_is_not_left_short(to_zip: bool, tmp_path: Path) -> None:
    """As on a full disk, the first part of a file can be written, and then no more."""
    write_it, place = (write_zip, tmp_path / "a.zip") if to_zip else (write_folder, tmp_path)
    given = runs([Picture("a", pick.integers(0, 256, (64, 64, 3), np.uint8))])
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, usual[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            write_it(place, given, "png")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert names(tmp_path) == []
