from __future__ import annotations

from functools import partial
from itertools import count

import keras
import numpy as np
import pytest
import tensorflow as tf

from gantool.gan.latents import draw, draw_each, stateless_seed
from gantool.layers.batch_normalization import BatchNormalization
from gantool.layers.concat_label import ConcatLabel
from gantool.recipe.model import Latent
from gantool.sampling.grid import Cell, grid_cells
from gantool.sampling.sampler import BLOCK, Sampler

LATENT = Latent(size=8)


def of(seeds):
    return [Cell(seed) for seed in seeds]


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
    return list(sampler.draw(of(range(64))))


def test_images_have_the_shape_of_the_generator(first_64):
    assert len(first_64) == 64
    assert {(image.shape, image.dtype.name) for image in first_64} == {((8, 8, 3), "float32")}


@pytest.mark.parametrize("seed", [0, 1, 31, 32, 63])
def test_image_of_a_seed_is_the_same_alone(sampler, first_64, seed):
    [alone] = sampler.draw(of([seed]))
    assert alone.tobytes() == first_64[seed].tobytes()


@pytest.mark.parametrize(
    "seeds",
    [[63, 0, 33, 7, 0], [30, 31, 32, 33], list(range(63, -1, -1)), [5, 5, 5], [40, 100_000, 41]],
)
def test_image_of_a_seed_is_the_same_beside_others_and_in_any_order(sampler, first_64, seeds):
    for seed, image in zip(seeds, sampler.draw(of(seeds)), strict=True):
        if seed < 64:
            assert image.tobytes() == first_64[seed].tobytes()


def test_every_seed_has_an_image_of_its_own(first_64):
    assert len({image.tobytes() for image in first_64}) == 64


def test_largest_seeds_are_drawn(sampler):
    last = 2**63 - 1 - BLOCK
    images = list(sampler.draw(of([last - 1, last])))
    assert not np.array_equal(*images)


def test_runs_are_of_one_block_and_label_each(sampler):
    cells = [*of([30, 31, 32, 33, 64]), Cell(65, 2), Cell(66, 2), *of([67, 3])]
    runs = list(sampler.draw_runs(cells))
    assert [[cell.seed for cell in run] for run, _ in runs] == [
        *([30, 31], [32, 33], [64], [65, 66], [67], [3]),
    ]
    drawn = [image.tobytes() for _, images in runs for image in images]
    assert drawn == [image.tobytes() for image in sampler.draw(cells)]
    assert {images.shape[1:] for _, images in runs} == {(8, 8, 3)}


def test_of_endlessly_many_seeds_few_are_taken_at_a_time(sampler):
    taken = []
    cells = (taken.append(seed) or Cell(seed) for seed in count())
    run, _ = next(sampler.draw_runs(cells))
    assert [cell.seed for cell in run] == list(range(BLOCK))
    assert len(taken) <= 5 * BLOCK


def test_latents_are_those_of_the_recipe():
    inputs = keras.Input((2000,))
    model = keras.Model(inputs, keras.layers.Reshape((1, 1, 2000))(inputs))
    latent = Latent(size=2000, distribution="uniform", bounds=(3.0, 4.0))
    [image] = Sampler(model, takes_label=False, latent=latent, classes=0).draw(of([0]))
    assert 3.0 <= image.min() < 3.01
    assert 3.99 < image.max() < 4.0


@pytest.mark.parametrize(("classes", "shown"), [(3, [0, 1, 2, 0, 2, 1]), (10, [0, 1, 2, 3, 5, 0])])
def test_seed_shows_its_rest_by_the_number_of_classes(classes, shown):
    inputs, label = keras.Input((8,)), keras.Input((), dtype="int32")
    joined = ConcatLabel(classes=classes)(inputs, label)
    model = keras.Model([inputs, label], keras.layers.Reshape((1, 1, 8 + classes))(joined))
    sampler = Sampler(model, takes_label=True, latent=LATENT, classes=classes)
    images = sampler.draw(of([0, 1, 2, 3, 35, 100]))
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
    images = Sampler(model, takes_label=False, latent=LATENT, classes=0).draw(of([0, 50]))
    for image in images:
        # (7 − mean) / √(3 + 1); batch statistics would give 0, dropout zeros
        np.testing.assert_allclose(image, [[[3.0, 2.5, 2.0, 1.5]]], rtol=0, atol=1e-6)
    assert [variable.numpy().tobytes() for variable in model.variables] == before


class TestLabels:
    """A generator whose image is its latent vector and the one-hot label."""

    @pytest.fixture
    def sampler(self):
        inputs, label = keras.Input((8,)), keras.Input((), dtype="int32")
        joined = ConcatLabel(classes=3)(inputs, label)
        model = keras.Model([inputs, label], keras.layers.Reshape((1, 1, 11))(joined))
        return Sampler(model, takes_label=True, latent=LATENT, classes=3)

    def test_label_of_a_cell_is_shown_whatever_the_seed(self, sampler):
        cells = [Cell(0, 2), Cell(1, 2), Cell(40, 0), Cell(5, 1), Cell(4)]
        shown = [int(image[0, 0, 8:].argmax()) for image in sampler.draw(cells)]
        assert shown == [2, 2, 0, 1, 1]

    def test_latent_depends_on_the_seed_and_not_on_the_label(self, sampler):
        images = list(sampler.draw([Cell(7, 0), Cell(7, 1), Cell(7), Cell(8, 0)]))
        latents = [image[0, 0, :8].tobytes() for image in images]
        assert latents[0] == latents[1] == latents[2] != latents[3]


