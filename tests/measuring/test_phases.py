"""Shares of phases: which there are, what they add up to, and what they are of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from gantool.engine.plan import Plan, make_plan
from gantool.engine.step import TrainingStep
from gantool.measuring import phases
from gantool.measuring.phases import phase_shares

SMALL = (
    "generator.layers=[Dense: {units: 784}, BatchNormalization,"
    " Reshape: {target_shape: [28, 28, 1]}]",
    "discriminator.layers=[Flatten, Dense: {units: 4}, Dense: {units: 1}]",
    "data.labels=false",
    "train.average=null",
)
DISCRIMINATOR = [
    "discriminator_forward",
    "generating_for_discriminator",
    "discriminator_backward",
    "discriminator_optimizer",
]
GENERATOR = ["generator_forward", "generator_backward", "generator_optimizer"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ([], [*DISCRIMINATOR, *GENERATOR]),
        (["train.average=0.9"], [*DISCRIMINATOR, *GENERATOR, "moving_average"]),
        (["regularizers=[WeightClip: {limit: 0.01}]"], [*DISCRIMINATOR, *GENERATOR]),
        (["loss=wasserstein", "regularizers=[GradientPenalty]"], [*DISCRIMINATOR, *GENERATOR]),
        (
            ["train.updates={real_and_generated: separate}"],  # real images need no generator
            [
                *("discriminator_forward", "discriminator_backward", "discriminator_optimizer"),
                *("generating_for_discriminator", *GENERATOR),
            ],
        ),
        (["train.precision=mixed_float16"], [*DISCRIMINATOR, *GENERATOR]),
        (
            ["train.updates={order: simultaneous}"],
            [
                *("generator_forward", "discriminator_forward", "discriminator_backward"),
                *("generator_backward", "discriminator_optimizer", "generator_optimizer"),
            ],
        ),
    ],
)
def test_each_kind_of_step_has_its_phases_and_their_shares_are_all_of_it(
    settings: list[str], expected: list[str], load_tiny: Callable[..., Any]
) -> None:
    loaded = load_tiny(*SMALL, *settings)
    shares = phase_shares(make_plan(loaded).state, loaded.recipe, 0.0)
    assert list(shares) == [*expected, "rest"]
    assert sum(shares.values()) == pytest.approx(1.0)
    assert all(share > 0 for share in shares.values())


def test_updates_count_as_often_as_a_step_makes_them(load_tiny: Callable[..., Any]) -> None:
    spent = Counter(
        {
            "discriminator/discriminator_forward": 1.0,
            "generator/generator_forward": 2.0,
            "step/moving_average": 4.0,
            "step/rest": 3.0,
        }
    )
    recipe = load_tiny("train.updates={discriminator: 5, generator: 4}").recipe
    assert phases._shares(spent, recipe) == {
        "discriminator_forward": 5 / 20,
        "generator_forward": 8 / 20,
        "moving_average": 4 / 20,
        "rest": 3 / 20,
    }


def test_passes_count_as_often_as_an_update_accumulates_them(
    load_tiny: Callable[..., Any],
) -> None:
    spent = Counter(
        {
            "discriminator/generating_for_discriminator": 1.0,
            "discriminator/discriminator_backward": 2.0,
            "discriminator/discriminator_optimizer": 3.0,
            "step/rest": 4.0,
        }
    )
    recipe = load_tiny("train.accumulate=3").recipe
    assert phases._shares(spent, recipe) == {
        "generating_for_discriminator": 3 / 16,
        "discriminator_backward": 6 / 16,
        "discriminator_optimizer": 3 / 16,
        "rest": 4 / 16,
    }


@pytest.mark.slow
def test_a_share_is_that_of_the_work_in_it(load_tiny: Callable[..., Any]) -> None:
    """The generator has a hundred times the products of the discriminator."""
    loaded = load_tiny(
        *SMALL,
        "generator.layers=[Dense: {units: 2000}, Dense: {units: 2000}, Dense: {units: 784},"
        " Reshape: {target_shape: [28, 28, 1]}]",
        "train.batch_size=64",
    )
    shares = phase_shares(make_plan(loaded).state, loaded.recipe, 0.3)
    assert shares["generating_for_discriminator"] > 3 * shares["discriminator_forward"]
    assert shares["generator_backward"] > 3 * shares["discriminator_backward"]
    assert shares["generator_optimizer"] > 3 * shares["discriminator_optimizer"]


def variables(plan: Plan) -> dict[str, np.ndarray]:
    return {
        f"{group}/{key}": variable.numpy()
        for group, members in plan.state.variables().items()
        for key, variable in members.items()
    }


@pytest.mark.slow
@pytest.mark.parametrize("order", ["discriminator-first", "simultaneous"])
def test_what_is_timed_is_what_a_step_computes(order: str, load_tiny: Callable[..., Any]) -> None:
    """With the images and the latents of a step, all variables end where it takes them."""
    settings = (f"train.updates={{order: {order}, latents: shared}}", "data.labels=false")
    loaded = load_tiny(*SMALL, *settings, "train.average=0.9", "loss=wasserstein")
    recipe, plan, timed = loaded.recipe, make_plan(loaded), make_plan(loaded)
    images = tf.random.stateless_uniform([8, 28, 28, 1], [0, 0], -1, 1)
    batches = tf.data.Dataset.from_tensors((images, tf.zeros([8], tf.int32)))
    TrainingStep(plan.state, recipe).run(iter(batches), 1)
    phases._call(phases._timed_updates(timed.state, recipe))
    expected = variables(plan)
    assert len(expected) > 10
    for key, value in variables(timed).items():
        np.testing.assert_allclose(value, expected[key], rtol=1e-5, atol=1e-7, err_msg=key)
