"""Which of a run's rows is best, and whether it has stopped getting better."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gantool.evaluation.metric import Direction, Metric
from gantool.report.figures import Value, best, number, values_of
from gantool.runs.figure_names import short_name

_BETTER_BY = 0.02
"""Share of a figure by which it must get better to be no plateau."""
_FIGURES = 5
"""That have to follow without getting better."""
_SMOOTHED = 3
"""Figures of which the median stands for the middle one: a single lucky one says little."""


@dataclass(frozen=True)
class Judge:
    """Judges rows of metrics.jsonl by a figure of theirs.

    Attributes:
        figure: The first part of its name.
        direction: Which end of it is the better one.
    """

    figure: str
    direction: Direction

    def name(self, row: Mapping[str, Any]) -> str | None:
        """The whole name of the figure in a row that has it, and has a finite number there."""
        for name, value in row.items():
            if short_name(name) == self.figure and number(value) is not None:
                return name
        return None

    def values(self, rows: Sequence[Mapping[str, Any]]) -> list[Value]:
        """The figure in all rows that have it."""
        name = next(filter(None, map(self.name, rows)), None)
        return [] if name is None else values_of(rows, name)

    def is_better(self, value: float, than: float) -> bool:
        """Whether one value of the figure is better than another."""
        return value > than if self.direction == "higher" else value < than

    def best(self, rows: Sequence[Mapping[str, Any]]) -> Value | None:
        """The best of all rows, the first of equal ones; None where none has the figure."""
        return best(self.values(rows), self.direction)

    def plateau(self, rows: Sequence[Mapping[str, Any]]) -> int | None:
        """The step from which the figure has not got better by 2 % any more; None where it has.

        Five figures at least have to follow. Each is taken as the median of itself and its
        neighbours.
        """
        values = self.values(rows)
        smooth = _medians([each.value for each in values])
        for place in range(len(smooth) - _FIGURES):
            margin = _BETTER_BY * abs(smooth[place])
            limit = smooth[place] + (margin if self.direction == "higher" else -margin)
            if not any(self.is_better(later, limit) for later in smooth[place + 1 :]):
                return values[place].step
        return None

    def told_of_plateau(self, rows: Sequence[Mapping[str, Any]]) -> list[str]:
        """A line where a plateau is found with the last of these rows, and not before it."""
        if not rows or self.name(rows[-1]) is None:
            return []
        began = self.plateau(rows)
        if began is None or self.plateau(rows[:-1]) is not None:
            return []
        reached = self.best(rows)
        assert reached is not None
        return [
            f"{self.name(rows[-1])} has not got better by {_BETTER_BY:.0%} since step {began:,}:"
            f" a plateau; its best, {reached.value:.6g}, was at step {reached.step:,}"
            " (checkpoints/best.h5)"
        ]


def _medians(values: Sequence[float]) -> list[float]:
    """Of each value and its neighbours; of fewer at the ends."""
    half = _SMOOTHED // 2
    return [
        float(np.median(values[max(0, place - half) : place + half + 1]))
        for place in range(len(values))
    ]


def judge_of(metrics: Iterable[Metric]) -> Judge | None:
    """Who judges by the first figure of which it is known what is better; None without one."""
    for metric in metrics:
        for figure, direction in metric.better.items():
            return Judge(figure, direction)
    return None
