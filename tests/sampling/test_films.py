"""Films: what is written is what is read back."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from imageio_ffmpeg import get_ffmpeg_exe
from PIL import Image

from gantool.errors import GantoolError, InputError
from gantool.sampling.films import durations, find_encoder, write_film


def grey(count: int, height: int = 6, width: int = 4) -> list[np.ndarray]:
    """Frames of random levels."""
    pick = np.random.default_rng(0)
    return list(pick.integers(0, 256, (count, height, width, 1), np.uint8))


def read(path: Path, mode: str) -> tuple[list[np.ndarray], list[int], int]:
    """Frames, their milliseconds, and how often they repeat: 0 for ever."""
    frames, lengths = [], []
    with Image.open(path) as film:
        for number in range(film.n_frames):
            film.seek(number)
            frames.append(np.asarray(film.convert(mode)))
            lengths.append(film.info["duration"])
        return frames, lengths, film.info["loop"]


@pytest.mark.parametrize(("ending", "shown"), [(".gif", [30, 40, 30]), (".webp", [33, 34, 33])])
def test_a_film_has_its_frames_at_their_times(
    ending: str, shown: list[int], tmp_path: Path
) -> None:
    written = grey(3)
    path = tmp_path / f"film{ending}"
    write_film(path, iter(written), 3, 30)
    frames, lengths, repeats = read(path, "L")
    assert (lengths, repeats) == (shown, 0)
    np.testing.assert_array_equal(frames, np.stack(written)[..., 0])


def test_times_do_not_drift() -> None:
    assert durations(6, 30, 10) == [30, 40, 30, 30, 40, 30]
    assert sum(durations(3000, 30, 10)) == 100_000
    assert sum(durations(700, 7, 1)) == 100_000
    assert durations(2, 20, 10) == [50, 50]


def test_a_webp_keeps_colours_and_transparency(tmp_path: Path) -> None:
    pick = np.random.default_rng(0)
    written = pick.integers(0, 256, (4, 6, 5, 4), np.uint8)
    written[:, :, 0, 3], written[:, :, 1, 3] = 0, 128
    written[written[..., 3] == 0] = 0
    write_film(tmp_path / "film.webp", iter(written), 4, 10)
    frames, _, _ = read(tmp_path / "film.webp", "RGBA")
    np.testing.assert_array_equal(np.stack(frames)[..., 3], written[..., 3])
    opaque = written[..., 3] == 255
    np.testing.assert_array_equal(np.stack(frames)[opaque], written[opaque])


def test_a_gif_has_the_colours_of_each_frame(tmp_path: Path) -> None:
    written = np.zeros((2, 6, 5, 3), np.uint8)
    written[0], written[1, :3], written[1, 3:] = (200, 30, 7), (0, 120, 255), (9, 8, 7)
    write_film(tmp_path / "film.gif", iter(written), 2, 10)
    frames, _, _ = read(tmp_path / "film.gif", "RGB")
    np.testing.assert_array_equal(frames, written)


def test_frames_that_are_alike_last_as_long_together(tmp_path: Path) -> None:
    [one, other] = grey(2)
    write_film(tmp_path / "film.gif", iter([one, one, one, other]), 4, 20)
    _, lengths, _ = read(tmp_path / "film.gif", "L")
    assert lengths == [150, 50]


@pytest.mark.parametrize("channels", [1, 3])
def test_an_mp4_has_all_frames_and_sides_that_are_even(channels: int, tmp_path: Path) -> None:
    levels = [20, 90, 160, 230, 60]
    frames = [np.full((19, 31, channels), level, np.uint8) for level in levels]
    path = tmp_path / "film.mp4"
    write_film(path, iter(frames), 5, 25, get_ffmpeg_exe())
    command = [get_ffmpeg_exe(), "-loglevel", "info", "-i", path, "-f", "rawvideo"]
    read = subprocess.run([*command, "-pix_fmt", "gray", "-"], capture_output=True, check=True)
    found = np.frombuffer(read.stdout, np.uint8).reshape(-1, 20, 32)
    assert len(found) == 5
    np.testing.assert_allclose(found.mean(axis=(1, 2)), levels, rtol=0, atol=4)
    assert b"25 fps" in read.stderr
    assert b"yuv420p" in read.stderr


def test_what_ffmpeg_says_is_told_and_nothing_is_left(tmp_path: Path) -> None:
    encoder = tmp_path / "ffmpeg"
    encoder.write_text("#!/bin/sh\necho first >&2\necho 'no such encoder' >&2\nexit 3\n")
    encoder.chmod(0o755)
    path = tmp_path / "film.mp4"
    frames = (np.zeros((64, 64, 3), np.uint8) for _ in range(200))  # more than a pipe holds
    with pytest.raises(GantoolError) as told:
        write_film(path, frames, 200, 10, str(encoder))
    assert str(told.value) == f"{path}: ffmpeg cannot write it: no such encoder"
    assert list(tmp_path.iterdir()) == [encoder]


@pytest.mark.parametrize("ending", [".gif", ".webp", ".mp4"])
def test_an_error_among_the_frames_leaves_the_old_file(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"film{ending}"
    path.write_text("old")

    def frames() -> Iterator[np.ndarray]:
        yield from grey(2)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_film(path, frames(), 9, 10, get_ffmpeg_exe())
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


class TestEncoder:
    def test_that_of_the_machine_comes_first(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "ffmpeg").touch(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        assert find_encoder(Path("film.mp4")) == str(tmp_path / "ffmpeg")

    def test_then_that_of_the_package(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        assert find_encoder(Path("film.mp4")) == get_ffmpeg_exe()

    def test_without_both_it_is_said_what_to_do(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
        with pytest.raises(InputError) as told:
            find_encoder(Path("film.mp4"))
        assert str(told.value) == (
            "film.mp4: MP4 is written by ffmpeg, which is not here: install it, or run pip install"
            " '.[video]' in the clone; .gif and .webp need nothing"
        )
