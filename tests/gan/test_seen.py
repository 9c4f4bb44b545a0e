"""What an update has seen: which passes are made, when, from which state, and their gradients."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from gantool.gan.network import TrainableNetwork
from gantool.gan.objective import Loss, Term
from gantool.gan.seen import Seen
from gantool.layers.batch_normalization import BatchNormalization
from gantool.losses.wasserstein import Wasserstein

from .gans import (
    BATCH,
    BOTH,
    LABELS,
    RATE,
    REAL,
    SEPARATE,
    TOGETHER,
    gan_of,
    given_of,
    make,
    sigmoid,
    softplus,
    take,
    update_discriminator,
    update_generator,
    weights,
)

GENERATED = np.random.default_rng(3).normal(-1.0, 0.5, size=REAL.shape).astype(np.float32)
EXAMPLES = {"real": REAL, "generated": GENERATED}


def flat(side):
    return EXAMPLES[side].reshape(BATCH, 3).astype(np.float64)


def seen_by(discriminator, differentiates=(), calls=None):
    """What a discriminator sees of two fixed batches; `calls` counts those to the generator."""

    def generate():
        if calls is not None:
            calls.append(1)
        return tf.constant(GENERATED)

    return Seen(
        discriminator,
        tf.constant(REAL),
        generate,
        tf.constant(LABELS),
        tf.constant(0, tf.int64),
        lambda purpose: tf.constant([len(purpose), 0], tf.int64),
        {"real": "noise/real", "generated": "noise/generated"},
        differentiates,
    )


class TestLogits:
    def test_are_computed_when_they_are_asked_for_and_once(self):
        calls = []
        discriminator = gan_of().discriminator
        seen = seen_by(discriminator, calls=calls)
        assert (len(discriminator.inputs), calls) == (0, [])
        first = seen.logits("real")
        assert (len(discriminator.inputs), calls) == (1, [])
        assert seen.logits("real") is first
        seen.logits("generated")
        seen.logits("generated")
        assert seen.examples("generated") is seen.examples("generated")
        assert (len(discriminator.inputs), calls) == (2, [1])
        kernel, bias = weights(discriminator)
        for side in ("real", "generated"):
            expected = flat(side) @ kernel + bias
            np.testing.assert_allclose(seen.logits(side), expected, rtol=0, atol=1e-5)

    def test_each_pass_starts_from_the_state_that_the_one_before_has_left(self):
        for order in (("real", "generated"), ("generated", "real")):
            layers = keras.layers.Flatten(), BatchNormalization(momentum=0.9), keras.layers.Dense(1)
            discriminator = gan_of(discriminator=layers).discriminator
            seen = seen_by(discriminator)
            mean, variance = np.zeros(3), np.ones(3)
            for side in order:
                seen.logits(side)
                mean = 0.9 * mean + 0.1 * flat(side).mean(0)
                variance = 0.9 * variance + 0.1 * flat(side).var(0)
                np.testing.assert_allclose(seen.state[0], mean, rtol=0, atol=1e-6)
                np.testing.assert_allclose(seen.state[1], variance, rtol=0, atol=1e-5)
            assert np.array_equal(discriminator.state[0].numpy(), [0.0, 0.0, 0.0])  # not yet

    def test_activity_is_that_of_the_passes_so_far(self):
        ridge = keras.regularizers.L2(0.5)
        layers = keras.layers.Flatten(), keras.layers.Dense(1, activity_regularizer=ridge)
        seen = seen_by(gan_of(discriminator=layers).discriminator)
        assert float(seen.activity) == 0.0
        expected = 0.0
        for side in ("real", "generated"):
            expected += 0.5 * float(tf.reduce_mean(seen.logits(side) ** 2))
            np.testing.assert_allclose(seen.activity, expected, rtol=1e-6)


def test_uniform_numbers_are_one_for_each_example_and_a_function_of_the_purpose():
    seen = seen_by(gan_of().discriminator)
    first, again, other = (seen.uniform(it).numpy() for it in ("mix", "mix", "another"))
    assert first.shape == (BATCH, 1, 1, 1)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert ((first >= 0) & (first < 1)).all()
    assert len(np.unique(first)) == BATCH


def curved():
    """A discriminator w₂ · tanh(W₁ x + b), without a witness: it can be traced."""
    layers = keras.layers.Dense(5, activation="tanh"), keras.layers.Dense(1, use_bias=False)
    keras.utils.set_random_seed(2)
    model = keras.Sequential([keras.Input((1, 3, 1)), keras.layers.Flatten(), *layers])
    return TrainableNetwork(model, keras.optimizers.SGD(RATE), False)


def slopes(side, first, bias, last):
    """∇D = W₁ (w₂ (1 − tanh²)) at each example, [B, 3]."""
    return ((1.0 - np.tanh(flat(side) @ first + bias) ** 2) * last[:, 0]) @ first.T


class TestGradient:
    @pytest.mark.parametrize("side", ["real", "generated"])
    def test_is_the_analytic_one_and_that_of_a_tape_of_its_own(self, side):
        network = curved()
        seen = seen_by(network, ("real", "generated"))
        found = np.reshape(seen.gradient(side), (BATCH, 3))
        np.testing.assert_allclose(found, slopes(side, *weights(network)), rtol=0, atol=1e-6)
        examples = tf.constant(EXAMPLES[side])
        with tf.GradientTape() as tape:
            tape.watch(examples)
            logits = network.model(examples, training=True)
        np.testing.assert_allclose(seen.gradient(side), tape.gradient(logits, examples), rtol=1e-6)

    def test_takes_no_pass_beside_that_of_the_logits(self):
        discriminator = gan_of().discriminator
        seen = seen_by(discriminator, ("real",))
        seen.gradient("real")
        seen.logits("real")
        seen.gradient("real")
        assert len(discriminator.inputs) == 1

    @pytest.mark.parametrize("way", ["eager", "graph", "xla"])
    def test_has_a_gradient_by_the_weights_itself(self, way):
        """Of ½ Σ ‖∇D‖² over both sides, against finite differences in float64."""
        network = curved()
        network.optimizer.build(network.trainable)

        def penalty_and_gradients():
            seen = seen_by(network, ("real", "generated"))
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                network.watch(tape)
                squares = [tf.nn.l2_loss(seen.gradient(side)) for side in EXAMPLES]
                penalty = tf.add_n(squares)
            return penalty, network.gradients(tape, penalty)

        if way != "eager":
            penalty_and_gradients = tf.function(
                penalty_and_gradients, autograph=False, jit_compile=way == "xla"
            )
        penalty, gradients = penalty_and_gradients()

        def expected(values):
            return sum(0.5 * (slopes(side, *values) ** 2).sum() for side in EXAMPLES)

        values = weights(network)
        np.testing.assert_allclose(penalty, expected(values), rtol=1e-5)
        for place, value in enumerate(values):
            differences = np.zeros_like(value)
            for index in np.ndindex(value.shape):
                ends = []
                for step in (1e-6, -1e-6):
                    moved = [it.copy() for it in values]
                    moved[place][index] += step
                    ends.append(expected(moved))
                differences[index] = (ends[0] - ends[1]) / 2e-6
            np.testing.assert_allclose(gradients[place], differences, rtol=0, atol=2e-5)


class Paired(Loss):
    """softplus of the difference of logits of a pair (Jolicoeur-Martineau 2018)."""

    pairs = True

    def discriminator(self, seen):
        return tf.reduce_mean(tf.nn.softplus(seen.logits("generated") - seen.logits("real")))

    def generator(self, seen):
        return tf.reduce_mean(tf.nn.softplus(seen.logits("real") - seen.logits("generated")))


class TestLossOfPairs:
    def test_sees_real_logits_in_the_update_of_the_generator(self):
        gan = gan_of(loss=Paired())
        kernel, bias = weights(gan.generator)
        judging, offset = weights(gan.discriminator)
        discriminator = [it.numpy() for it in gan.discriminator.model.variables]
        loss = update_generator(gan)
        latents = gan.generator.inputs[0].astype(np.float64)
        made = (latents @ kernel + bias) @ judging + offset
        gap = flat("real") @ judging + offset - made
        np.testing.assert_allclose(loss, softplus(gap).mean(), rtol=0, atol=1e-6)
        of_examples = -sigmoid(gap) / BATCH @ judging.T
        expected = kernel - RATE * latents.T @ of_examples, bias - RATE * of_examples.sum(0)
        for found, value in zip(weights(gan.generator), expected, strict=True):
            np.testing.assert_allclose(found, value, rtol=0, atol=1e-6)
        for found, value in zip(gan.discriminator.model.variables, discriminator, strict=True):
            assert np.array_equal(found, value)

    def test_takes_real_logits_on_demand_only(self):
        passes = {}
        for loss in (Paired(), Wasserstein()):
            gan = gan_of(loss=loss)
            update_generator(gan)
            passes[loss.pairs] = len(gan.discriminator.inputs)
        assert passes == {True: 2, False: 1}

    def test_both_networks_move_from_one_pass_of_each_side(self):
        at_once, first, second = (gan_of(loss=Paired()) for _ in range(3))
        losses = make(at_once, BOTH)
        assert len(at_once.discriminator.inputs) == 2
        assert losses["discriminator"] == update_discriminator(first)
        assert losses["generator"] == update_generator(second)
        for found, expected in (
            (at_once.discriminator, first.discriminator),
            (at_once.generator, second.generator),
        ):
            for weight, value in zip(weights(found), weights(expected), strict=True):
                np.testing.assert_allclose(weight, value, rtol=0, atol=1e-6)


class Ridge(Term):
    """½ Σ ‖∇D‖² at the examples of one side."""

    def __init__(self, side):
        self.needs = self.differentiates = (side,)

    def __call__(self, seen, _network):
        return tf.nn.l2_loss(seen.gradient(self.needs[0]))


@pytest.mark.parametrize("side", ["real", "generated"])
def test_term_of_one_side_joins_the_descent_of_that_side(side):
    """In separate updates it is there once, and in no other descent; ∇D = w, so it adds B · w."""
    gan, plain = (gan_of(loss=Wasserstein(), regularizers=it) for it in ([Ridge(side)], []))
    kernels = {}
    for name, one in (("with", gan), ("without", plain)):
        kernels[name] = [weights(one.discriminator)[0]]
        for descend in SEPARATE.descents:
            take(one, descend(one, given_of()))
            kernels[name].append(weights(one.discriminator)[0])
    further = np.subtract(kernels["with"], kernels["without"])
    place = 1 if side == "real" else 2
    before = kernels["with"][place - 1]
    moved = further[place] - further[place - 1]
    np.testing.assert_allclose(moved, -RATE * BATCH * before, rtol=0, atol=1e-5)
    assert np.allclose(further[3 - place] - further[2 - place], 0.0, atol=1e-6)


@pytest.mark.parametrize("update", [TOGETHER, BOTH], ids=["together", "both"])
def test_gradients_by_examples_leave_the_other_network_alone(update):
    """The penalty joins the discriminator's loss alone, though it sees the generator's images."""
    gan, plain = (gan_of(loss=Wasserstein(), regularizers=it) for it in ([Ridge("generated")], []))
    for one in (gan, plain):
        make(one, update)
    for found, expected in zip(weights(gan.generator), weights(plain.generator), strict=True):
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-7)
    assert not np.allclose(weights(gan.discriminator)[0], weights(plain.discriminator)[0])
