"""When things are due."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gantool.recipe.model import Train
from gantool.training.schedule import batches_per_epoch, is_due, next_stop, total_steps


@pytest.mark.parametrize(
    ("step", "every", "due"),
    [
        (0, 1, False),
        (0, 100, False),
        (1, 1, True),
        (2, 1, True),
        (1, 2, False),
        (99, 100, False),
        (100, 100, True),
        (101, 100, False),
        (200, 100, True),
        (50, 100, False),
    ],
)
def test_what_is_due(step: int, every: int, due: bool) -> None:
    assert is_due(step, every) is due


@pytest.mark.parametrize(
    ("step", "intervals", "last", "stop"),
    [
        (0, [100], 1000, 100),
        (0, [1], 1000, 1),
        (99, [100], 1000, 100),
        (100, [100], 1000, 200),
        (57, [100, 500], 1000, 100),  # resumed in between
        (400, [300, 500], 1000, 500),
        (950, [100, 500], 1000, 1000),
        (950, [300], 1000, 1000),
        (0, [100], 30, 30),
        (0, [], 30, 30),
        (29, [100], 30, 30),
    ],
)
def test_the_next_stop(step: int, intervals: list[int], last: int, stop: int) -> None:
    assert next_stop(step, intervals, last) == stop


@given(
    st.integers(0, 10_000),
    st.lists(st.integers(1, 500), min_size=1, max_size=4),
    st.integers(1, 10_000),
)
def test_a_stop_is_the_first_step_at_which_anything_is_due(
    step: int, intervals: list[int], more: int
) -> None:
    last = step + more
    stop = next_stop(step, intervals, last)
    due = [n for n in range(step + 1, last) if any(is_due(n, every) for every in intervals)]
    assert stop == (due[0] if due else last)


def train(**keys: object) -> Train:
    return Train.model_validate({"batch_size": 8} | keys)


@pytest.mark.parametrize(
    ("settings", "images", "steps"),
    [
        (train(steps=123), 300, 123),
        (train(epochs=1), 300, 37),
        (train(epochs=2), 303, 74),
        (train(epochs=3), 304, 114),
        (train(epochs=1, updates={"discriminator": 5}), 300, 7),
        (train(epochs=5, updates={"discriminator": 5}), 300, 37),
        (train(epochs=1, updates={"generator": 5}), 300, 37),
        (train(epochs=1, updates={"discriminator": 100}), 300, 1),
        (train(steps=9, updates={"discriminator": 5}), 300, 9),
    ],
)
def test_steps_in_all(settings: Train, images: int, steps: int) -> None:
    assert total_steps(settings, images) == steps


def test_a_partial_batch_is_no_batch() -> None:
    assert [batches_per_epoch(images, 8) for images in (7, 8, 15, 16)] == [0, 1, 1, 2]