@pytest.mark.parametrize(
    ("layout", "cells"),
    [
        ("by-seed", [(0, None), (1, None), (2, None), (3, None), (4, None), (5, None)]),
        ("by-label", [(0, 0), (1, 0), (0, 1), (1, 1), (0, 0), (1, 0)]),
        ("by-label-free", [(0, 0), (1, 0), (2, 1), (3, 1), (4, 0), (5, 0)]),
    ],
)
def test_grid_cells_three_rows_of_two_with_two_classes(layout, cells):
    assert grid_cells(layout, rows=3, columns=2, classes=2) == cells


class TestReference:
    """Samples that go by the statistics of one fixed batch of latents."""

    SIZE = 6

    @staticmethod
    def parts():
        keras.utils.set_random_seed(3)
        normalizations = [
            BatchNormalization(scale=False, center=False, epsilon=1e-5, momentum=0.9),
            BatchNormalization(epsilon=1e-3),
        ]
        layers = [keras.layers.Dense(5), keras.layers.Dense(4)]
        model = keras.Sequential(
            [
                keras.Input((8,)),
                layers[0],
                normalizations[0],
                keras.layers.ReLU(),
                keras.layers.Dropout(0.5),
                layers[1],
                normalizations[1],
                keras.layers.Reshape((1, 1, 4)),
            ]
        )
        # What training left in the moving statistics is to have no part in it.
        for normalization in normalizations:
            normalization.moving_mean.assign(normalization.moving_mean + 77.0)
        return model, layers, normalizations

    def sampler(self, model):
        return Sampler(model, False, LATENT, 0, self.SIZE)

    def test_images_are_normalised_by_the_batch_of_reference(self):
        model, layers, normalizations = self.parts()
        drawn = draw(LATENT, self.SIZE, stateless_seed(0, "reference", 0)).numpy()
        own = draw_each(LATENT, tf.constant([0, 45], tf.int64)).numpy()
        reference, images = drawn.astype(np.float64), own.astype(np.float64)
        for layer, normalization in zip(layers, normalizations, strict=True):
            kernel, bias = (item.numpy().astype(np.float64) for item in layer.weights)
            reference, images = reference @ kernel + bias, images @ kernel + bias
            mean, variance = reference.mean(0), reference.var(0)
            scale = np.sqrt(variance + normalization.epsilon)
            reference, images = (reference - mean) / scale, (images - mean) / scale
            if layer is layers[0]:
                reference, images = np.maximum(reference, 0), np.maximum(images, 0)
        found = list(self.sampler(model).draw([Cell(0), Cell(45)]))
        np.testing.assert_allclose(np.reshape(found, (2, 4)), images, rtol=0, atol=2e-5)

    def test_an_image_does_not_depend_on_those_drawn_beside_it(self):
        sampler = self.sampler(self.parts()[0])
        among = list(sampler.draw(of(range(40))))
        [alone] = sampler.draw([Cell(33)])
        assert alone.tobytes() == among[33].tobytes()

    def test_drawing_changes_no_variable(self):
        model, _, normalizations = self.parts()
        before = [variable.numpy().tobytes() for variable in model.variables]
        list(self.sampler(model).draw([Cell(0)]))
        assert [variable.numpy().tobytes() for variable in model.variables] == before
        assert [item.momentum for item in normalizations] == [0.9, 0.99]

    def test_weights_that_moved_since_are_seen(self):
        model, layers, _ = self.parts()
        sampler = self.sampler(model)
        [before] = sampler.draw([Cell(1)])
        layers[0].kernel.assign(-layers[0].kernel)
        [after] = sampler.draw([Cell(1)])
        assert not np.array_equal(before, after)
        [fresh] = self.sampler(model).draw([Cell(1)])
        assert after.tobytes() == fresh.tobytes()


class TestLatents:
    """Latent vectors by hand: those of seeds, and others."""

    def test_those_of_seeds_give_the_images_of_the_seeds(self, sampler, first_64):
        latents = sampler.latents_of(range(64))
        assert latents.dtype == np.float32
        np.testing.assert_allclose(sampler.images(latents), first_64, rtol=0, atol=1e-6)

    def test_a_vector_depends_on_its_seed_alone(self, sampler):
        together = sampler.latents_of([7, 2**62, 3])
        for place, seed in enumerate((7, 2**62, 3)):
            assert np.array_equal(sampler.latents_of([seed])[0], together[place])

    def test_an_image_is_of_its_own_vector_and_label(self):
        keras.utils.set_random_seed(0)
        latent, label = keras.Input((8,)), keras.Input((), dtype="int32")
        outputs = keras.layers.Dense(5)(ConcatLabel(classes=3)(latent, label))
        model = keras.Model([latent, label], outputs)
        sampler = Sampler(model, takes_label=True, latent=LATENT, classes=3)
        latents = np.random.default_rng(0).normal(size=(35, 8)).astype(np.float32)
        labels = np.arange(35) % 3
        images = sampler.images(latents, labels)
        kernel, bias = (variable.numpy() for variable in model.trainable_variables)
        expected = np.concatenate([latents, np.eye(3)[labels]], axis=1) @ kernel + bias
        np.testing.assert_allclose(images, expected, rtol=0, atol=1e-5)
        unlabelled = sampler.images(latents)
        np.testing.assert_allclose(unlabelled, sampler.images(latents, [0] * 35), rtol=0)

    def test_of_none_there_are_none(self, sampler):
        assert sampler.images(np.zeros((0, 8), np.float32)).shape == (0, 8, 8, 3)
