"""From what the user typed to a recipe that has been checked as far as it goes without data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path as FilePath
from shlex import quote
from typing import Any

from gantool.errors import InputError
from gantool.recipe.builtin import builtin_recipes
from gantool.recipe.document import Document, Located, Path, Problem, dotted, read_document
from gantool.recipe.edit import Override, changed, edited
from gantool.recipe.model import Recipe
from gantool.recipe.resolve import Specs, resolve
from gantool.recipe.suggest import did_you_mean
from gantool.recipe.validate import validate
from gantool.recipe.yaml_nodes import Position

MAX_CHARACTERS = 1 << 18
"""Of a recipe; the longest that comes with gantool has about a hundredth of it."""

_TOLD = 100
"""Problems of a recipe in one message."""


class RecipeError(InputError):
    """A recipe is wrong; the text has a line for each problem."""


@dataclass(frozen=True)
class RecipeText:
    """A recipe before it is read: what the user calls it, and where relative paths start from."""

    text: str
    name: str
    folder: FilePath


@dataclass(frozen=True)
class LoadedRecipe:
    """A recipe whose structure is right: as typed data, as components and as plain data.

    `problems` are those of its components, which `specs` has as far as they could be made out;
    `raise_problems` tells them. `written` is the user's own text, without the overrides.
    """

    recipe: Recipe
    specs: Specs
    data: dict[str, Any]
    folder: FilePath
    problems: tuple[Problem, ...]
    written: Document
    overrides: tuple[Override, ...]

    def raise_problems(self, found: Iterable[Problem] = ()) -> None:
        """Raise RecipeError where there are problems, those found since among them."""
        problems = [*self.problems, *found]
        if problems:
            raise RecipeError("\n".join(self.lines(problems)))

    def lines(self, problems: Iterable[Problem]) -> list[str]:
        """Lines that tell problems and where in the user's text they are."""
        return _lines(self.written, self.overrides, problems)

    @cached_property
    def text(self) -> str:
        """The YAML with the overrides in it, which reads back as the same recipe."""
        return edited(self.written, self.data)

    def stating(self, path: Path, value: Any) -> LoadedRecipe:
        """The same recipe with a value that was left open, outside its components, written in."""
        data = changed(self.data, Override(path, value, f"{dotted(path)}={value}"))
        return replace(self, recipe=Recipe.model_validate(data), data=data)


def find_recipe(argument: str) -> RecipeText:
    """Read a recipe file or, where no such file exists, the built-in recipe of that name.

    Raises:
        InputError: There is neither, or the file cannot be read as text.
    """
    path = FilePath(argument)
    if not path.is_file():
        known = builtin_recipes()
        if argument in known:
            path = known[argument]
        elif path.is_dir():
            raise InputError(f"{argument}: {_folder_is(argument, path)}")
        elif not path.exists():
            raise InputError(
                f"{argument}: no such file, and no built-in recipe of that name"
                f"{did_you_mean(argument, known)} (`gantool recipes` lists them)"
            )
    try:
        with path.open(encoding="utf-8-sig") as file:
            text = file.read(MAX_CHARACTERS + 1)
    except UnicodeDecodeError as error:
        raise InputError(
            f"{argument}: not text in UTF-8, so not a recipe; {_data_lines(argument)}"
        ) from error
    except OSError as error:
        raise InputError(f"{argument}: cannot be read ({error.strerror})") from error
    return RecipeText(text, argument, path.resolve().parent)


def _folder_is(argument: str, path: FilePath) -> str:
    if (path / "recipe.yaml").is_file():
        return f"a run, not a recipe; `gantool train --resume {quote(argument)}` goes on with it"
    return f"a folder, not a recipe; {_data_lines(argument)}"


def _data_lines(argument: str) -> str:
    return f"if it holds your images, `gantool new {quote(argument)}` writes a recipe for them"


def load(
    source: RecipeText, overrides: Sequence[Override] = (), steps: int | None = None
) -> LoadedRecipe:
    """Read and check a recipe; `steps` takes the place of its `train.steps` or `train.epochs`.

    Problems of single components do not stop it: they are in `LoadedRecipe.problems`, so that
    what is wrong with the rest can be told along with them.

    Raises:
        RecipeError: The text is too long or no YAML, or its structure is wrong: all problems of
            that kind, and those of components.
        InputError: An override names a place that cannot be.
    """
    if len(source.text) > MAX_CHARACTERS:
        raise RecipeError(
            f"{source.name}: more than the {MAX_CHARACTERS:,} characters that a recipe may have"
        )
    written, read = read_document(source.text, source.name)
    if written is None:
        raise RecipeError("\n".join(found.line(source.name) for found in read))
    data = written.data
    if steps is not None:
        overrides = [*overrides, Override(("train", "steps"), steps, f"train.steps={steps}")]
    for override in overrides:
        data = changed(data, override)
    if steps is not None:
        data["train"].pop("epochs", None)
    recipe, problems = validate(data)
    specs, part_problems = resolve(data)
    if recipe is None or read:
        found = [*problems, *part_problems]
        raise RecipeError("\n".join(_lines(written, overrides, found, read)))
    return LoadedRecipe(
        recipe, specs, data, source.folder, tuple(part_problems), written, tuple(overrides)
    )


def _lines(
    written: Document,
    overrides: Sequence[Override],
    problems: Iterable[Problem],
    read: Iterable[Located] = (),
) -> list[str]:
    """Tell problems, and where in the user's own text, or in which `--set`, they lie."""
    told = [(found.position, found.line(written.name)) for found in read]
    for problem in problems:
        inside = [each for each in overrides if problem.path[: len(each.path)] == each.path]
        if inside:
            told.append((Position(0, 0), f"--set {inside[-1].text}: {problem.message}"))
        else:
            found = written.locate(problem)
            told.append((found.position, found.line(written.name)))
    # One fault can be met twice, as a layer that is repeated is.
    lines = list(dict.fromkeys(line for _, line in sorted(told)))
    more = [f"and {len(lines) - _TOLD:,} more problems"] if len(lines) > _TOLD else []
    return lines[:_TOLD] + more
