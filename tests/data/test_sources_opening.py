from __future__ import annotations

import gzip
import os
import subprocess
import sys
import tarfile

import numpy as np
import pytest

from gantool.data import records
from gantool.data.sources import open_source
from gantool.errors import InputError


def message(data, folder=None):
    with pytest.raises(InputError) as caught:
        open_source(data, folder)
    return str(caught.value)


def test_a_relative_path_is_first_the_recipes_then_the_working_folders(
    tmp_path, monkeypatch, data, plain
):
    for name in ("recipes/both", "here/both", "here/only"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "x.png").write_bytes(plain(1))
    monkeypatch.chdir(tmp_path / "here")
    recipes = tmp_path / "recipes"
    assert open_source(data("both"), recipes).where(0) == f"{recipes}/both/x.png"
    assert open_source(data("both"), None).where(0) == "both/x.png"
    assert open_source(data("only"), recipes).where(0) == "only/x.png"
    absolute = tmp_path / "here/only"
    assert open_source(data(absolute), recipes).where(0) == f"{absolute}/x.png"


def test_the_home_folder(tmp_path, monkeypatch, data, plain):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "x.png").write_bytes(plain(1))
    assert open_source(data("~/"), None).where(0) == f"{tmp_path}/x.png"
    assert "looked for ~nobody-here/x" in message(data("~nobody-here/x"))


def test_nothing_of_that_name(tmp_path, monkeypatch, data):
    monkeypatch.chdir(tmp_path)
    assert message(data("photos/x.tfrecord"), tmp_path / "recipes") == (
        "data.source: 'photos/x.tfrecord' is no data set of the catalogue (celeba, cifar10,"
        " cifar100, emoji, fashion-mnist, flowers102, kmnist, lfw, mnist, stacked-mnist, ring,"
        " grid), and no file or folder:"
        f" looked for {tmp_path}/recipes/photos/x.tfrecord and photos/x.tfrecord"
    )
    assert message(data("mnits")) == (
        "data.source: 'mnits' is no data set of the catalogue (celeba, cifar10,"
        " cifar100, emoji, fashion-mnist, flowers102, kmnist, lfw, mnist, stacked-mnist, ring,"
        " grid), and no file or folder:"
        " looked for mnits; did you mean 'mnist'?"
    )


def test_brackets_in_a_folders_name_are_no_pattern(tmp_path, data, plain):
    (tmp_path / "a[b]").mkdir()
    (tmp_path / "a[b]/x.png").write_bytes(plain(1))
    assert len(open_source(data(tmp_path / "a[b]"), None)) == 1


def test_a_single_image(tmp_path, data, plain):
    path = tmp_path / "x.png"
    path.write_bytes(plain(1))
    assert message(data(path)) == (
        f"{path}: a single file; name the folder or the zip file of the images"
    )


@pytest.mark.parametrize("content", [b"", b"text"])
def test_a_file_of_no_known_kind(tmp_path, data, content):
    path = tmp_path / "x.bin"
    path.write_bytes(content)
    assert message(data(path)) == (
        f"{path}: no kind of file that is read: zip, tar, TFRecord, IDX, .npy, .npz, HDF5, or the"
        " binary files of CIFAR"
    )


def test_compressed_files_of_other_names(tmp_path, data, plain):
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(b"text"))
    assert message(data(path)) == (
        f"{path}: compressed by gzip, and neither IDX nor TFRecord: decompress it (gunzip)"
    )
    path.write_bytes(gzip.compress(records.frame(records.encode_example(plain(3)))))
    assert len(open_source(data(path), None)) == 1


def test_one_folder_in_another(tmp_path, data, plain, write_idx):
    inner = tmp_path / "a/raw/deep"
    inner.mkdir(parents=True)
    (inner / "x.tfrecord").write_bytes(records.frame(records.encode_example(plain(3))))
    assert len(open_source(data(tmp_path / "a"), None)) == 1
    inner = tmp_path / "MNIST/raw"
    inner.mkdir(parents=True)
    write_idx(inner / "train-images-idx3-ubyte", np.zeros((2, 4, 4)))
    assert len(open_source(data(tmp_path / "MNIST"), None)) == 2


def test_pictures_beside_records_are_told(tmp_path, data, plain):
    (tmp_path / "x.tfrecord").write_bytes(records.frame(records.encode_example(plain(3))))
    (tmp_path / "a.png").write_bytes(plain(1))
    (tmp_path / "b.JPG").write_bytes(plain(1))
    assert open_source(data(tmp_path), None).notes == (
        f"{tmp_path}: 2 image files beside the others left out",
    )


