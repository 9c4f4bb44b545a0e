"""An update that is not finite, in loss or gradients, is not made, and its first cause is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest

from gantool.data.loading import load_images
from gantool.data.pipeline import batches
from gantool.engine.diagnosis import batch_number, first_not_finite
from gantool.engine.fault import Fault, NotFiniteError, code_of, read_code
from gantool.engine.plan import Plan, make_plan
from gantool.engine.schedule import batches_before
from gantool.engine.step import TrainingStep

SMALL = (
    "generator.layers=[Dense: {units: 784}, Reshape: {target_shape: [28, 28, 1]}]",
    "discriminator.layers=[Flatten, Dense: {units: 4}, LeakyReLU, Dense: {units: 1}]",
    "data.labels=false",
    "train.average=0.9",
)


class Set(NamedTuple):
    """A step of a plan, and the batches from any one on."""

    plan: Plan
    step: TrainingStep
    feed: Callable[[int], Iterator[Any]]

    def fault(self, count: int = 50) -> Fault:
        with pytest.raises(NotFiniteError) as raised:
            self.step.run(self.feed(batches_before(self.updates, self.plan.state.step)), count)
        return raised.value.fault

    @property
    def updates(self) -> Any:
        return self.plan.recipe.train.updates

    def cause(self, fault: Fault) -> str | None:
        feed = self.feed(batch_number(fault, self.updates))
        return first_not_finite(fault, self.updates, self.step, self.plan.state, feed)

    def bytes(self) -> dict[str, bytes]:
        return {
            f"{group}/{key}": variable.numpy().tobytes()
            for group, members in self.plan.state.variables().items()
            for key, variable in members.items()
        }

    def multiply(self, key: str, factor: float) -> None:
        network, _, place = key.partition("/")
        variable = getattr(self.plan.state, network).weights()[place]
        variable.assign(variable.numpy() * np.float32(factor))


@pytest.fixture
def set_out(load_tiny: Callable[..., Any]) -> Callable[..., Set]:
    def set_out(*settings: str) -> Set:
        plan = make_plan(load_tiny(*SMALL, *settings))
        assert plan.source is not None
        images = load_images(plan.source, plan.recipe.data)

        def feed(first: int) -> Iterator[Any]:
            settings = {"batch_size": plan.recipe.train.batch_size, "seed": plan.recipe.seed}
            return iter(batches(images, plan.recipe.data, **settings, first_batch=first))

        return Set(plan, TrainingStep(plan.state, plan.recipe), feed)

    return set_out


@pytest.mark.parametrize("update", ["discriminator", "generator", "both"])
@pytest.mark.parametrize("index", [0, 1, 5, 2**60])
def test_a_code_is_read_back(update: str, index: int) -> None:
    assert read_code(int(code_of(update, index))) == (update, index)


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
    settings: list[str], update: str, set_out: Callable[..., Set]
) -> None:
    made = set_out(*settings)
    made.step.run(made.feed(0), 2)
    made.multiply("generator/00_Dense/kernel", 1e38)
    made.multiply("discriminator/01_Dense/kernel", 1e38)
    before = made.bytes()
    fault = made.fault()
    assert (fault.update, fault.step, made.plan.state.step) == (update, 3, 2)
    assert made.bytes() == before
    assert made.cause(fault) is not None
    assert made.bytes() == before  # looking moves nothing either


def test_what_came_before_it_in_its_step_was_made(set_out: Callable[..., Set]) -> None:
    """The discriminator's update is finite, but so large that the generator's is not."""
    made = set_out("optimizers.discriminator={SGD: {learning_rate: 1.0e+30}}")
    before = made.bytes()
    fault = made.fault()
    assert (fault.update, fault.index, fault.step, made.plan.state.step) == ("generator", 0, 1, 0)
    assert not np.isfinite(fault.generator_loss)
    assert np.isfinite(fault.discriminator_loss)
    after = made.bytes()
    moved = {key.split("/")[0] for key in before if before[key] != after[key]}
    assert moved == {"discriminator", "optimizers"}
    assert int(made.plan.state.generator_optimizer.iterations) == 0
    assert int(made.plan.state.discriminator_optimizer.iterations) == 1
    assert str(fault) == "training diverged at step 1: the generator's loss is " + (
        f"{fault.generator_loss:.6g}"
    )


def test_an_update_after_it_is_not_made(set_out: Callable[..., Set]) -> None:
    """The first of three updates of the discriminator moves it too far; two are left."""
    made = set_out(
        "optimizers.discriminator={SGD: {learning_rate: 1.0e+30}}",
        "train.updates={discriminator: 3}",
    )
    fault = made.fault()
    assert (fault.update, fault.index, fault.step) == ("discriminator", 1, 1)
    assert int(made.plan.state.discriminator_optimizer.iterations) == 1
    assert int(made.plan.state.generator_optimizer.iterations) == 0


def test_a_gradient_alone_is_enough(set_out: Callable[..., Set]) -> None:
    """All outputs and the loss are finite; on the way back two factors of 1e20 meet."""
    made = set_out(
        "loss=wasserstein",
        "discriminator.layers=[Flatten, Dense: {units: 4}, Dense: {units: 4}, Dense: {units: 1}]",
    )
    made.multiply("discriminator/01_Dense/kernel", 1e-30)
    made.multiply("discriminator/02_Dense/kernel", 1e20)
    made.multiply("discriminator/03_Dense/kernel", 1e20)
    before = made.bytes()
    fault = made.fault()
    assert (fault.update, fault.step) == ("discriminator", 1)
    assert np.isfinite(fault.discriminator_loss)
    assert made.bytes() == before
    assert made.cause(fault) == "the gradients at the outputs of discriminator/01_Dense"


def test_a_gradient_of_the_generator_is_found_where_both_move_at_once(
    set_out: Callable[..., Set],
) -> None:
    """The discriminator's own gradients are finite, and are looked at first."""
    made = set_out(
        "loss=wasserstein",
        "train.updates.order=simultaneous",
        "generator.layers=[Dense: {units: 4}, Dense: {units: 4}, Dense: {units: 784},"
        " Reshape: {target_shape: [28, 28, 1]}]",
    )
    made.multiply("generator/00_Dense/kernel", 1e-30)
    made.multiply("generator/01_Dense/kernel", 1e20)
    made.multiply("generator/02_Dense/kernel", 1e20)
    fault = made.fault()
    assert fault.update == "both"
    assert np.isfinite([fault.generator_loss, fault.discriminator_loss]).all()
    cause = made.cause(fault)
    assert cause is not None
    assert "gradients" in cause
    assert "generator/" in cause


