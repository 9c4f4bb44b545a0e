"""What the reference recipes say beside their layers, against the table of the five systems."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from gantool.engine.timetable import timetable_of
from gantool.gan.latents import draw, stateless_seed
from gantool.recipe.load import RecipeText, find_recipe, load
from gantool.recipe.model import Burst

DISCRIMINATOR_FIRST = {
    "discriminator": 1,
    "generator": 1,
    "order": "discriminator-first",
    "latents": "fresh",
    "real_and_generated": "together",
    "burst": None,
}
CELEBA_IMAGES, MNIST_IMAGES = 202_599, 60_000

PUBLISHED: dict[str, dict[str, Any]] = {
    "wgan-celeba": {
        "data": {"source": "celeba", "size": (64, 64), "channels": 3, "crop": (108, 108)},
        "range": (-1.0, 1.0),
        "latent": (100, "uniform", -1.0, 1.0),
        "optimizers": [("RMSprop", {"learning_rate": 1e-5}), ("RMSprop", {"learning_rate": 5e-5})],
        "batch": 64,
        "updates": DISCRIMINATOR_FIRST | {"discriminator": 5},
        "loss": "Wasserstein",
        "regularizers": [("WeightClip", {"limit": 0.01, "batch_normalization": "all"})],
    },
    "dcgan-mnist": {
        "data": {"source": "mnist", "size": (28, 28), "channels": 1, "crop": None},
        "range": (-1.0, 1.0),
        "latent": (100, "normal", -np.inf, np.inf),
        "optimizers": [("Adam", {})] * 2,
        "batch": 128,
        "updates": DISCRIMINATOR_FIRST | {"real_and_generated": "separate"},
        "loss": "NonSaturating",
    },
    "dcgan-mnist-sigmoid": {
        "data": {"source": "mnist", "size": (28, 28), "channels": 1, "crop": None},
        "range": (0.0, 1.0),
        "latent": (62, "uniform", 0.0, 1.0),
        "optimizers": [("Adam", {"learning_rate": 2e-4, "beta_1": 0.5, "beta_2": 0.999})] * 2,
        "batch": 128,
        "updates": DISCRIMINATOR_FIRST,
        "loss": "NonSaturating",
    },
    "cgan-mnist": {
        "data": {"source": "mnist", "size": (28, 28), "channels": 3, "crop": None, "labels": True},
        "range": (-0.5, 0.5),
        "latent": (100, "uniform", -1.0, 1.0),
        "optimizers": [("Adam", {"learning_rate": 2e-4, "beta_1": 0.5})] * 2,
        "batch": 64,
        "updates": DISCRIMINATOR_FIRST
        | {"order": "generator-first", "generator": 2, "latents": "shared"},
        "loss": "NonSaturating",
    },
    "dcgan-faces-96": {
        "data": {"size": (96, 96), "channels": 3, "flip": True},
        "range": (-1.0, 1.0),
        "latent": (100, "uniform", -1.0, 1.0),
        "optimizers": [("Adam", {"learning_rate": 1e-4, "beta_1": 0.5})] * 2,
        "batch": 96,
        "updates": DISCRIMINATOR_FIRST | {"order": "simultaneous"},
        "loss": "Softmax",
        "regularizers": [("WeightDecay", {"weight": 1e-5})],
        "statistics": "batch",
    },
}
EACH = pytest.mark.parametrize("name", PUBLISHED)

# Of Keras 3, as the pages of both optimizers in its reference give them.
KERAS_DEFAULTS = {
    "Adam": {
        "learning_rate": 1e-3,
        "beta_1": 0.9,
        "beta_2": 0.999,
        "epsilon": 1e-7,
        "amsgrad": False,
    },
    "RMSprop": {
        "learning_rate": 1e-3,
        "rho": 0.9,
        "momentum": 0.0,
        "epsilon": 1e-7,
        "centered": False,
    },
}


@EACH
def test_images_are_prepared_as_published(name, full_size):
    data, published = full_size(name).recipe.data, PUBLISHED[name]
    wanted = {"labels": False, "flip": False} | published["data"]
    assert {key: getattr(data, key) for key in wanted} == wanted
    assert data.range == published["range"]


@EACH
def test_latents_have_the_published_law(name, full_size):
    size, distribution, low, high = PUBLISHED[name]["latent"]
    latent = full_size(name).recipe.latent
    assert (latent.size, latent.distribution) == (size, distribution)
    values = draw(latent, 2000, stateless_seed(0, "test", 0)).numpy()
    assert values.shape == (2000, size)
    assert low <= values.min() < values.max() < high
    # Four standard errors of the mean, of at least 124,000 values, are below 0.012.
    mean, spread = (0.0, 1.0) if distribution == "normal" else ((low + high) / 2, 3**-0.5)
    if distribution == "uniform":
        spread *= (high - low) / 2
    assert values.mean() == pytest.approx(mean, abs=0.012)
    assert values.std() == pytest.approx(spread, abs=0.012)


@EACH
def test_optimizers_have_the_published_values_and_elsewhere_those_of_keras(name, full_size):
    state = full_size(name).state
    optimizers = (state.generator_optimizer, state.discriminator_optimizer)
    for optimizer, (kind, given) in zip(optimizers, PUBLISHED[name]["optimizers"], strict=True):
        assert isinstance(optimizer, getattr(keras.optimizers, kind))
        wanted, config = KERAS_DEFAULTS[kind] | given, optimizer.get_config()
        # In an optimizer the learning rate has been through float32.
        wanted |= {"learning_rate": float(np.float32(wanted["learning_rate"]))}
        assert {key: config[key] for key in wanted} == wanted
        # What has no place above (clipping, decay, averages) is switched off by default.
        assert config == type(optimizer)(**wanted, name=config["name"]).get_config()


@EACH
def test_training_goes_as_published(name, full_size):
    recipe, published = full_size(name).recipe, PUBLISHED[name]
    assert recipe.train.batch_size == published["batch"]
    assert recipe.train.updates.model_dump() == published["updates"]
    assert load(find_recipe(name)).recipe.train.precision == "auto"  # the device's fastest
    assert recipe.train.average is None
    assert recipe.loss.name == published["loss"]
    assert not any(recipe.loss.keywords.values())  # no label is smoothed
    regularizers = [(item.name, item.keywords) for item in recipe.regularizers]
    assert regularizers == published.get("regularizers", [])
    assert recipe.generator.statistics == published.get("statistics", "moving")


@pytest.mark.parametrize(
    ("name", "images", "steps"),
    [
        ("dcgan-mnist", MNIST_IMAGES, 20_000),
        ("dcgan-mnist-sigmoid", MNIST_IMAGES, 25 * 468),  # 468 · 128 = 59,904: 96 are left out
        ("dcgan-faces-96", CELEBA_IMAGES, 7_000),
    ],
)
def test_training_is_as_long_as_published(name, images, steps, full_size):
    train = full_size(name).recipe.train
    assert timetable_of(train, images).last_step(train) == steps


@pytest.mark.parametrize(
    ("name", "law"),
    [
        ("wgan-celeba", "glorot"),  # Keras's own: the original names none
        ("dcgan-mnist", "glorot"),
        ("dcgan-mnist-sigmoid", "normal"),
        ("cgan-mnist", "glorot"),
        ("dcgan-faces-96", "truncated"),
    ],
)
def test_kernels_begin_with_the_published_law_and_biases_with_0(name, law, full_size):
    state = full_size(name).state
    weights = [*state.generator.weights().items(), *state.discriminator.weights().items()]
    for key, variable in weights:
        values, kind = variable.numpy().astype(np.float64), key.rpartition("/")[2]
        if kind != "kernel":
            ones = kind in ("gamma", "moving_variance")
            assert (values == (1.0 if ones else 0.0)).all(), key
            continue
        spread, limit = spread_and_limit(law, values.shape)
        # Four standard errors, of the mean and, at most, of the standard deviation.
        assert abs(values.mean()) < 4 * spread / np.sqrt(values.size), key
        assert values.std() == pytest.approx(spread, rel=4 / np.sqrt(2 * values.size)), key
        # Among the hundreds of values of the smallest kernel some come near the limit.
        assert 0.97 * limit < np.abs(values).max(), key
        assert law == "normal" or np.abs(values).max() <= limit * (1 + 1e-6), key


def spread_and_limit(law: str, shape: tuple[int, ...]) -> tuple[float, float]:
    """The standard deviation of a law, and the largest value, or one that some of 1,000 exceed."""
    if law == "normal":
        return 0.02, 2.5 * 0.02
    if law == "truncated":  # at two standard deviations, which leaves 0.8796 of one
        return 0.8796 * 0.02, 2 * 0.02
    # √(6 / (inputs + outputs) of a unit): Glorot and Bengio 2010, equation 16.
    *window, one, other = shape
    limit = float(np.sqrt(6.0 / (np.prod(window) * (one + other))))
    return limit / 3**0.5, limit


def test_the_burst_of_the_first_wasserstein_code_is_there_to_be_switched_on():
    """The commented line of the recipe, with its comment mark taken off."""
    written = find_recipe("wgan-celeba")
    text = written.text.replace("\n    # burst:", "\n    burst:")
    assert text != written.text
    updates = load(RecipeText(text, written.name, written.folder)).recipe.train.updates
    assert updates.burst == Burst(discriminator=100, first=25, every=500)


def test_cgan_mnist_draws_a_row_a_label_with_free_latents_and_columns_of_one_latent(full_size):
    grid = full_size("cgan-mnist").recipe.output.grid
    assert grid.layouts == ["by-label-free", "by-label"]
    assert (grid.rows, grid.columns) == (10, 10)
