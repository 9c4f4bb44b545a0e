"""From images of every kind to samples: a few steps of a tiny network for each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gantool.data import records

RECIPE = """\
name: any
data: {{source: {source}, size: [{height}, {width}], channels: {channels}, labels: {labels}}}
latent: {{size: 4}}
generator:
  layers:
    [{concat}Dense: {{units: {units}}}, Reshape: {{target_shape: [{height}, {width}, {channels}]}}]
discriminator:
  layers: [{concat}Flatten, Dense: {{units: 1}}]
loss: hinge
optimizers: {{generator: SGD, discriminator: SGD}}
train: {{steps: 3, batch_size: 4}}
output: {{grid: {{rows: 2, columns: 3}}}}
"""


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(source: str, size: tuple[int, int], channels: int, *, labels: bool) -> None:
    height, width = size
    text = RECIPE.format(
        source=source,
        height=height,
        width=width,
        channels=channels,
        labels=str(labels).lower(),
        units=height * width * channels,
        concat="ConcatLabel, " if labels else "",
    )
    Path("any.yaml").write_text(text)


def train_and_sample(command: Any) -> tuple[Image.Image, Image.Image]:
    """The grid of real images, and the sample of seed 5."""
    ended = command("train", "any.yaml", "--out", "run")
    assert (ended.code, ended.err) == (0, "")
    ended = command("sample", "--ckpt", "run", "--seeds", "5", "--out", "samples")
    assert (ended.code, ended.err) == (0, "")
    return Image.open("run/samples/reals.png"), Image.open("samples/seed-00000005.png")


@pytest.mark.slow
def test_a_folder_of_mixed_pictures_with_class_folders(command: Any) -> None:
    pick = np.random.default_rng(0)
    for name, mode in (("grey", "L"), ("rgb", "RGB"), ("palette", "P"), ("glass", "RGBA")):
        Path("images", name).mkdir(parents=True)
        for number in range(3):
            pixels = pick.integers(0, 256, (20, 16 + number, 4), np.uint8)
            image = Image.fromarray(pixels).convert("RGBA" if mode == "RGBA" else "RGB")
            image.convert(mode).save(f"images/{name}/{number}.png")
    write("images", (10, 8), 3, labels=True)
    reals, sample = train_and_sample(command)
    assert (sample.size, sample.mode) == ((8, 10), "RGB")
    assert (reals.size, reals.mode) == ((24, 20), "RGB")
    # Classes in the order of their names: glass, grey, palette, rgb; cell 1 is grey.
    cell = np.asarray(reals)[:10, 8:16]
    assert (cell[..., 0] == cell[..., 1]).all()
    assert (np.asarray(reals)[:10, 24 - 8 :] != cell).any()


@pytest.mark.slow
def test_a_zip_of_real_emoji_that_are_not_square(command: Any, repository: Path) -> None:
    write(str(repository / "data/emoji/noto-emoji-136x128.zip"), (24, 32), 3, labels=False)
    reals, sample = train_and_sample(command)
    assert (sample.size, sample.mode) == ((32, 24), "RGB")
    assert (reals.size, reals.mode) == ((96, 48), "RGB")
    assert np.asarray(reals).std() > 10


@pytest.mark.slow
def test_tfrecord_files(command: Any, mnist: Any) -> None:
    from io import BytesIO

    digits, labels = mnist("train-images")[:40], mnist("train-labels")[:40]

    def example(index: int) -> bytes:
        buffer = BytesIO()
        Image.fromarray(digits[index]).save(buffer, "PNG")
        return records.encode_example(buffer.getvalue(), int(labels[index]))

    for part in range(2):
        chosen = range(20 * part, 20 * part + 20)
        Path(f"digits-{part}.tfrecord").write_bytes(
            b"".join(map(records.frame, (example(index) for index in chosen)))
        )
    write('"digits-*.tfrecord"', (28, 28), 1, labels=True)
    reals, sample = train_and_sample(command)
    assert (sample.size, sample.mode) == ((28, 28), "L")
    cell = np.asarray(reals)[:28, 28:56]
    [found] = np.flatnonzero((digits == cell).all(axis=(1, 2)))
    assert labels[found] == 1
