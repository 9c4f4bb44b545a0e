"""What PyYAML finds wrong with a text, in words for somebody who never read the YAML standard."""

from __future__ import annotations

import re
from typing import NamedTuple

import yaml
from yaml.reader import ReaderError

from gantool.recipe.yaml_nodes import Position, at

_QUOTE_IT = "a text that starts with {0} needs quotes"


class _Rule(NamedTuple):
    """Which of PyYAML's complaints ("context: problem") is told how.

    In the message, {0} and {1} are what the pattern's groups caught, {line} and {column} the place
    where the construct began.
    """

    pattern: str
    message: str
    at_start: bool = False  # whether the construct's beginning is at fault, not where it broke


_RULES = (
    _Rule(
        r"character '\\t' that cannot start",
        "a tab stands here; indent and separate with spaces",
    ),
    _Rule(r"character (.+) that cannot start", _QUOTE_IT),
    _Rule(
        r"scanning an alias",
        "a text that starts with '*' needs quotes (`*name` repeats what `&name` marks)",
        at_start=True,
    ),
    _Rule(
        r"scanning an anchor",
        "a text that starts with '&' needs quotes (`&name` marks a value for `*name`)",
        at_start=True,
    ),
    _Rule(
        r"undefined alias '(.*)'",
        "no &{0} comes before *{0}; a text that starts with '*' needs quotes",
    ),
    _Rule(r"duplicate anchor '(.*)';", "&{0} is given twice; the first is in line {line}"),
    _Rule(r"(?:scanning|parsing) a tag|tag handle", "a text that starts with '!' needs quotes"),
    _Rule(
        r"simple key: could not find expected ':'",
        "`key: value` is expected here, with a ':' and a space after the key; or this line is"
        " indented too little",
        at_start=True,
    ),
    _Rule(
        r"mapping values are not allowed",
        "a ':' is not allowed here: quote a text that holds ': ', and check the indentation of this"
        " line and the ': ' of the one before",
    ),
    _Rule(
        r"sequence entries are not allowed",
        "a list item ('- ') is not allowed here; it starts a line of its own, below its key",
    ),
    _Rule(r"mapping keys are not allowed", _QUOTE_IT.format("'?'")),
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
        r"flow (?:sequence|mapping): expected ',' or '(.)', but got '(.+)'",
        "a ',' or '{0}' is missing before this (the bracket opens in line {line}, column {column})",
    ),
    _Rule(
        r"node: .* but found '<stream end>'",
        "a value is missing at the end of the text",
    ),
    _Rule(r"node: .* but found ':'", "a key is missing before this ':'"),
    _Rule(r"node: .* but found '(.+)'", "a value is missing before this '{0}'"),
    _Rule(
        r"block (?:mapping|collection): .* but found '<block (?:mapping|sequence) start>'",
        "this line is indented neither like the lines above nor like the block they belong to,"
        " which begins in line {line}, column {column}",
    ),
    _Rule(
        r"block mapping: .* but found '-'",
        "a list item stands among the keys of the block that begins in line {line}, column"
        " {column}; indent it below its key",
    ),
    _Rule(
        r"block collection: .* but found '\?'",
        "a key stands among the items of the list that begins in line {line}, column {column};"
        " start it with '- ', or indent it differently",
    ),
    _Rule(
        r"block (?:mapping|collection): .* but found '<scalar>'",
        "the value has ended before this text; put all of it between quotes",
    ),
    _Rule(
        r"block (?:mapping|collection): .* but found '([^<].*)'", "this '{0}' is unexpected here"
    ),
    _Rule(
        r"expected '<document start>'",
        "the recipe has ended before this: it is indented less than the first line, or extra",
    ),
    _Rule(
        r"expected a single document",
        "a second document begins here ('---'); one file holds one",
    ),
    _Rule(
        r"block scalar: ",
        "'|' and '>' begin a text on the lines below; a text that starts with them needs quotes",
    ),
)


def explain(error: yaml.YAMLError, text: str) -> tuple[Position, str]:
    """Say where `text` is no YAML, and why."""
    if isinstance(error, ReaderError):
        return _forbidden_character(error, text)
    if not isinstance(error, yaml.MarkedYAMLError):
        return Position(1, 1), str(error)
    complaint = f"{error.context}: {error.problem}"
    broke = error.problem_mark or error.context_mark
    began = error.context_mark or broke
    if broke is None or began is None:
        return Position(1, 1), complaint
    for rule in _RULES:
        match = re.search(rule.pattern, complaint)
        if match:
            began_at = at(began)
            message = rule.message.format(
                *match.groups(), line=began_at.line, column=began_at.column
            )
            return began_at if rule.at_start else at(broke), message
    return at(broke), str(error.problem)


def _forbidden_character(error: ReaderError, text: str) -> tuple[Position, str]:
    before = text[: error.position]
    lines = re.split(r"\r\n|\r|\n", before)
    code = error.character if isinstance(error.character, int) else ord(error.character)
    return (
        Position(len(lines), len(lines[-1]) + 1),
        f"the character U+{code:04X} is not allowed in YAML; remove it, or write it between double"
        f' quotes as "\\u{code:04X}"',
    )
