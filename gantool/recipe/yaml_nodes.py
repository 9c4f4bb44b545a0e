"""YAML text to nodes that know their place, and the meaning of a scalar.

The grammar is PyYAML's (YAML 1.1), the meaning of a plain word is that of YAML 1.2: `no` is text,
`010` is ten, `5e-5` is a number and `4:30` is not.
"""

import re
from typing import Any, NamedTuple

import yaml
from yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode

MAX_NODES = 10_000
MAX_DEPTH = 100
MAX_DIGITS = 1000
MERGE = "tag:yaml.org,2002:merge"
_CORE = "tag:yaml.org,2002:"
TOO_DEEP = f"more than {MAX_DEPTH} levels are nested here"
_SURROGATE = re.compile("[\ud800-\udfff]")
_HALF = "half a character stands here (\\uD800 to \\uDFFF); write the whole one"
_TOO_LONG = f"the text holds more than {MAX_NODES:,} values"
_TOO_BIG = f"this holds more than {MAX_NODES:,} values once its aliases are filled in"

_PLAIN_WORDS = {
    "null": r"~|null|Null|NULL|",
    "bool": r"true|True|TRUE|false|False|FALSE",
    "int": r"[-+]?[0-9]+|[-+]?0x[0-9a-fA-F]+|[-+]?0o[0-7]+",
    "float": (
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"
        r"|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
    ),
    "merge": r"<<",
}


def add_plain_words(target: Any) -> None:
    """Teach a PyYAML loader or dumper class which unquoted words are no text."""
    for kind, pattern in _PLAIN_WORDS.items():
        target.add_implicit_resolver(_CORE + kind, re.compile(rf"(?:{pattern})\Z"), None)


class Position(NamedTuple):
    """A place in a text; the first character is in line 1, column 1."""

    line: int
    column: int


def start(node: Node) -> Position:
    """Where a node begins."""
    return at(node.start_mark)


def at(mark: yaml.Mark) -> Position:
    """The place of PyYAML's mark, which counts from 0."""
    return Position(mark.line + 1, mark.column + 1)


class LimitError(yaml.MarkedYAMLError):
    """The text is more than a recipe may be, whether it is YAML or not."""

    def __init__(self, mark: Any, message: str) -> None:
        super().__init__(problem=message, problem_mark=mark)


class AliasNode(CollectionNode):
    """A place where `*anchor` stands; `node` is what the anchor names."""

    def __init__(self, node: Node, begins: Any, ends: Any) -> None:
        super().__init__(node.tag, node.value, begins, ends)
        self.node = node


class Composer(yaml.SafeLoader):
    """Text to nodes, with a bound on what aliases can multiply to."""

    yaml_implicit_resolvers: dict[Any, Any] = {}  # noqa: RUF012 - PyYAML's own, emptied

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._open = 0
        self._composed = 0
        self._measures: dict[int, tuple[int, int]] = {}  # by id: nodes in all, levels

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:
        """Compose the next node, as PyYAML does, and refuse one that is too deep or too big."""
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        mark = event.start_mark
        if self._open == MAX_DEPTH:
            raise LimitError(mark, TOO_DEEP)
        self._composed += 1
        if self._composed > MAX_NODES:
            raise LimitError(mark, _TOO_LONG)
        if isinstance(event, yaml.ScalarEvent) and _SURROGATE.search(event.value):
            raise LimitError(mark, _HALF)
        self._open += 1
        node = super().compose_node(parent, index)
        self._open -= 1
        if node is None:
            return None
        if isinstance(event, yaml.AliasEvent):
            if id(node) not in self._measures:
                raise LimitError(mark, f"the alias *{event.anchor} stands inside itself")
            alias = AliasNode(node, mark, event.end_mark)
            self._measures[id(alias)] = self._measures[id(node)]
            return alias
        self._measure(node)
        return node

    def _measure(self, node: Node) -> None:
        sizes = [self._measures[id(child)] for child in children(node)]
        nodes = 1 + sum(size for size, _ in sizes)
        levels = 1 + max((depth for _, depth in sizes), default=0)
        if levels > MAX_DEPTH:
            raise LimitError(node.start_mark, TOO_DEEP)
        if nodes > MAX_NODES:
            raise LimitError(node.start_mark, _TOO_BIG)
        self._measures[id(node)] = nodes, levels


add_plain_words(Composer)


def compose(text: str) -> Node | None:
    """The root of the only document in `text`; None where there is nothing but comments.

    Raises:
        yaml.YAMLError: the text is no YAML, or too deep or too big.
    """
    root: Node | None = Composer(text).get_single_node()
    return root


def children(node: Node) -> list[Node]:
    """The nodes directly in a node: items, or keys and values."""
    if isinstance(node, MappingNode):
        return [part for pair in node.value for part in pair]
    return node.value if isinstance(node, SequenceNode) else []


def target(node: Node) -> Node:
    """What an alias stands for, or the node itself."""
    return node.node if isinstance(node, AliasNode) else node


def unknown_tag(node: Node) -> bool:
    """Whether a node carries a tag that plain data have no use for, such as `!!python/…`."""
    if isinstance(node, ScalarNode):
        return node.tag not in {_CORE + kind for kind in ("str", *_PLAIN_WORDS)}
    return node.tag != _CORE + ("seq" if isinstance(node, SequenceNode) else "map")


def scalar_value(node: Node) -> Any:
    """The value of a scalar.

    Raises:
        ValueError: the text does not fit its tag (`!!int one`), or is an endless number.
    """
    text: str = node.value
    kind = node.tag.removeprefix(_CORE)
    if kind not in _PLAIN_WORDS or kind == "merge":
        return text
    if not re.fullmatch(_PLAIN_WORDS[kind], text):
        raise ValueError(f"{text!r} is no {kind}")
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() == "true"
    if kind == "float":
        return float(re.sub(r"\.(?=inf|nan)", "", text.lower()))
    if len(text) > MAX_DIGITS:
        raise ValueError(f"a number of {len(text)} digits is too long")
    base = 16 if "0x" in text else 8 if "0o" in text else 10
    return int(text, base)
