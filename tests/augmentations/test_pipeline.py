"""The changes of ADA against products of matrices in float64, image by image."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from gantool.augmentations.augment import Augment
from gantool.augmentations.pipeline import NORMALS, UNIFORMS, changed
from gantool.gan.augmentation import Numbers
from gantool.gan.schedule import Progress, Schedule

RANDOM = np.random.default_rng(11)
COUNT = 24
DRAWN = RANDOM.random((COUNT, UNIFORMS)), RANDOM.normal(size=(COUNT, NORMALS))


def numbers_of(dtype: tf.DType = tf.float64) -> Numbers:
    return Numbers(*(tf.constant(it, dtype) for it in DRAWN))


def turn(angle: float) -> np.ndarray:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])


def shift(down: float, right: float) -> np.ndarray:
    return np.array([[1, 0, -down], [0, 1, -right], [0, 0, 1]])


def place_matrix(p: float, u: Iterator[float], n: Iterator[float], height: int, width: int) -> Any:
    """From places (y, x, 1) of the result to those of the image, from the middle of each.

    Karras et al. 2020, appendix B, and the authors' code.
    """
    eye, once = np.eye(3), 1 - np.sqrt(1 - p)
    gate, it = next(u), np.floor(next(u) * 2)
    found = np.diag([1, 1 - 2 * it, 1]) if gate < p else eye
    gate, it = next(u), np.floor(next(u) * 4)
    found = found @ (turn(np.pi / 2 * it) if gate < p else eye)
    gate, down, right = next(u), next(u) * 2 - 1, next(u) * 2 - 1
    by = np.round(down * height / 8), np.round(right * width / 8)
    found = found @ (shift(*by) if gate < p else eye)
    gate, s = next(u), 2 ** (0.2 * next(n))
    found = found @ (np.diag([1 / s, 1 / s, 1]) if gate < p else eye)
    gate, angle = next(u), (next(u) * 2 - 1) * np.pi
    found = found @ (turn(angle) if gate < once else eye)
    gate, s = next(u), 2 ** (0.2 * next(n))
    found = found @ (np.diag([s, 1 / s, 1]) if gate < p else eye)
    gate, angle = next(u), (next(u) * 2 - 1) * np.pi
    found = found @ (turn(angle) if gate < once else eye)
    gate, down, right = next(u), next(n), next(n)
    return found @ (shift(down * height / 8, right * width / 8) if gate < p else eye)


def colour_matrix(p: float, u: Iterator[float], n: Iterator[float]) -> Any:
    """From (r, g, b, 1) to the colour that it becomes."""
    eye, axis = np.eye(4), np.array([1, 1, 1, 0]) / np.sqrt(3)
    on_axis, across, colours = np.outer(axis, axis), np.zeros((4, 4)), np.diag([1, 1, 1, 0])
    across[:3, :3] = np.cross(np.eye(3), axis[:3])
    brighter = np.eye(4)
    gate, brighter[:3, 3] = next(u), 0.2 * next(n)
    found = brighter if gate < p else eye
    gate, c = next(u), 2 ** (0.5 * next(n))
    found = (np.diag([c, c, c, 1]) if gate < p else eye) @ found
    gate, it = next(u), np.floor(next(u) * 2)
    found = (eye - 2 * on_axis * it if gate < p else eye) @ found
    gate, angle = next(u), (next(u) * 2 - 1) * np.pi
    turned = on_axis + np.cos(angle) * (colours - on_axis) + np.sin(angle) * across
    found = (turned if gate < p else colours) @ found
    gate, s = next(u), 2 ** next(n)
    return (on_axis + (colours - on_axis) * s if gate < p else colours) @ found


def by_matrices(image: np.ndarray, p: float, uniform: np.ndarray, normal: np.ndarray) -> np.ndarray:
    u, n = iter(uniform), iter(normal)
    height, width, channels = image.shape
    place, colour = place_matrix(p, u, n, height, width), colour_matrix(p, u, n)
    assert (next(u, None), next(n, None)) == (None, None)
    middle, margin = np.array([(height - 1) / 2, (width - 1) / 2]), 60
    wide = np.pad(image, ((margin, margin), (margin, margin), (0, 0)), mode="reflect")
    made = np.zeros_like(image)
    for row, column in np.ndindex(height, width):
        y, x = (place @ [row - middle[0], column - middle[1], 1])[:2] + middle
        top, left = int(np.floor(y)), int(np.floor(x))
        corner = wide[top + margin : top + margin + 2, left + margin : left + margin + 2]
        weights = np.outer([1 - y + top, y - top], [1 - x + left, x - left])
        pixel = (weights[..., None] * corner).sum((0, 1))
        rgb = np.repeat(pixel, 3) if channels == 1 else pixel[:3]
        made[row, column] = [*(colour @ [*rgb, 1])[: min(channels, 3)], *pixel[3:]]
    return made


@pytest.mark.parametrize("p", [0.4, 0.95])
@pytest.mark.parametrize("shape", [(6, 6, 3), (5, 8, 4), (4, 4, 1)])
def test_images_become_what_the_matrices_make_of_them(
    shape: tuple[int, int, int], p: float
) -> None:
    images = RANDOM.uniform(-1, 1, size=(COUNT, *shape))
    found = changed(tf.constant(images), tf.constant(p), numbers_of())
    columns = zip(images, *DRAWN, strict=True)
    expected = [by_matrices(image, np.float32(p), *drawn) for image, *drawn in columns]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_probability_zero_leaves_every_bit(channels: int) -> None:
    images = tf.constant(RANDOM.uniform(-1, 1, size=(COUNT, 6, 7, channels)), tf.float32)
    assert np.array_equal(changed(images, tf.constant(0.0), numbers_of(tf.float32)), images)


def test_each_change_comes_as_often_as_its_probability_says() -> None:
    """An image of one grey shows which of brightness, contrast and inversion were made."""
    uniform, normal = RANDOM.random((4000, UNIFORMS)), np.zeros((4000, NORMALS))
    normal[:, 4] = 1.0  # of brightness
    numbers = Numbers(*(tf.constant(it, tf.float32) for it in (uniform, normal)))
    found = changed(tf.fill([4000, 2, 2, 3], 0.1), tf.constant(0.3), numbers)
    values = np.round(found[:, 0, 0, 0], 3)
    assert np.unique(values) == pytest.approx([-0.3, -0.1, 0.1, 0.3], abs=1e-3)
    assert np.isin(values, np.float32([0.3, -0.3])).mean() == pytest.approx(0.3, abs=0.03)
    assert (values < 0).mean() == pytest.approx(0.15, abs=0.03)


def test_the_probability_may_follow_a_schedule() -> None:
    class Share(Schedule):
        def __call__(self, progress: Progress) -> tf.Tensor:
            return tf.constant(0.1) * progress.steps

    images = tf.constant(RANDOM.uniform(-1, 1, size=(COUNT, 6, 6, 3)), tf.float32)
    numbers = numbers_of(tf.float32)
    for steps in (0, 5):
        found = Augment(Share()).seen(images, numbers, Progress(tf.constant(float(steps)), 0, 0.0))
        expected = Augment(0.1 * steps).seen(images, numbers)
        np.testing.assert_allclose(found, expected, atol=1e-6)
    assert not np.allclose(found, images)
