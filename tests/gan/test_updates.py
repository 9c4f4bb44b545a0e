from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from gantool.gan.objective import Term
from gantool.layers.batch_normalization import BatchNormalization
from gantool.losses.hinge import Hinge
from gantool.losses.minimax import Minimax
from gantool.losses.non_saturating import NonSaturating
from gantool.losses.wasserstein import Wasserstein
from gantool.terms.gradient_penalty import GradientPenalty
from gantool.terms.weight_clip import WeightClip

from .gans import (
    BATCH,
    RATE,
    REAL,
    SEPARATE,
    TOGETHER,
    UPDATES,
    bytes_of,
    gan_of,
    rich_gan,
    sigmoid,
    softplus,
    update_both,
    update_discriminator,
    update_generator,
    weights,
)


class Note(Term):
    """Adds nothing; notes what it sees."""

    needs = ("real", "generated")

    def __init__(self):
        self.seen = []

    def __call__(self, seen, _network):
        sides = [seen.examples(side).numpy() for side in self.needs]
        self.seen.append((*sides, tuple(seen.seed_of("note").numpy())))
        return 0.0 * tf.reduce_sum(seen.discriminate(seen.examples("real")))


class TestDiscriminatorUpdate:
    def test_together_is_one_step_down_the_sum_of_both_losses(self):
        gan = gan_of()
        kernel, bias = weights(gan.discriminator)
        loss = update_discriminator(gan, TOGETHER)
        real = REAL.reshape(BATCH, 3).astype(np.float64)
        made = gan.generator.outputs[0].reshape(BATCH, 3).astype(np.float64)
        on_real, on_made = real @ kernel + bias, made @ kernel + bias
        slope_real, slope_made = -sigmoid(-on_real) / BATCH, sigmoid(on_made) / BATCH
        expected = (
            kernel - RATE * (real.T @ slope_real + made.T @ slope_made),
            bias - RATE * (slope_real + slope_made).sum(0),
        )
        for found, value in zip(weights(gan.discriminator), expected, strict=True):
            np.testing.assert_allclose(found, value, rtol=0, atol=1e-6)
        both = softplus(-on_real).mean() + softplus(on_made).mean()
        np.testing.assert_allclose(loss, both, rtol=0, atol=1e-5)

    def test_separately_is_a_step_for_the_real_images_and_then_one_for_the_generated(self):
        gan = gan_of()
        kernel, bias = weights(gan.discriminator)
        loss = update_discriminator(gan, SEPARATE)
        real = REAL.reshape(BATCH, 3).astype(np.float64)
        made = gan.generator.outputs[0].reshape(BATCH, 3).astype(np.float64)
        both = 0.0
        for images, sign in ((real, -1.0), (made, 1.0)):
            logits = images @ kernel + bias
            slope = sign * sigmoid(sign * logits) / BATCH
            kernel, bias = kernel - RATE * images.T @ slope, bias - RATE * slope.sum(0)
            both += softplus(sign * logits).mean()
        for found, value in zip(weights(gan.discriminator), (kernel, bias), strict=True):
            np.testing.assert_allclose(found, value, rtol=0, atol=1e-6)
        np.testing.assert_allclose(loss, both, rtol=0, atol=1e-5)

    @UPDATES
    def test_leaves_every_variable_of_the_generator_as_it_was(self, update):
        gan = rich_gan()
        before = bytes_of(gan.generator)
        discriminator = bytes_of(gan.discriminator)
        update_discriminator(gan, update)
        assert bytes_of(gan.generator) == before
        assert bytes_of(gan.discriminator) != discriminator

    @UPDATES
    def test_keeps_batch_statistics_of_real_and_generated_images_apart(self, update):
        # Real images are near 0, generated ones (bias 1, narrow) near 1: normalised apart both
        # have mean 0; normalised as one batch they would stand on two sides of it.
        gan = gan_of(
            discriminator=[
                keras.layers.Flatten(),
                BatchNormalization(momentum=0.9, epsilon=1e-5),
                keras.layers.Dense(1),
            ],
            loss=Wasserstein(),
        )
        kernel = weights(gan.discriminator)[2]
        images = REAL * np.float32(0.01)
        loss = update_discriminator(gan, update, real=images)
        real = images.reshape(BATCH, 3).astype(np.float64)
        made = gan.generator.outputs[0].reshape(BATCH, 3).astype(np.float64)

        def logits(batch, of):
            return (batch - of.mean(0)) / np.sqrt(of.var(0) + 1e-5) @ kernel

        whole = np.concatenate([real, made])
        mixed = logits(made, whole).mean() - logits(real, whole).mean()
        assert abs(mixed) > 0.1
        if update is TOGETHER:
            # Each batch has mean 0 after its own normalisation, whatever the kernel.
            np.testing.assert_allclose(loss, 0.0, rtol=0, atol=1e-5)
        mean, variance = np.zeros(3), np.ones(3)
        for batch in (real, made):
            mean = 0.9 * mean + 0.1 * batch.mean(0)
            variance = 0.9 * variance + 0.1 * batch.var(0)
        moving_mean, moving_variance = (item.numpy() for item in gan.discriminator.state)
        np.testing.assert_allclose(moving_mean, mean, rtol=0, atol=1e-5)
        np.testing.assert_allclose(moving_variance, variance, rtol=0, atol=1e-5)

    @UPDATES
    def test_generated_images_have_batch_statistics_of_their_own(self, update):
        gan = rich_gan()
        update_discriminator(gan, update)
        # Only the real and the generated batch were judged, each whole and alone.
        assert [batch.shape for batch in gan.discriminator.inputs] == [REAL.shape] * 2
        assert np.array_equal(gan.discriminator.inputs[0], REAL)
        assert np.array_equal(gan.discriminator.inputs[1], gan.generator.outputs[0])

    @UPDATES
    def test_activity_regularizer_is_summed_over_the_passes_of_an_update(self, update):
        """Of the logits: 0.125 Σ l² / B over real and over generated examples."""
        rate = 0.125
        gan = gan_of(
            discriminator=[
                keras.layers.Flatten(),
                keras.layers.Dense(1, activity_regularizer=keras.regularizers.L2(rate)),
            ],
            loss=Wasserstein(),
        )
        kernel, bias = weights(gan.discriminator)
        loss = update_discriminator(gan, update)
        real = REAL.reshape(BATCH, 3).astype(np.float64)
        made = gan.generator.outputs[0].reshape(BATCH, 3).astype(np.float64)
        passes = [(real, -1.0), (made, 1.0)]
        told = 0.0
        for together in [passes] if update is TOGETHER else [[it] for it in passes]:
            logits = [examples @ kernel + bias for examples, _ in together]
            slopes = [
                (sign + 2 * rate * found) / BATCH
                for found, (_, sign) in zip(logits, together, strict=True)
            ]
            told += sum(sign * it.mean() for it, (_, sign) in zip(logits, together, strict=True))
            pairs = list(zip(together, slopes, strict=True))
            kernel = kernel - RATE * sum(examples.T @ slope for (examples, _), slope in pairs)
            bias = bias - RATE * sum(slope.sum(0) for _, slope in pairs)
        for found, expected in zip(weights(gan.discriminator), (kernel, bias), strict=True):
            np.testing.assert_allclose(found, expected, rtol=2e-6, atol=1e-5)
        np.testing.assert_allclose(loss, told, rtol=2e-6, atol=1e-5)  # without it

    @UPDATES
    def test_regularizer_of_weights_counts_once_in_an_update(self, update):
        rate = 0.125
        gan = gan_of(
            discriminator=[
                keras.layers.Flatten(),
                keras.layers.Dense(1, kernel_regularizer=keras.regularizers.L2(rate)),
            ]
        )
        plain = gan_of()
        for network in (gan.discriminator, plain.discriminator):
            network.trainable[0].assign(np.float32([[1.0], [2.0], [-3.0]]))
        kernel = weights(plain.discriminator)[0]
        losses = [update_discriminator(item, update) for item in (gan, plain)]
        if update is TOGETHER:
            assert losses[0] == losses[1]  # the loss is told without it
            found = weights(gan.discriminator)[0] - weights(plain.discriminator)[0]
            np.testing.assert_allclose(found, -RATE * 2 * rate * kernel, rtol=0, atol=1e-6)
        else:
            # Of two updates each has it in full, as any optimizer's step does.
            after_real = _separate_kernel(kernel, gan, rate)
            np.testing.assert_allclose(weights(gan.discriminator)[0], after_real, rtol=0, atol=1e-5)

    def test_gradient_penalty_joins_with_its_weight(self):
        weight = 10.0
        penalty = GradientPenalty(weight)
        plain, gan = (gan_of(loss=Wasserstein(), regularizers=found) for found in ([], [penalty]))
        kernel = weights(gan.discriminator)[0]
        assert update_discriminator(plain) == update_discriminator(
            gan
        )  # the loss is told without it
        found = weights(gan.discriminator)[0] - weights(plain.discriminator)[0]
        length = np.linalg.norm(kernel)
        expected = -RATE * weight * 2.0 * (length - 1.0) * kernel / length
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)

    def test_term_sees_the_examples_of_the_update_and_a_seed_of_its_own(self):
        note = Note()
        gan = gan_of(regularizers=[note])
        update_discriminator(gan, index=0)
        update_discriminator(gan, index=1)
        (real, generated, first), (_, _, second) = note.seen
        assert np.array_equal(real, REAL)
        assert np.array_equal(generated, gan.generator.outputs[0])
        assert first != second
        assert not {first, second} & set(gan.discriminator.seeds)

    @pytest.mark.parametrize("limit", [0.01, 0.25])
    @UPDATES
    def test_clipped_weights_are_in_bounds_after_the_update(self, update, limit):
        gan = gan_of(regularizers=[WeightClip(limit)])
        assert max(np.abs(weight).max() for weight in weights(gan.discriminator)) > limit
        update_discriminator(gan, update)
        for weight in weights(gan.discriminator):
            assert (np.abs(weight) <= np.float32(limit)).all()

    def test_clipping_comes_after_each_of_two_separate_updates(self):
        gan = gan_of(regularizers=[WeightClip(0.05)])
        bounds = []
        forward = gan.discriminator.forward

        def noted(*arguments):
            bounds.append(max(np.abs(weight).max() for weight in weights(gan.discriminator)))
            return forward(*arguments)

        gan.discriminator.forward = noted
        update_discriminator(gan, SEPARATE)
        assert bounds[0] > 0.05
        assert bounds[1] <= np.float32(0.05)

    def test_clipping_leaves_moving_statistics_alone(self):
        gan = gan_of(
            discriminator=[keras.layers.Flatten(), BatchNormalization(), keras.layers.Dense(1)],
            regularizers=[WeightClip(0.01)],
        )
        update_discriminator(gan)
        variance = gan.discriminator.state[1].numpy()
        assert (variance > 0.5).all()


