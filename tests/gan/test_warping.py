"""Images from other places of themselves, against NumPy in float64."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from gantool.gan.warping import gathered, interpolated, reflected

RANDOM = np.random.default_rng(5)
IMAGES = RANDOM.normal(size=(3, 4, 6, 2))


def mirrored(image: np.ndarray, y: float, x: float) -> np.ndarray:
    """The value at a place of an image that NumPy continues by reflection, bilinear."""
    margin = 20
    wide = np.pad(image, ((margin, margin), (margin, margin), (0, 0)), mode="reflect")
    row, column = int(np.floor(y)), int(np.floor(x))
    corner = wide[row + margin : row + margin + 2, column + margin : column + margin + 2]
    down, right = y - row, x - column
    weights = np.outer([1 - down, down], [1 - right, right])
    return np.asarray((weights[..., None] * corner).sum((0, 1)))


def test_what_lies_between_pixels_and_beyond_borders() -> None:
    y, x = RANDOM.uniform(-15, 15, size=(2, 3, 5, 7))
    found = interpolated(*(tf.constant(it) for it in (IMAGES, y, x)))
    assert found.shape == (3, 5, 7, 2)
    for place in np.ndindex(3, 5, 7):
        expected = mirrored(IMAGES[place[0]], y[place], x[place])
        np.testing.assert_allclose(found[place], expected, rtol=0, atol=1e-12)


def test_pixels_themselves_are_kept_to_the_bit() -> None:
    images = tf.constant(IMAGES, tf.float32)
    y, x = np.meshgrid(np.arange(4.0), np.arange(6.0), indexing="ij")
    places = (tf.constant(np.stack([it] * 3), tf.float32) for it in (y, x))
    assert np.array_equal(interpolated(images, *places), images)


def test_whole_places_of_rows_and_columns() -> None:
    rows = np.array([[[3], [0]], [[1], [1]], [[2], [3]]])
    columns = np.array([[[5, 0, 2]], [[1, 1, 4]], [[0, 3, 3]]])
    found = gathered(tf.constant(IMAGES), tf.constant(rows), tf.constant(columns))
    for image in range(3):
        expected = IMAGES[image][rows[image], columns[image]]
        assert np.array_equal(found[image], expected)


@pytest.mark.parametrize("size", [1, 2, 5])
def test_places_go_to_and_fro_between_mirrors(size: int) -> None:
    places = np.arange(-9, 10)
    expected = np.pad(np.arange(size), 20, mode="reflect")[places + 20] if size > 1 else 0 * places
    assert np.array_equal(reflected(tf.constant(places), size), expected)
    found = reflected(tf.constant(places, tf.float64), size)
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("way", ["eager", "xla"])
def test_its_transpose_and_the_transpose_of_that(way: str) -> None:
    """A linear map A: the gradient of u·A(x) by x is Aᵀu, and that of v·Aᵀu by u is A(v)."""
    y, x = (tf.constant(it) for it in RANDOM.uniform(-8, 8, size=(2, 3, 5, 7)))
    images, other = tf.constant(IMAGES), tf.constant(RANDOM.normal(size=IMAGES.shape))
    weights = tf.constant(RANDOM.normal(size=(3, 5, 7, 2)))

    def twice() -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as outer:
            outer.watch(weights)
            with tf.GradientTape() as inner:
                inner.watch(images)
                value = tf.reduce_sum(weights * interpolated(images, y, x))
            transposed = inner.gradient(value, images)
            product = tf.reduce_sum(transposed * other)
        return transposed, outer.gradient(product, weights)

    transposed, back = (tf.function(twice, jit_compile=True) if way == "xla" else twice)()
    expected = np.sum(weights * interpolated(images, y, x))
    np.testing.assert_allclose(np.sum(transposed * images), expected, rtol=1e-10)
    np.testing.assert_allclose(back, interpolated(other, y, x), rtol=0, atol=1e-10)
