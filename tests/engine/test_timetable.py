"""When things are due."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from gantool.engine.timetable import (
    Timetable,
    batches_before,
    in_burst,
    step_of_update,
    timetable_of,
)
from gantool.recipe.model import Burst, Train, Updates
from gantool.recipe.types import Interval


def every(*written: int | str) -> list[Interval]:
    return [Interval.of(item) for item in written]


def dates(batches_per_epoch: int = 10, **updates: Any) -> Timetable:
    return Timetable(Updates.model_validate(updates), batches_per_epoch)


@pytest.mark.parametrize(
    ("step", "count", "due"),
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
def test_what_is_due(step: int, count: int, due: bool) -> None:
    assert dates().is_due(step, Interval.of(count)) is due


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
        (0, ["1 epoch"], 30, 10),
        (9, ["1 epoch", 100], 30, 10),
        (10, ["1 epoch"], 30, 20),
        (10, ["2 epochs"], 100, 20),
        (20, ["2 epochs"], 100, 40),
        (25, ["3 epochs", 27], 100, 27),
    ],
)
def test_the_next_stop(step: int, intervals: list[int | str], last: int, stop: int) -> None:
    assert dates().next_stop(step, every(*intervals), last) == stop


def test_images_are_due_at_the_first_step_that_has_seen_them() -> None:
    # 8 images a batch, 3 batches a step: 24, 48, 72, 96, 120 images after steps 1 to 5.
    found = Timetable(Updates(discriminator=3), 10, batch_size=8)
    [each] = every("50 images")
    assert [step for step in range(10) if found.is_due(step, each)] == [3, 5, 7, 9]
    assert [found.next_due(step, each) for step in range(6)] == [3, 3, 3, 5, 5, 7]
    # Those of a batch come in one step, and are due once.
    assert [found.next_due(step, *every("1 image")) for step in (0, 1)] == [1, 2]


def test_an_interval_says_what_it_was_read_from() -> None:
    written = [500, "1 epoch", "2 epochs", "1 image", "5000 images"]
    assert [Interval.of(it).model_dump() for it in written] == written


def test_an_epoch_is_due_at_the_first_step_that_finishes_it() -> None:
    # 10 batches an epoch, 3 a step: after steps 4, 7, 10 there are 12, 21, 30 batches.
    found = [n for n in range(12) if dates(discriminator=3).is_due(n, Interval.of("1 epoch"))]
    assert found == [4, 7, 10]
    # 25 batches a step are two epochs or three: what is due twice in a step comes once.
    found = [n for n in range(5) if dates(discriminator=25).is_due(n, Interval.of("1 epoch"))]
    assert found == [1, 2, 3, 4]


BURST = {"discriminator": 100, "first": 25, "every": 500}


@pytest.mark.parametrize(
    ("step", "batches"),
    [
        (0, 0),
        (1, 100),
        (25, 2500),
        (26, 2505),
        (500, 2500 + 475 * 5),
        (501, 2500 + 475 * 5 + 100),
        (1001, 2500 + (475 + 499) * 5 + 200),
    ],
)
def test_bursts_of_the_first_wasserstein_gan_code(step: int, batches: int) -> None:
    updates = Updates.model_validate({"discriminator": 5, "burst": BURST})
    assert batches_before(updates, step) == batches


bursts = st.builds(
    Burst,
    discriminator=st.integers(1, 30),
    first=st.integers(0, 12),
    every=st.none() | st.integers(1, 12),
)
updates_of_recipes = st.builds(
    Updates,
    discriminator=st.integers(1, 7),
    burst=st.none() | bursts,
    order=st.just("generator-first"),
)


def taken(updates: Updates, step: int) -> int:
    """Updates of the discriminator in a step, counted from 0."""
    burst = updates.burst
    is_one = burst is not None and bool(in_burst(burst, step))
    return burst.discriminator if is_one and burst else updates.discriminator


@given(updates_of_recipes, st.integers(0, 100))
def test_batches_are_the_sum_of_what_each_step_takes(updates: Updates, step: int) -> None:
    assert batches_before(updates, step) == sum(taken(updates, it) for it in range(step))


@given(updates_of_recipes, st.integers(1, 5))
def test_the_step_of_an_update_is_the_one_that_makes_it(updates: Updates, generator: int) -> None:
    updates = updates.model_copy(update={"generator": generator})
    counts = {
        "discriminator": lambda step: taken(updates, step),
        "generator": lambda _: generator,
    }
    for network, count in counts.items():
        steps = [step for step in range(40) for _ in range(count(step))]
        found = [step_of_update(updates, network, index) for index in range(len(steps))]
        assert found == steps


def test_an_update_of_both_networks_is_a_step() -> None:
    updates = Updates(order="simultaneous")
    assert [step_of_update(updates, "both", index) for index in (0, 1, 2**40)] == [0, 1, 2**40]


@pytest.mark.parametrize(("first", "each"), [(3, 4), (0, 5), (4, None), (0, None)])
def test_a_burst_is_the_same_for_tensors(first: int, each: int | None) -> None:
    burst = Burst(first=first, every=each)
    found = in_burst(burst, tf.range(13, dtype=tf.int64)).numpy()
    assert np.array_equal(found, [in_burst(burst, n) for n in range(13)])
    expected = {(3, 4): [0, 1, 2, 4, 8, 12], (0, 5): [0, 5, 10], (4, None): [0, 1, 2, 3]}
    assert np.flatnonzero(found).tolist() == expected.get((first, each), [])


intervals_of_recipes = st.integers(1, 500) | st.builds(
    "{} {}".format, st.integers(1, 30), st.sampled_from(["epochs", "images"])
)


@given(
    updates_of_recipes,
    st.integers(1, 40),
    st.integers(0, 3_000),
    st.lists(intervals_of_recipes, min_size=1, max_size=4),
    st.integers(1, 600),
)
def test_a_stop_is_the_first_step_at_which_anything_is_due(
    updates: Updates, per_epoch: int, step: int, written: list[int | str], more: int
) -> None:
    found, intervals, last = Timetable(updates, per_epoch, 5), every(*written), step + more
    stop = found.next_stop(step, intervals, last)
    due = (n for n in range(step + 1, last) if any(found.is_due(n, item) for item in intervals))
    assert stop == next(due, last)


@given(updates_of_recipes, st.integers(0, 2_000) | st.integers(0, 2**127))
def test_the_step_after_some_batches_is_the_first_that_has_them(
    updates: Updates, batches: int
) -> None:
    step = Timetable(updates, 10).step_after(batches)
    assert batches_before(updates, step) >= batches
    assert step == 0 or batches_before(updates, step - 1) < batches


def train(**keys: object) -> Train:
    return Train.model_validate({"batch_size": 8} | keys)


@pytest.mark.parametrize(
    ("settings", "images", "steps"),
    [
        (train(steps=123), 300, 123),
        (train(epochs=1), 300, 37),
        (train(epochs=2), 303, 74),
        (train(epochs=3), 304, 114),
        (train(epochs=1, updates={"discriminator": 5}), 300, 8),
        (train(epochs=5, updates={"discriminator": 5}), 300, 37),
        (train(epochs=1, updates={"generator": 5}), 300, 37),
        (train(epochs=1, updates={"discriminator": 100}), 300, 1),
        (train(steps=9, updates={"discriminator": 5}), 300, 9),
        (train(epochs=1, updates={"burst": {"discriminator": 10, "first": 2}}), 300, 19),
    ],
)
def test_steps_in_all(settings: Train, images: int, steps: int) -> None:
    assert timetable_of(settings, images).last_step(settings) == steps


LARGEST = 2**63 - 1


def test_a_length_or_an_interval_may_be_as_large_as_a_number_of_a_recipe() -> None:
    settings = train(epochs=LARGEST, updates={"discriminator": 2})
    assert timetable_of(settings, 5 * 8).last_step(settings) == (5 * LARGEST + 1) // 2
    found = every(LARGEST, f"{LARGEST} epochs")
    assert dates().next_stop(0, found, 5 * LARGEST) == LARGEST
    assert dates().next_stop(LARGEST, found[1:], 20 * LARGEST) == 10 * LARGEST
    assert not dates().is_due(10 * LARGEST - 1, found[1])
    assert dates().is_due(10 * LARGEST, found[1])


def test_a_partial_batch_is_no_batch() -> None:
    """But one that is larger than the set is an epoch: it repeats images, or is refused."""
    found = [timetable_of(train(steps=1), images).batches_per_epoch for images in (7, 8, 15, 16)]
    assert found == [1, 1, 1, 2]
