"""What PyYAML finds wrong with a text, in words for somebody who never read the YAML standard."""

import re
from typing import NamedTuple

import yaml
from yaml.reader import ReaderError

from gantool.recipe.yaml_nodes import LimitError, Position, at


class _Rule(NamedTuple):
    """Which of PyYAML's complaints ("context: problem") is told how.

    In the message, {0} is what the pattern's group caught, {line} and {column} the place where the
    construct began.
    """

    pattern: str
    message: str
    at_start: bool = False  # whether the construct's beginning is at fault, not where it broke


_RULES = (
    _Rule(
        r"character '\\t' that cannot start",
        "a tab stands here; indent and separate with spaces",
    ),
    _Rule(r"character '(.)' that cannot start", "a text that starts with '{0}' needs quotes"),
    _Rule(
        r"scanning an alias|undefined alias",
        "a text that starts with '*' needs quotes (`*name` repeats what `&name` marks)",
        at_start=True,
    ),
    _Rule(
        r"could not find expected ':'",
        "`key: value` is expected here, with a ':' and a space after the key; or this line is"
        " indented too little",
        at_start=True,
    ),
    _Rule(
        r"mapping values are not allowed",
        "a ':' is not allowed here: quote a text that holds ': ', and check the indentation of this"
        " line and the ': ' of the one before",
    ),
    _Rule(r"quoted scalar: found unexpected", "this quote is never closed", at_start=True),
    _Rule(
        r"double-quoted scalar: .*escape",
        "'\\' starts an escape between double quotes; write '\\\\', or use single quotes",
    ),
    _Rule(
        r"flow (?:sequence|mapping): .* (?:got|found) '<(?:stream end|document \w+)>'",
        "this bracket is never closed",
        at_start=True,
    ),
    _Rule(
        r"flow (?:sequence|mapping): expected ',' or '(.)'",
        "a ',' or '{0}' is missing before this (the bracket opens in line {line}, column {column})",
    ),
    _Rule(
        r"block (?:mapping|collection): ",
        "this does not fit the block that begins in line {line}, column {column}: check the"
        " indentation, the '- ' and the quotes",
    ),
    _Rule(
        r"expected '<document start>'",
        "the recipe has ended before this: it is indented less than the first line, or extra",
    ),
    _Rule(
        r"expected a single document",
        "a second document begins here ('---'); one file holds one",
    ),
)
"""The mistakes that people make in recipes; what else there is stays in PyYAML's words."""


def explain(error: yaml.YAMLError, text: str) -> tuple[Position, str]:
    """Say where `text` is no YAML, and why."""
    if isinstance(error, ReaderError):
        return _forbidden_character(error, text)
    assert isinstance(error, yaml.MarkedYAMLError)  # there is no third kind
    broke = error.problem_mark
    assert broke is not None
    if isinstance(error, LimitError):
        return at(broke), str(error.problem)
    began = at(error.context_mark or broke)
    complaint = ": ".join(words for words in (error.context, error.problem) if words)
    for rule in _RULES:
        match = re.search(rule.pattern, complaint)
        if match:
            message = rule.message.format(*match.groups(), line=began.line, column=began.column)
            return began if rule.at_start else at(broke), message
    return at(broke), f"this is no YAML: {complaint}"


def _forbidden_character(error: ReaderError, text: str) -> tuple[Position, str]:
    before = text[: error.position]
    lines = re.split(r"\r\n|\r|\n", before)
    code = error.character if isinstance(error.character, int) else ord(error.character)
    return (
        Position(len(lines), len(lines[-1]) + 1),
        f"the character U+{code:04X} is not allowed in YAML; remove it, or write it between double"
        f' quotes as "\\u{code:04X}"',
    )
