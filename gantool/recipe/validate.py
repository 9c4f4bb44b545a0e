"""From plain data to a `Recipe`, and from pydantic's errors to sentences about the recipe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, get_args

from pydantic import ValidationError

from gantool.recipe.document import Path, Problem
from gantool.recipe.model import Recipe, Section
from gantool.recipe.signatures import attributes
from gantool.recipe.suggest import did_you_mean
from gantool.recipe.types import MAX_COUNT


def validate(data: dict[str, Any]) -> tuple[Recipe | None, list[Problem]]:
    """Check the structure, types and bounds of a recipe; tell everything that is wrong at once."""
    try:
        recipe = Recipe.model_validate(data)
    except ValidationError as error:
        details = error.errors(include_url=False)
        return None, [problem_of(detail) for detail in details]
    problems = [
        *_repetition_problems(recipe),
        *_update_problems(recipe),
        *_layout_problems(recipe),
    ]
    return (None if problems else recipe), problems


def _repetition_problems(recipe: Recipe) -> Iterator[Problem]:
    names = [item.name for item in recipe.regularizers]
    for index, name in enumerate(names):
        if name in names[:index]:
            yield Problem(("regularizers", index), f"{name} is given twice")


def _update_problems(recipe: Recipe) -> Iterator[Problem]:
    """What the loss and the terms ask of an update, and it does not have."""
    loss = attributes("loss", recipe.loss.name)
    is_separate = recipe.train.updates.real_and_generated == "separate"
    for path, name, found in (
        (("loss",), recipe.loss.name, loss),
        *(
            (("regularizers", index), item.name, attributes("term", item.name))
            for index, item in enumerate(recipe.regularizers)
        ),
    ):
        if is_separate and (found.get("pairs") or len(found.get("needs", ())) > 1):
            yield Problem(
                path,
                f"{name} needs real and generated images in one update:"
                " set train.updates.real_and_generated to together",
            )
        logits = loss.get("logits", 1)
        if found.get("by_examples") and logits != 1:
            yield Problem(
                path,
                f"{name} needs one logit for an image, and {recipe.loss.name} has {logits}:"
                " take another loss",
            )


def _layout_problems(recipe: Recipe) -> Iterator[Problem]:
    for index, layout in enumerate(recipe.output.grid.layouts):
        if layout != "by-seed" and not recipe.data.labels:
            yield Problem(
                ("output", "grid", "layouts", index),
                f"{layout} needs labels: set data.labels to true, or leave the layout out",
            )


def problem_of(detail: Any, place: Path = ()) -> Problem:
    """The problem that one of pydantic's errors tells, of a value that stands at `place`."""
    path: Path = (*place, *detail["loc"])
    kind: str = detail["type"]
    if kind == "missing":
        return Problem(path[:-1], f"{_section_name(path[:-1])} needs {path[-1]!r}", on_key=True)
    if kind == "extra_forbidden":
        message = f"unknown key {path[-1]!r} in {_section_name(path[:-1])}"
        known = _section_at(path[:-1]).model_fields.keys()
        return Problem(path, message + did_you_mean(str(path[-1]), known), on_key=True)
    if kind == "value_error":
        return Problem(path, str(detail["ctx"]["error"]))
    if kind == "literal_error":
        expected = detail["ctx"]["expected"]
        choices = [word.strip("'") for word in expected.replace(" or ", ", ").split(", ")]
        suggestion = did_you_mean(str(detail["input"]), choices)
        return Problem(path, f"{_must_be(path, expected, detail['input'])}{suggestion}")
    wanted = _WANTED[kind](detail.get("ctx", {})) if kind in _WANTED else str(detail["msg"])
    return Problem(path, _must_be(path, wanted, detail["input"]))


_WANTED: dict[str, Callable[[dict[str, Any]], str]] = {
    "int_parsing_size": lambda _: f"at most {MAX_COUNT}",
    "int_type": lambda _: "a whole number",
    "int_from_float": lambda _: "a whole number",
    "float_type": lambda _: "a number",
    "finite_number": lambda _: "a finite number",
    "bool_parsing": lambda _: "true or false",
    "bool_type": lambda _: "true or false",
    "string_type": lambda _: "text",
    "string_too_short": lambda _: "more than empty text",
    "string_too_long": lambda limits: f"at most {limits['max_length']} characters long",
    "string_pattern_mismatch": lambda _: "made of letters, digits, '.', '_' and '-'",
    "list_type": lambda _: "a list",
    "tuple_type": lambda _: "a list of two numbers",
    "model_type": lambda _: "a mapping of keys to values",
    "dict_type": lambda _: "a mapping of keys to values",
    "too_short": lambda limits: f"a list of at least {limits['min_length']}",
    "too_long": lambda limits: f"a list of {limits['max_length']}",
    "greater_than": lambda limits: f"greater than {limits['gt']:g}",
    "greater_than_equal": lambda limits: f"at least {limits['ge']:g}",
    "less_than": lambda limits: f"less than {limits['lt']:g}",
    "less_than_equal": lambda limits: f"at most {limits['le']}",
}


def _must_be(path: Path, wanted: str, value: Any) -> str:
    return f"{_section_name(path)} must be {wanted}, not {_shown(value)}"


def _shown(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return f"a list of {len(value)}" if value else "an empty list"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _section_name(path: Path) -> str:
    return ".".join(map(str, path)) or "the recipe"


def _section_at(path: Path) -> type[Section]:
    """The model whose fields are the keys that may stand at `path`."""
    section: type[Section] = Recipe
    for part in path:
        field = section.model_fields.get(str(part))
        if field is not None:
            # `Burst | None` is a choice of types, of which one is a section.
            choices = get_args(field.annotation) or (field.annotation,)
            section = next((choice for choice in choices if _is_section(choice)), section)
    return section


def _is_section(choice: Any) -> bool:
    return isinstance(choice, type) and issubclass(choice, Section)
