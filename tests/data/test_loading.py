from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from gantool.data import loading, preparing
from gantool.data.fitting import Fit, prepare
from gantool.data.loading import load_images
from gantool.data.sources import open_source
from gantool.errors import InputError


@pytest.fixture
def streamed(monkeypatch):
    """No set is small enough for memory."""
    monkeypatch.setattr(loading, "MAX_BYTES_IN_MEMORY", 0)


@pytest.fixture
def load(data):
    def load(source, progress=None, **keys):
        section = data(source, **keys)
        return load_images(open_source(section, None), section, progress)

    return load


@pytest.fixture
def folder(tmp_path, plain):
    """200 images in two classes; image k has the value k."""
    for number in range(200):
        path = tmp_path / "set" / ("odd" if number >= 150 else "low") / f"{number:03}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(plain(number))
    return tmp_path / "set"


def test_images_are_decoded_by_as_many_threads_as_there_are_cores_for_us(folder, load, monkeypatch):
    counts = []

    def executor(count):
        counts.append(count)
        return ThreadPoolExecutor(count)

    monkeypatch.setattr(preparing, "ThreadPoolExecutor", executor)
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 5, 6})
    load(folder)
    assert counts == [3]


def test_in_memory(folder, load):
    told = []
    images = load(folder, lambda *news: told.append(news), labels=True, size=(3, 2))
    assert len(images) == 200
    assert images.example.shape == (3, 2, 3)
    assert images.classes == ("low", "odd")
    assert images.labels.tolist() == [0] * 150 + [1] * 50
    assert (images.pixels.shape, images.pixels.dtype) == ((200, 3, 2, 3), np.uint8)
    assert images.pixels[:, 2, 1, 0].tolist() == list(range(200))
    assert told == [(done, 200) for done in range(1, 201)]
    assert images.read(np.array([7, 3]))[:, 0, 0, 0].tolist() == [7, 3]
    assert images.failure is None


@pytest.mark.usefixtures("streamed")
def test_streamed(folder, load):
    images = load(folder, size=(3, 2))
    assert images.pixels is None
    assert images.labels.tolist() == [0] * 200
    assert images.classes == ()
    read = images.read(np.array([7, 3, 199]))
    assert (read.shape, read.dtype) == ((3, 3, 2, 3), np.uint8)
    assert read[:, 0, 0, 0].tolist() == [7, 3, 199]


def test_the_limit_counts_the_prepared_bytes(folder, load, monkeypatch):
    monkeypatch.setattr(loading, "MAX_BYTES_IN_MEMORY", 200 * 3 * 2 * 3)
    assert load(folder, size=(3, 2)).pixels is not None
    assert load(folder, size=(3, 3)).pixels is None


def spoil(folder, count):
    for number in range(0, 10 * count, 10):
        (folder / "low" / f"{number:03}.png").write_bytes(b"")


def test_all_unreadable_images_are_told_at_once(folder, load):
    spoil(folder, 12)
    with pytest.raises(InputError) as caught:
        load(folder)
    assert str(caught.value).splitlines() == [
        "12 of 200 images cannot be used; remove or replace them, or leave them out"
        " (data.skip_unreadable: true):",
        *(f"  {folder}/low/{number:03}.png: the file is empty" for number in range(0, 100, 10)),
        "  and 2 more",
    ]


def test_ten_are_all_named(folder, load):
    spoil(folder, 10)
    with pytest.raises(InputError) as caught:
        load(folder)
    assert len(str(caught.value).splitlines()) == 11


@pytest.mark.usefixtures("streamed")
def test_a_streamed_failure_is_remembered(folder, load):
    spoil(folder, 1)
    images = load(folder)
    with pytest.raises(InputError) as caught:
        images.read(np.array([1, 0]))
    assert str(caught.value).splitlines() == [
        "1 of 2 images cannot be used; remove or replace them, or leave them out"
        " (data.skip_unreadable: true):",
        f"  {folder}/low/000.png: the file is empty",
    ]
    assert images.failure is caught.value


def test_images_smaller_than_the_crop_are_named(folder, load):
    with pytest.raises(InputError) as caught:
        load(folder, crop=(5, 4))
    first, second, *_ = str(caught.value).splitlines()
    assert (
        first == "200 of 200 images cannot be used; remove or replace them, or leave them out"
        " (data.skip_unreadable: true):"
    )
    assert second == (
        f"  {folder}/low/000.png: a crop of 5×4 (height×width) is larger than the image, 4×4;"
        " make the crop smaller or leave it out"
    )


def test_another_error_stops_the_loading(tmp_path, load, write_idx):
    path = write_idx(tmp_path / "train-images-idx3-ubyte", np.zeros((5, 2, 2)))
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(InputError, match="the file is cut off: its header announces 20 bytes"):
        load(tmp_path)


@pytest.mark.usefixtures("in_repository")
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_mnist_as_it_is(data, load, channels):
    images = load("mnist", size=(28, 28), channels=channels, labels=True)
    source = open_source(data("mnist"), None)
    assert images.pixels.shape == (60000, 28, 28, channels)
    assert images.labels[:5].tolist() == [5, 0, 4, 1, 9]
    for index in (0, 59999):
        # The short way gives what the long one would.
        expected = prepare(source.image(index), Fit((28, 28), channels))
        np.testing.assert_array_equal(images.pixels[index], expected)


def test_an_idx_file_that_has_to_be_cropped_or_resized(tmp_path, load, write_idx):
    array = np.arange(24).reshape(2, 3, 4)
    write_idx(tmp_path / "train-images-idx3-ubyte", array)
    cropped = load(tmp_path, size=(1, 2), crop=(1, 2), channels=1)
    assert cropped.pixels[..., 0].tolist() == [[[5, 6]], [[17, 18]]]
    same = load(tmp_path, size=(3, 4), crop=(3, 4), channels=1)
    np.testing.assert_array_equal(same.pixels[..., 0], array)
    assert load(tmp_path, size=(6, 8), channels=1).pixels.shape == (2, 6, 8, 1)
    cropped_first = load(tmp_path, size=(3, 4), crop=(1, 1), channels=1)
    assert (cropped_first.pixels[0] == 5).all()


@pytest.mark.slow
@pytest.mark.usefixtures("in_repository")
def test_emoji(load):
    images = load("emoji", size=(16, 24))
    assert images.pixels.shape == (3916, 16, 24, 3)
    assert 150 < images.pixels.mean() < 220  # colours on white
