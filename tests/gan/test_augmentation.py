"""The view of the discriminator: what augmentation changes in an update, and what it leaves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from gantool.augmentations.augment import Augment
from gantool.gan.accumulation import accumulated
from gantool.gan.augmentation import Augmentation, Numbers
from gantool.gan.network import TrainableNetwork
from gantool.gan.schedule import Progress
from gantool.gan.seen import Seen
from gantool.losses.wasserstein import Wasserstein
from gantool.terms.gradient_penalty import GradientPenalty
from gantool.terms.r1 import R1

from .gans import (
    BATCH,
    BOTH,
    GENERATOR,
    REAL,
    SEPARATE,
    TOGETHER,
    gan_of,
    given_of,
    make,
    weights,
)


class Stretched(Augmentation):
    """Each image times a number of its own, 1 to 3; remembers the numbers."""

    uniforms = 1
    normals = 2
    by_signs = True

    def __init__(self) -> None:
        self.factors: list[Any] = []

    def __call__(self, images: tf.Tensor, numbers: Numbers, progress: Progress) -> tf.Tensor:
        assert numbers.uniform.shape == (images.shape[0], 1)
        assert numbers.normal.shape == (images.shape[0], 2)
        assert progress.steps == 0
        factors = 1.0 + 2.0 * numbers.uniform[:, 0]
        self.factors.append(factors.numpy())
        return images * factors[:, None, None, None]


def stretched_gan(**more: Any) -> Any:
    return replace(gan_of(loss=Wasserstein(), **more), augmentation=Stretched())


def test_both_sides_are_changed_in_the_update_of_the_discriminator() -> None:
    """And by numbers of their own."""
    gan = stretched_gan()
    make(gan, TOGETHER)
    real, generated = gan.augmentation.factors
    assert len({*real, *generated}) == 2 * BATCH
    inputs = gan.discriminator.inputs
    np.testing.assert_allclose(inputs[0], REAL * real[:, None, None, None], rtol=1e-6)
    made = gan.generator.outputs[0]
    np.testing.assert_allclose(inputs[1], made * generated[:, None, None, None], rtol=1e-6)


def test_other_updates_draw_other_numbers_and_the_same_update_the_same() -> None:
    drawn = []
    for index in (0, 0, 1):
        gan = stretched_gan()
        make(gan, TOGETHER, index)
        drawn.append(np.concatenate(gan.augmentation.factors))
    assert np.array_equal(drawn[0], drawn[1])
    assert np.intersect1d(drawn[0], drawn[2]).size == 0


def test_the_generator_learns_through_what_is_seen_of_its_images() -> None:
    """With the loss −mean D, D(x) = w·x: the gradient by an image is −w · factor / B."""
    gan = stretched_gan()
    [descend] = GENERATOR.descents
    descent = descend(gan, given_of())
    [factors] = gan.augmentation.factors
    kernel, _ = weights(gan.discriminator)
    by_image = -factors[:, None] * kernel[:, 0] / BATCH
    latents = gan.generator.inputs[0]
    of_kernel, of_bias = descent.gradients["generator"]
    np.testing.assert_allclose(of_kernel, latents.T @ by_image, rtol=0, atol=1e-6)
    np.testing.assert_allclose(of_bias, by_image.sum(0), rtol=0, atol=1e-6)


def test_gradients_are_by_the_images_before_they_are_changed() -> None:
    """Of D(x) = w·x, seen f times as large: ½ mean (f ‖w‖)²."""
    gan = stretched_gan(regularizers=[R1(weight=1.0)])
    [descend] = TOGETHER.descents
    descent = descend(gan, given_of())
    kernel, _ = weights(gan.discriminator)
    expected = 0.5 * np.mean(gan.augmentation.factors[0] ** 2) * (kernel**2).sum()
    found = descent.totals["discriminator"] - descent.losses["discriminator"]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_points_between_examples_are_seen_as_the_real_ones_are() -> None:
    gan = stretched_gan(regularizers=[GradientPenalty(weight=1.0, center=0.0)])
    [descend] = TOGETHER.descents
    descent = descend(gan, given_of())
    real, _, between = gan.augmentation.factors
    assert np.array_equal(real, between)
    kernel, _ = weights(gan.discriminator)
    found = descent.totals["discriminator"] - descent.losses["discriminator"]
    np.testing.assert_allclose(found, np.mean(real**2) * (kernel**2).sum(), rtol=1e-5)


@pytest.mark.parametrize("update", [TOGETHER, SEPARATE, BOTH], ids=["together", "separate", "both"])
def test_updates_of_the_discriminator_tell_the_mean_sign_of_real_logits(update: Any) -> None:
    gan = stretched_gan()
    signs = [descend(gan, given_of()).signs["real"] for descend in update.descents]
    logits = gan.discriminator.outputs[0]
    assert 0 < (logits > 0).mean() < 1
    assert [float(it) for it in signs] == [np.sign(logits).mean(), 0.0][: len(signs)]


def test_only_an_augmentation_that_goes_by_signs_has_them_told() -> None:
    [judge], [learn] = TOGETHER.descents, GENERATOR.descents
    plain = replace(gan_of(), augmentation=None)
    assert judge(plain, given_of()).signs == {}
    assert learn(stretched_gan(), given_of()).signs == {}


def test_the_sign_of_an_accumulated_update_is_the_mean_of_its_parts() -> None:
    gan, real = stretched_gan(), np.concatenate([REAL, REAL + 1.0])
    given = given_of(real=real)._replace(
        labels=tf.zeros([8], tf.int32), latents=tf.zeros([8, 2], tf.float32)
    )
    [descend] = TOGETHER.descents
    found = accumulated(descend, ("discriminator",), gan, given, 2).signs["real"]
    logits = np.concatenate(gan.discriminator.outputs[::2])
    assert float(found) == pytest.approx(np.sign(logits).mean())


SHAPE = (4, 4, 3)
IMAGES = np.random.default_rng(6).uniform(-1, 1, size=(3, *SHAPE))


def curved() -> TrainableNetwork:
    """A discriminator w₂ · tanh(W₁ x)."""
    keras.utils.set_random_seed(2)
    layers = keras.layers.Dense(5, activation="tanh", use_bias=False), keras.layers.Dense(1)
    model = keras.Sequential([keras.Input(SHAPE), keras.layers.Flatten(), *layers])
    return TrainableNetwork(model, keras.optimizers.SGD(0.1), False)


@pytest.mark.slow
@pytest.mark.parametrize("way", ["eager", "graph", "xla"])
def test_second_derivatives_through_all_changes_are_those_of_finite_differences(way: str) -> None:
    """R1 of D(T(x)) by the weights, T as drawn: the Jacobian of T is found by differences, too."""
    network, augmentation = curved(), Augment(0.9)
    drawn: list[Numbers] = []

    class Noted(Augment):
        def __call__(self, images: tf.Tensor, numbers: Numbers, progress: Progress) -> tf.Tensor:
            drawn.append(numbers)
            return super().__call__(images, numbers, progress)

    def penalty_and_gradients() -> tuple[tf.Tensor, list[tf.Tensor], Numbers]:
        seen = Seen(
            network,
            tf.constant(IMAGES, tf.float32),
            lambda: pytest.fail("no generated examples are needed"),
            tf.zeros([3], tf.int32),
            tf.constant(0, tf.int64),
            lambda purpose: tf.constant([len(purpose), 4], tf.int64),
            {"real": "real", "generated": "generated"},
            ("real",),
            augmentation=Noted(0.9),
        )
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            network.watch(tape)
            penalty = R1(weight=2.0)(seen, network)
        return penalty, network.gradients(tape, penalty), drawn[-1]

    if way != "eager":
        penalty_and_gradients = tf.function(
            penalty_and_gradients, autograph=False, jit_compile=way == "xla"
        )
    penalty, gradients, numbers = penalty_and_gradients()
    numbers = Numbers(*(tf.cast(it, tf.float64) for it in numbers))

    def changed(images: np.ndarray) -> np.ndarray:
        return augmentation.seen(tf.constant(images), numbers).numpy().reshape(3, -1)

    size = int(np.prod(SHAPE))
    jacobian = np.zeros((3, size, size))
    for place in range(size):
        step = np.zeros((1, size))
        step[0, place] = 1e-5
        step = step.reshape(1, *SHAPE)
        jacobian[:, :, place] = (changed(IMAGES + step) - changed(IMAGES - step)) / 2e-5
    seen_images = changed(IMAGES)

    def expected(first: np.ndarray, last: np.ndarray) -> float:
        slopes = ((1.0 - np.tanh(seen_images @ first) ** 2) * last[:, 0]) @ first.T
        by_images = np.einsum("bs,bsp->bp", slopes, jacobian)
        return float((by_images**2).sum(1).mean())

    first, last, _ = weights(network)
    assert float(penalty) == pytest.approx(expected(first, last), rel=1e-4)
    random = np.random.default_rng(3)
    for _ in range(20):
        place = random.integers(size), random.integers(5)
        ends = []
        for step in (1e-6, -1e-6):
            moved = first.copy()
            moved[place] += step
            ends.append(expected(moved, last))
        found = float(gradients[0][place])
        assert found == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-3, abs=1e-5)
