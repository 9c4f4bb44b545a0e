"""Curves over steps: thinned for a page, and as lines of an SVG picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from gantool.report.figures import Value, shown

WIDTH, HEIGHT = 480, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 10, 8, 24
"""Margins of the plot within the picture."""

_DRAWN, _ZOOMED = 300, 2000
"""Points of a curve that the picture, and the data for who zooms into it, have at most."""

_ALL = 30_000
"""Points of all curves of a page, likewise."""

COLOURS = 8
"""That curves have; from there on they are dashed."""


@dataclass(frozen=True)
class Curve:
    """A figure over the steps of a run.

    Attributes:
        label: What it is called in the legend.
        values: In the order of their steps.
    """

    label: str
    values: Sequence[Value]


@dataclass(frozen=True)
class Chart:
    """Curves that share their axes."""

    title: str
    curves: Sequence[Curve]


@dataclass(frozen=True)
class Tick:
    """A mark on an axis: where it is in the picture, and what is written there."""

    at: float
    text: str


@dataclass(frozen=True)
class Plot:
    """What is drawn of a chart.

    Attributes:
        x_ticks: From left to right.
        y_ticks: From the bottom to the top.
        lines: Points `x,y x,y …` of each curve; a single value is drawn as a short line.
        data: Steps and values of each curve for a script: [[steps, values], …].
    """

    title: str
    labels: Sequence[str]
    x_ticks: Sequence[Tick]
    y_ticks: Sequence[Tick]
    lines: Sequence[str]
    data: Sequence[Sequence[Sequence[float]]]


def plots_of(charts: Sequence[Chart]) -> list[Plot]:
    """A plot of each chart that has a value."""
    most = min(_ZOOMED, _ALL // max(1, sum(len(chart.curves) for chart in charts)))
    drawn = [(it.title, [curve for curve in it.curves if curve.values]) for it in charts]
    return [_plot(title, curves, most) for title, curves in drawn if curves]


def _plot(title: str, curves: Sequence[Curve], most: int) -> Plot:
    """Curves, of at most so many points, with axes around all of them."""
    steps = [value.step for curve in curves for value in curve.values]
    values = [value.value for curve in curves for value in curve.values]
    across, up = _Axis(min(steps), max(steps)), _Axis(min(values), max(values))

    def x(step: float) -> float:
        return round(_LEFT + across.share(step) * (WIDTH - _LEFT - _RIGHT), 1)

    def y(value: float) -> float:
        return round(HEIGHT - _BOTTOM - up.share(value) * (HEIGHT - _TOP - _BOTTOM), 1)

    def line(curve: Curve) -> str:
        points = [f"{x(it.step)},{y(it.value)}" for it in thinned(curve.values, min(most, _DRAWN))]
        if len(points) == 1:
            [(value, step)] = curve.values
            points.append(f"{x(step) + 4},{y(value)}")
        return " ".join(points)

    embedded = [thinned(curve.values, most) for curve in curves]
    return Plot(
        title=title,
        labels=[curve.label for curve in curves],
        x_ticks=[Tick(x(it), shown(it)) for it in ticks(across.low, across.high)],
        y_ticks=[Tick(y(it), shown(it)) for it in ticks(up.low, up.high)],
        lines=[line(curve) for curve in curves],
        data=[
            [[it.step for it in values], [float(f"{it.value:.5g}") for it in values]]
            for values in embedded
        ],
    )


def thinned(values: Sequence[Value], most: int) -> list[Value]:
    """The least and the greatest of every few values in a row, so that no peak is lost."""
    if len(values) <= most:
        return list(values)
    size = -(-len(values) * 2 // max(most, 2))
    kept = []
    for start in range(0, len(values), size):
        part = values[start : start + size]
        ends = {min(part, key=lambda it: it.value), max(part, key=lambda it: it.value)}
        kept += sorted(ends, key=lambda it: it.step)
    return kept


def ticks(low: float, high: float, count: int = 6) -> list[float]:
    """Round numbers from `low` to `high`, about so many: multiples of 1, 2 or 5 times 10ⁿ."""
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(it * power for it in (1, 2, 5, 10) if it * power >= rough * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    # Multiplied and rounded, or 3 · 0.1 would be 0.30000000000000004.
    return [float(f"{number * step:.12g}") for number in range(first, last + 1)]


class _Axis:
    """From the least value to the greatest; one value alone is in the middle."""

    def __init__(self, low: float, high: float) -> None:
        if not high - low > 1e-9 * max(abs(low), abs(high), 1e-30):
            room = abs(low) / 2 if abs(low) > 1e-30 else 0.5
            low, high = low - room, high + room
        self.low, self.high = low, high

    def share(self, value: float) -> float:
        return (value - self.low) / (self.high - self.low)
