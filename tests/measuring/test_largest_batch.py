"""The search for the largest batch, on machines whose memory is a formula."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gantool.measuring.largest_batch import Fitting, largest_batch


class Machine:
    """Notes which batches have been tried; `peak` is None for one that does not come through."""

    def __init__(self, peak: Callable[[int], int | None]) -> None:
        self.tried: list[int] = []
        self._peak = peak

    def __call__(self, batch: int) -> int | None:
        self.tried.append(batch)
        return self._peak(batch)


def test_the_line_through_two_leads_to_the_last_that_fits() -> None:
    """1000 + 10 a batch within 9,000 is 800; the first line, from nothing at 0, leads to 349."""
    machine = Machine(lambda batch: 1000 + 10 * batch)
    assert largest_batch(machine, 9000, first=64, at_most=60_000) == Fitting(800, 9000)
    assert machine.tried == [64, 344, 800]


def test_what_is_taken_at_rest_makes_the_first_line_a_better_one() -> None:
    """With 900 before any it leads to 44; with nothing the search would stay at 8."""
    machine = Machine(lambda batch: 1000 + batch)
    assert largest_batch(machine, 1500, first=8, at_most=60_000) == Fitting(8, 1008)
    found = largest_batch(machine, 1500, first=8, at_most=60_000, at_rest=900)
    assert found == Fitting(496, 1496)
    assert machine.tried == [8, 8, 40, 320, 496]


def test_no_batch_above_the_limit_is_tried_where_memory_is_linear() -> None:
    for fixed, each, limit in ((700, 1, 10_000), (0, 7, 5000), (100, 3, 101_234)):
        machine = Machine(lambda batch, fixed=fixed, each=each: fixed + each * batch)
        found = largest_batch(machine, limit, first=16, at_most=1_000_000)
        assert found is not None
        assert found.peak == fixed + each * found.batch
        assert 0.95 * (limit - fixed) / each - 8 <= found.batch <= (limit - fixed) / each
        assert max(machine.tried) == found.batch


@pytest.mark.parametrize(("images", "batch"), [(300, 296), (304, 304), (5, 5), (9, 9)])
def test_the_set_bounds_the_batch(images: int, batch: int) -> None:
    machine = Machine(lambda batch: batch)
    assert largest_batch(machine, 10**9, first=64, at_most=images) == Fitting(batch, batch)
    assert max(machine.tried) <= images


def test_the_first_is_halved_until_it_fits() -> None:
    machine = Machine(lambda batch: 100 * batch)
    assert largest_batch(machine, 1000, first=64, at_most=1000) == Fitting(8, 800)
    assert machine.tried == [64, 32, 16, 8]  # 10, which would fit too, is no multiple of 8


def test_nothing_fits() -> None:
    machine = Machine(lambda _: 2000)
    assert largest_batch(machine, 1000, first=5, at_most=1000) is None
    assert machine.tried == [5, 2, 1]


def test_a_batch_that_takes_more_than_the_line_says_is_left() -> None:
    """Above 500 it is twice the line, up to which the search comes back."""
    machine = Machine(lambda batch: 1000 + batch if batch < 500 else 2 * (1000 + batch))
    found = largest_batch(machine, 2000, first=64, at_most=100_000)
    assert found is not None
    assert 450 <= found.batch < 500
    assert found.peak == 1000 + found.batch


def test_a_batch_that_does_not_come_through_is_left() -> None:
    machine = Machine(lambda batch: 100 + batch if batch < 777 else None)
    found = largest_batch(machine, 5000, first=64, at_most=100_000)
    assert found is not None
    assert 735 <= found.batch < 777


def test_memory_that_does_not_grow_is_followed_step_by_step() -> None:
    machine = Machine(lambda _: 900)
    assert largest_batch(machine, 2000, first=64, at_most=50_000) == Fitting(50_000, 900)
    assert machine.tried == [64, 136, 1088, 8704, 50_000]


def test_beyond_the_affordable_a_batch_is_foreseen_with_room() -> None:
    """At 0.8 · 9000 the line is at 620. Of 344, which costs too much, 128 is tried in its place."""
    machine = Machine(lambda batch: 1000 + 10 * batch)
    found = largest_batch(machine, 9000, first=64, at_most=60_000, affordable=lambda: 2 * 64 + 7.5)
    assert found == Fitting(616, 1000 + 10 * 616, was_tried=False)
    assert machine.tried == [64, 128]


def test_what_is_foreseen_is_no_more_than_eight_times_what_was_tried() -> None:
    machine = Machine(lambda batch: 1000 + batch)
    found = largest_batch(machine, 10**9, first=64, at_most=60_000, affordable=lambda: 65)
    assert found is not None
    assert (found.batch, found.was_tried, machine.tried) == (512, False, [64])
