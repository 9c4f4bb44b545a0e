from __future__ import annotations

import gzip
import os
import subprocess
import sys

import pytest

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
    assert message(data("photos/*.tfrecord"), tmp_path / "recipes") == (
        "data.source: 'photos/*.tfrecord' is no data set of the catalogue (celeba, cifar10,"
        " cifar100, emoji, fashion-mnist, flowers102, kmnist, lfw, mnist, ring, grid), and no"
        f" file or folder: looked for {tmp_path}/recipes/photos/*.tfrecord and photos/*.tfrecord"
    )
    assert message(data("mnits")) == (
        "data.source: 'mnits' is no data set of the catalogue (celeba, cifar10,"
        " cifar100, emoji, fashion-mnist, flowers102, kmnist, lfw, mnist, ring, grid), and no file"
        " or folder: looked for mnits; did you mean 'mnist'?"
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


@pytest.mark.parametrize("content", [b"", b"text", gzip.compress(b"text", mtime=0)])
def test_a_file_of_no_known_kind(tmp_path, data, content):
    path = tmp_path / "x.bin"
    path.write_bytes(content)
    assert message(data(path)) == (
        f"{path}: neither a zip file, nor an IDX file of unsigned bytes, nor a TFRecord file"
    )


def test_a_compressed_tfrecord_file_says_what_to_do(tmp_path, data):
    path = tmp_path / "x.tfrecord.gz"
    path.write_bytes(gzip.compress(b"text"))
    assert "decompress it (gunzip) first" in message(data(path))


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
