from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from gantool.gan.penalties import gradient_penalty

from gantool.gan.updates import (
    update_discriminator,
    update_discriminator_separately,
)
from gantool.layers.batch_normalization import BatchNormalization

from .games import (
    BATCH,
    RATE,
    REAL,
    UPDATES,
    both,
    bytes_of,
    game_of,
    learn,
    rich_game,
    sigmoid,
    softplus,
    teach,
    weights,
)


class TestDiscriminatorUpdate:
    def test_together_is_one_step_down_the_sum_of_both_losses(self):
        game = game_of()
        kernel, bias = weights(game.discriminator)
        loss = teach(game, update_discriminator)
        real = REAL.reshape(BATCH, 3).astype(np.float64)
        made = game.generator.outputs[0].reshape(BATCH, 3).astype(np.float64)
        on_real, on_made = real @ kernel + bias, made @ kernel + bias
        slope_real, slope_made = -sigmoid(-on_real) / BATCH, sigmoid(on_made) / BATCH
        expected = (
            kernel - RATE * (real.T @ slope_real + made.T @ slope_made),
            bias - RATE * (slope_real + slope_made).sum(0),
        )
        for found, value in zip(weights(game.discriminator), expected, strict=True):
            np.testing.assert_allclose(found, value, rtol=0, atol=1e-6)
        both = softplus(-on_real).mean() + softplus(on_made).mean()
        np.testing.assert_allclose(loss, both, rtol=0, atol=1e-5)

    def test_separately_is_a_step_for_the_real_images_and_then_one_for_the_generated(self):
        game = game_of()
        kernel, bias = weights(game.discriminator)
        loss = teach(game, update_discriminator_separately)
        real = REAL.reshape(BATCH, 3).astype(np.float64)
        made = game.generator.outputs[0].reshape(BATCH, 3).astype(np.float64)
        both = 0.0
        for images, sign in ((real, -1.0), (made, 1.0)):
            logits = images @ kernel + bias
            slope = sign * sigmoid(sign * logits) / BATCH
            kernel, bias = kernel - RATE * images.T @ slope, bias - RATE * slope.sum(0)
            both += softplus(sign * logits).mean()
        for found, value in zip(weights(game.discriminator), (kernel, bias), strict=True):
            np.testing.assert_allclose(found, value, rtol=0, atol=1e-6)
        np.testing.assert_allclose(loss, both, rtol=0, atol=1e-5)

    @UPDATES
    def test_leaves_every_variable_of_the_generator_as_it_was(self, update):
        game = rich_game()
        before = bytes_of(game.generator)
        judge = bytes_of(game.discriminator)
        teach(game, update)
        assert bytes_of(game.generator) == before
        assert bytes_of(game.discriminator) != judge

    @UPDATES
    def test_keeps_batch_statistics_of_real_and_generated_images_apart(self, update):
        # Real images are near 0, generated ones (bias 1, narrow) near 1: normalised apart both
        # have mean 0; normalised as one batch they would stand on two sides of it.
        game = game_of(
            discriminator=[
                keras.layers.Flatten(),
                BatchNormalization(momentum=0.9, epsilon=1e-5),
                keras.layers.Dense(1),
            ],
            loss="wasserstein",
        )
        kernel = weights(game.discriminator)[2]
        images = REAL * np.float32(0.01)
        loss = teach(game, update, images=images)
        real = images.reshape(BATCH, 3).astype(np.float64)
        made = game.generator.outputs[0].reshape(BATCH, 3).astype(np.float64)

        def logits(batch, of):
            return (batch - of.mean(0)) / np.sqrt(of.var(0) + 1e-5) @ kernel

        whole = np.concatenate([real, made])
        mixed = logits(made, whole).mean() - logits(real, whole).mean()
        assert abs(mixed) > 0.1
        if update is update_discriminator:
            # Each batch has mean 0 after its own normalisation, whatever the kernel.
            np.testing.assert_allclose(loss, 0.0, rtol=0, atol=1e-5)
        mean, variance = np.zeros(3), np.ones(3)
        for batch in (real, made):
            mean = 0.9 * mean + 0.1 * batch.mean(0)
            variance = 0.9 * variance + 0.1 * batch.var(0)
        moving_mean, moving_variance = (item.numpy() for item in game.discriminator.state)
        np.testing.assert_allclose(moving_mean, mean, rtol=0, atol=1e-5)
        np.testing.assert_allclose(moving_variance, variance, rtol=0, atol=1e-5)

    @UPDATES
    def test_generated_images_have_batch_statistics_of_their_own(self, update):
        game = rich_game()
        teach(game, update)
        # Only the real and the generated batch were judged, each whole and alone.
        assert [batch.shape for batch in game.discriminator.inputs] == [REAL.shape] * 2
        assert np.array_equal(game.discriminator.inputs[0], REAL)
        assert np.array_equal(game.discriminator.inputs[1], game.generator.outputs[0])

    @UPDATES
    def test_regularizer_of_a_layer_counts_once(self, update):
        rate = 0.125
        game = game_of(
            discriminator=[
                keras.layers.Flatten(),
                keras.layers.Dense(1, kernel_regularizer=keras.regularizers.L2(rate)),
            ]
        )
        plain = game_of()
        for learner in (game.discriminator, plain.discriminator):
            learner.trainable[0].assign(np.float32([[1.0], [2.0], [-3.0]]))
        kernel = weights(plain.discriminator)[0]
        losses = [teach(item, update) for item in (game, plain)]
        if update is update_discriminator:
            assert losses[0] == losses[1]  # the loss is told without it
            found = weights(game.discriminator)[0] - weights(plain.discriminator)[0]
            np.testing.assert_allclose(found, -RATE * 2 * rate * kernel, rtol=0, atol=1e-6)
        else:
            # Of two updates each has it in full, as any optimizer's step does.
            after_real = _separate_kernel(kernel, game, rate)
            np.testing.assert_allclose(
                weights(game.discriminator)[0], after_real, rtol=0, atol=1e-5
            )

    def test_gradient_penalty_joins_with_its_weight(self):
        weight, mix = 10.0, tf.fill([BATCH, 1, 1, 1], 0.5)

        def penalty(discriminate, real, generated, _seed):
            return weight * gradient_penalty(discriminate, real, generated, mix)

        plain, game = game_of(loss="wasserstein"), game_of(loss="wasserstein", penalties=[penalty])
        kernel = weights(game.discriminator)[0]
        assert teach(plain) == teach(game)  # the loss is told without it
        found = weights(game.discriminator)[0] - weights(plain.discriminator)[0]
        length = np.linalg.norm(kernel)
        expected = -RATE * weight * 2.0 * (length - 1.0) * kernel / length
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)

    def test_penalty_sees_the_images_of_the_update_and_a_seed_of_its_own(self):
        seen = []

        def penalty(discriminate, real, generated, seed):
            seen.append((real.numpy(), generated.numpy(), tuple(seed.numpy())))
            return tf.reduce_sum(discriminate(real)) * 0.0

        game = game_of(penalties=[penalty])
        teach(game, index=0)
        teach(game, index=1)
        (real, generated, first), (_, _, second) = seen
        assert np.array_equal(real, REAL)
        assert np.array_equal(generated, game.generator.outputs[0])
        assert first != second
        assert not {first, second} & set(game.discriminator.seeds)

    @pytest.mark.parametrize("limit", [0.01, 0.25])
    @UPDATES
    def test_clipped_weights_are_in_bounds_after_the_update(self, update, limit):
        game = game_of(clip=limit)
        assert max(np.abs(weight).max() for weight in weights(game.discriminator)) > limit
        teach(game, update)
        for weight in weights(game.discriminator):
            assert (np.abs(weight) <= np.float32(limit)).all()

    def test_clipping_comes_after_each_of_two_separate_updates(self):
        game = game_of(clip=0.05)
        bounds = []
        forward = game.discriminator.forward

        def noted(*arguments):
            bounds.append(max(np.abs(weight).max() for weight in weights(game.discriminator)))
            return forward(*arguments)

        game.discriminator.forward = noted
        teach(game, update_discriminator_separately)
        assert bounds[0] > 0.05
        assert bounds[1] <= np.float32(0.05)

    def test_clipping_leaves_moving_statistics_alone(self):
        game = game_of(
            discriminator=[keras.layers.Flatten(), BatchNormalization(), keras.layers.Dense(1)],
            clip=0.01,
        )
        teach(game)
        variance = game.discriminator.state[1].numpy()
        assert (variance > 0.5).all()


