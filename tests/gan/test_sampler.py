from __future__ import annotations

from functools import partial

import keras
import numpy as np
import pytest

from gantool.gan.sampler import BLOCK, Sampler
from gantool.networks.layers import BatchNormalization, ConcatLabel
from gantool.recipe.model import Latent

LATENT = Latent(size=8)


@pytest.fixture(scope="module")
def sampler():
    """A generator with convolutions, whose rounding depends on the batch and the place in it."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((8,)),
            keras.layers.Dense(4 * 4 * 8),
            BatchNormalization(),
            keras.layers.ReLU(),
            keras.layers.Reshape((4, 4, 8)),
            keras.layers.Conv2DTranspose(3, 4, strides=2, padding="same", activation="tanh"),
        ]
    )
    return Sampler(model, takes_label=False, latent=LATENT, classes=0)


@pytest.fixture(scope="module")
def first_64(sampler):
    return list(sampler.draw(range(64)))


def test_images_have_the_shape_of_the_generator(first_64):
    assert len(first_64) == 64
    assert {(image.shape, image.dtype.name) for image in first_64} == {((8, 8, 3), "float32")}


@pytest.mark.parametrize("seed", [0, 1, 31, 32, 63])
def test_image_of_a_seed_is_the_same_alone(sampler, first_64, seed):
    [alone] = sampler.draw([seed])
    assert alone.tobytes() == first_64[seed].tobytes()


@pytest.mark.parametrize(
    "seeds",
    [[63, 0, 33, 7, 0], [30, 31, 32, 33], list(range(63, -1, -1)), [5, 5, 5], [40, 100_000, 41]],
)
def test_image_of_a_seed_is_the_same_beside_others_and_in_any_order(sampler, first_64, seeds):
    for seed, image in zip(seeds, sampler.draw(seeds), strict=True):
        if seed < 64:
            assert image.tobytes() == first_64[seed].tobytes()


def test_every_seed_has_an_image_of_its_own(first_64):
    assert len({image.tobytes() for image in first_64}) == 64


def test_largest_seeds_are_drawn(sampler):
    last = 2**63 - 1 - BLOCK
    images = list(sampler.draw([last - 1, last]))
    assert not np.array_equal(*images)


def test_latents_are_those_of_the_recipe():
    inputs = keras.Input((2000,))
    model = keras.Model(inputs, keras.layers.Reshape((1, 1, 2000))(inputs))
    latent = Latent(size=2000, distribution="uniform", bounds=(3.0, 4.0))
    [image] = Sampler(model, takes_label=False, latent=latent, classes=0).draw([0])
    assert 3.0 <= image.min() < 3.01
    assert 3.99 < image.max() < 4.0


@pytest.mark.parametrize(("classes", "shown"), [(3, [0, 1, 2, 0, 2, 1]), (10, [0, 1, 2, 3, 5, 0])])
def test_seed_shows_its_rest_by_the_number_of_classes(classes, shown):
    inputs, label = keras.Input((8,)), keras.Input((), dtype="int32")
    joined = ConcatLabel(classes=classes)(inputs, label)
    model = keras.Model([inputs, label], keras.layers.Reshape((1, 1, 8 + classes))(joined))
    sampler = Sampler(model, takes_label=True, latent=LATENT, classes=classes)
    images = sampler.draw([0, 1, 2, 3, 35, 100])
    assert [int(image[0, 0, 8:].argmax()) for image in images] == shown


def test_generator_is_used_in_inference_mode():
    still = partial(keras.layers.Dense, 4, kernel_initializer="zeros")
    normalization = BatchNormalization(epsilon=1.0)
    model = keras.Sequential(
        [
            keras.Input((8,)),
            still(bias_initializer=keras.initializers.Constant(7.0)),
            normalization,
            keras.layers.Dropout(0.9),
            keras.layers.Reshape((1, 1, 4)),
        ]
    )
    normalization.moving_mean.assign([1.0, 2.0, 3.0, 4.0])
    normalization.moving_variance.assign([3.0] * 4)
    before = [variable.numpy().tobytes() for variable in model.variables]
    images = Sampler(model, takes_label=False, latent=LATENT, classes=0).draw([0, 50])
    for image in images:
        # (7 − mean) / √(3 + 1); batch statistics would give 0, dropout zeros
        np.testing.assert_allclose(image, [[[3.0, 2.5, 2.0, 1.5]]], rtol=0, atol=1e-6)
    assert [variable.numpy().tobytes() for variable in model.variables] == before
