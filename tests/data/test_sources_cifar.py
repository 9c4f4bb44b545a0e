from __future__ import annotations

import os

import numpy as np
import pytest

from gantool.data.sources import open_source
from gantool.data.sources.choice import Choice
from gantool.data.sources.cifar import CIFAR10, CIFAR100, CifarSource
from gantool.errors import InputError


@pytest.fixture
def rows():
    """Two images for each of the five batches of CIFAR-10."""
    return np.random.default_rng(0).integers(0, 256, (10, 3072), np.uint8)


@pytest.fixture
def folder(tmp_path, rows):
    for number, name in enumerate(CIFAR10.batches):
        content = [bytes([n]) + rows[n].tobytes() for n in (2 * number, 2 * number + 1)]
        (tmp_path / name).write_bytes(b"".join(content))
    # As in the archive: an empty line at the end.
    (tmp_path / "batches.meta.txt").write_text("".join(f"class{n}\n" for n in range(10)) + "\n")
    return tmp_path


def message(folder, layout=CIFAR10):
    with pytest.raises(InputError) as caught:
        CifarSource(folder, "cifar10", Choice(True), layout)
    return str(caught.value)


def test_the_images(folder, rows):
    source = CifarSource(folder, "cifar10", Choice(False), CIFAR10)
    assert (source.name, len(source), source.labels, source.classes) == ("cifar10", 10, None, ())
    for index in range(10):
        image = source.image(index)
        assert (image.mode, image.size) == ("RGB", (32, 32))
        pixels = np.asarray(image)
        for channel in range(3):
            plane = rows[index, 1024 * channel : 1024 * (channel + 1)].reshape(32, 32)
            assert np.array_equal(pixels[:, :, channel], plane)


def test_the_labels(folder):
    source = CifarSource(folder, "cifar10", Choice(True), CIFAR10)
    assert source.labels is not None
    assert source.labels.dtype == np.int32
    assert source.labels.tolist() == list(range(10))
    assert source.classes == tuple(f"class{number}" for number in range(10))


def test_where_an_image_lies(folder):
    source = CifarSource(folder, "cifar10", Choice(False), CIFAR10)
    assert source.where(0) == f"{folder}/data_batch_1.bin, image 0"
    assert source.where(3) == f"{folder}/data_batch_2.bin, image 1"
    assert source.where(9) == f"{folder}/data_batch_5.bin, image 1"


def test_cifar_100_has_its_finer_classes(tmp_path, rows):
    records = [bytes([n, 99 - n]) + row.tobytes() for n, row in enumerate(rows)]
    (tmp_path / "train.bin").write_bytes(b"".join(records))
    (tmp_path / "fine_label_names.txt").write_text("".join(f"fine{n}\n" for n in range(100)))
    (tmp_path / "coarse_label_names.txt").write_text("".join(f"coarse{n}\n" for n in range(20)))
    source = CifarSource(tmp_path, "cifar100", Choice(True), CIFAR100)
    assert source.labels is not None
    assert source.labels.tolist() == list(range(9, -1, -1))
    assert source.classes == tuple(f"fine{n}" for n in range(90, 100))
    assert np.array_equal(np.asarray(source.image(7))[:, :, 2].ravel(), rows[7, 2048:])


def test_a_folder_of_ones_own_and_its_splits(folder, rows, data):
    for number in range(3, 6):
        (folder / f"data_batch_{number}.bin").unlink()
    (folder / "test_batch.bin").write_bytes(b"\x05" + rows[9].tobytes())

    def first_pixels(**keys):
        source = open_source(data(folder, **keys), None)
        return [int(np.asarray(source.image(index))[0, 0, 0]) for index in range(len(source))]

    reds = rows[:, 0].tolist()
    assert first_pixels() == first_pixels(split="train") == reds[:4]
    assert first_pixels(split="test") == [reds[9]]
    assert first_pixels(split="all") == [*reds[:4], reds[9]]
    with pytest.raises(InputError) as caught:
        first_pixels(split="validation")
    assert str(caught.value) == (
        f"{folder.name}: data.split is validation, and this has only train, test; set data.split"
        " to null"
    )
    (folder / "batches.meta.txt").unlink()
    source = open_source(data(folder, labels=True), None)
    assert source.classes == ("0", "1", "2", "3")


def test_a_single_file_is_known_by_its_length_and_labels(tmp_path, rows, data):
    path = tmp_path / "mine.bin"
    path.write_bytes(b"".join(bytes([n % 10]) + row.tobytes() for n, row in enumerate(rows)))
    source = open_source(data(path, labels=True), None)
    assert source.labels.tolist() == list(range(10))
    assert np.asarray(source.image(3))[:, :, 1].ravel().tolist() == rows[3, 1024:2048].tolist()
    path.write_bytes(b"".join(bytes([3, n]) + row.tobytes() for n, row in enumerate(rows)))
    assert open_source(data(path, labels=True), None).classes == tuple(map(str, range(10)))
    path.write_bytes(bytes([11]) * 3073)
    with pytest.raises(InputError, match="no kind of file that is read"):
        open_source(data(path), None)


def test_a_batch_that_is_cut_off(folder):
    path = folder / "data_batch_3.bin"
    path.write_bytes(path.read_bytes()[:-1])
    assert message(folder) == (
        f"{path}: damaged: 6,145 bytes are no whole number of records of 3,073; remove its folder"
        " and run `gantool download` again"
    )
    path.write_bytes(b"")
    assert message(folder).startswith(f"{path}: damaged: 0 bytes")


def test_a_label_that_is_none(folder, rows):
    path = folder / "data_batch_4.bin"
    path.write_bytes(b"\x0a" + rows[0].tobytes())
    assert message(folder) == (
        f"{path}: damaged: a label is 10, and labels go from 0 to 9; remove its folder and run"
        " `gantool download` again"
    )


def test_names_that_are_missing(folder):
    (folder / "batches.meta.txt").write_text("cat\ndog\n")
    assert message(folder) == (
        f"{folder}/batches.meta.txt: damaged: 2 names for 10 classes; remove its folder and run"
        " `gantool download` again"
    )


def test_what_is_no_file_of_its_size(folder):
    path = folder / "data_batch_1.bin"
    os.truncate(path, 1 << 40)
    told = f"{path}: not a file of CIFAR: it is larger than any, or no plain file"
    assert message(folder) == told
    path.unlink()
    os.mkfifo(path)
    assert message(folder) == told
