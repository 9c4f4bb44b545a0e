"""From plain data to a `Recipe`, and from pydantic's errors to sentences about the recipe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, get_args

from pydantic import ValidationError

from gantool.recipe.document import Path, Problem
from gantool.recipe.model import MAX_COUNT, REGULARIZERS, GradientPenalty, Recipe, Section
from gantool.recipe.suggest import did_you_mean


def validate(data: dict[str, Any]) -> tuple[Recipe | None, list[Problem]]:
    """Check the structure, types and bounds of a recipe; tell everything that is wrong at once."""
    try:
        recipe = Recipe.model_validate(data)
    except ValidationError as error:
        details = error.errors(include_url=False)
        return None, [_problem(detail) for detail in details]
    problems = [
        *_repetition_problems(recipe),
        *_penalty_problems(recipe),
        *_layout_problems(recipe),
    ]
    return (None if problems else recipe), problems


def _repetition_problems(recipe: Recipe) -> Iterator[Problem]:
    names = [type(item).__name__ for item in recipe.regularizers]
    for index, name in enumerate(names):
        if name in names[:index]:
            yield Problem(("regularizers", index), f"{name} is given twice")


def _penalty_problems(recipe: Recipe) -> Iterator[Problem]:
    for index, item in enumerate(recipe.regularizers):
        if not isinstance(item, GradientPenalty):
            continue
        if recipe.train.updates.real_and_generated == "separate":
            yield Problem(
                ("regularizers", index),
                "GradientPenalty needs real and generated images in one update:"
                " set train.updates.real_and_generated to together",
            )
        if recipe.logits != 1:
            yield Problem(
                ("regularizers", index),
                f"GradientPenalty needs one logit for an image, and {recipe.loss} has"
                f" {recipe.logits}: take another loss",
            )


def _layout_problems(recipe: Recipe) -> Iterator[Problem]:
    for index, layout in enumerate(recipe.output.grid.layouts):
        if layout != "by-seed" and not recipe.data.labels:
            yield Problem(
                ("output", "grid", "layouts", index),
                f"{layout} needs labels: set data.labels to true, or leave the layout out",
            )


def _problem(detail: Any) -> Problem:
    path: Path = tuple(detail["loc"])
    kind: str = detail["type"]
    if kind == "missing":
        return Problem(path[:-1], f"{_section_name(path[:-1])} needs {path[-1]!r}", on_key=True)
    if kind == "extra_forbidden":
        message = f"unknown key {path[-1]!r} in {_section_name(path[:-1])}"
        known = _section_at(path[:-1]).model_fields.keys() - {"kind"}
        return Problem(path, message + did_you_mean(str(path[-1]), known), on_key=True)
    if kind == "value_error":
        return Problem(path, str(detail["ctx"]["error"]))
    if kind == "union_tag_invalid":
        name = detail["ctx"]["tag"]
        names = [choice.__name__ for choice in REGULARIZERS]
        return Problem(path, f"unknown regularizer {name!r}{did_you_mean(name, names)}")
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
    "greater_than": lambda limits: f"greater than {limits['gt']}",
    "greater_than_equal": lambda limits: f"at least {limits['ge']}",
    "less_than": lambda limits: f"less than {limits['lt']}",
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
        for regularizer in REGULARIZERS:
            if part == regularizer.__name__:
                section = regularizer
        field = section.model_fields.get(str(part))
        if field is not None:
            # `Burst | None` is a choice of types, of which one is a section.
            choices = get_args(field.annotation) or (field.annotation,)
            section = next((choice for choice in choices if _is_section(choice)), section)
    return section


def _is_section(choice: Any) -> bool:
    return isinstance(choice, type) and issubclass(choice, Section)
