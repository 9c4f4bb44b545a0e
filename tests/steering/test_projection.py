"""The latent of a picture."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from gantool.layers.batch_normalization import BatchNormalization
from gantool.layers.concat_label import ConcatLabel
from gantool.recipe.model import Latent
from gantool.sampling.sampler import Sampler
from gantool.steering import projection
from gantool.steering.projection import Objective, descend, find_starts, prior

NORMAL = Latent(size=4)
UNIFORM = Latent(size=4, distribution="uniform", bounds=(0.0, 1.0))


def test_the_error_of_two_scales_by_hand() -> None:
    picture, image = np.zeros((8, 8, 1), np.float32), np.zeros((8, 8, 1), np.float32)
    image[0, 0], image[0, 1] = 2.0, -1.0  # ranges from -1 to 1: halves of these, from 0 to 1
    whole = (1.0**2 + 0.5**2) / 64
    half = ((1.0 - 0.5) / 4) ** 2 / 16
    [found] = Objective(picture, (-1.0, 1.0))(tf.constant(image[None])).numpy()
    assert found == pytest.approx((whole + half) / 2, rel=1e-6)


@pytest.mark.parametrize(
    ("height", "width", "scales"), [(7, 40, 1), (8, 9, 2), (28, 28, 3), (64, 64, 5), (3, 3, 1)]
)
def test_the_coarsest_scale_has_four_pixels_or_more(height: int, width: int, scales: int) -> None:
    found = projection._scales(tf.zeros([1, height, width, 1]))
    assert len(found) == scales


def test_the_prior_is_zero_around_the_usual_norm() -> None:
    """√100 is 10; three times √½ on both sides are free, and 2 more are a fifth of it."""
    free = 3 * 0.5**0.5
    norms = np.array([10.0, 10 + 0.99 * free, 10 - 0.99 * free, 12 + free, 8 - free, 0.0])
    latents = np.zeros((6, 100), np.float32)
    latents[:, 3] = norms
    expected = [0, 0, 0, 0.04, 0.04, (1 - free / 10) ** 2]
    np.testing.assert_allclose(prior(tf.constant(latents)), expected, rtol=1e-5)


def test_the_prior_has_a_gradient_at_zero() -> None:
    latents = tf.zeros([1, 4])
    with tf.GradientTape() as tape:
        tape.watch(latents)
        value = prior(latents)
    assert np.isfinite(tape.gradient(value, latents)).all()


@pytest.fixture(scope="module")
def sampler() -> Sampler:
    """A generator of 8×8 with curved ways, whose classes look different."""
    keras.utils.set_random_seed(0)
    latents, labels = keras.Input((4,)), keras.Input((), dtype="int32")
    hidden = keras.layers.Dense(32, activation="tanh")(ConcatLabel(classes=3)(latents, labels))
    outputs = keras.layers.Dense(64, activation="tanh")(hidden)
    model = keras.Model([latents, labels], keras.layers.Reshape((8, 8, 1))(outputs))
    return Sampler(model, True, NORMAL, 3)


def test_the_generator_as_a_function_makes_the_same_images(sampler: Sampler) -> None:
    latents = sampler.latents_of(range(5))
    found = sampler.as_function()(tf.constant(latents), tf.constant([0, 1, 2, 0, 1]))
    np.testing.assert_allclose(found, sampler.images(latents, [0, 1, 2, 0, 1]), rtol=0, atol=1e-6)


def test_the_function_goes_by_the_statistics_of_samples() -> None:
    """Those of a fixed batch, where the recipe says so, and not by those that the model holds."""
    latents = keras.Input((4,))
    outputs = BatchNormalization()(keras.layers.Dense(8)(latents))
    model = keras.Model(latents, keras.layers.Reshape((2, 2, 2))(outputs))
    by_batch = Sampler(model, False, NORMAL, 0, reference=6)
    drawn = by_batch.latents_of(range(3))
    found = by_batch.as_function()(tf.constant(drawn), tf.zeros([3], tf.int32))
    np.testing.assert_allclose(found, by_batch.images(drawn), rtol=0, atol=1e-5)
    assert not np.allclose(found, Sampler(model, False, NORMAL, 0).images(drawn), atol=0.1)


@pytest.mark.slow
def test_the_latent_and_the_class_of_a_made_picture_are_found_again(sampler: Sampler) -> None:
    [wanted] = sampler.latents_of([77])
    [picture] = sampler.images(wanted[None], [2])
    generate, objective = sampler.as_function(), Objective(picture, (-1.0, 1.0))
    starts, labels = find_starts(generate, objective, NORMAL, range(3), seed=0)
    assert len(starts) == len(labels) == 3 * projection.STARTS
    found = descend(generate, objective, NORMAL, starts, labels, steps=300)
    assert found.label == 2
    assert found.error < 1e-7
    np.testing.assert_allclose(found.latent, wanted, rtol=0, atol=2e-3)


def test_descent_begins_at_the_nearest_of_a_draw(
    sampler: Sampler, monkeypatch: pytest.MonkeyPatch
) -> None:
    [picture] = sampler.images(sampler.latents_of([77]), [2])
    generate, objective = sampler.as_function(), Objective(picture, (-1.0, 1.0))

    def errors_of(latents: np.ndarray, label: int) -> np.ndarray:
        return objective(generate(tf.constant(latents), tf.fill([len(latents)], label))).numpy()

    monkeypatch.setattr(projection, "STARTS", projection.DRAWN)
    everything, _ = find_starts(generate, objective, NORMAL, [0, 1], seed=5)
    monkeypatch.setattr(projection, "STARTS", 8)
    starts, labels = find_starts(generate, objective, NORMAL, [0, 1], seed=5)
    assert labels.tolist() == [0] * 8 + [1] * 8
    for label in (0, 1):
        drawn = errors_of(everything[: projection.DRAWN], label)
        chosen = errors_of(starts[labels == label], label)
        np.testing.assert_allclose(chosen, np.sort(drawn)[:8], rtol=1e-5)
    others, _ = find_starts(generate, objective, NORMAL, [0, 1], seed=6)
    assert not np.isclose(others, starts).any()


def test_of_many_classes_the_nearest_are_begun_from(
    sampler: Sampler, monkeypatch: pytest.MonkeyPatch
) -> None:
    [picture] = sampler.images(sampler.latents_of([77]), [2])
    generate, objective = sampler.as_function(), Objective(picture, (-1.0, 1.0))
    whole, labels = find_starts(generate, objective, NORMAL, range(3), seed=0)
    errors = objective(generate(tf.constant(whole), tf.constant(labels))).numpy()
    monkeypatch.setattr(projection, "MOST", 5)
    kept, their_labels = find_starts(generate, objective, NORMAL, range(3), seed=0)
    nearest = np.sort(np.argsort(errors)[:5])
    np.testing.assert_array_equal(kept, whole[nearest])
    np.testing.assert_array_equal(their_labels, labels[nearest])


def test_uniform_latents_are_kept_in_their_bounds() -> None:
    """An image that is the latent itself, and a picture that asks for what lies outside."""
    picture = np.array([[[0.3, 1.7]], [[-0.9, 0.6]]], np.float32)

    def generate(latents: tf.Tensor, _labels: tf.Tensor) -> tf.Tensor:
        return tf.reshape(latents, [-1, 2, 1, 2])

    objective = Objective(picture, (-1.0, 1.0))
    starts = np.full((1, 4), 0.5, np.float32)
    found = descend(generate, objective, UNIFORM, starts, np.zeros(1, int), steps=300)
    np.testing.assert_allclose(found.latent, [0.3, 1.0, 0.0, 0.6], rtol=0, atol=1e-3)


def test_normal_latents_are_drawn_towards_their_usual_norm() -> None:
    def generate(latents: tf.Tensor, _labels: tf.Tensor) -> tf.Tensor:
        return tf.reshape(0.01 * latents, [-1, 2, 1, 2])

    objective = Objective(np.full((2, 1, 2), 9.0, np.float32), (-1.0, 1.0))
    starts = np.full((1, 4), 1.0, np.float32)
    found = descend(generate, objective, NORMAL, starts, np.zeros(1, int), steps=300)
    # Without a prior descent would go on outwards for ever, to norm 60.
    assert 2 + 3 * 0.5**0.5 <= np.linalg.norm(found.latent) < 5


def test_the_best_start_is_kept() -> None:
    def generate(latents: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        far = tf.cast(labels, tf.float32)[:, None]
        return tf.reshape(latents + far, [-1, 2, 1, 2])

    objective = Objective(np.zeros((2, 1, 2), np.float32), (-1.0, 1.0))
    starts, labels = np.zeros((3, 4), np.float32), np.array([2, 0, 1])
    found = descend(generate, objective, UNIFORM, starts, labels, steps=1)
    assert (found.label, found.error) == (0, pytest.approx(0.0, abs=1e-9))