def _separate_kernel(kernel, game, rate):
    """The kernel after one update for real and one for generated images, each with L2."""
    bias = np.zeros(1)
    made = game.generator.outputs[0].reshape(BATCH, 3).astype(np.float64)
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
            ("non-saturating", lambda logits: -sigmoid(-logits)),
            ("minimax", lambda logits: -sigmoid(logits)),
        ],
    )
    def test_is_one_step_down_its_loss_through_the_discriminator(self, loss, slope):
        game = game_of(loss=loss)
        kernel, bias = weights(game.generator)
        judge, threshold = weights(game.discriminator)
        learn(game)
        latents = game.generator.inputs[0].astype(np.float64)
        logits = (latents @ kernel + bias) @ judge + threshold
        on_images = slope(logits) / BATCH @ judge.T
        expected = kernel - RATE * latents.T @ on_images, bias - RATE * on_images.sum(0)
        for found, value in zip(weights(game.generator), expected, strict=True):
            np.testing.assert_allclose(found, value, rtol=0, atol=1e-6)

    def test_tells_the_loss_on_its_own_images(self):
        game = game_of()
        loss = learn(game)
        expected = softplus(-game.discriminator.outputs[0].astype(np.float64)).mean()
        np.testing.assert_allclose(loss, expected, rtol=0, atol=1e-6)
        assert np.array_equal(game.discriminator.inputs[0], game.generator.outputs[0])

    def test_leaves_every_variable_of_the_discriminator_as_it_was(self):
        game = rich_game(penalties=[], clip=1e-3)
        before = bytes_of(game.discriminator)
        generator = [bytes_of(game.generator), [item.numpy() for item in game.generator.state]]
        learn(game)
        assert bytes_of(game.discriminator) == before
        assert bytes_of(game.generator) != generator[0]
        for old, new in zip(generator[1], game.generator.state, strict=True):
            assert not np.array_equal(old, new.numpy())  # its own statistics do move

    def test_leaves_the_optimizer_of_the_discriminator_as_it_was(self):
        game = rich_game()
        learn(game)
        assert int(game.discriminator.optimizer.iterations) == 0
        assert int(game.generator.optimizer.iterations) == 1

    def test_regularizer_of_a_layer_counts_once(self):
        rate = 0.125
        regularized = keras.layers.Dense(
            3, bias_initializer="ones", kernel_regularizer=keras.regularizers.L2(rate)
        )
        game, plain = game_of([regularized]), game_of()
        for learner, other in (
            (game.generator, plain.generator),
            (game.discriminator, plain.discriminator),
        ):
            learner.model.set_weights(other.model.get_weights())
        kernel = weights(plain.generator)[0]
        assert learn(game) == learn(plain)
        found = weights(game.generator)[0] - weights(plain.generator)[0]
        np.testing.assert_allclose(found, -RATE * 2 * rate * kernel, rtol=0, atol=1e-6)

    def test_regularizer_of_the_discriminator_is_none_of_its_business(self):
        judge = [
            keras.layers.Flatten(),
            keras.layers.Dense(1, activity_regularizer=keras.regularizers.L2(100.0)),
        ]
        game, plain = game_of(discriminator=judge), game_of()
        game.discriminator.model.set_weights(plain.discriminator.model.get_weights())
        assert learn(game) == learn(plain)
        for found, expected in zip(weights(game.generator), weights(plain.generator), strict=True):
            assert np.array_equal(found, expected)


