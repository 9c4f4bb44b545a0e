from __future__ import annotations

import shutil

import numpy as np
import pytest

from gantool.data.sources import NotDownloadedError, open_source
from gantool.errors import InputError

IMAGES = np.arange(24).reshape(2, 3, 4)


@pytest.mark.usefixtures("in_repository")
def test_mnist(data, real_data):
    source = open_source(data("mnist", labels=True), None)
    assert (len(source), source.name) == (60000, "mnist")
    assert source.classes == tuple("0123456789")
    assert source.labels.dtype == np.int32
    assert np.bincount(source.labels).tolist() == [
        *(5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949)
    ]
    image = source.image(0)
    assert (image.mode, image.size) == ("L", (28, 28))
    np.testing.assert_array_equal(np.asarray(image), source.pixels()[0])
    where = real_data / "mnist/train-images-idx3-ubyte.gz"
    assert source.where(7) == f"{where}, image 7"


@pytest.mark.usefixtures("in_repository")
def test_without_labels(data):
    source = open_source(data("mnist"), None)
    assert source.labels is None
    assert source.classes == ()


def test_a_folder_means_its_training_images(data, real_data):
    source = open_source(data(real_data / "mnist", labels=True), None)
    assert (len(source), source.name) == (60000, "mnist")


@pytest.mark.usefixtures("in_repository")
def test_splits(data, real_data):
    for source in (real_data / "mnist", "mnist"):
        test = open_source(data(source, labels=True, split="test"), None)
        assert (len(test), test.labels[:5].tolist()) == (10000, [7, 2, 1, 0, 4])
        assert len(open_source(data(source, split="train"), None)) == 60000
        both = open_source(data(source, labels=True, split="all"), None)
        assert (len(both), both.image_size, both.notes) == (70000, (28, 28), ())
        assert both.labels[[0, 59999, 60000, 69999]].tolist() == [5, 8, 7, 6]
        assert both.where(60007) == f"{real_data / 'mnist/t10k-images-idx3-ubyte.gz'}, image 7"
        assert np.array_equal(both.pixels()[60000:], test.pixels())
    assert open_source(data(real_data / "mnist"), None).notes == (
        "mnist: 1 of 2 files are of the split train and taken; left out: test (data.split: all"
        " takes them, too)",
    )
    with pytest.raises(InputError) as caught:
        open_source(data(real_data / "mnist", split="validation"), None)
    assert str(caught.value) == (
        "mnist: data.split is validation, and this has only train, test; set data.split to null"
    )
    with pytest.raises(InputError, match=r"data\.split is test, and this has only train"):
        open_source(data(real_data / "mnist/train-images-idx3-ubyte.gz", split="test"), None)


def test_a_file_can_be_named(data, real_data):
    path = real_data / "mnist/t10k-images-idx3-ubyte.gz"
    source = open_source(data(path, labels=True), None)
    assert len(source) == 10000
    assert source.labels[:5].tolist() == [7, 2, 1, 0, 4]


@pytest.mark.parametrize("images", ["my-images-idx3-ubyte", "my-images.idx3-ubyte.gz"])
@pytest.mark.parametrize("zipped", ["", ".gz"])
def test_labels_lie_beside_the_images(tmp_path, data, write_idx, images, zipped):
    labels = images.removesuffix(".gz").replace("images", "labels").replace("idx3", "idx1")
    path = write_idx(tmp_path / images, IMAGES)
    write_idx(tmp_path / (labels + zipped), np.array([3, 1]))
    for source in (tmp_path, path):
        opened = open_source(data(source, labels=True), None)
        assert opened.labels.tolist() == [1, 0]
        assert opened.classes == ("1", "3")


def test_no_labels_beside_the_images(tmp_path, data, write_idx):
    path = write_idx(tmp_path / "train-images-idx3-ubyte.gz", IMAGES)
    with pytest.raises(InputError) as caught:
        open_source(data(tmp_path, labels=True), None)
    assert str(caught.value) == (
        f"{path}: data.labels is true, but the labels are not beside it; put"
        f" train-labels-idx1-ubyte (or train-labels-idx1-ubyte.gz) into {tmp_path}, or set"
        " data.labels to false"
    )


