"""DiffAugment against the authors' formulas in float64, image by image."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from gantool.augmentations.diff_augment import DiffAugment
from gantool.gan.augmentation import Numbers

RANDOM = np.random.default_rng(8)
COUNT = 64
UNIFORM = RANDOM.random((COUNT, 7))


def seen(augmentation: DiffAugment, images: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    numbers = Numbers(tf.constant(uniform), tf.zeros([len(uniform), 0], tf.float64))
    return np.asarray(augmentation.seen(tf.constant(images), numbers))


def recoloured(image: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    made = image.copy()
    colours = made[..., :3]
    colours += numbers[0] - 0.5
    grey = colours.mean(-1, keepdims=True)
    colours[:] = (colours - grey) * (numbers[1] * 2) + grey
    colours[:] = (colours - colours.mean()) * (numbers[2] + 0.5) + colours.mean()
    return made


def translated(image: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Zero-padded by all that it may be moved by, and cut out of that."""
    sides = image.shape[:2]
    most = [side // 8 for side in sides]
    wide = np.pad(image, [(it, it) for it in most] + [(0, 0)])
    first = [int(number * (2 * it + 1)) for number, it in zip(numbers, most, strict=True)]
    return wide[first[0] : first[0] + sides[0], first[1] : first[1] + sides[1]]


def with_hole(image: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    made = image.copy()
    spans = []
    for side, number in zip(image.shape[:2], numbers, strict=True):
        size = side // 2
        offset = int(number * (side + 1 - size % 2))
        places = offset - size // 2 + np.arange(size)
        spans.append(np.clip(places, 0, side - 1))
    made[np.ix_(*spans)] = 0.0
    return made


@pytest.mark.parametrize("shape", [(16, 24, 3), (9, 13, 1), (8, 8, 4), (1, 3, 3)])
@pytest.mark.parametrize("switch", ["color", "translation", "cutout", "all"])
def test_images_become_what_the_authors_code_makes_of_them(
    switch: str, shape: tuple[int, int, int]
) -> None:
    images = RANDOM.uniform(-1, 1, size=(COUNT, *shape))
    steps = {"color": recoloured, "translation": translated, "cutout": with_hole}
    places = {"color": slice(0, 3), "translation": slice(3, 5), "cutout": slice(5, 7)}
    on = {name: switch in (name, "all") for name in steps}
    expected = list(images)
    for name, step in steps.items():
        if on[name]:
            pairs = zip(expected, UNIFORM[:, places[name]], strict=True)
            expected = [step(image, numbers) for image, numbers in pairs]
    found = seen(DiffAugment(**on), images, UNIFORM)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    assert not np.allclose(found, images) or shape[0] == 1


def test_images_of_another_range_become_the_same() -> None:
    images = RANDOM.uniform(-1, 1, size=(COUNT, 8, 8, 3))
    other = DiffAugment()
    other.range = (0.0, 1.0)
    found = seen(other, (images + 1) / 2, UNIFORM)
    np.testing.assert_allclose(found * 2 - 1, seen(DiffAugment(), images, UNIFORM), atol=1e-12)


def test_the_ends_of_its_ranges() -> None:
    """With the least numbers: a quarter of the range darker, grey, half the contrast."""
    images = RANDOM.uniform(-1, 1, size=(2, 16, 16, 3))
    least, most = np.zeros((1, 7)), np.full((1, 7), 1 - 1e-12)
    both = np.concatenate([least, most])
    colours = seen(DiffAugment(translation=False, cutout=False), images, both)
    brighter = colours.mean((1, 2, 3)) - images.mean((1, 2, 3))
    assert brighter == pytest.approx([-0.5, 0.5])
    grey = images[0].mean(-1, keepdims=True) - 0.5
    expected = np.broadcast_to(0.5 * grey + 0.5 * grey.mean(), colours[0].shape)
    np.testing.assert_allclose(colours[0], expected, atol=1e-12)
    moved = seen(DiffAugment(color=False, cutout=False), images, both)
    assert np.array_equal(moved[0, 2:, 2:], images[0, :-2, :-2])
    assert np.array_equal(moved[1, :-2, :-2], images[1, 2:, 2:])
    assert not moved[0, :2].any()
    holes = seen(DiffAugment(color=False, translation=False), images, both)
    assert [(it == 0).sum() for it in holes] == [4 * 4 * 3, 4 * 4 * 3]


@pytest.mark.parametrize("way", ["graph", "xla"])
def test_it_is_the_same_in_a_graph_and_its_gradient_is_that_of_finite_differences(
    way: str,
) -> None:
    images = RANDOM.uniform(-1, 1, size=(2, 4, 8, 3))
    numbers = Numbers(tf.constant(UNIFORM[:2]), tf.zeros([2, 0], tf.float64))
    weights = RANDOM.normal(size=images.shape)

    def value(images: tf.Tensor) -> tf.Tensor:
        return tf.reduce_sum(weights * DiffAugment().seen(images, numbers))

    @tf.function(jit_compile=way == "xla")
    def gradient(images: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(images)
            found = value(images)
        return tape.gradient(found, images)

    found = gradient(tf.constant(images))
    for place in [(0, 0, 0, 0), (0, 2, 3, 1), (1, 3, 7, 2), (1, 1, 4, 0)]:
        ends = []
        for step in (1e-6, -1e-6):
            moved = images.copy()
            moved[place] += step
            ends.append(float(value(tf.constant(moved))))
        assert float(found[place]) == pytest.approx((ends[0] - ends[1]) / 2e-6, abs=1e-7)
