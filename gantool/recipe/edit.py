"""Changes values of a recipe (`--set key.path=value`), first as data, then in its text.

The text is edited once, where the changed values stand, and the rest stays as it was written. Read
again it must give the data; where it does not (a changed value that has aliases), the data are
written as new YAML.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode

from gantool.errors import InputError
from gantool.recipe.document import Document, Path, dotted, read_document, read_value
from gantool.recipe.yaml_nodes import MAX_DEPTH, MERGE, TOO_DEEP, AliasNode, children
from gantool.recipe.yaml_text import flow, whole

_Splice = tuple[int, int, str]  # from here to there in the text, and what comes in its place

_SHAPE = "write key.path=value, such as train.batch_size=32"


@dataclass(frozen=True)
class Override:
    """One value to change; `text` is the argument as the user typed it."""

    path: Path
    value: Any
    text: str


def parse_override(argument: str) -> Override:
    """Read `key.path=value`; digits in the path count the items of a list, from 0.

    Raises:
        InputError: there is no '=', no key, or the value is no YAML.
    """
    keys, equals, value_text = argument.partition("=")
    parts = keys.strip().split(".")
    if not equals:
        raise InputError(f"--set {argument!r} has no '='; {_SHAPE}")
    if not all(parts):
        raise InputError(f"--set {argument!r} has an empty key; {_SHAPE}")
    value, problems = read_value(value_text)
    if problems:
        raise InputError(f"--set {argument!r}: in the value, {problems[0].message}")
    if len(parts) + _levels(value) > MAX_DEPTH:
        raise InputError(f"--set {argument!r}: {TOO_DEEP}")
    path = tuple(int(part) if re.fullmatch("[0-9]{1,9}", part) else part for part in parts)
    return Override(path, value, argument)


def _levels(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_levels, inner), default=0)


def changed(data: Any, override: Override, done: int = 0) -> Any:
    """Data of a recipe with one value changed; a missing key is added to its mapping.

    A component given by its name alone gets keywords where the path goes on below the name
    (`generator.layers.2.ReLU.max_value=6`).

    `done` parts of the path lead to the data, which are left as they are.

    Raises:
        InputError: the path leads nowhere: an item that the list has not, a key below a number.
    """
    if done == len(override.path):
        return override.value
    part = override.path[done]
    where = dotted(override.path[:done])
    if isinstance(data, list):
        if isinstance(part, int) and part < len(data):
            return [*data[:part], changed(data[part], override, done + 1), *data[part + 1 :]]
        exist = f"its items are numbered 0 to {len(data) - 1}" if data else "it is empty"
        raise InputError(f"--set {override.text!r}: the list {where} has no item {part!r}; {exist}")
    if data is None or (isinstance(data, str) and data == part):
        data = {}
    if isinstance(data, dict):
        key = str(part)
        return {**data, key: changed(data.get(key), override, done + 1)}
    raise InputError(f"--set {override.text!r}: {where} is {flow(data)}, which holds no {part!r}")


def edited(document: Document, data: dict[str, Any]) -> str:
    """Text of a recipe with other data, comments and layout kept wherever they can be.

    Raises:
        InputError: the data are more than a recipe's text may hold.
    """
    if _same(document.data, data):
        return document.text
    for text in (_spliced(document, data), whole(data)):
        found, problems = read_document(text, document.name)
        if found is not None and not problems and _same(found.data, data):
            return text
    reason = problems[0].message if problems else "the values cannot be written as YAML"
    raise InputError(f"{document.name}: with what --set puts into it, {reason}")


def _same(left: Any, right: Any) -> bool:
    """Compare data; 1, 1.0 and true differ, not-a-number equals itself, order does not count."""
    return json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)


def _spliced(document: Document, data: dict[str, Any]) -> str:
    text = document.text
    splices = _splices(text, document.root, document.data, data)
    # From the end, so that the places before stay.
    for begin, end, new in sorted(splices, key=lambda splice: splice[0], reverse=True):
        text = text[:begin] + new + text[end:]
    return text


def _splices(
    text: str, node: Node, old: Any, new: Any, key: Node | None = None, in_block: bool = True
) -> Iterator[_Splice]:
    """Changes at the deepest nodes that differ and are no alias; at one place the outer come first.

    What lies behind an alias, or comes from a merge, is written out in full at that place. `key`
    is that of the node in a mapping; `in_block` whether what holds the node is in block style.
    """
    if _same(old, new):
        return
    if isinstance(node, SequenceNode) and isinstance(new, list) and len(new) == len(old):
        for item, was, becomes in zip(node.value, old, new, strict=True):
            yield from _splices(text, item, was, becomes, None, not node.flow_style)
        return
    if isinstance(node, MappingNode) and isinstance(new, dict):
        own = {
            name.value: (name, value)
            for name, value in node.value
            if isinstance(name, ScalarNode) and name.tag != MERGE
        }
        gone = [word for word in old if word not in new]
        merged = {word for word in old if word in new and _same(old[word], new[word])}
        added = [_entry(word, new[word]) for word in new if word not in own.keys() | merged]
        if own.keys() >= set(gone) and len(gone) <= len(added):
            if added[len(gone) :]:
                yield _added(text, node, added[len(gone) :])
            for word, (name, value) in own.items():
                if word in new:
                    yield from _splices(text, value, old[word], new[word], name)
                else:  # a key that comes takes its place
                    yield name.start_mark.index, _end(text, value), added[gone.index(word)]
            return
    yield _replaced(text, node, new, key, in_block)


def _end(text: str, node: Node) -> int:
    """Where a node's own text ends; PyYAML counts what follows a block to it."""
    is_block = isinstance(node, CollectionNode) and not node.flow_style
    if is_block and not isinstance(node, AliasNode):
        return _end(text, children(node)[-1])
    end: int = node.end_mark.index
    if isinstance(node, ScalarNode) and node.style in ("|", ">"):
        return len(text[:end].rstrip())
    return end


def _replaced(text: str, node: Node, value: Any, key: Node | None, in_block: bool) -> _Splice:
    begin, end = node.start_mark.index, _end(text, node)
    if key is None:
        # `- Name: {…}` reads better than `- {Name: {…}}`.
        is_component = in_block and isinstance(value, dict) and len(value) == 1
        new = _entry(*next(iter(value.items()))) if is_component else flow(value)
        return begin, end, (" " if begin == end else "") + new
    # A value that began on a line of its own moves up to its key; comments in between stay.
    key_end = key.end_mark.index
    between = text[key_end:begin].lstrip().removeprefix(":").rstrip()
    return key_end, end, ": " + flow(value) + between


def _added(text: str, node: MappingNode, entries: list[str]) -> _Splice:
    """Entries at the end of a mapping."""
    end = _end(text, node.value[-1][1]) if node.value else node.end_mark.index - 1
    if node.flow_style or not node.value:
        return end, end, (", " if node.value else "") + ", ".join(entries)
    line_end = end + len(re.split(r"\r?\n", text[end:], maxsplit=1)[0])
    newline = "\r\n" if "\r\n" in text else "\n"
    indent = newline + " " * node.value[0][0].start_mark.column
    return line_end, line_end, "".join(indent + entry for entry in entries)


def _entry(key: str, value: Any) -> str:
    return f"{flow(key)}: {flow(value)}"
