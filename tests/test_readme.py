"""The README is true: its recipe checks, its commands and flags exist, its links lead somewhere."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import get_args

import click
import pytest

from gantool.cli.main import cli
from gantool.recipe.load import RecipeText, load
from gantool.recipe.model import Recipe, Section

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def commands() -> list[list[str]]:
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    return [shlex.split(line, comments=True) for line in lines if line.startswith("gantool ")]


def test_the_readmes_recipe_has_no_problem_and_fits_together():
    from gantool.engine.plan import make_plan

    [text] = blocks("yaml")
    loaded = load(RecipeText(text, "README.md", ROOT))
    loaded.raise_problems()
    plan = make_plan(loaded)
    assert plan.source is not None
    assert len(plan.source) == 3916


def test_every_command_of_the_readme_exists_with_its_options():
    assert len(commands()) >= 10
    for _, name, *arguments in commands():
        command = cli.commands[name]
        options = {flag for parameter in command.params for flag in parameter.opts}
        for argument in arguments:
            if argument.startswith("--"):
                assert argument in options, f"{name} {argument}"


def test_the_readme_shows_every_command():
    assert {name for _, name, *_ in commands()} == set(cli.commands)


def test_every_option_says_what_it_does():
    for command in cli.commands.values():
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{command.name} {parameter.opts}"


def keys(section: type[Section], prefix: str = "") -> list[str]:
    found = []
    for name, field in section.model_fields.items():
        # `Burst | None` is a choice of types, of which one is a section.
        choices = get_args(field.annotation) or (field.annotation,)
        inner = [item for item in choices if isinstance(item, type) and issubclass(item, Section)]
        found += keys(inner[0], f"{prefix}{name}.") if inner else [f"{prefix}{name}"]
    return found


def test_the_table_of_keys_names_every_key_of_a_recipe_and_no_other():
    table = README.split("### All keys")[1].split("A wrong recipe")[0]
    named = []
    for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE):
        for key in re.findall(r"`([^`]+)`", row):
            # `.rows` after `output.grid.every` is output.grid.rows
            named.append(named[-1].rpartition(".")[0] + key if key.startswith(".") else key)
    assert sorted(named) == sorted(keys(Recipe))


LINKS = re.findall(r"\]\(([^)#]+)\)", README) + re.findall(r'src="([^"]+)"', README)


@pytest.mark.parametrize("link", sorted(set(LINKS)))
def test_links_and_pictures_are_there(link):
    assert link.startswith("https://") or (ROOT / link).exists()
