"""Reads a recipe's YAML into plain data, and remembers where each value stands in the text.

Nothing in the text can run code: the nodes that PyYAML composes are walked here, and turned into
mappings, lists, text, numbers, true, false and null.
"""

import re
from dataclasses import dataclass, field
from typing import Any, NamedTuple

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


class Located(NamedTuple):
    """What is wrong at a place of a text."""

    position: Position
    message: str

    def line(self, name: str) -> str:
        """Say it as `name:line:column: message`."""
        return f"{name}:{self.position.line}:{self.position.column}: {self.message}"


@dataclass(frozen=True)
class Document:
    """A YAML text, the plain data it means, and where each of them stands.

    `name` is the file as the user wrote it, for messages; `root` the nodes of the text; `places`
    where each value's key begins, or itself where it has none, and where the value does.
    """

    name: str
    text: str
    data: dict[str, Any]
    root: Node = field(repr=False, compare=False)
    places: dict[Path, tuple[Position, Position]] = field(repr=False, compare=False)

    def position(self, path: Path, on_key: bool = False) -> Position:
        """Where the value at `path` begins, or its key.

        Where there is none, the nearest value around it answers with its key, if it has one.
        """
        parts = (path[:length] for length in range(len(path), -1, -1))
        nearest = next(part for part in parts if part in self.places)
        key, value = self.places[nearest]
        return key if on_key or nearest != path else value

    def locate(self, problem: Problem) -> Located:
        """Put a problem where it stands in the text."""
        return Located(self.position(problem.path, problem.on_key), problem.message)


def read_document(text: str, name: str) -> tuple[Document | None, list[Located]]:
    """Read a recipe's text.

    Returns:
        The document, or None where the text is no YAML or no mapping, and all that is wrong, from
        top to bottom. After equal keys the last one counts, after a tag the value without it, so
        that what else is wrong can be told as well.
    """
    walk = _Walk(text)
    if walk.root is None and walk.problems:
        return None, [*walk.problems]
    if walk.root is None or walk.data is None:
        return None, [Located(Position(1, 1), f"the file is empty; {_MAPPING}")]
    if not isinstance(walk.data, dict):
        kind = "a list" if isinstance(walk.data, list) else "one value"
        return None, [Located(start(walk.root), f"{_MAPPING}, not {kind}")]
    return Document(name, text, walk.data, walk.root, walk.places), sorted(walk.problems)


def read_value(text: str) -> tuple[Any, list[Located]]:
    """Read one YAML value of any kind, with the same rules; an empty text is null."""
    walk = _Walk(text)
    return walk.data, sorted(walk.problems)


def dotted(path: Path) -> str:
    """Write a path as the user does: `generator.layers.3.Conv2D.filters`."""
    return ".".join(map(str, path))


class _Walk:
    """One walk over the nodes of a text; `root` is None where it is empty or no YAML."""

    def __init__(self, text: str) -> None:
        self.places: dict[Path, tuple[Position, Position]] = {}
        self.problems: set[Located] = set()  # an alias leads to the same problem again
        self.root, self.data = None, None
        try:
            self.root = compose(text)
        except yaml.YAMLError as error:
            self.problems.add(Located(*explain(error, text)))
        if self.root is not None:
            self.data = self._value(self.root, (), self.root)

    def _value(self, node: Node, path: Path, key: Node) -> Any:
        """What a node means; its place, those below it, and what is wrong are noted."""
        self.places[path] = start(key), start(node)
        node = target(node)
        self._refuse_tag(node)
        if isinstance(node, MappingNode):
            return {
                word: self._value(value, (*path, word), key_node)
                for word, (key_node, value) in self._entries(node).items()
            }
        if isinstance(node, SequenceNode):
            return [self._value(item, (*path, n), item) for n, item in enumerate(node.value)]
        try:
            return scalar_value(node)
        except ValueError as error:
            self._wrong(node, str(error))
            return node.value

    def _entries(self, node: MappingNode) -> dict[str, tuple[Node, Node]]:
        """Entries of a mapping, with those it merges: what it names itself wins."""
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
        entries: dict[str, tuple[Node, Node]] = {}
        for source in whole.value if isinstance(whole, SequenceNode) else [node]:
            mapping = target(source)
            if isinstance(mapping, MappingNode):
                entries = {**self._entries(mapping), **entries}
            else:
                self._wrong(source, "`<<` takes a mapping, such as *defaults, or a list of them")
        return entries

    def _key(self, node: Node) -> str | None:
        """A key, which is text as written, also where it looks like a number."""
        key = target(node)
        if not isinstance(key, ScalarNode):
            self._wrong(node, "a key is a text here, not a list or a mapping")
            return None
        self._refuse_tag(key)
        if not key.value:
            self._wrong(node, "a key is missing here")
        return str(key.value) or None

    def _refuse_tag(self, node: Node) -> None:
        if unknown_tag(node):
            short = re.sub("^tag:yaml.org,2002:", "!!", node.tag)
            self._wrong(node, f"a recipe takes no tags; remove {short}")

    def _wrong(self, node: Node, message: str) -> None:
        self.problems.add(Located(start(node), message))
