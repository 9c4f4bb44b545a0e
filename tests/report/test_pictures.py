"""Pictures of a page."""

from __future__ import annotations

import os
from base64 import b64decode
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gantool.report import pictures
from gantool.report.pictures import Pictures, thinned
from gantool.report.run import RunReader

from .rows import row


def decoded(source: str) -> Image.Image:
    head, _, text = source.partition(",")
    assert head == "data:image/webp;base64"
    return Image.open(BytesIO(b64decode(text)))


def noise(path: Path, side: int = 256) -> Path:
    pixels = np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def test_a_picture_is_of_so_many_bytes_and_still_the_same(tmp_path: Path) -> None:
    Image.linear_gradient("L").save(tmp_path / "a.png")
    picture = Pictures().of(tmp_path / "a.png", 5000)
    assert picture is not None
    assert (picture.width, picture.height) == (256, 256)
    image = decoded(picture.source)
    expected = np.asarray(Image.linear_gradient("L"), int)
    assert np.abs(np.asarray(image.convert("L"), int) - expected).mean() < 3


@pytest.mark.parametrize("most", [60_000, 8_000, 900])
def test_what_does_not_fit_is_made_smaller(most: int, tmp_path: Path) -> None:
    picture = Pictures().of(noise(tmp_path / "a.png"), most)
    assert picture is not None
    assert (picture.width, picture.height) == (256, 256)  # how it is shown
    assert len(b64decode(picture.source.partition(",")[2])) <= most


def test_each_file_is_encoded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoded: list[int] = []
    read = pictures._read
    monkeypatch.setattr(
        pictures, "_read", lambda path, most: (encoded.append(most), read(path, most))[1]
    )
    path = noise(tmp_path / "a.png", 16)
    kept = Pictures()
    first = kept.of(path)
    assert kept.of(path) == first
    assert len(encoded) == 1
    Image.new("L", (16, 16)).save(path)
    os.utime(path, ns=(1, 1))
    assert kept.of(path) != first
    kept.forget_unused()
    kept.forget_unused()
    kept.of(path)
    assert len(encoded) == 3


def test_what_is_no_picture_is_left_out(tmp_path: Path) -> None:
    whole = noise(tmp_path / "a.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "folder.png").mkdir()
    for name in ("cut.png", "text.png", "empty.png", "folder.png", "gone.png"):
        assert Pictures().of(tmp_path / name) is None, name


@pytest.mark.parametrize("count", [0, 1, 2, 99, 100, 101, 150, 199, 200, 777, 10_000])
def test_of_many_grids_so_many_are_shown_that_there_are_a_hundred(count: int) -> None:
    grids = [(step, Path(str(step))) for step in range(count)]
    shown = thinned(grids)
    assert len(shown) <= 100
    assert len(shown) >= min(count, 50)
    assert shown[:1] == grids[:1]
    assert shown[-1:] == grids[-1:]
    # With one grid more they are the same but for the newest, unless there were a hundred.
    more = thinned([*grids, (count, Path("newest"))])
    assert len(shown) == 100 or set(shown[:-1]) <= set(more)


def test_a_film_is_of_the_grids_up_to_the_step_of_the_run(made: Callable[..., Path]) -> None:
    run = made(rows=[row(20), row(30)], grids=[10, 20, 30, 40])
    (run / "samples" / "step-00000020-by-label.png").write_bytes(b"of another layout")
    (run / "samples" / "step-00000010.png").write_bytes(b"damaged")
    film = Pictures().film(RunReader(run).read())
    assert [frame.step for frame in film] == [20, 30]
    levels = [np.asarray(decoded(frame.picture.source).convert("L")).mean() for frame in film]
    assert levels == pytest.approx([20, 30], abs=2)
