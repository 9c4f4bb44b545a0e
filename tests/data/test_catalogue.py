from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from gantool.data import catalogue
from gantool.data.catalogue import CATALOGUE, data_set_places, find


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch, tmp_path):
    """No checkout, an empty working folder, and a user's data folder of the test's own."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.delenv("GANTOOL_DATA", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    monkeypatch.setattr(
        catalogue, "__file__", str(tmp_path / "site-packages/gantool/data/catalogue/x.py")
    )


def put(place, *names):
    folder = place / "mnist"
    folder.mkdir(parents=True)
    for name in names or [file.name for file in CATALOGUE["mnist"].files]:
        (folder / name).touch()
    return folder


def test_each_set_is_found_under_its_own_name():
    for name, data_set in CATALOGUE.items():
        assert data_set.name == name
        assert data_set.images in [file.place for file in data_set.files]


def test_every_file_can_be_told_from_a_wrong_one():
    for data_set in CATALOGUE.values():
        for file in data_set.files:
            assert file.md5 is not None or file.sha256 is not None
            for digest, length in ((file.md5, 32), (file.sha256, 64), (file.content_md5, 32)):
                assert digest is None or re.fullmatch(f"[0-9a-f]{{{length}}}", digest)
            assert file.size is not None
            assert Path(file.name).name == file.name
            assert file.unpacked is None or file.unpacked.limit > file.size
        digests = [file.md5 or file.sha256 for file in data_set.files]
        assert len(set(digests)) == len(digests)


def test_every_set_but_that_of_the_repository_has_mirrors():
    for data_set in CATALOGUE.values():
        for file in data_set.files:
            assert len(file.mirrors) >= (0 if data_set.name == "emoji" else 2)
            assert len(set(file.mirrors)) == len(file.mirrors)
            for url in file.mirrors:
                parts = urlsplit(url)
                assert parts.scheme in ("http", "https")
                assert parts.hostname


# From the project's own list of facts.
@pytest.mark.parametrize(
    ("name", "file", "md5", "size"),
    [
        ("celeba", "img_align_celeba.zip", "00d2c5bc6d35e252742224ab0c1e8fcb", 1_443_490_838),
        ("celeba", "list_attr_celeba.txt", "75e246fa4810816ffd6ee81facbd244c", None),
        ("celeba", "list_eval_partition.txt", "d32c9cbf5e040fd4025c592c306e6668", None),
        ("mnist", "train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873", None),
        ("mnist", "train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432", None),
        ("mnist", "t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3", None),
        ("mnist", "t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c", None),
        ("fashion-mnist", "train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d", None),
        ("fashion-mnist", "train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe", None),
        ("fashion-mnist", "t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79", None),
        ("fashion-mnist", "t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310", None),
    ],
)
def test_the_facts(name, file, md5, size):
    [entry] = [entry for entry in CATALOGUE[name].files if entry.name == file]
    assert entry.md5 == md5
    assert size in (None, entry.size)


def test_celeba_comes_from_its_publisher_first():
    mirrors = [file.mirrors[0] for file in CATALOGUE["celeba"].files]
    assert [parse_qs(urlsplit(url).query)["id"] for url in mirrors] == [
        ["0B7EVK8r0v71pZjFTYXZWM3FlRnM"],
        ["0B7EVK8r0v71pblRyaVFSWGxPY0U"],
        ["0B7EVK8r0v71pY0NSMzRuSXJEVkk"],
    ]


def test_places_in_order(monkeypatch, tmp_path):
    assert data_set_places() == [tmp_path / "here/data", tmp_path / "share/gantool"]
    monkeypatch.setenv("GANTOOL_DATA", str(tmp_path / "sets"))
    assert data_set_places()[0] == tmp_path / "sets"
    assert len(data_set_places()) == 3
    monkeypatch.setenv("GANTOOL_DATA", "")
    assert len(data_set_places()) == 2


def test_a_checkout_comes_last(monkeypatch, tmp_path):
    checkout = tmp_path / "clone"
    (checkout / "gantool/data").mkdir(parents=True)
    (checkout / "pyproject.toml").touch()
    monkeypatch.setattr(catalogue, "__file__", str(checkout / "gantool/data/catalogue/__init__.py"))
    assert data_set_places()[-1] == checkout / "data"
    assert len(data_set_places()) == 3
    monkeypatch.chdir(checkout)
    assert data_set_places() == [checkout / "data", tmp_path / "share/gantool"]


def test_the_first_place_that_holds_all_files_counts(monkeypatch, tmp_path):
    mnist = CATALOGUE["mnist"]
    assert find(mnist) is None
    users = put(tmp_path / "share/gantool")
    assert find(mnist) == users
    put(tmp_path / "here/data", "train-images-idx3-ubyte.gz")
    assert find(mnist) == users
    named = put(tmp_path / "sets")
    monkeypatch.setenv("GANTOOL_DATA", str(tmp_path / "sets"))
    assert find(mnist) == named


def test_what_is_not_trained_on_may_be_missing(tmp_path):
    folder = tmp_path / "here/data/celeba"
    folder.mkdir(parents=True)
    (folder / "list_attr_celeba.txt").touch()
    assert find(CATALOGUE["celeba"]) is None
    (folder / "img_align_celeba.zip").touch()
    assert find(CATALOGUE["celeba"]) == folder


def test_an_archive_counts_once_it_is_unpacked(tmp_path):
    folder = tmp_path / "here/data/lfw"
    folder.mkdir(parents=True)
    (folder / "lfw.tgz").touch()
    assert find(CATALOGUE["lfw"]) is None
    (folder / "lfw").mkdir()
    assert find(CATALOGUE["lfw"]) == folder
