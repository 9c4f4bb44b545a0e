"""Stacks of three digits of MNIST: their pixels, their classes, and a run with them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gantool.data.download import place
from gantool.data.loading import load_images
from gantool.data.sources import open_source
from gantool.data.sources import stacked as stacked_source
from gantool.errors import InputError
from gantool.recipe.data import Data


def stacked(**keys: Any) -> Any:
    data = Data(source="stacked-mnist", size=(28, 28), **keys)
    return load_images(open_source(data, None), data)


@pytest.mark.usefixtures("in_repository")
def test_each_channel_is_a_digit_of_the_class(mnist: Callable[[str], np.ndarray]) -> None:
    images = stacked(labels=True)
    digits, labels = mnist("train-images"), mnist("train-labels")
    known = {digit.tobytes(): int(label) for digit, label in zip(digits, labels, strict=True)}
    numbers = np.arange(0, 100_000, 997)
    for image, label in zip(images.read(numbers), images.labels[numbers], strict=True):
        shown = [known[np.ascontiguousarray(image[..., channel]).tobytes()] for channel in range(3)]
        assert shown == [label // 100, label // 10 % 10, label % 10]
    assert images.classes[307] == "307"
    # Each of a thousand classes about a hundred times, drawn independently.
    counts = np.bincount(images.labels, minlength=1000)
    assert counts.sum() == 100_000
    assert 50 < counts.min() < counts.max() < 180


@pytest.mark.usefixtures("in_repository")
def test_they_are_always_the_same_and_resized_as_pictures_are() -> None:
    first = stacked().read(np.arange(3))
    np.testing.assert_array_equal(first, stacked().read(np.arange(3)))
    assert first.shape == (3, 28, 28, 3)
    test = stacked(split="test").read(np.arange(3))
    assert not np.array_equal(first, test)


@pytest.mark.usefixtures("no_checkout")
def test_without_mnist_the_way_is_told() -> None:
    with pytest.raises(InputError, match=r"^the data set mnist is not here yet: run"):
        stacked()


def test_it_is_not_downloaded_by_itself() -> None:
    with pytest.raises(InputError) as error:
        place("stacked-mnist")
    assert str(error.value) == "stacked-mnist is made of mnist as it is read: download mnist"


@pytest.mark.slow
@pytest.mark.usefixtures("in_repository")
def test_a_run_with_them(
    command: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "s.yaml").write_text(
        """\
name: stacked
data: {source: stacked-mnist, size: [28, 28]}
latent: {size: 4}
generator:
  layers: [{Dense: {units: 2352, activation: tanh}}, {Reshape: {target_shape: [28, 28, 3]}}]
discriminator: {layers: [Flatten, {Dense: {units: 1}}]}
loss: hinge
optimizers: {generator: Adam, discriminator: Adam}
train: {steps: 2, batch_size: 16}
"""
    )
    ended = command("train", tmp_path / "s.yaml", "--out", tmp_path / "run")
    assert ended.code == 0, ended.err
    assert ended.out.startswith(f"{tmp_path}/run: 100,000 images, steps 1 to 2\n")
    monkeypatch.setattr(stacked_source, "_COUNT", 1234)  # each of them is looked at
    told = command("inspect", "stacked-mnist")
    assert told.code == 0, told.err
    assert told.out.startswith("stacked-mnist: 1,234 images\n")