@pytest.mark.parametrize(
    ("key", "factor", "cause"),
    [
        (
            "generator/00_Dense/kernel",
            np.nan,
            "the weights of generator/00_Dense",
        ),
        ("discriminator/03_Dense/bias", np.nan, "the weights of discriminator/03_Dense"),
        ("discriminator/01_Dense/kernel", 3e38, "the outputs of discriminator/01_Dense"),
        ("discriminator/03_Dense/kernel", 1e38, None),
    ],
)
def test_the_first_cause_is_named(
    key: str, factor: float, cause: str | None, set_out: Callable[..., Set]
) -> None:
    made = set_out("loss=least-squares")
    made.multiply(key, factor)
    if cause is None:  # logits of 1e38 are finite, their squares are not
        cause = "the discriminator's loss itself, its layers' outputs are finite"
    assert made.cause(made.fault()) == cause


def test_a_batch_that_is_no_number_is_named_as_such(set_out: Callable[..., Set]) -> None:
    made = set_out()
    fault = Fault("discriminator", 0, 1, 0.0, float("nan"))
    images, labels = next(made.feed(0))

    class Feed:
        def get_next(self) -> Any:
            return images * float("nan"), labels

    found = first_not_finite(fault, made.updates, made.step, made.plan.state, Feed())
    assert found == "the inputs of the discriminator"


def test_a_finite_update_has_no_cause(set_out: Callable[..., Set]) -> None:
    made = set_out()
    for update in ("discriminator", "generator", "both"):
        assert made.cause(Fault(update, 3, 4, 0.0, 0.0)) is None


@pytest.mark.parametrize("settings", [[], ["train.updates.order=generator-first"]])
def test_the_batch_of_a_fault(settings: list[str], set_out: Callable[..., Set]) -> None:
    updates = set_out("train.updates.discriminator=3", *settings).updates
    assert batch_number(Fault("discriminator", 7, 3, 0, 0), updates) == 7
    # The generator gets the labels of the last batch before it, or of the step's first.
    found = batch_number(Fault("generator", 2, 3, 0, 0), updates)
    assert found == (6 if settings else 8)


class TestFloat16:
    """Loss scaling makes gradients overflow on purpose until its scale fits them."""

    def test_an_overflow_of_scaled_gradients_is_no_fault(self, set_out: Callable[..., Set]) -> None:
        made = set_out("train.precision=mixed_float16")
        scale = made.plan.state.discriminator_optimizer.dynamic_scale
        scale.assign(1e30)
        made.step.run(made.feed(0), 1)
        assert made.plan.state.step == 1
        assert float(scale.numpy()) < 1e30
        assert int(made.plan.state.discriminator_optimizer.inner_optimizer.iterations) == 0

    def test_one_at_the_smallest_scale_is(self, set_out: Callable[..., Set]) -> None:
        made = set_out("train.precision=mixed_float16", "loss=wasserstein")
        made.plan.state.discriminator_optimizer.dynamic_scale.assign(1.0)
        made.multiply("discriminator/03_Dense/kernel", 3e5)
        assert made.fault().update == "discriminator"
