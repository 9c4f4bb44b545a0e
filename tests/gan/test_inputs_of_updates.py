"""What updates take beside images and losses: weight decay, latents, seeds and labels."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from gantool.layers.concat_label import ConcatLabel
from gantool.losses.wasserstein import Wasserstein
from gantool.terms.weight_decay import WeightDecay

from .gans import (
    BATCH,
    RATE,
    REAL,
    SEPARATE,
    UPDATES,
    gan_of,
    latents_of,
    rich_gan,
    update_both,
    update_discriminator,
    update_generator,
    weights,
)


class TestWeightDecay:
    DECAY = 0.125

    def moved_further(self, run, network):
        """How much further decay moves the weights of a network, and where they were before."""
        gan, plain = gan_of(regularizers=[WeightDecay(self.DECAY)]), gan_of()
        before = weights(getattr(plain, network))
        assert run(gan) == run(plain)  # the losses are told without it
        pairs = zip(weights(getattr(gan, network)), weights(getattr(plain, network)), strict=True)
        return [found - value for found, value in pairs], before

    @pytest.mark.parametrize(
        ("run", "network"),
        [
            (update_discriminator, "discriminator"),
            (update_generator, "generator"),
            (update_both, "discriminator"),
            (update_both, "generator"),
        ],
    )
    def test_pulls_every_weight_towards_zero_by_its_share(self, run, network):
        further, before = self.moved_further(run, network)
        assert len(before) == 2  # kernel and bias
        for found, weight in zip(further, before, strict=True):
            np.testing.assert_allclose(found, -RATE * self.DECAY * weight, rtol=0, atol=1e-6)

    def test_joins_each_of_two_separate_updates(self):
        gan = gan_of(regularizers=[WeightDecay(self.DECAY)], loss=Wasserstein())
        kernel = weights(gan.discriminator)[0]
        update_discriminator(gan, SEPARATE)
        made = gan.generator.outputs[0].reshape(BATCH, 3).astype(np.float64)
        for images, sign in ((REAL.reshape(BATCH, 3), -1.0), (made, 1.0)):
            slope = np.full((BATCH, 1), sign / BATCH)
            kernel = kernel - RATE * (images.astype(np.float64).T @ slope + self.DECAY * kernel)
        np.testing.assert_allclose(weights(gan.discriminator)[0], kernel, rtol=0, atol=1e-5)


class TestRandomness:
    def test_generated_images_are_made_of_the_latents_that_are_handed_over(self):
        gan = gan_of()
        update_discriminator(gan, index=5)
        update_generator(gan, index=6)
        for found, index in zip(gan.generator.inputs, (5, 6), strict=True):
            assert np.array_equal(found, latents_of(index))

    @UPDATES
    def test_dropout_has_a_seed_for_each_pass(self, update):
        gan = rich_gan()
        for index in range(2):
            update_discriminator(gan, update, index)
            update_generator(gan, index)
        seeds = gan.discriminator.seeds + gan.generator.seeds
        assert len(set(seeds)) == len(seeds) == 10


class TestLabels:
    @pytest.fixture
    def gan(self):
        return gan_of(
            [ConcatLabel(classes=3), keras.layers.Dense(3)],
            [ConcatLabel(classes=3), keras.layers.Flatten(), keras.layers.Dense(1)],
            loss=Wasserstein(),
        )

    def test_reach_the_generator(self, gan):
        before = weights(gan.generator)[0]
        update_generator(gan)
        moved = (weights(gan.generator)[0] != before).any(1)
        # Rows 0 and 1 are the latent's, then a row for each class; class 1 was not asked for.
        assert moved.tolist() == [True, True, True, False, True]

    @UPDATES
    def test_reach_the_discriminator_with_real_and_with_generated_images(self, gan, update):
        gan.discriminator.optimizer.learning_rate = 0.0
        gan.discriminator.trainable[0].assign(
            # The logit is the class plane of the first pixel: 10, 20 or 30.
            np.float32([0, 10, 20, 30] + [0] * 8)[:, None]
        )
        update_discriminator(gan, update)
        expected = np.float32([[10], [30], [30], [10]])
        assert np.array_equal(gan.discriminator.outputs[0], expected)
        assert np.array_equal(gan.discriminator.outputs[1], expected)

    def test_reach_the_discriminator_while_the_generator_learns(self, gan):
        gan.discriminator.trainable[0].assign(np.float32([0, 10, 20, 30] + [0] * 8)[:, None])
        update_generator(gan)
        assert np.array_equal(gan.discriminator.outputs[0], [[10], [30], [30], [10]])
