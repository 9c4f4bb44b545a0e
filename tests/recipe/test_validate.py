"""Every kind of error in a recipe, by golden files: `<case>.yaml` and the lines it must give."""

from __future__ import annotations

from pathlib import Path

import pytest

from gantool.errors import InputError
from gantool.recipe.load import find_recipe, load
from gantool.recipe.validate import validate

GOLDEN = Path(__file__).parent / "golden"
CASES = sorted(path.stem for path in GOLDEN.glob("*.yaml"))


def told(name: str) -> str:
    """What `gantool check` says of a recipe, as far as its data and networks go."""
    try:
        loaded = load(find_recipe(name))
        from gantool.engine.plan import make_plan

        make_plan(loaded)
    except InputError as error:
        return f"{error}\n"
    return ""


@pytest.mark.parametrize("case", CASES)
def test_recipe_is_told_as_the_golden_file_says(case, repository, monkeypatch):
    monkeypatch.setenv("GANTOOL_DATA", str(repository / "data"))
    monkeypatch.chdir(GOLDEN)
    found = told(f"{case}.yaml").replace(str(GOLDEN), "<here>")
    assert found == (GOLDEN / f"{case}.txt").read_text(encoding="utf-8")


def test_every_golden_text_belongs_to_a_case():
    assert sorted(path.stem for path in GOLDEN.glob("*.txt")) == CASES
    assert len(CASES) > 40


SMALLEST = {
    "name": "mine",
    "data": {"source": "mnist", "size": [28, 28]},
    "latent": {"size": 16},
    "generator": {"layers": [{"Dense": {"units": 4}}]},
    "discriminator": {"layers": ["Flatten"]},
    "loss": "hinge",
    "optimizers": {"generator": "Adam", "discriminator": "Adam"},
    "train": {"steps": 10, "batch_size": 8},
}


def test_what_a_recipe_leaves_out_has_the_values_of_the_design():
    recipe, problems = validate(SMALLEST)
    assert problems == []
    assert recipe.seed == 0
    assert recipe.data.channels == 3
    assert recipe.data.range == (-1.0, 1.0)
    assert (recipe.data.labels, recipe.data.flip) == (False, False)
    assert (recipe.latent.distribution, recipe.latent.bounds) == ("normal", None)
    assert (recipe.train.updates.discriminator, recipe.train.updates.generator) == (1, 1)
    assert recipe.train.updates.real_and_generated == "together"
    assert recipe.train.precision == "auto"
    assert recipe.train.average is None
    assert recipe.regularizers == []
    assert recipe.initializer is None


@pytest.mark.parametrize(
    ("given", "read"), [("5e-5", 5e-5), ("1e-4", 1e-4), ("1.0e-4", 1e-4), (".5", 0.5)]
)
def test_numbers_are_numbers_however_they_are_written(given, read):
    from gantool.recipe.document import read_document

    text = f"limit: {given}"
    document, problems = read_document(text, "x")
    assert problems == []
    recipe, _ = validate(SMALLEST | {"regularizers": [{"WeightClip": document.data}]})
    assert recipe.regularizers[0].limit == read


def test_regularizers_are_told_apart_by_their_names():
    given = ["GradientPenalty", {"GradientPenalty": {"weight": 1}}, {"WeightClip": {"limit": 0.5}}]
    recipe, problems = validate(SMALLEST | {"regularizers": given})
    assert problems == []
    assert [type(item).__name__ for item in recipe.regularizers] == [
        "GradientPenalty",
        "GradientPenalty",
        "WeightClip",
    ]
    assert recipe.regularizers[0].weight == 10.0
    assert recipe.regularizers[1].weight == 1.0
    assert recipe.regularizers[2].limit == 0.5


@pytest.mark.parametrize(
    ("section", "key"),
    [("latent", "size"), ("train", "batch_size"), ("train", "steps")],
)
@pytest.mark.parametrize("given", [10**30, "1e30", "9" * 30])
def test_whole_numbers_end_where_those_of_tensorflow_do(section, key, given):
    changed = {section: SMALLEST[section] | {key: given}}
    _, [problem] = validate(SMALLEST | changed)
    assert problem.path == (section, key)
    assert problem.message.startswith(f"{section}.{key} must be ")
    assert "exceeded" not in problem.message


def test_the_largest_whole_number():
    recipe, problems = validate(SMALLEST | {"latent": {"size": 2**63 - 1}})
    assert problems == []
    assert recipe.latent.size == 2**63 - 1
    _, [problem] = validate(SMALLEST | {"latent": {"size": 2**63}})
    assert problem.message == (
        "latent.size must be at most 9223372036854775807, not 9223372036854775808"
    )
