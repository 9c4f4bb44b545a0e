"""Which of a run's rows is best, and whether it has stopped getting better."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gantool.evaluation.metric import Direction, Metric
from gantool.report.figures import number
from gantool.runs.figure_names import short_name

_BETTER_BY = 0.02
"""Share of a figure by which it must get better to be no plateau."""
_FIGURES = 5
"""That have to follow without getting better."""
_SMOOTHED = 3
"""Figures of which the median stands for the middle one: a single lucky one says little."""


@dataclass(frozen=True)
class Judge:
    """Judges rows of metrics.jsonl by the figures of one metric.

    Attributes:
        figures: The first parts of their names, and which end of each is the better one. The first
            of them decides between two rows; where it is equal in both, the next one does.
    """

    figures: Mapping[str, Direction]

    def names(self, row: Mapping[str, Any]) -> list[str] | None:
        """The whole names of the figures in a row that has a finite number for each of them."""
        found = {short_name(name): name for name in row if number(row[name]) is not None}
        return (
            [found[figure] for figure in self.figures] if found.keys() >= {*self.figures} else None
        )

    def score(self, row: Mapping[str, Any]) -> tuple[float, ...] | None:
        """The figures of a row, larger where better; None where it has not all of them.

        Tuples are compared as Python does it: the first number that differs decides.
        """
        names = self.names(row)
        if names is None:
            return None
        ends = self.figures.values()
        return tuple(
            row[name] if end == "higher" else -row[name]
            for name, end in zip(names, ends, strict=True)
        )

    def best(self, rows: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
        """The best of all rows, the first of equal ones; None where none has the figures."""
        scored = [(score, row) for row in rows if (score := self.score(row)) is not None]
        return max(scored, key=lambda it: it[0])[1] if scored else None

    def plateau(self, rows: Sequence[Mapping[str, Any]]) -> int | None:
        """The step from which no figure has got better by 2 % any more; None where one has.

        Five rows at least have to follow. Each figure is taken as the median of itself and its
        neighbours.
        """
        scored = [(score, row["step"]) for row in rows if (score := self.score(row)) is not None]
        smooth = np.array(
            [_medians(figure) for figure in zip(*(each for each, _ in scored), strict=True)]
        ).T
        for place in range(len(smooth) - _FIGURES):
            limit = smooth[place] + _BETTER_BY * abs(smooth[place])
            if not np.any(smooth[place + 1 :] > limit):
                return int(scored[place][1])
        return None

    def told_of_plateau(self, rows: Sequence[Mapping[str, Any]]) -> list[str]:
        """A line where a plateau is found with the last of these rows, and not before it."""
        names = self.names(rows[-1]) if rows else None
        began = self.plateau(rows)
        if names is None or began is None or self.plateau(rows[:-1]) is not None:
            return []
        best = self.best(rows)
        assert best is not None
        reached = ", ".join(f"{best[name]:.6g}" for name in self.names(best) or ())
        return [
            f"{', '.join(names)}: no better by {_BETTER_BY:.0%} since step {began:,}, a plateau;"
            f" checkpoints/best.h5 is of step {best['step']:,} ({reached})"
        ]


def _medians(values: Sequence[float]) -> list[float]:
    """Of each value and its neighbours; of fewer at the ends."""
    half = _SMOOTHED // 2
    return [
        float(np.median(values[max(0, place - half) : place + half + 1]))
        for place in range(len(values))
    ]


def judge_of(metrics: Iterable[Metric]) -> Judge | None:
    """Who judges by the first metric of which it is known what is better; None without one."""
    return next((Judge(metric.better) for metric in metrics if metric.better), None)
