"""What sets runs apart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gantool.report.comparison import Summary, groups_of, recipe_differences
from gantool.report.run import Run, RunReader

from .rows import row


@pytest.fixture
def run(made: Callable[..., Path]) -> Callable[..., Run]:
    def make(name: str, rows: Any = (), **replaced: str) -> Run:
        return RunReader(made(name, rows, **replaced)).read()

    return make


def test_differences_are_the_innermost_values(run: Callable[..., Run]) -> None:
    """With defaults filled in; names of before are those of today."""
    runs = [
        run("a", loss="hinge", average="null"),
        run("b", loss="Hinge", average="{decay: 0.5}", seed="4"),
        run("c", loss="{Hinge: {}}", average="0.99"),
    ]
    assert recipe_differences(runs) == [
        ("seed", ["3", "4", "3"]),
        ("train.average", ["null", "0.5", "0.99"]),
    ]


def test_what_one_recipe_lacks_is_a_dash(made: Callable[..., Path]) -> None:
    folders = [made("a"), made("b")]
    text = (folders[1] / "recipe.yaml").read_text()
    dense = "- Dense: {units: 1}"
    assert dense in text
    (folders[1] / "recipe.yaml").write_text(text.replace(dense, "- Dense: {units: 1, name: last}"))
    found = recipe_differences([RunReader(path).read() for path in folders])
    assert found == [("discriminator.layers.5.Dense.name", ["–", "last"])]


def test_equal_recipes_do_not_differ(run: Callable[..., Run]) -> None:
    assert recipe_differences([run("a"), run("b")]) == []


def test_a_run_without_a_recipe_is_unknown(made: Callable[..., Path]) -> None:
    folders = [made("a"), made("b", seed="4"), made("c")]
    (folders[2] / "recipe.yaml").write_text("[")
    runs = [RunReader(path).read() for path in folders]
    assert recipe_differences(runs) == [("seed", ["3", "4", "?"])]
    assert [group.runs for group in groups_of(runs).groups] == [["a", "b"], ["c"]]


def test_runs_that_differ_in_their_seeds_are_a_group(run: Callable[..., Run]) -> None:
    """Of diversity, no end of which is the better one, the latest is taken."""
    runs = [
        run("a", [row(10, diversity=0.9), row(20, diversity=0.4)], seed="1"),
        run("b", [row(10, diversity=0.1)], average="0.5"),
        run("c", [row(10, diversity=0.6)], seed="2"),
        run("d", [row(10)], seed="5"),
    ]
    groups = groups_of(runs)
    assert groups.columns == {"diversity": "latest"}
    first, second = groups.groups
    assert (first.runs, first.seeds) == (["a", "c", "d"], [1, 2, 5])
    assert (second.runs, second.seeds) == (["b"], [3])
    summary = first.figures["diversity"]
    # (0.4 + 0.6) / 2; √(0.1² + 0.1²)
    assert summary.mean == pytest.approx(0.5)
    assert summary.deviation == pytest.approx(0.1 * 2**0.5)
    assert summary.runs == 2
    assert second.figures["diversity"] == Summary(0.1, None, 1)


def test_the_best_value_is_taken_where_one_end_is_the_better_one(
    repository: Path, made: Callable[..., Path]
) -> None:
    values = {"a": [3, 8, 7], "b": [8, 6, 2]}
    runs = []
    for seed, (name, modes) in enumerate(values.items()):
        path = made(
            name,
            [row(10 * it, modes=value, reverse_kl=1 / value) for it, value in enumerate(modes)],
        )
        text = (repository / "recipes" / "ring.yaml").read_text()
        (path / "recipe.yaml").write_text(text.replace("\nseed: 0\n", f"\nseed: {seed}\n"))
        runs.append(RunReader(path).read())
    assert [run.problems for run in runs] == [[], []]
    [group] = groups_of(runs).groups
    assert groups_of(runs).columns == {"modes": "best", "reverse_kl": "best"}
    assert group.figures["modes"].mean == 8
    assert group.figures["modes"].deviation == 0
    assert group.figures["reverse_kl"].mean == 1 / 8
