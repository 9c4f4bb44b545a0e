from __future__ import annotations

from functools import partial

import keras
import numpy as np
import pytest
import tensorflow as tf

from gantool.gan.constraints import clip_weights
from gantool.gan.learner import Learner
from gantool.gan.losses import LOSSES
from gantool.gan.penalties import gradient_penalty
from gantool.gan.updates import (
    Game,
    update_both,
    update_discriminator,
    update_discriminator_separately,
    update_generator,
)
from gantool.networks.layers import BatchNormalization, ConcatLabel

RATE = 0.5
BATCH = 4
RANDOM = np.random.default_rng(0)
REAL = RANDOM.normal(1.0, 2.0, size=(BATCH, 1, 3, 1)).astype(np.float32)
LABELS = np.array([0, 2, 2, 0], np.int32)
UPDATES = pytest.mark.parametrize("update", [update_discriminator, update_discriminator_separately])


class Witness(Learner):
    """A learner that remembers what passed through it, and the weights at that time."""

    def __init__(self, model, rate, takes_label):
        self.inputs, self.seeds, self.outputs = [], [], []
        super().__init__(model, keras.optimizers.SGD(rate), takes_label)

    def forward(self, inputs, labels, seed, state=None):
        made = super().forward(inputs, labels, seed, state)
        self.inputs.append(inputs.numpy())
        self.seeds.append(tuple(seed.numpy()))
        self.outputs.append(made.outputs.numpy())
        return made


def model_of(input_shape, *layers):
    """A network; [inputs, labels] where a layer takes the label."""
    inputs, label = keras.Input(input_shape), keras.Input((), dtype="int32")
    outputs, takes_label = inputs, False
    for layer in layers:
        takes_label = takes_label or isinstance(layer, ConcatLabel)
        outputs = layer(outputs, label) if isinstance(layer, ConcatLabel) else layer(outputs)
    return keras.Model([inputs, label] if takes_label else inputs, outputs), takes_label


def game_of(
    generator=None,
    discriminator=None,
    loss="non-saturating",
    penalties=(),
    clip=None,
    decay=0.0,
    seed=0,
):
    """A game between two networks with one dense layer each, unless other layers are given."""
    keras.utils.set_random_seed(1)
    generator = generator or [keras.layers.Dense(3, bias_initializer="ones")]
    discriminator = discriminator or [keras.layers.Flatten(), keras.layers.Dense(1)]
    making, makes_of_label = model_of((2,), *generator, keras.layers.Reshape((1, 3, 1)))
    judging, judges_label = model_of((1, 3, 1), *discriminator)
    judge = Witness(judging, RATE, judges_label)
    constraints = () if clip is None else (partial(clip_weights, judge.trainable, clip),)
    return Game(
        generator=Witness(making, RATE, makes_of_label),
        discriminator=judge,
        loss=LOSSES[loss],
        penalties=tuple(penalties),
        weight_decay=decay,
        constraints=constraints,
        seed=seed,
    )


def rich_game(**more):
    """Networks with every kind of variable: weights, moving statistics, seeds of dropout."""
    return game_of(
        [keras.layers.Dense(3), keras.layers.Dropout(0.2), BatchNormalization()],
        [
            keras.layers.Flatten(),
            BatchNormalization(),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(1),
        ],
        **more,
    )


def latents_of(index):
    return tf.constant(np.random.default_rng(index).normal(size=(BATCH, 2)).astype(np.float32))


def teach(game, update=update_discriminator, index=0, images=REAL):
    labels, latents = tf.constant(LABELS), latents_of(index)
    return float(update(game, tf.constant(images), labels, latents, tf.constant(index, tf.int64)))


def learn(game, index=0):
    labels, latents = tf.constant(LABELS), latents_of(index)
    return float(update_generator(game, labels, latents, tf.constant(index, tf.int64)))


def weights(learner):
    return [variable.numpy().astype(np.float64) for variable in learner.trainable]


def bytes_of(learner):
    return [variable.numpy().tobytes() for variable in learner.model.variables]


def sigmoid(values):
    return 0.5 * (1.0 + np.tanh(0.5 * values))


