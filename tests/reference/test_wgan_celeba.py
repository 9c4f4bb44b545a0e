"""What only `wgan-celeba` has: the switch of its clipping, and steps with a burst of updates."""

from __future__ import annotations

import numpy as np
import pytest

from gantool.engine.build import build_gan
from gantool.engine.plan import make_plan
from gantool.engine.step import TrainingStep
from gantool.recipe.load import find_recipe

from .comparing import assert_losses, assert_stands_at, feed_of, latents_of
from .published import PUBLISHED, wgan_step
from .tiny import BATCH, override, tiny_copy, unsettle

LIMIT = 0.01
SCALE_AND_OFFSET = {"gamma", "beta"}
STATISTICS = {"moving_mean", "moving_variance"}
BURST = {"discriminator": 3, "first": 1, "every": 2}


@pytest.mark.parametrize(
    ("switch", "spared"),
    [("all", set()), ("weights", STATISTICS), ("none", SCALE_AND_OFFSET | STATISTICS)],
)
def test_the_switch_says_what_of_normalization_is_clipped(switch, spared):
    regularizers = [{"WeightClip": {"limit": LIMIT, "batch_normalization": switch}}]
    loaded = tiny_copy(find_recipe("wgan-celeba"), override("regularizers", regularizers))
    state = make_plan(loaded).state
    networks = state.discriminator.weights(), state.generator.weights()
    for network in networks:
        for variable in network.values():
            variable.assign(np.full(variable.shape, -1.0))
    gan = build_gan(state, loaded.recipe)
    for constraint in gan.discriminator.constraints:
        constraint(gan.discriminator)
    for key, variable in networks[0].items():
        left = key.rpartition("/")[2] in spared
        np.testing.assert_allclose(variable.numpy(), -1.0 if left else -LIMIT, err_msg=key)
    assert all((variable.numpy() == -1.0).all() for variable in networks[1].values())


@pytest.mark.slow
def test_in_a_burst_the_critic_takes_another_number_of_updates_and_batches(real_batches):
    """Steps 0, 2, 4 are of the burst: three updates; the others have the recipe's five."""
    published = PUBLISHED["wgan-celeba"]
    loaded = tiny_copy(find_recipe("wgan-celeba"), override("train.updates.burst", BURST))
    # The labels, which no network takes, number the batches.
    pictures = real_batches(20, *published.pictures)
    batches = [(images, np.full(BATCH, at, np.int32)) for at, (images, _) in enumerate(pictures)]
    state = make_plan(loaded).state
    unsettle(state)
    gan, feed = published.gan(state), feed_of(batches)
    step, latents = TrainingStep(state, loaded.recipe), latents_of(loaded.recipe)

    first = wgan_step(gan, batches, latents, critic_updates=range(3))
    assert_losses(step.run(feed, 1), first)
    second = wgan_step(gan, batches, latents, step=1, critic_updates=range(3, 8))
    assert_losses(step.run(feed, 1), second)
    assert_stands_at(state, gan)

    step.run(feed, 3)
    assert int(state.discriminator_optimizer.iterations) == 3 + 5 + 3 + 5 + 3
    assert int(state.generator_optimizer.iterations) == 5
    assert int(next(feed)[1][0]) == 19
