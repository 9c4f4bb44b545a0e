"""Updates from several batches, beside those from one that is as large."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from gantool.engine.diagnosis import first_not_finite
from gantool.engine.timetable import timetable_of
from gantool.recipe.model import Train
from gantool.recipe.types import Interval

SGD = (
    "optimizers={generator: {SGD: {learning_rate: 0.05}},"
    " discriminator: {SGD: {learning_rate: 0.05}}}"
)
WHOLE, PARTS = ("train.batch_size=32",), ("train.batch_size=8", "train.accumulate=4")


def values(steps: Any) -> dict[str, np.ndarray[Any, Any]]:
    return {
        f"{group}/{key}": variable.numpy().astype(np.float64)
        for group, members in steps.plan.state.variables().items()
        for key, variable in members.items()
    }


CASES = {
    "together": ["regularizers=[R1: {weight: 0.1, every: 2}, GradientPenalty: {weight: 0.1}]"],
    "separate": [
        "train.updates={order: generator-first, generator: 2, latents: shared,"
        " real_and_generated: separate}",
        "regularizers=[WeightDecay: {weight: 0.01}]",
        "train.jit_compile=true",
    ],
    "simultaneous": [
        "train.updates={order: simultaneous}",
        "regularizers=[R2: {weight: 0.1}]",
        "train.average={half_life: 64 images}",
    ],
    "bursts": ["train.updates={discriminator: 2, burst: {discriminator: 3, first: 1, every: 2}}"],
}


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_four_batches_of_eight_are_one_of_thirty_two(case: str, small: Any) -> None:
    """The same images, latents and mixtures of both; nothing here compares examples of a batch."""
    whole, parts = (small(SGD, *size, *CASES[case]) for size in (WHOLE, PARTS))
    before = values(whole)
    losses = [steps.step.run(steps.feed(0), 4) for steps in (whole, parts)]
    found, expected = values(parts), values(whole)
    assert found.keys() == expected.keys()
    moved = [np.abs(expected[key] - before[key]).max() for key in expected]
    assert max(moved) > 1e-3
    for key, value in expected.items():
        np.testing.assert_allclose(found[key], value, rtol=0, atol=2e-6, err_msg=key)
    assert losses[0].generator == pytest.approx(losses[1].generator, abs=1e-5)
    assert losses[0].discriminator == pytest.approx(losses[1].discriminator, abs=1e-5)


def test_one_bad_example_among_all_has_the_update_refused_whole(small: Any) -> None:
    steps = small(*PARTS)
    feed = steps.feed(0)

    def broken() -> Any:
        """Batches of which the third has a number that is none, in the last of four parts."""
        yield next(feed)
        yield next(feed)
        images, labels = (it.numpy() for it in next(feed))
        images[-1, 0, 0, 0] = np.nan
        yield images, labels

    spoilt = tf.data.Dataset.from_generator(
        broken,
        output_signature=(
            tf.TensorSpec([32, 28, 28, 1], tf.float32),
            tf.TensorSpec([32], tf.int32),
        ),
    )
    sound = small(*PARTS)
    sound.step.run(sound.feed(0), 2)
    fault = steps.fault(3, iter(spoilt))
    assert (fault.network, fault.index, fault.step) == ("discriminator", 2, 3)
    assert steps.bytes() == sound.bytes()
    assert first_not_finite(fault, steps.step, steps.plan.state, iter(spoilt.skip(2))) == (
        "the inputs of the discriminator"
    )


def test_epochs_and_intervals_count_updates() -> None:
    """Of 300 images, 9 updates of 4 · 8 fit into an epoch."""
    train = Train(epochs=2, batch_size=8, accumulate=4)
    found = timetable_of(train, 300)
    assert (found.batches_per_epoch, found.batch_size) == (9, 32)
    assert found.last_step(train) == 18
    due = [step for step in range(1, 19) if found.is_due(step, Interval.of("100 images"))]
    assert due == [4, 7, 10, 13, 16]  # 128, 224, 320, 416 and 512 images
    assert [step for step in range(19) if found.is_due(step, Interval.of("1 epoch"))] == [9, 18]