def softplus(values):
    return np.logaddexp(0.0, values)


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


def both(game, index=0):
    labels, latents = tf.constant(LABELS), latents_of(index)
    losses = update_both(game, tf.constant(REAL), labels, latents, tf.constant(index, tf.int64))
    return tuple(float(loss) for loss in losses)


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


class TestWeightDecay:
    DECAY = 0.125

    def moved_further(self, run, network):
        """How much further decay moves the weights of a network, and where they were before."""
        game, plain = game_of(decay=self.DECAY), game_of()
        before = weights(getattr(plain, network))
        assert run(game) == run(plain)  # the losses are told without it
        pairs = zip(weights(getattr(game, network)), weights(getattr(plain, network)), strict=True)
        return [found - value for found, value in pairs], before

    @pytest.mark.parametrize(
        ("run", "network"),
        [
            (teach, "discriminator"),
            (learn, "generator"),
            (both, "discriminator"),
            (both, "generator"),
        ],
    )
    def test_pulls_every_weight_towards_zero_by_its_share(self, run, network):
        further, before = self.moved_further(run, network)
        assert len(before) == 2  # kernel and bias
        for found, weight in zip(further, before, strict=True):
            np.testing.assert_allclose(found, -RATE * self.DECAY * weight, rtol=0, atol=1e-6)

    def test_joins_each_of_two_separate_updates(self):
        game = game_of(decay=self.DECAY, loss="wasserstein")
        kernel = weights(game.discriminator)[0]
        teach(game, update_discriminator_separately)
        made = game.generator.outputs[0].reshape(BATCH, 3).astype(np.float64)
        for images, sign in ((REAL.reshape(BATCH, 3), -1.0), (made, 1.0)):
            slope = np.full((BATCH, 1), sign / BATCH)
            kernel = kernel - RATE * (images.astype(np.float64).T @ slope + self.DECAY * kernel)
        np.testing.assert_allclose(weights(game.discriminator)[0], kernel, rtol=0, atol=1e-5)


class TestRandomness:
    def test_generated_images_are_made_of_the_latents_that_are_handed_over(self):
        game = game_of()
        teach(game, index=5)
        learn(game, index=6)
        for found, index in zip(game.generator.inputs, (5, 6), strict=True):
            assert np.array_equal(found, latents_of(index))

    @UPDATES
    def test_dropout_has_a_seed_for_each_pass(self, update):
        game = rich_game()
        for index in range(2):
            teach(game, update, index)
            learn(game, index)
        seeds = game.discriminator.seeds + game.generator.seeds
        assert len(set(seeds)) == len(seeds) == 10


class TestLabels:
    @pytest.fixture
    def game(self):
        return game_of(
            [ConcatLabel(classes=3), keras.layers.Dense(3)],
            [ConcatLabel(classes=3), keras.layers.Flatten(), keras.layers.Dense(1)],
            loss="wasserstein",
        )

    def test_reach_the_generator(self, game):
        before = weights(game.generator)[0]
        learn(game)
        moved = (weights(game.generator)[0] != before).any(1)
        # Rows 0 and 1 are the latent's, then a row for each class; class 1 was not asked for.
        assert moved.tolist() == [True, True, True, False, True]

    @UPDATES
    def test_reach_the_discriminator_with_real_and_with_generated_images(self, game, update):
        game.discriminator.optimizer.learning_rate = 0.0
        game.discriminator.trainable[0].assign(
            # The logit is the class plane of the first pixel: 10, 20 or 30.
            np.float32([0, 10, 20, 30] + [0] * 8)[:, None]
        )
        teach(game, update)
        expected = np.float32([[10], [30], [30], [10]])
        assert np.array_equal(game.discriminator.outputs[0], expected)
        assert np.array_equal(game.discriminator.outputs[1], expected)

    def test_reach_the_discriminator_while_the_generator_learns(self, game):
        game.discriminator.trainable[0].assign(np.float32([0, 10, 20, 30] + [0] * 8)[:, None])
        learn(game)
        assert np.array_equal(game.discriminator.outputs[0], [[10], [30], [30], [10]])