def _separate_kernel(kernel, gan, rate):
    """The kernel after one update for real and one for generated images, each with L2."""
    bias = np.zeros(1)
    made = gan.generator.outputs[0].reshape(BATCH, 3).astype(np.float64)
    for images, sign in ((REAL.reshape(BATCH, 3).astype(np.float64), -1.0), (made, 1.0)):
        slope = sign * sigmoid(sign * (images @ kernel + bias)) / BATCH
        kernel, bias = (
            kernel - RATE * (images.T @ slope + 2 * rate * kernel),
            bias - RATE * slope.sum(0),
        )
    return kernel


class TestGeneratorUpdate:
    @pytest.mark.parametrize(
        ("loss", "slope"),
        [
            (NonSaturating(), lambda logits: -sigmoid(-logits)),
            (Minimax(), lambda logits: -sigmoid(logits)),
        ],
    )
    def test_is_one_step_down_its_loss_through_the_discriminator(self, loss, slope):
        gan = gan_of(loss=loss)
        kernel, bias = weights(gan.generator)
        judge, threshold = weights(gan.discriminator)
        update_generator(gan)
        latents = gan.generator.inputs[0].astype(np.float64)
        logits = (latents @ kernel + bias) @ judge + threshold
        on_images = slope(logits) / BATCH @ judge.T
        expected = kernel - RATE * latents.T @ on_images, bias - RATE * on_images.sum(0)
        for found, value in zip(weights(gan.generator), expected, strict=True):
            np.testing.assert_allclose(found, value, rtol=0, atol=1e-6)

    def test_tells_the_loss_on_its_own_images(self):
        gan = gan_of()
        loss = update_generator(gan)
        expected = softplus(-gan.discriminator.outputs[0].astype(np.float64)).mean()
        np.testing.assert_allclose(loss, expected, rtol=0, atol=1e-6)
        assert np.array_equal(gan.discriminator.inputs[0], gan.generator.outputs[0])

    def test_leaves_every_variable_of_the_discriminator_as_it_was(self):
        gan = rich_gan(regularizers=[WeightClip(1e-3)])
        before = bytes_of(gan.discriminator)
        generator = [bytes_of(gan.generator), [item.numpy() for item in gan.generator.state]]
        update_generator(gan)
        assert bytes_of(gan.discriminator) == before
        assert bytes_of(gan.generator) != generator[0]
        for old, new in zip(generator[1], gan.generator.state, strict=True):
            assert not np.array_equal(old, new.numpy())  # its own statistics do move

    def test_leaves_the_optimizer_of_the_discriminator_as_it_was(self):
        gan = rich_gan()
        update_generator(gan)
        assert int(gan.discriminator.optimizer.iterations) == 0
        assert int(gan.generator.optimizer.iterations) == 1

    def test_regularizer_of_a_layer_counts_once(self):
        rate = 0.125
        regularized = keras.layers.Dense(
            3, bias_initializer="ones", kernel_regularizer=keras.regularizers.L2(rate)
        )
        gan, plain = gan_of([regularized]), gan_of()
        for network, other in (
            (gan.generator, plain.generator),
            (gan.discriminator, plain.discriminator),
        ):
            network.model.set_weights(other.model.get_weights())
        kernel = weights(plain.generator)[0]
        assert update_generator(gan) == update_generator(plain)
        found = weights(gan.generator)[0] - weights(plain.generator)[0]
        np.testing.assert_allclose(found, -RATE * 2 * rate * kernel, rtol=0, atol=1e-6)

    def test_regularizer_of_the_discriminator_is_none_of_its_business(self):
        layers = [
            keras.layers.Flatten(),
            keras.layers.Dense(
                1,
                kernel_regularizer=keras.regularizers.L2(100.0),
                activity_regularizer=keras.regularizers.L2(100.0),
            ),
        ]
        gan, plain = gan_of(discriminator=layers), gan_of()
        gan.discriminator.model.set_weights(plain.discriminator.model.get_weights())
        assert update_generator(gan) == update_generator(plain)
        for found, expected in zip(weights(gan.generator), weights(plain.generator), strict=True):
            assert np.array_equal(found, expected)


