"""Reads a recipe's YAML into plain data, and remembers where each value stands in the text.

Nothing in the text can run code: the nodes that PyYAML composes are walked here, and turned into
mappings, lists, text, numbers, true, false and null.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from gantool.recipe.yaml_errors import explain
from gantool.recipe.yaml_nodes import (
    MERGE,
    Position,
    compose,
    scalar_value,
    start,
    target,
    unknown_tag,
)

__all__ = [
    "Document",
    "Located",
    "Path",
    "Position",
    "Problem",
    "dotted",
    "read_document",
    "read_value",
]

Path = tuple[str | int, ...]

_MAPPING = "a recipe is a mapping of keys to values (`name: …`)"


@dataclass(frozen=True)
class Problem:
    """What is wrong with a value of a recipe, and which one it is.

    `on_key` says that the key is at fault (it is unknown), not its value.
    """

    path: Path
    message: str
    on_key: bool = False


@dataclass(frozen=True, order=True)
class Located:
    """What is wrong at a place of a text."""

    position: Position
    message: str

    def line(self, name: str) -> str:
        """Say it as `name:line:column: message`."""
        return f"{name}:{self.position.line}:{self.position.column}: {self.message}"


@dataclass(frozen=True)
class Places:
    """Where the keys and the values stand, by path."""

    keys: dict[Path, Position] = field(default_factory=dict)
    values: dict[Path, Position] = field(default_factory=dict)


@dataclass(frozen=True)
class Document:
    """A YAML text, the plain data it means, and where each of them stands.

    `name` is the file as the user wrote it, for messages; `root` the nodes of the text.
    """

    name: str
    text: str
    data: dict[str, Any]
    places: Places = field(repr=False, compare=False)
    root: Node = field(repr=False, compare=False)

    def position(self, path: Path, on_key: bool = False) -> Position:
        """Return where the value at `path` begins, or its key.

        Where there is none, the nearest value around it answers with its key, if it has one.
        """
        whole = len(path)
        for length in range(whole, -1, -1):
            part = path[:length]
            if part not in self.places.values:
                continue
            value = self.places.values[part]
            return self.places.keys.get(part, value) if on_key or length < whole else value
        return Position(1, 1)

    def locate(self, problem: Problem) -> Located:
        """Put a problem where it stands in the text."""
        return Located(self.position(problem.path, problem.on_key), problem.message)

    def line(self, problem: Problem) -> str:
        """Say a problem as `recipes/mine.yaml:14:9: unknown keyword …`."""
        return self.locate(problem).line(self.name)


def read_document(text: str, name: str) -> tuple[Document | None, list[Located]]:
    """Read a recipe's text.

    Args:
        text: the YAML.
        name: the file as the user wrote it, for messages.

    Returns:
        The document, or None where the text is no YAML or no mapping, and all that is wrong, from
        top to bottom. After equal keys the last one counts, after a tag the value without it, so
        that what else is wrong can be told as well.
    """
    try:
        root = compose(text)
    except yaml.YAMLError as error:
        return None, [Located(*explain(error, text))]
    walk = _Walk()
    data = None if root is None else walk.value(root, ())
    if root is None or data is None:
        return None, [Located(Position(1, 1), f"the file is empty; {_MAPPING}")]
    if not isinstance(data, dict):
        kind = "a list" if isinstance(data, list) else "one value"
        return None, [Located(start(root), f"{_MAPPING}, not {kind}")]
    return Document(name, text, data, walk.places, root), sorted(walk.problems)


def read_value(text: str) -> tuple[Any, list[Located]]:
    """Read one YAML value of any kind, with the same rules; an empty text is null."""
    try:
        root = compose(text)
    except yaml.YAMLError as error:
        return None, [Located(*explain(error, text))]
    if root is None:
        return None, []
    walk = _Walk()
    return walk.value(root, ()), sorted(walk.problems)


def dotted(path: Path) -> str:
    """Write a path as the user does: `generator.layers.3.Conv2D.filters`."""
    return ".".join(map(str, path))


class _Walk:
    """One walk over composed nodes."""

    def __init__(self) -> None:
        self.places = Places()
        self.problems: set[Located] = set()  # an alias leads to the same problem again

    def value(self, node: Node, path: Path) -> Any:
        """Return what a node means; note its place, those below it, and what is wrong."""
        self.places.values[path] = start(node)
        node = target(node)
        if unknown_tag(node):
            self._wrong(node, f"a recipe takes no tags; remove {_short_tag(node.tag)}")
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        return self._scalar(node)

    def _scalar(self, node: Node) -> Any:
        try:
            return scalar_value(node)
        except ValueError as error:
            self._wrong(node, str(error))
            return node.value

    def _mapping(self, node: MappingNode, path: Path) -> dict[str, Any]:
        data = {}
        for key, (key_node, value_node) in self._entries(node).items():
            self.places.keys[(*path, key)] = start(key_node)
            data[key] = self.value(value_node, (*path, key))
        return data

    def _entries(self, node: MappingNode) -> dict[str, tuple[Node, Node]]:
        """Return the entries of a mapping, with those it merges: what it names itself wins."""
        own: dict[str, tuple[Node, Node]] = {}
        merged: dict[str, tuple[Node, Node]] = {}
        first: dict[str, Node] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node)
            if key is None:
                continue
            if key in first:
                line = start(first[key]).line
                self._wrong(key_node, f"key {key!r} is given twice; the first is in line {line}")
            first.setdefault(key, key_node)
            if key_node.tag == MERGE:
                merged = self._merged(value_node)
            else:
                own[key] = key_node, value_node
        return {**merged, **own}

    def _merged(self, node: Node) -> dict[str, tuple[Node, Node]]:
        whole = target(node)
        sources = whole.value if isinstance(whole, SequenceNode) else [node]
        entries: dict[str, tuple[Node, Node]] = {}
        for source in sources:
            mapping = target(source)
            if isinstance(mapping, MappingNode):
                entries = {**self._entries(mapping), **entries}
            else:
                self._wrong(source, "`<<` takes a mapping, such as *defaults, or a list of them")
        return entries

    def _key(self, node: Node) -> str | None:
        """Return a key, which is text as written, also where it looks like a number."""
        key = target(node)
        if not isinstance(key, ScalarNode):
            self._wrong(node, "a key is a text here, not a list or a mapping")
            return None
        if unknown_tag(key):
            self._wrong(key, f"a recipe takes no tags; remove {_short_tag(key.tag)}")
        if not key.value:
            self._wrong(node, "a key is missing here")
            return None
        return str(key.value)

    def _wrong(self, node: Node, message: str) -> None:
        self.problems.add(Located(start(node), message))


def _short_tag(tag: str) -> str:
    prefix = "tag:yaml.org,2002:"
    return "!!" + tag.removeprefix(prefix) if tag.startswith(prefix) else tag
