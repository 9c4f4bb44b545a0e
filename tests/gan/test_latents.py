from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from gantool.gan.latents import draw, draw_each, stateless_seed
from gantool.recipe.model import Latent

NORMAL = Latent(size=64)
UNIFORM = Latent(size=64, distribution="uniform")


def drawn(latent, count=1000, seed=0, purpose="latent/generator", index=0):
    return draw(latent, count, stateless_seed(seed, purpose, index)).numpy()


def test_normal_latents_have_the_moments_of_the_standard_normal():
    values = drawn(NORMAL).astype(np.float64)
    assert values.shape == (1000, 64)
    # 64,000 draws: five standard errors of the mean, the standard deviation and the kurtosis.
    assert abs(values.mean()) < 5 / np.sqrt(64_000)
    assert abs(values.std() - 1.0) < 5 / np.sqrt(2 * 64_000)
    assert abs((values**4).mean() - 3.0) < 5 * np.sqrt(96 / 64_000)


@pytest.mark.parametrize(
    ("bounds", "low", "high"), [(None, -1.0, 1.0), ((0.0, 1.0), 0.0, 1.0), ((-3.0, 5.0), -3.0, 5.0)]
)
def test_uniform_latents_fill_their_bounds_evenly(bounds, low, high):
    values = drawn(Latent(size=64, distribution="uniform", bounds=bounds)).astype(np.float64)
    width = high - low
    assert values.min() >= low
    assert values.max() < high
    assert values.min() < low + 0.001 * width
    assert values.max() > high - 0.001 * width
    assert abs(values.mean() - (low + high) / 2) < 5 * width / np.sqrt(12 * 64_000)
    assert abs(values.std() - width / np.sqrt(12)) < 0.01 * width


@pytest.mark.parametrize("latent", [NORMAL, UNIFORM])
def test_latents_are_a_function_of_seed_purpose_and_index(latent):
    first = drawn(latent, 4)
    assert first.dtype == np.float32
    assert first.tobytes() == drawn(latent, 4).tobytes()
    others = [
        drawn(latent, 4, seed=1),
        drawn(latent, 4, purpose="latent/discriminator"),
        drawn(latent, 4, index=1),
    ]
    for other in others:
        # No row of one is a row of another: nothing is merely shifted.
        assert not (first[:, None] == other[None]).all(-1).any()


def test_latents_of_one_draw_differ_from_each_other():
    assert len(np.unique(drawn(NORMAL, 100), axis=0)) == 100


def test_index_may_be_a_tensor():
    by_tensor = draw(NORMAL, 2, stateless_seed(3, "x", tf.constant(7, tf.int64)))
    assert by_tensor.numpy().tobytes() == drawn(NORMAL, 2, 3, "x", 7).tobytes()


@pytest.mark.parametrize("latent", [NORMAL, UNIFORM])
def test_each_latent_depends_on_its_own_seed_alone(latent):
    seeds = [5, 0, 2**40, 1, 5]
    together = draw_each(latent, tf.constant(seeds, tf.int64)).numpy()
    assert together.shape == (5, 64)
    for seed, vector in zip(seeds, together, strict=True):
        alone = draw_each(latent, tf.constant([seed], tf.int64)).numpy()[0]
        assert vector.tobytes() == alone.tobytes()
    assert len(np.unique(together, axis=0)) == 4