def test_labels_of_other_images(tmp_path, data, write_idx):
    write_idx(tmp_path / "train-images-idx3-ubyte", IMAGES)
    labels = write_idx(tmp_path / "train-labels-idx1-ubyte", np.arange(3))
    with pytest.raises(InputError) as caught:
        open_source(data(tmp_path, labels=True), None)
    assert str(caught.value) == f"{labels}: 3 labels for the 2 images of train-images-idx3-ubyte"


def test_several_files_none_for_training(tmp_path, data, write_idx):
    write_idx(tmp_path / "a-images-idx3-ubyte", IMAGES)
    write_idx(tmp_path / "b-images-idx3-ubyte", IMAGES)
    with pytest.raises(InputError) as caught:
        open_source(data(tmp_path), None)
    assert str(caught.value) == (
        f"{tmp_path}: several IDX files of images (a-images-idx3-ubyte, b-images-idx3-ubyte);"
        " name one of them"
    )


def test_all_splits(tmp_path, data, write_idx):
    write_idx(tmp_path / "t10k-images-idx3-ubyte", IMAGES)
    write_idx(tmp_path / "train-images-idx3-ubyte", IMAGES[:, :2])
    with pytest.raises(InputError) as caught:
        open_source(data(tmp_path, split="all"), None)
    assert str(caught.value) == (
        f"{tmp_path.name}: images of several sizes ({tmp_path}/train-images-idx3-ubyte 2×4,"
        f" {tmp_path}/t10k-images-idx3-ubyte 3×4); name one of these files"
    )
    write_idx(tmp_path / "b-train-images-idx3-ubyte", IMAGES)
    with pytest.raises(InputError, match="several IDX files of images"):
        open_source(data(tmp_path, split="all"), None)


def test_a_file_of_labels_is_no_set_of_images(data, real_data):
    path = real_data / "mnist/train-labels-idx1-ubyte.gz"
    with pytest.raises(InputError) as caught:
        open_source(data(path), None)
    assert str(caught.value) == (
        f"{path}: not a set of images: its dimensions are 60000, and number, height and width are"
        " expected; name the file of the images (…images-idx3…)"
    )


def test_a_truncated_file_is_told_when_it_is_read(tmp_path, data, write_idx):
    path = write_idx(tmp_path / "train-images-idx3-ubyte", IMAGES)
    path.write_bytes(path.read_bytes()[:-1])
    source = open_source(data(tmp_path), None)
    with pytest.raises(InputError, match="the file is cut off: its header announces 24 bytes"):
        source.image(0)


def test_a_catalogue_name_comes_before_a_path(tmp_path, monkeypatch, data, plain, real_data):
    (tmp_path / "mnist").mkdir()
    (tmp_path / "mnist/x.png").write_bytes(plain(1))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GANTOOL_DATA", str(real_data))
    assert len(open_source(data("mnist"), None)) == 60000
    assert len(open_source(data("./mnist"), None)) == 1


def test_a_set_that_is_not_there_yet(tmp_path, monkeypatch, data):
    places = [tmp_path / "sets", tmp_path / "data"]
    monkeypatch.setattr("gantool.data.catalogue.data_set_places", lambda: places)
    monkeypatch.setattr("gantool.data.sources.opening.data_set_places", lambda: places)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotDownloadedError) as caught:
        open_source(data("mnist"), None)
    assert str(caught.value) == (
        "the data set mnist is not here yet: run `gantool download mnist`"
        f" (looked in {tmp_path}/sets, {tmp_path}/data)"
    )
    (tmp_path / "mnist").mkdir()
    with pytest.raises(NotDownloadedError, match=r"; the folder mnist is \./mnist\)$"):
        open_source(data("mnist"), None)


def test_a_set_in_the_working_folder(tmp_path, monkeypatch, data, real_data):
    monkeypatch.delenv("GANTOOL_DATA", raising=False)
    shutil.copytree(real_data / "mnist", tmp_path / "data/mnist")
    monkeypatch.chdir(tmp_path)
    assert open_source(data("mnist"), None).where(0).startswith(f"{tmp_path}/data/mnist/")
