"""An update that is not finite, in loss or gradients, is skipped, and all that comes after it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from gantool.engine.refusal import Fault, Refusal
from gantool.gan.network import TrainableNetwork
from gantool.gan.updates import GAN, Descent, Given, Update
from gantool.losses.wasserstein import Wasserstein

from .conftest import Steps

WAYS = pytest.mark.parametrize(
    ("settings", "update"),
    [
        ([], "discriminator"),
        (["train.updates={discriminator: 3, generator: 2}"], "discriminator"),
        (["train.updates.real_and_generated=separate"], "discriminator"),
        (["train.updates.order=generator-first"], "generator"),
        (["train.updates.order=simultaneous"], "both"),
        (["train.jit_compile=true"], "discriminator"),
        (["train.updates.burst={discriminator: 3, first: 2}"], "discriminator"),
        (["train.precision=mixed_bfloat16"], "discriminator"),
        (
            ["regularizers=[WeightClip: {limit: 0.01}]", "loss=wasserstein"],
            "discriminator",
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, list) and value else "",
)


@pytest.mark.slow
@WAYS
def test_nothing_is_moved_by_an_update_that_is_not_finite(
    settings: list[str], update: str, small: Callable[..., Steps]
) -> None:
    made = small(*settings)
    made.step.run(made.feed(0), 2)
    made.multiply("generator/00_Dense/kernel", 1e38)
    made.multiply("discriminator/01_Dense/kernel", 1e38)
    before = made.bytes()
    fault = made.fault()
    assert (fault.network, fault.step, made.plan.state.step) == (update, 3, 2)
    assert made.bytes() == before
    assert made.cause(fault) is not None
    assert made.bytes() == before  # looking moves nothing either


@pytest.mark.slow
def test_what_came_before_it_in_its_step_was_made(small: Callable[..., Steps]) -> None:
    """The discriminator's update is finite, but so large that the generator's is not."""
    made = small("optimizers.discriminator={SGD: {learning_rate: 1.0e+30}}")
    before = made.bytes()
    fault = made.fault()
    assert (fault.network, fault.index, fault.step, made.plan.state.step) == ("generator", 0, 1, 0)
    assert not np.isfinite(fault.losses["generator"])
    after = made.bytes()
    moved = {key.split("/")[0] for key in before if before[key] != after[key]}
    assert moved == {"discriminator", "optimizers"}
    assert int(made.plan.state.generator_optimizer.iterations) == 0
    assert int(made.plan.state.discriminator_optimizer.iterations) == 1
    assert str(fault) == "training diverged at step 1: the generator's loss is " + (
        f"{fault.losses['generator']:.6g}"
    )


@pytest.mark.slow
def test_an_update_after_it_is_not_made(small: Callable[..., Steps]) -> None:
    """The first of three updates of the discriminator moves it too far; two are left."""
    made = small(
        "optimizers.discriminator={SGD: {learning_rate: 1.0e+30}}",
        "train.updates={discriminator: 3}",
    )
    fault = made.fault()
    assert (fault.network, fault.index, fault.step) == ("discriminator", 1, 1)
    assert int(made.plan.state.discriminator_optimizer.iterations) == 1
    assert int(made.plan.state.generator_optimizer.iterations) == 0


# Of an image's statistics, too.
NORMALIZED = (
    "generator.layers=[Dense: {units: 784}, BatchNormalization,"
    " Reshape: {target_shape: [28, 28, 1]}]",
    "discriminator.layers=[Flatten, Dense: {units: 4}, BatchNormalization, Dense: {units: 1}]",
)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("updates", "more", "broken", "network", "step"),
    [
        ("{}", [], 3, "discriminator", 4),
        ("{discriminator: 3, generator: 2}", [], 6, "discriminator", 3),
        ("{discriminator: 3, generator: 2}", ["train.jit_compile=true"], 6, "discriminator", 3),
        # Five batches in the first step, three in each of the next two, five in the fourth.
        (
            "{discriminator: 3, burst: {discriminator: 5, first: 1, every: 3}}",
            [],
            11,
            "discriminator",
            4,
        ),
        ("{real_and_generated: separate}", [], 2, "discriminator", 3),
        ("{order: simultaneous}", [], 2, "both", 3),
        ("{order: simultaneous}", ["train.jit_compile=true"], 2, "both", 3),
    ],
    ids=lambda value: str(value) if value else "",
)
def test_nothing_after_it_moves_within_the_same_call(
    updates: str,
    more: list[str],
    broken: int,
    network: str,
    step: int,
    small: Callable[..., Steps],
) -> None:
    """The first batch of a step is not finite; twelve steps are asked for in one call."""
    made = small(*NORMALIZED, f"train.updates={updates}", *more, broken=broken)
    until_then = made.bytes_after(step - 1)
    fault = made.fault(12)
    assert (fault.network, fault.index, fault.step) == (network, broken, step)
    assert made.plan.state.step == step - 1
    assert not np.isfinite(fault.losses["discriminator"])
    assert made.bytes() == until_then


@pytest.mark.slow
def test_updates_of_its_step_that_came_before_it_are_kept(small: Callable[..., Steps]) -> None:
    """The generator's two come first, then the second of the discriminator's is not finite."""
    updates = "{order: generator-first, discriminator: 2, generator: 2}"
    made = small(*NORMALIZED, f"train.updates={updates}", broken=5)
    expected = made.bytes_after(2)
    fault = made.fault(12)
    assert (fault.network, fault.index, fault.step) == ("discriminator", 5, 3)
    state = made.plan.state
    assert int(state.generator_optimizer.iterations) == 6
    assert int(state.discriminator_optimizer.iterations) == 5
    # The average follows whole steps.
    found = made.bytes()
    average = {key for key in found if key.startswith("generator_average/")}
    assert average
    assert {key for key in average if found[key] != expected[key]} == set()


@pytest.mark.slow
@pytest.mark.parametrize("jit_compile", ["false", "true"])
def test_a_fault_of_the_generator_is_told_by_its_step(
    jit_compile: str, small: Callable[..., Steps]
) -> None:
    """The third step of the discriminator is too long for the first of the generator's two."""
    rate = "{PiecewiseConstantDecay: {boundaries: [1], values: [0.001, 1.0e+30]}}"
    settings = (
        *NORMALIZED,
        "loss=least-squares",
        "train.updates={generator: 2}",
        f"train.jit_compile={jit_compile}",
    )
    too_long = f"optimizers.discriminator={{SGD: {{learning_rate: {rate}}}}}"
    made = small(*settings, too_long)
    expected = made.bytes_after(2)
    fault = made.fault(12)
    assert (fault.network, fault.index, fault.step) == ("generator", 4, 3)
    assert made.plan.state.step == 2
    found = made.bytes()
    moved = {key.rpartition("/")[0] for key in found if found[key] != expected[key]}
    assert moved
    assert all("discriminator" in group for group in moved)


