"""Numbers that follow schedules in training: what optimizers compute with at each step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from gantool.engine.plan import make_plan
from gantool.engine.scheduled import all_schedules, scheduled_variables
from gantool.engine.step import TrainingStep
from gantool.gan.schedule import Progress
from gantool.networks.components import make_optimizer
from gantool.recipe.component import Component
from gantool.recipe.resolve import spec_of
from gantool.recipe.signatures import names, signature

RATE, BETA = (0.1, 0.02), (0.9, 0.99)
OVER = 4
ADAM = {
    "Adam": {
        "learning_rate": {"Linear": {"from": RATE[0], "to": RATE[1], "over": OVER}},
        "beta_1": 0.5,
        "beta_2": {"Linear": {"from": BETA[0], "to": BETA[1], "over": OVER}},
    }
}
GRADIENTS = np.random.default_rng(5).normal(size=(7, 3))


def adam_by_hand(rates: list[float], betas: list[float]) -> list[np.ndarray[Any, Any]]:
    """Kingma and Ba 2015, algorithm 1 in float64, each step with numbers of its own."""
    weights, first, second = np.ones(3), np.zeros(3), np.zeros(3)
    passed = []
    for step, (gradient, rate, beta) in enumerate(zip(GRADIENTS, rates, betas, strict=True), 1):
        first = 0.5 * first + 0.5 * gradient
        second = beta * second + (1 - beta) * gradient**2
        corrected = np.sqrt(second / (1 - beta**step))
        weights = weights - rate * first / (1 - 0.5**step) / corrected
        passed.append(weights)
    return passed


def line(ends: tuple[float, float]) -> list[float]:
    return [ends[0] + min(step / OVER, 1.0) * (ends[1] - ends[0]) for step in range(7)]


@pytest.mark.parametrize("scaled", [False, True], ids=["alone", "with loss scaling"])
def test_adam_takes_each_step_with_the_numbers_of_that_step(
    scaled: bool, load_tiny: Callable[..., Any]
) -> None:
    optimizer = make_optimizer(spec_of(Component.model_validate(ADAM), "optimizer"))
    weight = keras.Variable(np.ones(3, np.float32), name="weight")
    optimizer.build([weight])
    outer = optimizer
    if scaled:
        outer = keras.optimizers.LossScaleOptimizer(optimizer, initial_scale=1.0)
        outer.build([weight])
    recipe = load_tiny(f"optimizers.generator={ADAM}").recipe

    class State:
        generator_optimizer = discriminator_optimizer = outer

    numbers: Any = scheduled_variables(State(), recipe)  # type: ignore[arg-type]
    apply = tf.function(outer.apply, autograph=False, jit_compile=not scaled)
    passed = []
    for step, gradient in enumerate(GRADIENTS):
        progress = Progress(tf.constant(step, tf.int64), 0, 0.0)
        for variable, schedule in numbers:
            variable.assign(schedule(progress))
        apply([tf.constant(gradient, tf.float32)])
        passed.append(weight.numpy())
    expected = adam_by_hand(line(RATE), line(BETA))
    np.testing.assert_allclose(passed, expected, rtol=0, atol=2e-5)
    # Neither number is kept: both are the recipe's, as a constant one is.
    assert not {"beta_2"} & {variable.name for variable in optimizer.variables}


def test_an_optimizer_begins_with_what_its_schedules_begin_with() -> None:
    optimizer = make_optimizer(spec_of(Component.model_validate(ADAM), "optimizer"))
    assert float(optimizer.learning_rate) == np.float32(RATE[0])
    assert float(optimizer.beta_2) == np.float32(BETA[0])
    assert optimizer.beta_1 == 0.5


WITH_BETAS = {
    name: betas
    for name in names("optimizer")
    for known in [signature("optimizer", name)]
    if known and (betas := sorted({"beta_1", "beta_2"} & known.keywords.keys()))
}


@pytest.mark.slow
@pytest.mark.parametrize("name", WITH_BETAS)
def test_every_optimizer_moves_alike_by_a_schedule_that_stays(name: str) -> None:
    numbers = dict.fromkeys(["learning_rate", *WITH_BETAS[name]], 0.5)
    steady = {
        word: {"Linear": {"from": number, "to": number, "over": 9}}
        for word, number in numbers.items()
    }
    moved = []
    for keywords in (numbers, steady):
        component = Component.model_validate({name: keywords})
        optimizer = make_optimizer(spec_of(component, "optimizer"))
        weight = keras.Variable(np.ones((2, 3), np.float32), name="weight")
        optimizer.build([weight])
        apply = tf.function(optimizer.apply, autograph=False, jit_compile=True)
        for gradient in GRADIENTS[:6].reshape(3, 2, 3):
            apply([tf.constant(gradient, tf.float32)])
        moved.append(weight.numpy())
    assert np.abs(moved[0] - 1).min() > 1e-3
    np.testing.assert_allclose(moved[1], moved[0], rtol=1e-5, atol=1e-6)


SCHEDULED = (
    f"optimizers.generator={ADAM}",
    "optimizers.discriminator={SGD: {learning_rate:"
    " {Steps: {from: 1e-3, to: [5e-4], at: [16 images]}}}}",
    "regularizers=[R1: {weight: {Cosine: {from: 8, to: 2, over: 2 epochs}}}]",
)


@pytest.mark.slow
def test_each_step_begins_with_numbers_of_what_has_been_seen(small: Any) -> None:
    """With 2 updates of the discriminator of 8 images a step, an epoch of 300 is 37 batches."""
    steps = small(*SCHEDULED, "train.updates.discriminator=2")
    plan, step = steps.plan, steps.step
    step.run(steps.feed(0), 1)
    rate = plan.state.discriminator_optimizer.learning_rate
    assert float(rate) == np.float32(1e-3)  # what step 0 was made with
    step.run(steps.feed(2), 1)
    assert float(rate) == np.float32(5e-4)  # 16 images were seen before step 1
    assert float(plan.state.generator_optimizer.learning_rate) == np.float32(0.08)


def test_progress_counts_images_and_epochs_of_batches(load_tiny: Callable[..., Any]) -> None:
    plan = make_plan(load_tiny())
    step = TrainingStep(plan.state, plan.recipe, batches_per_epoch=37)
    found = step.progress(tf.constant(5, tf.int64), tf.constant(74, tf.int64))
    assert [float(it) for it in found] == [5, 74 * 8, 2.0]


def test_a_schedule_is_told_by_its_place(load_tiny: Callable[..., Any]) -> None:
    places = [place for place, _ in all_schedules(load_tiny(*SCHEDULED).recipe)]
    assert places == [
        "optimizers.generator.Adam.learning_rate",
        "optimizers.generator.Adam.beta_2",
        "optimizers.discriminator.SGD.learning_rate",
        "regularizers.0.R1.weight",
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("average", "decays"),
    [
        ("{half_life: 16 images}", [0.5, 0.5, 0.5]),
        ("{half_life: 16 images, ramp_up: 0.5}", [0.0, 0.25, 0.5]),  # 0, 8 and 16 images
        ("{half_life: {Linear: {from: 0, to: 16, over: 32 images}}}", [0.0, 0.25, 0.5]),
    ],
)
def test_the_average_keeps_what_its_half_life_says(
    average: str, decays: list[float], small: Any
) -> None:
    """Each step sees 16 images, in two updates of the discriminator."""
    steps = small(f"train.average={average}", "train.updates.discriminator=2")
    state, place = steps.plan.state, "00_Dense/kernel"
    feed = steps.feed(0)
    for decay in decays:
        before = state.average.weights()[place].numpy().astype(np.float64)
        steps.step.run(feed, 1)
        now = state.generator.weights()[place].numpy().astype(np.float64)
        found = state.average.weights()[place].numpy()
        assert np.abs(now - before).max() > 1e-4
        np.testing.assert_allclose(found, decay * before + (1 - decay) * now, rtol=0, atol=1e-7)
