from __future__ import annotations

import gzip
import hashlib
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
            assert re.fullmatch("[0-9a-f]{64}", file.sha256)
            assert re.fullmatch("[0-9a-f]{64}", file.content_sha256 or "0" * 64)
            assert file.size > 0
            assert Path(file.name).name == file.name
        digests = [file.sha256 for file in data_set.files]
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


def test_the_content_of_mnist_has_the_md5_that_its_readers_know(real_data):
    for file in CATALOGUE["mnist"].files:
        content = gzip.decompress((real_data / "mnist" / file.name).read_bytes())
        known = (real_data / "README.md").read_text()
        assert f"| `{file.name[:-3]}` | `{hashlib.md5(content).hexdigest()}` |" in known
        assert hashlib.sha256(content).hexdigest() == file.content_sha256


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