def test_names_of_parts_where_there_are_none(tmp_path, data, plain):
    (tmp_path / "x.png").write_bytes(plain(1))
    assert message(data(tmp_path, features={"label": "kind"})) == (
        f"{tmp_path}: data.features names parts of records, arrays and tar files, and this is none"
        " of them; leave it out"
    )


def test_a_compressed_file_that_is_called_tfrecord(tmp_path, data):
    path = tmp_path / "x.tfrecord.gz"
    path.write_bytes(gzip.compress(b"some text, no record"))
    assert message(data(path)) == f"{path}: not a TFRecord file, or damaged in its first bytes"


TO_FILES = "save its images as files in a folder for each class, or as .npz or TFRecord"
PICKLE = (
    "Python objects, which can run code when they are read and never are; save the arrays by"
    " numpy.savez"
)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.parquet", b"PAR1....", f"a Parquet file, which is not read: {TO_FILES}"),
        (
            "a.rec",
            b"\x0a\x23\xd7\xce",
            f"a RecordIO file (.rec) of MXNet, which is not read: {TO_FILES}",
        ),
        (
            "a",
            b"7z\xbc\xaf\x27\x1c",
            "a 7z archive, which is not read: unpack it, and name the folder",
        ),
        ("a", b"Rar!\x1a\x07", "a rar archive, which is not read: unpack it, and name the folder"),
        ("a.pkl", b"\x80\x04", PICKLE),
        ("a.pth", b"\x80\x04", f"a file of PyTorch: {PICKLE}"),
        (
            "a.mat",
            b"MATLAB 7.3 MAT-file, Platform: GLNXA64",
            "a .mat file of MATLAB, which is not read: save its array by numpy.save"
            " (scipy.io.loadmat or h5py gives it)",
        ),
        (
            "a.h5",
            b"gantool checkpoint\nsha256 ",
            "a checkpoint of gantool: `gantool sample --ckpt` draws from it",
        ),
    ],
)
def test_kinds_that_are_known_and_not_read(tmp_path, data, name, content, told):
    path = tmp_path / name
    path.write_bytes(content)
    assert message(data(path)) == f"{path}: {told}"


def test_an_lmdb_and_cifar_for_python(tmp_path, data):
    (tmp_path / "data.mdb").write_bytes(bytes(8192))
    assert message(data(tmp_path)) == f"{tmp_path}: an LMDB, which is not read: {TO_FILES}"
    (tmp_path / "data.mdb").rename(tmp_path / "data_batch_1")
    (tmp_path / "batches.meta").touch()
    assert message(data(tmp_path)) == (
        f"{tmp_path}: CIFAR's Python version, {PICKLE}; or get the binary version (`gantool"
        " download cifar10`)"
    )


@pytest.mark.parametrize("name", ["x.tar.gz", "x.tar"])
def test_a_compressed_tar_says_what_to_do(tmp_path, data, plain, name):
    (tmp_path / "x.png").write_bytes(plain(1))
    path = tmp_path / name
    with tarfile.open(path, "w:gz") as tar:
        tar.add(tmp_path / "x.png")
    assert message(data(path)) == (
        f"{path}: a compressed tar file, in which nothing is found without unpacking it: decompress"
        " it (gunzip < FILE > NEW.tar), and name the .tar, which is read as it is"
    )


def test_a_tar_compressed_by_xz_that_is_called_tar(tmp_path, data, plain):
    (tmp_path / "x.png").write_bytes(plain(1))
    path = tmp_path / "x.tar"
    with tarfile.open(path, "w:xz") as tar:
        tar.add(tmp_path / "x.png")
    assert message(data(path)) == f"{path}: compressed by xz: unpack it (unxz)"


def test_what_the_system_refuses_is_told(tmp_path, data):
    (tmp_path / "x").touch()
    name = "n" * 300
    assert message(data(name)) == f"{name}: cannot be read: File name too long"


def test_opening_does_not_import_tensorflow():
    code = (
        "import sys, gantool.data.loading, gantool.data.download, gantool.data.order;"
        "assert 'tensorflow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_pipe_or_a_device_is_no_source(tmp_path, data):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", "/dev/zero"):
        assert message(data(path)) == f"{path}: neither a file nor a folder"
