from __future__ import annotations

import pytest

from gantool.recipe.builtin import builtin_recipes, summary
from gantool.recipe.load import find_recipe, load

NAMES = sorted(builtin_recipes())


def test_quickstart_and_the_reference_recipes_are_there():
    assert NAMES == [
        "acgan-mnist",
        "cgan-mnist",
        "dcgan-faces-96",
        "dcgan-mnist",
        "dcgan-mnist-sigmoid",
        "few-images-64",
        "grid",
        "lsgan-mnist",
        "projection-32",
        "quickstart",
        "r3gan-32",
        "r3gan-64",
        "ring",
        "sngan-32",
        "sngan-resnet-32",
        "stacked-mnist",
        "wgan-celeba",
        "wgan-gp-mnist",
    ]
    assert list(builtin_recipes()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_built_in_recipe_is_right_and_has_the_name_of_its_file(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    loaded = load(find_recipe(name))
    loaded.raise_problems()
    assert loaded.recipe.name == name


@pytest.mark.parametrize("name", NAMES)
def test_built_in_recipe_names_its_schema_and_says_what_it_is(name):
    path = builtin_recipes()[name]
    first, *_ = path.read_text(encoding="utf-8").splitlines()
    assert first == "# yaml-language-server: $schema=gantool.schema.json"
    assert len(summary(path)) > 20
    assert "yaml-language-server" not in summary(path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# yaml-language-server: $schema=x\n#\n# Digits.\n# More.\nname: x\n", "Digits."),
        ("name: x\n# Later.\n", "Later."),
        ("name: x  # not this\n", ""),
        ("", ""),
    ],
)
def test_summary_is_the_first_comment_that_is_prose(tmp_path, text, expected):
    path = tmp_path / "x.yaml"
    path.write_text(text, encoding="utf-8")
    assert summary(path) == expected