class TestUpdateOfBoth:
    @pytest.mark.parametrize("loss", [NonSaturating(), Wasserstein(), Hinge()])
    def test_each_network_takes_its_own_step_from_where_both_stood(self, loss):
        at_once, discriminator_alone, generator_alone = (gan_of(loss=loss) for _ in range(3))
        losses = update_both(at_once)
        assert losses == (
            update_discriminator(discriminator_alone),
            update_generator(generator_alone),
        )
        for found, expected in (
            (at_once.discriminator, discriminator_alone.discriminator),
            (at_once.generator, generator_alone.generator),
        ):
            for weight, value in zip(weights(found), weights(expected), strict=True):
                np.testing.assert_allclose(weight, value, rtol=0, atol=1e-6)

    def test_there_is_one_forward_pass(self):
        gan = gan_of()
        update_both(gan)
        assert len(gan.generator.outputs) == 1
        assert [len(batch) for batch in gan.discriminator.inputs] == [BATCH, BATCH]
        assert np.array_equal(gan.discriminator.inputs[1], gan.generator.outputs[0])

    def test_statistics_of_both_networks_move_once(self):
        gan = rich_gan()
        update_both(gan)
        for network in (gan.generator, gan.discriminator):
            assert int(network.optimizer.iterations) == 1
            mean, variance = (item.numpy() for item in network.state)
            assert not np.allclose(mean, 0.0, atol=1e-4)
            assert not np.allclose(variance, 1.0, atol=1e-4)

    def test_terms_and_constraints_belong_to_it(self):
        note = Note()
        gan = gan_of(regularizers=[note, WeightClip(0.05)])
        update_both(gan)
        [(real, generated, _)] = note.seen
        assert np.array_equal(real, REAL)
        assert np.array_equal(generated, gan.generator.outputs[0])
        assert max(np.abs(weight).max() for weight in weights(gan.discriminator)) <= np.float32(
            0.05
        )
