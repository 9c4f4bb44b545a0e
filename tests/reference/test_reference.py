"""The NumPy calculation itself: its gradients against finite differences, its rules by hand."""

from __future__ import annotations

import numpy as np
import pytest

from .reference import Adam, ReferenceNetwork, RMSprop
from .reference_gan import ReferenceGAN, cross_entropy, softmax_cross_entropy, wasserstein
from .reference_layers import (
    BatchNormalization,
    BesideLabel,
    Convolution,
    Dense,
    Rectifier,
    Reshape,
    Sigmoid,
    Tanh,
    Transposed,
)

STEP = 1e-5
LABELS = np.array([0, 2, 1])


def statistics(channels):
    return [np.zeros(channels), np.ones(channels)]


@pytest.mark.parametrize(
    ("layer", "shape", "weights"),
    [
        (Dense(), (4,), [(4, 5), (5,)]),
        (Convolution(3), (7, 7, 2), [(3, 3, 2, 3), (3,)]),
        (Convolution(4), (6, 6, 2), [(4, 4, 2, 3), (3,)]),
        (Convolution(5, stride=1), (4, 4, 2), [(5, 5, 2, 3), (3,)]),
        (Transposed(5, side=7), (4, 4, 2), [(5, 5, 3, 2), (3,)]),
        (Transposed(4, side=6), (3, 3, 2), [(4, 4, 3, 2), (3,)]),
        (Transposed(3, side=4, stride=1), (4, 4, 2), [(3, 3, 3, 2), (3,)]),
        (BatchNormalization(), (4, 4, 2), [(2,), (2,), (2,), (2,)]),
        (BatchNormalization(affine=False), (5,), [(5,), (5,)]),
        (Rectifier(0.2), (4, 4, 2), []),
        (Tanh(), (4,), []),
        (Sigmoid(), (4,), []),
        (Reshape((2, 3)), (6,), []),
        (Reshape(), (2, 3), []),
        (BesideLabel(3), (4, 4, 2), []),
        (BesideLabel(3), (4,), []),
    ],
    ids=repr,
)
def test_a_layers_gradients_are_its_differences(layer, shape, weights):
    random = np.random.default_rng(0)
    values = [random.normal(size=(3, *shape)), *(random.normal(size=it) for it in weights)]
    passed = layer(values[0], LABELS, *values[1:])
    by_outputs = random.normal(size=passed.outputs.shape)
    by_inputs, by_weights = passed.backward(by_outputs)
    # Moving statistics stand last and have no gradient.
    for index, gradient in enumerate([by_inputs, *by_weights]):
        direction = random.normal(size=gradient.shape)

        def along(step, index=index, direction=direction):
            moved = list(values)
            moved[index] = values[index] + step * direction
            return (layer(moved[0], LABELS, *moved[1:]).outputs * by_outputs).sum()

        difference = (along(STEP) - along(-STEP)) / (2 * STEP)
        assert (gradient * direction).sum() == pytest.approx(difference, rel=1e-7, abs=1e-8)


@pytest.mark.parametrize("real", [True, False])
@pytest.mark.parametrize(
    ("loss", "count"), [(cross_entropy, 1), (softmax_cross_entropy, 2), (wasserstein, 1)]
)
def test_a_losss_gradient_is_its_difference(loss, count, real):
    random = np.random.default_rng(0)
    logits, direction = random.normal(size=(2, 3, count))
    ahead, behind = (loss(logits + step * direction, real).value for step in (STEP, -STEP))
    slope = (loss(logits, real).by_logits * direction).sum()
    assert slope == pytest.approx((ahead - behind) / (2 * STEP), rel=1e-8)


def test_losses_by_hand():
    logits = np.array([[np.log(3.0)]])  # taken for real with probability 3/4
    assert cross_entropy(logits, True).value == pytest.approx(np.log(4 / 3))
    assert cross_entropy(logits, False).value == pytest.approx(np.log(4))
    two = np.array([[1.0, 1.0 + np.log(3.0)]])
    assert softmax_cross_entropy(two, True).value == pytest.approx(np.log(4 / 3))
    assert softmax_cross_entropy(two, False).value == pytest.approx(np.log(4))
    assert wasserstein(logits, True).value == pytest.approx(-np.log(3.0))


