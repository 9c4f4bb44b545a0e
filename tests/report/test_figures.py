"""The figures of a run."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gantool.report.figures import (
    best,
    directions,
    figure_names,
    number,
    over_seeds,
    shown,
    values_of,
)

ROWS = [
    {"step": 10, "generator_loss": 1.0, "modes": 3},
    {"step": 20, "generator_loss": math.nan, "modes": 7, "warnings": ["x"]},
    {"step": 30, "generator_loss": 2.0, "modes": 7, "purity": "high"},
    {"step": 40, "generator_loss": "2", "modes": 5, "late": 0.5},
]


@pytest.mark.parametrize(
    "value", [None, True, "1", math.nan, math.inf, -math.inf, 1.1e300, [1], 10**400]
)
def test_what_is_no_number(value: Any) -> None:
    assert number(value) is None


def test_a_figure_is_of_the_rows_that_have_it() -> None:
    assert values_of(ROWS, "generator_loss") == [(1.0, 10), (2.0, 30)]
    assert values_of(ROWS, "late") == [(0.5, 40)]
    assert figure_names(ROWS) == ["modes", "late"]


@pytest.mark.parametrize(
    ("direction", "expected"), [("higher", (7.0, 20)), ("lower", (3.0, 10)), (None, None)]
)
def test_the_best_is_the_first_where_it_was_reached(direction: Any, expected: Any) -> None:
    assert best(values_of(ROWS, "modes"), direction) == expected


def test_nothing_is_the_best_of_nothing() -> None:
    assert best([], "higher") is None


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=9))
def test_mean_and_deviation_are_those_of_numpy(values: list[float]) -> None:
    mean, deviation = over_seeds(values)
    assert deviation is not None
    np.testing.assert_allclose(
        [mean, deviation], [np.mean(values), np.std(values, ddof=1)], rtol=1e-9, atol=1e-6
    )


def test_one_run_has_no_deviation() -> None:
    assert over_seeds([4.0]) == (4.0, None)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (25.0, "25"),
        (12345.0, "12,345"),
        (0.123456, "0.1235"),
        (-0.5, "-0.5"),
        (123456.7, "123,457"),
        (1e-9, "1e-09"),
        (1e20, "1e+20"),
        (0.0, "0"),
    ],
)
def test_figures_for_people(value: float, text: str) -> None:
    assert shown(value) == text


def test_which_end_is_the_better_one_is_what_the_metrics_say(
    load_tiny: Callable[..., Any], repository: Path
) -> None:
    from gantool.recipe.load import find_recipe, load

    ring = load(find_recipe(str(repository / "recipes" / "ring.yaml"))).recipe
    assert directions(ring) == {"modes": "higher", "reverse_kl": "lower", "high_quality": "higher"}
    stacked = load(find_recipe("stacked-mnist")).recipe
    assert directions(stacked) == {"modes": "higher", "reverse_kl": "lower"}
    # Of diversity the best is 1, which is neither end.
    assert directions(load_tiny().recipe) == {}
    assert directions(None) == {}
