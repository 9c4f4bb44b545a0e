"""Real images beside samples, and what is kept of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gantool.data.loading import Images, load_images
from gantool.data.sources import open_source
from gantool.evaluation.kept import kept
from gantool.evaluation.reals import Reals
from gantool.features.pixels import Pixels
from gantool.recipe.data import Data
from gantool.sampling.grid import Cell


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "gantool" / "features"


@pytest.fixture
def images(workshop: Path) -> Images:
    data = Data(source="digits", size=(28, 28), channels=1, labels=True)
    return load_images(open_source(data, workshop), data)


def test_those_beside_samples_show_their_classes(images: Images) -> None:
    cells = [Cell(3), Cell(17), Cell(4, label=9)]
    shown = Reals(images, 10, 0, None).beside(cells)
    assert shown.shape == (3, 28, 28, 1)
    by_image = {
        image.tobytes(): label for image, label in zip(images.pixels, images.labels, strict=True)
    }
    assert [by_image[image.tobytes()] for image in shown] == [3, 7, 9]


def test_features_of_some_are_the_first_of_those_of_more(images: Images) -> None:
    reals = Reals(images, 10, 0, None)
    more, some = reals.features(Pixels(), 1000), reals.features(Pixels(), 20)
    assert more.shape == (300, 784)
    assert (some == more[:20]).all()
    rows = {row.tobytes() for row in more}
    assert rows == {row.tobytes() for row in Pixels()(images.pixels)}
    assert (Pixels()(reals.read(np.array([5, 7]))) == more[[5, 7]]).all()


def test_moments_are_those_of_all(images: Images) -> None:
    mean, covariance = Reals(images, 10, 0, None).moments(Pixels())
    pixels = images.pixels.reshape(300, -1) / 255.0
    np.testing.assert_allclose(mean, pixels.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(covariance, np.cov(pixels, rowvar=False), atol=1e-6)


def test_what_was_computed_is_kept_by_the_digest_of_the_images(
    images: Images, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Reals(images, 10, 0, None).features(Pixels(), 30)
    assert len(list(cache.iterdir())) == 1
    monkeypatch.setattr(Pixels, "__call__", None)
    assert (Reals(images, 10, 7, None).features(Pixels(), 30) == first).all()
    images.pixels = images.pixels.copy()
    images.pixels[0, 0, 0] ^= 1
    with pytest.raises(TypeError):  # it is looked at again
        Reals(images, 10, 0, None).features(Pixels(), 30)


def test_what_is_kept_damaged_is_computed_again(cache: Path) -> None:
    def ones() -> tuple[np.ndarray, np.ndarray]:
        return np.ones(3), np.zeros((2, 2))

    for damage in (slice(0, 40), slice(50, None)):
        kept(b"images", "what", ones)
        [path] = cache.iterdir()
        path.write_bytes(path.read_bytes()[damage])
        again = kept(b"images", "what", ones)
        assert [array.tolist() for array in again] == [[1, 1, 1], [[0, 0], [0, 0]]]


def test_of_what_has_no_digest_nothing_is_kept(cache: Path) -> None:
    assert kept(None, "what", lambda: (np.ones(2),))[0].tolist() == [1, 1]
    assert not cache.exists()