@pytest.mark.slow
def test_all_of_a_later_call_is_refused_too(small: Callable[..., Steps]) -> None:
    made = small(broken=1)
    first = made.fault(3)
    before = made.bytes()
    again = made.fault(3)
    assert (again.network, again.index, again.step) == (first.network, first.index, first.step)
    assert made.bytes() == before


class _Weights(keras.layers.Layer):
    """Has a vector of zeros of each size."""

    def __init__(self, sizes: list[int]) -> None:
        super().__init__()
        self.vectors = [self.add_weight(shape=(size,), initializer="zeros") for size in sizes]

    def call(self, inputs: Any) -> Any:
        return inputs


class TestPermits:
    """`Refusal` by itself, of descents that are made up."""

    def network(self, shapes: list[int]) -> TrainableNetwork:
        model = keras.Sequential([keras.Input((1,)), _Weights(shapes)])
        return TrainableNetwork(model, keras.optimizers.SGD(1.0), False)

    def made(
        self,
        gradients: list[list[float]],
        total: float = 1.0,
        other: list[list[float]] | None = None,
        allowed: bool = True,
    ) -> tuple[bool, bool, bool]:
        """Whether it was permitted, and which of two networks moved."""
        of = {"discriminator": gradients} | ({} if other is None else {"generator": other})
        networks = {name: self.network([len(it) for it in values]) for name, values in of.items()}
        gan = GAN(
            networks.get("generator", self.network([1])), networks["discriminator"], Wasserstein()
        )
        values = {name: [tf.constant(it) for it in gradients] for name, gradients in of.items()}
        loss = dict.fromkeys(of, tf.constant(1.0))
        totals = loss | {"discriminator": tf.constant(total)}
        descent = Descent(loss, totals, values, {name: [] for name in of}, {})
        update, given = Update("discriminator", 1, ()), Given(*[tf.zeros([])] * 4)
        refusal = Refusal()
        if not allowed:
            infinite = {"discriminator": tf.constant(np.inf)}
            refusal.permits(gan, update, given, descent._replace(totals=totals | infinite))
        permitted = refusal.permits(gan, update, given, descent)
        for name in of:
            gan.network(name).apply(values[name], [], permitted)
        assert bool(refusal.is_sound()) == bool(permitted)
        moved = [
            any((variable.numpy() != 0).any() for variable in network.trainable)
            for network in (gan.discriminator, gan.generator)
        ]
        return bool(permitted), *moved

    @pytest.mark.parametrize(
        ("gradients", "finite"),
        [
            ([[1.0, -2.0], [0.0]], True),
            ([[1.0, np.nan], [0.0]], False),
            ([[1.0, 2.0], [-np.inf]], False),
            ([[np.inf], [-np.inf]], False),
            ([[3e38, 3e38], [3e38]], True),  # their sum alone is too large
            ([[3e38, 3e38], [np.nan]], False),
        ],
    )
    def test_is_made_of_finite_gradients_only(
        self, gradients: list[list[float]], finite: bool
    ) -> None:
        assert self.made(gradients) == (finite, finite, False)

    def test_is_not_made_where_the_loss_alone_is_not_finite(self) -> None:
        assert self.made([[1.0]], total=np.inf) == (False, False, False)

    def test_is_not_made_after_one_that_was_skipped(self) -> None:
        assert self.made([[1.0]], allowed=False) == (False, False, False)

    def test_moves_both_networks_or_none(self) -> None:
        assert self.made([[1.0]], other=[[2.0]]) == (True, True, True)
        assert self.made([[1.0]], other=[[np.nan]]) == (False, False, False)


