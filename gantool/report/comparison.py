"""What sets runs apart: their recipes, and what they reached."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gantool.recipe.document import Path, dotted
from gantool.recipe.yaml_text import flow
from gantool.report.figures import best, direction_of, figure_names, over_seeds, values_of
from gantool.report.run import Run

_LONGEST = 60
"""Characters of a value of a recipe in a table."""

_ABSENT = "–"
"""Where a recipe has nothing of the kind, as another layer's keyword."""


@dataclass(frozen=True)
class Summary:
    """A figure over the runs of a group.

    Attributes:
        mean: Of what each run reached.
        deviation: Standard deviation, over n − 1; None for a single run.
        runs: Number of runs that have the figure.
    """

    mean: float
    deviation: float | None
    runs: int


@dataclass(frozen=True)
class Group:
    """Runs whose recipes differ in nothing but their seeds.

    Attributes:
        runs: Their names.
        seeds: Of the recipes.
        figures: What they reached, by the figure's name: the best value where one end is the
            better one, else the latest.
    """

    runs: Sequence[str]
    seeds: Sequence[int]
    figures: dict[str, Summary]


@dataclass(frozen=True)
class Groups:
    """All groups, and the figures that any of them has, with "best" or "latest" for each."""

    groups: Sequence[Group]
    columns: dict[str, str]


def recipe_differences(runs: Sequence[Run]) -> list[tuple[str, list[str]]]:
    """For each dotted path at which recipes differ, what stands there in each run, as YAML.

    Defaults are filled in. A run whose recipe cannot be read has `?` everywhere.
    """
    plain = [run.recipe.model_dump(mode="json") for run in runs if run.recipe is not None]
    found = []
    for path, values in _differing(plain, ()):
        told = iter([_short(value) for value in values])
        found.append((dotted(path), ["?" if run.recipe is None else next(told) for run in runs]))
    return found


def _differing(values: Sequence[Any], path: Path) -> Iterator[tuple[Path, Sequence[Any]]]:
    """The innermost places at which not all values are equal."""
    if all(value == values[0] for value in values):
        return
    lengths = {len(value) if isinstance(value, list) else -1 for value in values}
    if len(lengths) == 1 and -1 not in lengths:
        values = [dict(enumerate(value)) for value in values]
    if all(isinstance(value, dict) for value in values):
        for key in dict.fromkeys(key for value in values for key in value):
            yield from _differing([value.get(key, _ABSENT) for value in values], (*path, key))
    else:
        yield path, values


def groups_of(runs: Sequence[Run]) -> Groups:
    """What groups of runs reached."""
    members: dict[str, list[Run]] = {}
    for run in runs:
        members.setdefault(_but_for_the_seed(run), []).append(run)
    columns: dict[str, str] = {}
    for run in runs:
        for name in figure_names(run.rows):
            columns.setdefault(name, "best" if direction_of(name, run.recipe) else "latest")
    return Groups([_group(each, columns) for each in members.values()], columns)


def _group(runs: Sequence[Run], columns: dict[str, str]) -> Group:
    figures = {}
    for name in columns:
        reached = [value for run in runs if (value := _reached(run, name)) is not None]
        if reached:
            figures[name] = Summary(*over_seeds(reached), len(reached))
    seeds = [run.recipe.seed for run in runs if run.recipe is not None]
    return Group([run.name for run in runs], seeds, figures)


def _reached(run: Run, name: str) -> float | None:
    values = values_of(run.rows, name)
    if not values:
        return None
    return (best(values, direction_of(name, run.recipe)) or values[-1]).value


def _but_for_the_seed(run: Run) -> str:
    """Equal for recipes that differ in nothing else; a run without a recipe is alone."""
    if run.recipe is None:
        return str(run.folder.path)
    return json.dumps(run.recipe.model_dump(mode="json") | {"seed": None}, sort_keys=True)


def _short(value: Any) -> str:
    text = value if value is _ABSENT else flow(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