def test_convolutions_by_hand():
    """Even sides get the odd zero behind; the transpose writes where the convolution reads."""
    ramp = np.arange(16.0).reshape(1, 4, 4, 1)
    ones = np.ones((3, 3, 1, 1)), np.zeros(1)
    made = Convolution(3)(ramp, LABELS, *ones).outputs[0, ..., 0]
    assert made.tolist() == [[45.0, 39.0], [66.0, 50.0]]
    small = np.array([[1.0, 2.0], [3.0, 4.0]]).reshape(1, 2, 2, 1)
    grown = Transposed(3, side=4)(small, LABELS, *ones).outputs[0, ..., 0]
    assert grown.tolist() == [[1, 1, 3, 2], [1, 1, 3, 2], [4, 4, 10, 6], [3, 3, 7, 4]]


def test_moving_statistics_by_hand():
    batch = np.array([[1.0], [3.0]])  # mean 2, variance 1
    mean, variance = BatchNormalization(decay=0.9, affine=False)(
        batch, LABELS, *statistics(1)
    ).statistics
    assert mean == pytest.approx(0.1 * 2.0)
    assert variance == pytest.approx(0.9 * 1.0 + 0.1 * 1.0)


def test_optimizers_by_hand():
    gradient = np.array(0.5)
    slots = {"momentum": np.array(0.0), "velocity": np.array(0.0)}
    # The first step of Adam is the sign of the gradient: m̂ = g, v̂ = g².
    assert Adam(0.1).change(gradient, slots, 1) == pytest.approx(0.1, rel=1e-5)
    assert slots == {
        "momentum": pytest.approx(0.1 * 0.5),
        "velocity": pytest.approx(0.001 * 0.25),
    }
    assert Adam(0.1).change(-gradient, slots, 2) == pytest.approx(
        0.1 * ((0.9 * 0.05 - 0.05) / (1 - 0.81)) / 0.5, rel=1e-5
    )
    slots = {"velocity": np.array(0.0)}
    assert RMSprop(0.1).change(gradient, slots, 1) == pytest.approx(0.1 / np.sqrt(0.1), rel=1e-5)


def test_a_network_refuses_weights_that_are_not_its_layers():
    with pytest.raises(AssertionError):
        ReferenceNetwork.of([Dense()], Adam(), {"Dense/kernel": np.ones((1, 1))})


def test_the_generator_learns_down_the_whole_way_through_both_networks():
    """Its weights move against the differences of its loss, and the discriminator's stay."""
    random = np.random.default_rng(0)
    makes = {"a/kernel": random.normal(size=(2, 4)), "a/bias": random.normal(size=4)}
    makes |= {"b/gamma": np.ones(4), "b/beta": np.zeros(4)}
    makes |= dict(zip(("b/moving_mean", "b/moving_variance"), statistics(4), strict=True))
    weights = {"c/kernel": random.normal(size=(4, 1)), "c/bias": random.normal(size=1)}
    latents = random.normal(size=(3, 2))

    def gan(**moved):
        generator = ReferenceNetwork.of(
            [Dense(), BatchNormalization(), Tanh()], RMSprop(), makes | moved
        )
        discriminator = ReferenceNetwork.of([Dense()], RMSprop(), weights)
        return ReferenceGAN(generator, discriminator, cross_entropy)

    updated = gan()
    updated.update_generator(LABELS, latents)
    gradient = np.zeros((2, 4))
    for place in np.ndindex(2, 4):
        moves = [makes["a/kernel"].copy(), makes["a/kernel"].copy()]
        moves[0][place] += STEP
        moves[1][place] -= STEP
        ahead, behind = (
            gan(**{"a/kernel": it}).update_generator(LABELS, latents)[0] for it in moves
        )
        gradient[place] = (ahead - behind) / (2 * STEP)
    slots = updated.generator.slots["a/kernel"]["velocity"][0]
    np.testing.assert_allclose(slots, 0.1 * gradient**2, rtol=1e-6)
    assert updated.discriminator.updates == 0
