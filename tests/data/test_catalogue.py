from __future__ import annotations

import pytest

from gantool.data import catalogue
from gantool.data.catalogue import CATALOGUE, data_set_places, did_you_mean, find


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch, tmp_path):
    """No checkout, an empty working folder, and a user's data folder of the test's own."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.delenv("GANTOOL_DATA", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    monkeypatch.setattr(catalogue, "__file__", str(tmp_path / "site-packages/gantool/data/x.py"))


def put(place, *names):
    folder = place / "mnist"
    folder.mkdir(parents=True)
    for name in names or [file.name for file in CATALOGUE["mnist"].files]:
        (folder / name).touch()
    return folder


def test_each_set_is_found_under_its_own_name():
    for name, data_set in CATALOGUE.items():
        assert data_set.name == name
        assert data_set.images in [file.name for file in data_set.files]


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
    monkeypatch.setattr(catalogue, "__file__", str(checkout / "gantool/data/catalogue.py"))
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


def test_a_near_name_is_suggested():
    assert did_you_mean("mnits") == "; did you mean 'mnist'?"
    assert did_you_mean("MNIST") == "; did you mean 'mnist'?"
    assert did_you_mean("photographs") == ""
