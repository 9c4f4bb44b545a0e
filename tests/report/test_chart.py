"""Curves over steps."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gantool.report.chart import HEIGHT, WIDTH, Chart, Curve, plots_of, thinned, ticks
from gantool.report.figures import Value

FLOATS = st.floats(-1e12, 1e12, allow_nan=False)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.0, 1.0, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (0.0, 12000.0, [0.0, 2000.0, 4000.0, 6000.0, 8000.0, 10000.0, 12000.0]),
        (0.13, 0.58, [0.2, 0.3, 0.4, 0.5]),
        (-1.5, 1.5, [-1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5]),
    ],
)
def test_ticks(low: float, high: float, expected: list[float]) -> None:
    assert ticks(low, high) == expected


@given(FLOATS, st.floats(1e-6, 1e12))
def test_ticks_are_few_round_and_within(low: float, span: float) -> None:
    assume(span > 1e-6 * abs(low))
    found = ticks(low, low + span)
    assert 2 <= len(found) <= 8
    room = 1e-8 * max(abs(low), span)
    assert all(low - room <= it <= low + span + room for it in found)
    steps = [Fraction(b) - Fraction(a) for a, b in pairwise(found)]
    leading = float(min(steps)) / 10 ** math.floor(math.log10(float(min(steps))) + 1e-6)
    assert min(abs(leading - it) for it in (1, 2, 5, 10)) < 0.05


def test_few_values_stay_as_they_are() -> None:
    values = [Value(float(it), it) for it in range(10)]
    assert thinned(values, 10) == values


@given(st.lists(FLOATS, min_size=30, max_size=300))
def test_thinning_keeps_peaks_and_order(values: list[float]) -> None:
    given_values = [Value(value, step) for step, value in enumerate(values)]
    kept = thinned(given_values, 20)
    assert len(kept) <= 20
    assert {it.value for it in kept} >= {min(values), max(values)}
    assert [it.step for it in kept] == sorted({it.step for it in kept})


def test_a_plot_has_its_corners_where_the_axes_end() -> None:
    values = [Value(1.0, 0), Value(3.0, 100)]
    [plot] = plots_of([Chart("losses", [Curve("a", values), Curve("none", [])])])
    assert (plot.title, plot.labels) == ("losses", ["a"])
    # 58 and 10 pixels are left and right of the plot, 24 below and 8 above it.
    assert plot.lines == [f"58.0,{HEIGHT - 24:.1f} {WIDTH - 10:.1f},8.0"]
    assert (plot.y_ticks[0].at, plot.y_ticks[0].text) == (HEIGHT - 24, "1")
    assert plot.data == [[[0, 100], [1.0, 3.0]]]


def test_one_value_and_equal_values_are_in_the_middle() -> None:
    [one] = plots_of([Chart("x", [Curve("x", [Value(5.0, 10)])])])
    start, end = [tuple(map(float, point.split(","))) for point in one.lines[0].split()]
    middle = 8 + (HEIGHT - 32) / 2
    assert start[1] == end[1] == pytest.approx(middle)
    assert start[0] < end[0]
    [flat] = plots_of([Chart("x", [Curve("x", [Value(0.0, 1), Value(0.0, 2)])])])
    assert {float(point.split(",")[1]) for point in flat.lines[0].split()} == {middle}


@given(st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=9))
def test_whatever_is_a_number_is_drawn_within_the_picture(values: list[float]) -> None:
    curve = Curve("x", [Value(value, step) for step, value in enumerate(values)])
    [plot] = plots_of([Chart("x", [curve])])
    ends = [tuple(map(float, point.split(","))) for point in plot.lines[0].split()]
    assert all(58 <= x <= WIDTH and 8 <= y <= HEIGHT - 24 for x, y in ends)
    assert 1 <= len(plot.y_ticks) <= 8
    assert all(8 <= tick.at <= HEIGHT - 24 for tick in plot.y_ticks)


def test_nothing_is_drawn_of_nothing() -> None:
    assert plots_of([Chart("x", [Curve("x", [])]), Chart("y", [])]) == []


def test_all_curves_of_a_page_together_are_bounded() -> None:
    values = [Value(float(it % 7), it) for it in range(2500)]
    many = plots_of([Chart(str(it), [Curve("x", values)] * 20) for it in range(10)])
    assert sum(len(steps) for plot in many for steps, _ in plot.data) <= 30_000
    [few] = plots_of([Chart("x", [Curve("x", values)])])
    assert 1000 < len(few.data[0][0]) <= 2000