@pytest.mark.parametrize(
    ("network", "line"),
    [
        ("generator", "training diverged at step 7: the generator's loss is 2.5"),
        ("discriminator", "training diverged at step 7: the discriminator's loss is nan"),
        (
            "both",
            "training diverged at step 7: the generator's loss is 2.5 and the discriminator's loss"
            " is nan",
        ),
    ],
)
def test_a_fault_is_told_in_a_line(network: str, line: str) -> None:
    assert str(Fault(network, 6, 7, {"generator": 2.5, "discriminator": np.nan})) == line


class TestFloat16:
    """Loss scaling makes gradients overflow on purpose until its scale fits them."""

    @pytest.mark.slow
    def test_an_overflow_of_scaled_gradients_is_no_fault(self, small: Callable[..., Steps]) -> None:
        made = small("train.precision=mixed_float16")
        scale = made.plan.state.discriminator_optimizer.dynamic_scale
        scale.assign(1e30)
        made.step.run(made.feed(0), 1)
        assert made.plan.state.step == 1
        assert float(scale.numpy()) < 1e30
        assert int(made.plan.state.discriminator_optimizer.inner_optimizer.iterations) == 0

    @pytest.mark.slow
    def test_one_at_the_smallest_scale_is(self, small: Callable[..., Steps]) -> None:
        made = small("train.precision=mixed_float16", "loss=wasserstein")
        made.plan.state.discriminator_optimizer.dynamic_scale.assign(1.0)
        made.multiply("discriminator/03_Dense/kernel", 3e5)
        assert made.fault().network == "discriminator"