class TestUpdateOfBoth:
    @pytest.mark.parametrize("loss", ["non-saturating", "wasserstein", "hinge"])
    def test_each_network_takes_its_own_step_from_where_both_stood(self, loss):
        at_once, discriminator_alone, generator_alone = (game_of(loss=loss) for _ in range(3))
        losses = both(at_once)
        assert losses == (teach(discriminator_alone), learn(generator_alone))
        for found, expected in (
            (at_once.discriminator, discriminator_alone.discriminator),
            (at_once.generator, generator_alone.generator),
        ):
            for weight, value in zip(weights(found), weights(expected), strict=True):
                np.testing.assert_allclose(weight, value, rtol=0, atol=1e-6)

    def test_there_is_one_forward_pass(self):
        game = game_of()
        both(game)
        assert len(game.generator.outputs) == 1
        assert [len(batch) for batch in game.discriminator.inputs] == [BATCH, BATCH]
        assert np.array_equal(game.discriminator.inputs[1], game.generator.outputs[0])

    def test_statistics_of_both_networks_move_once(self):
        game, discriminator_alone, generator_alone = (rich_game() for _ in range(3))
        both(game)
        for learner in (discriminator_alone.discriminator, generator_alone.generator):
            assert len(learner.state) == 2
        assert [
            int(item.optimizer.iterations) for item in (game.generator, game.discriminator)
        ] == [
            1,
            1,
        ]
        for learner in (game.generator, game.discriminator):
            mean, variance = (item.numpy() for item in learner.state)
            assert not np.allclose(mean, 0.0, atol=1e-4)
            assert not np.allclose(variance, 1.0, atol=1e-4)

    def test_penalties_constraints_and_decay_belong_to_it(self):
        seen = []

        def penalty(discriminate, real, generated, _seed):
            seen.append((real.numpy(), generated.numpy()))
            return tf.reduce_sum(discriminate(real)) * 0.0

        game = game_of(penalties=[penalty], clip=0.05)
        both(game)
        assert np.array_equal(seen[0][0], REAL)
        assert np.array_equal(seen[0][1], game.generator.outputs[0])
        assert max(np.abs(weight).max() for weight in weights(game.discriminator)) <= np.float32(
            0.05
        )
