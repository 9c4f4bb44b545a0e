"""The figures of a run: what its rows say over time, and at best."""

from collections.abc import Mapping, Sequence
from statistics import fmean, stdev
from typing import Any, NamedTuple

from gantool.recipe.model import Recipe
from gantool.recipe.signatures import attributes
from gantool.runs.figure_names import short_name

Row = Mapping[str, Any]
"""Of metrics.jsonl."""

LOSSES = ("generator_loss", "discriminator_loss")
SPEED = "images_per_second"
_LARGEST = 1e300
"""Sums and differences of such numbers are finite."""

_NO_FIGURES = {"step", "images", "seconds", SPEED, *LOSSES, "warnings"}


class Value(NamedTuple):
    """A figure at a step."""

    value: float
    step: int


def number(value: Any) -> float | None:
    """A value of a row as a number; None for anything else, and for NaN, Inf and beyond ±10³⁰⁰."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if abs(found) <= _LARGEST else None


def figure_names(rows: Sequence[Row]) -> list[str]:
    """The figures of metrics, and what training itself tells, as they come in the rows."""
    names = dict.fromkeys(name for row in rows for name in row if name not in _NO_FIGURES)
    return [name for name in names if any(number(row.get(name)) is not None for row in rows)]


def values_of(rows: Sequence[Row], name: str) -> list[Value]:
    """A figure in all rows that have it."""
    found = ((number(row.get(name)), row["step"]) for row in rows)
    return [Value(value, step) for value, step in found if value is not None]


def directions(recipe: Recipe | None) -> dict[str, str]:
    """For each figure of a recipe's metrics that has a better end: "higher" or "lower".

    By the first part of its name, see `short_name`.
    """
    if recipe is None:
        return {}
    found: dict[str, str] = {}
    for metric in recipe.output.metrics:
        found |= attributes("metric", metric.name).get("better", {})
    return found


def direction_of(name: str, recipe: Recipe | None) -> str | None:
    """Which end of a figure of a row is the better one; None where that is not known."""
    return directions(recipe).get(short_name(name))


def best(values: Sequence[Value], direction: str | None) -> Value | None:
    """The best of a figure, the first where it was reached more than once.

    None where there are no values, or no end is the better one.
    """
    if not values or direction is None:
        return None
    return (max if direction == "higher" else min)(values, key=lambda it: it.value)


def over_seeds(values: Sequence[float]) -> tuple[float, float | None]:
    """Mean and standard deviation (of a sample: over n − 1); of one value there is none."""
    return fmean(values), stdev(values) if len(values) > 1 else None


def shown(value: float) -> str:
    """A figure for people, with four digits that count: `0.1234`, `25`, `12,345`."""
    is_large = 1e4 <= abs(value) < 1e15
    return f"{value:,.0f}" if is_large or value == int(value) < 1e4 else f"{value:.4g}"
