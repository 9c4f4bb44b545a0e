"""Schedules, against values worked out by hand and in float64."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from gantool.gan.schedule import START, Progress, now
from gantool.recipe.types import Interval
from gantool.schedules.cosine import Cosine
from gantool.schedules.linear import Linear
from gantool.schedules.steps import Steps


def after(steps: int = 0, images: int = 0, epochs: float = 0.0) -> Progress:
    return Progress(
        tf.constant(steps, tf.int64), tf.constant(images, tf.int64), tf.constant(epochs, tf.float64)
    )


def span(written: int | str) -> Interval:
    return Interval.of(written)


@pytest.mark.parametrize(
    ("step", "value"),
    [(0, 2e-4), (1, 1.75e-4), (4, 1e-4), (7, 0.25e-4), (8, 0), (9, 0), (2**62, 0)],
)
def test_a_line(step: int, value: float) -> None:
    found = Linear(2e-4, 0, span(8))(after(steps=step, images=99, epochs=99.0))
    assert found.dtype == tf.float32
    assert found.shape == []
    np.testing.assert_allclose(found, value, rtol=1e-7)


@pytest.mark.parametrize(
    ("images", "value"),
    [
        (0, 1.0),
        (500_000, 1 - 0.9 * (1 - math.sqrt(0.5)) / 2),  # cos π/4 = √½
        (1_000_000, 0.55),
        (1_999_999, 0.1),
        (2_000_000, 0.1),
        (2_000_001, 0.1),
    ],
)
def test_half_a_wave(images: int, value: float) -> None:
    found = Cosine(1, 0.1, span("2000000 images"))(after(images=images))
    np.testing.assert_allclose(found, value, rtol=1e-6)


@pytest.mark.parametrize(
    ("epochs", "steps", "value"),
    [
        (0.0, 0, 1e-3),
        (1.99, 0, 1e-3),
        (2.0, 0, 1e-4),
        (2.0, 99, 1e-4),
        (2.0, 100, 1e-5),
        (9.0, 100, 1e-5),
        (9.0, 2**62, 1e-5),
    ],
)
def test_one_number_after_the_other(epochs: float, steps: int, value: float) -> None:
    found = Steps(1e-3, [1e-4, 1e-5], [span("2 epochs"), span(100)])
    assert found(after(steps=steps, epochs=epochs)) == np.float32(value)


def test_neighbours_among_billions_of_images_are_told_apart() -> None:
    # In float32, 4·10⁹ + 128 images would be as many as 4·10⁹.
    line = Linear(0, 8e9, span("8000000000 images"))
    numbers = [4_000_000_000 + 512 * number for number in range(5)]
    found = [float(line(after(images=number))) for number in numbers]
    assert found == [np.float32(number) for number in numbers]
    late = Steps(0, [1], [span(f"{2**40 + 1} images")])
    assert [float(late(after(images=2**40 + more))) for more in (0, 1)] == [0.0, 1.0]


numbers = st.floats(0, 1e4, width=32, allow_subnormal=False)


@given(numbers, numbers, st.integers(1, 2**40), st.floats(0, 1), st.sampled_from([Linear, Cosine]))
def test_each_goes_from_one_number_to_the_other_and_stays(
    first: float, last: float, over: int, share: float, kind: Any
) -> None:
    schedule = kind(first, last, span(over))
    ends = np.float32([first, last])
    assert schedule(START) == ends[0]
    assert schedule(after(steps=over)) == schedule(after(steps=2 * over)) == ends[1]
    between = float(schedule(after(steps=int(share * over))))
    assert min(ends) * (1 - 1e-6) <= between <= max(ends) * (1 + 1e-6)


def test_a_plain_number_stays_what_it_is() -> None:
    number = 10.0
    assert now(number, START) is number
