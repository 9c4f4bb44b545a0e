"""Where an update that is not finite went wrong: its first cause is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gantool.engine.diagnosis import batch_number, first_not_finite
from gantool.engine.refusal import Fault

from .conftest import Steps


@pytest.mark.slow
def test_a_gradient_alone_is_enough(small: Callable[..., Steps]) -> None:
    """All outputs and the loss are finite; on the way back two factors of 1e20 meet."""
    made = small(
        "loss=wasserstein",
        "discriminator.layers=[Flatten, Dense: {units: 4}, Dense: {units: 4}, Dense: {units: 1}]",
    )
    made.multiply("discriminator/01_Dense/kernel", 1e-30)
    made.multiply("discriminator/02_Dense/kernel", 1e20)
    made.multiply("discriminator/03_Dense/kernel", 1e20)
    before = made.bytes()
    fault = made.fault()
    assert (fault.network, fault.step) == ("discriminator", 1)
    assert np.isfinite(fault.losses["discriminator"])
    assert made.bytes() == before
    assert made.cause(fault) == "the gradients at the outputs of discriminator/01_Dense"


@pytest.mark.slow
def test_a_gradient_of_the_generator_is_found_where_both_move_at_once(
    small: Callable[..., Steps],
) -> None:
    """The discriminator's own gradients are finite, and are looked at first."""
    made = small(
        "loss=wasserstein",
        "train.updates.order=simultaneous",
        "generator.layers=[Dense: {units: 4}, Dense: {units: 4}, Dense: {units: 784},"
        " Reshape: {target_shape: [28, 28, 1]}]",
    )
    made.multiply("generator/00_Dense/kernel", 1e-30)
    made.multiply("generator/01_Dense/kernel", 1e20)
    made.multiply("generator/02_Dense/kernel", 1e20)
    fault = made.fault()
    assert fault.network == "both"
    assert np.isfinite(list(fault.losses.values())).all()
    cause = made.cause(fault)
    assert cause is not None
    assert "gradients" in cause
    assert "generator/" in cause


@pytest.mark.slow
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
    key: str, factor: float, cause: str | None, small: Callable[..., Steps]
) -> None:
    made = small("loss=least-squares")
    made.multiply(key, factor)
    if cause is None:  # logits of 1e38 are finite, their squares are not
        cause = "the discriminator's loss itself, its layers' outputs are finite"
    assert made.cause(made.fault()) == cause


def test_a_batch_that_is_no_number_is_named_as_such(small: Callable[..., Steps]) -> None:
    made = small()
    fault = Fault("discriminator", 0, 1, {"discriminator": float("nan")})
    images, labels = next(made.feed(0))

    class Feed:
        def get_next(self) -> Any:
            return images * float("nan"), labels

    found = first_not_finite(fault, made.step, made.plan.state, Feed())
    assert found == "the inputs of the discriminator"


def test_a_finite_update_has_no_cause(small: Callable[..., Steps]) -> None:
    made = small()
    for network in ("discriminator", "generator"):
        assert made.cause(Fault(network, 3, 4, {network: 0.0})) is None
    made = small("train.updates.order=simultaneous")
    assert made.cause(Fault("both", 3, 4, {"discriminator": 0.0, "generator": 0.0})) is None


@pytest.mark.parametrize("settings", [[], ["train.updates.order=generator-first"]])
def test_the_batch_of_a_fault(settings: list[str], small: Callable[..., Steps]) -> None:
    updates = small("train.updates.discriminator=3", *settings).updates
    assert batch_number(Fault("discriminator", 7, 3, {}), updates) == 7
    # The generator gets the labels of the last batch before it, or of the step's first.
    found = batch_number(Fault("generator", 2, 3, {}), updates)
    assert found == (6 if settings else 8)
