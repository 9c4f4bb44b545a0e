"""From plain data to a `Recipe`, and from pydantic's errors to sentences about the recipe."""

from collections.abc import Iterator
from typing import Any, get_args

from pydantic import ValidationError

from gantool.recipe.component import Component
from gantool.recipe.document import Path, Problem, dotted
from gantool.recipe.model import Losses, Recipe
from gantool.recipe.section import Section
from gantool.recipe.signatures import attributes
from gantool.recipe.suggest import did_you_mean
from gantool.recipe.types import MAX_COUNT

_WHOLE = "the recipe"


def validate(data: dict[str, Any]) -> tuple[Recipe | None, list[Problem]]:
    """Check the structure, types and bounds of a recipe; tell everything that is wrong at once."""
    try:
        recipe = Recipe.model_validate(data)
    except ValidationError as error:
        details = error.errors(include_url=False)
        return None, [problem_of(detail) for detail in details]
    problems = [
        *_repetition_problems(recipe),
        *_loss_problems(recipe),
        *_update_problems(recipe),
        *_augmentation_problems(recipe),
        *_layout_problems(recipe),
        *_metric_problems(recipe),
    ]
    return (None if problems else recipe), problems


def _repetition_problems(recipe: Recipe) -> Iterator[Problem]:
    names = [item.name for item in recipe.regularizers]
    for index, name in enumerate(names):
        if name in names[:index]:
            yield Problem(("regularizers", index), f"{name} is given twice")


def _update_problems(recipe: Recipe) -> Iterator[Problem]:
    """What the loss and the terms ask of an update, and it does not have."""
    own = recipe.losses.discriminator
    loss = attributes("loss", own.name)
    is_separate = recipe.train.updates.real_and_generated == "separate"
    for path, name, found in (
        (
            ("loss", "discriminator") if isinstance(recipe.loss, Losses) else ("loss",),
            own.name,
            loss,
        ),
        *(
            (("regularizers", index), item.name, _attributes_of_term(item))
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
                f"{name} needs one logit for an image, and {own.name} has {logits}:"
                " take another loss",
            )


def _attributes_of_term(term: Component) -> dict[str, Any]:
    """What a term says of itself, where it takes gradients `at` what its keyword says."""
    found = attributes("term", term.name)
    return found | {
        "needs": found.get("needs_at", {}).get(term.keywords.get("at"), found.get("needs", ()))
    }


def _loss_problems(recipe: Recipe) -> Iterator[Problem]:
    both = recipe.losses
    of_generator, of_discriminator = (
        attributes("loss", item.name).get("logits") for item in (both.generator, both.discriminator)
    )
    if None not in (of_generator, of_discriminator) and of_generator != of_discriminator:
        yield Problem(
            ("loss", "generator"),
            f"{both.generator.name} takes {of_generator} of the discriminator's logits for an"
            f" image, {both.discriminator.name} {of_discriminator}: take two losses of as many",
        )


def _augmentation_problems(recipe: Recipe) -> Iterator[Problem]:
    """What changes images, where there are none or nothing to go by."""
    changing: list[tuple[Path, Component]] = [
        (("regularizers", index), item)
        for index, item in enumerate(recipe.regularizers)
        if attributes("term", item.name).get("of_images")
    ]
    if recipe.augment is not None:
        changing.append((("augment",), recipe.augment))
    for path, item in changing:
        if recipe.data.size is None:
            yield Problem(path, f"{item.name} changes images, and these are points: leave it out")
    augment, loss = recipe.augment, recipe.losses.discriminator.name
    by_signs = augment and attributes("augmentation", augment.name).get("by_signs")
    if augment and by_signs and not attributes("loss", loss).get("signed", True):
        yield Problem(
            ("augment",),
            f"{augment.name} goes by whether logits of real images are above zero, which says"
            f" nothing with {loss}: take Augment with a probability",
        )


def _layout_problems(recipe: Recipe) -> Iterator[Problem]:
    for index, layout in enumerate(recipe.output.grid.layouts):
        if layout != "by-seed" and not recipe.data.labels:
            yield Problem(
                ("output", "grid", "layouts", index),
                f"{layout} needs labels: set data.labels to true, or leave the layout out",
            )


def _metric_problems(recipe: Recipe) -> Iterator[Problem]:
    for index, item in enumerate(recipe.output.metrics):
        sources = attributes("metric", item.name).get("sources")
        if sources and recipe.data.source not in sources:
            yield Problem(
                ("output", "metrics", index),
                f"{item.name} is a figure of {' and '.join(sources)}, and the source is"
                f" {recipe.data.source}: leave it out",
            )


def problem_of(detail: Any, place: Path = ()) -> Problem:
    """The problem that one of pydantic's errors tells, of a value that stands at `place`."""
    path: Path = (*place, *detail["loc"])
    if path[:1] == ("loss",):  # which of its two forms it has
        path = ("loss", *path[2:])
    kind: str = detail["type"]
    section = dotted(path[:-1]) or _WHOLE
    if kind == "missing":
        return Problem(path[:-1], f"{section} needs {path[-1]!r}", on_key=True)
    if kind == "extra_forbidden":
        message = f"unknown key {path[-1]!r} in {section}"
        known = _section_at(path[:-1]).model_fields.keys()
        return Problem(path, message + did_you_mean(str(path[-1]), known), on_key=True)
    if kind == "value_error":
        return Problem(path, str(detail["ctx"]["error"]))
    if kind == "literal_error":
        expected = detail["ctx"]["expected"]
        choices = [word.strip("'") for word in expected.replace(" or ", ", ").split(", ")]
        suggestion = did_you_mean(str(detail["input"]), choices)
        return Problem(path, f"{_must_be(path, expected, detail['input'])}{suggestion}")
    wanted = _WANTED.get(kind, detail["msg"]).format(**detail.get("ctx", {}))
    return Problem(path, _must_be(path, wanted, detail["input"]))


_WANTED = {
    "int_parsing_size": f"at most {MAX_COUNT}",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "string_type": "text",
    "string_too_short": "more than empty text",
    "string_too_long": "at most {max_length} characters long",
    "string_pattern_mismatch": "made of letters, digits, '.', '_' and '-'",
    "list_type": "a list",
    "tuple_type": "a list of two numbers",
    "model_type": "a mapping of keys to values",
    "dict_type": "a mapping of keys to values",
    "too_short": "a list of at least {min_length}",
    "too_long": "a list of {max_length}",
    "greater_than": "greater than {gt:g}",
    "greater_than_equal": "at least {ge:g}",
    "less_than": "less than {lt:g}",
    "less_than_equal": "at most {le}",
}


def _must_be(path: Path, wanted: str, value: Any) -> str:
    return f"{dotted(path) or _WHOLE} must be {wanted}, not {_shown(value)}"


def _shown(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return f"a list of {len(value)}" if value else "an empty list"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _section_at(path: Path) -> type[Section]:
    """The model whose fields are the keys that may stand at `path`."""
    section: type[Section] = Recipe
    for part in path:
        field = section.model_fields.get(str(part))
        # `Burst | None` is a choice of types, of which one is a section.
        choices = () if field is None else (field.annotation, *get_args(field.annotation))
        for choice in choices:
            if isinstance(choice, type) and issubclass(choice, Section):
                section = choice
    return section
