"""Changes values in a recipe's text (`--set key.path=value`) and leaves the rest as it was written.

The text is edited where the value stands, read again, and compared with the data edited as data.
Where the two differ (aliases and merge keys can do that), the data are written as new YAML.
"""

from __future__ import annotations

import copy
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode

from gantool.errors import InputError
from gantool.recipe.document import Document, Path, dotted, read_document, read_value
from gantool.recipe.yaml_nodes import MERGE, AliasNode, children, compose
from gantool.recipe.yaml_text import flow, whole

if TYPE_CHECKING:
    from collections.abc import Iterable

_Pair = tuple["Node | None", "Node"]  # a key, if it is one of a mapping, and its value

_SHAPE = "write key.path=value, such as train.batch_size=32"


@dataclass(frozen=True)
class Override:
    """One value to change; `text` is the argument as the user typed it."""

    path: Path
    value: Any
    text: str


@dataclass(frozen=True)
class _Edit:
    """One change of the data: the value at `path`, which may be a new key of a mapping.

    With `instead`, that key of the same mapping goes away.
    """

    path: Path
    value: Any
    instead: str | None = None


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
    path = tuple(int(part) if re.fullmatch("[0-9]{1,9}", part) else part for part in parts)
    return Override(path, value, argument)


def apply(document: Document, overrides: Iterable[Override]) -> str:
    """Change values, one after the other; a missing key is added to the mapping it belongs to.

    Args:
        document: the recipe.
        overrides: where which value goes. A component given by its name alone gets keywords where
            the path goes on below the name (`generator.layers.2.ReLU.max_value=6`).

    Returns:
        The new text, with comments and layout kept wherever they can be.

    Raises:
        InputError: a path leads nowhere: an item that the list has not, a key below a number.
    """
    for override in overrides:
        edit = _resolve(document.data, override)
        document = _changed(document, edit, f"--set {override.text!r}")
    return document.text


def rename(document: Document, old: Path, new: str, value: Any) -> str:
    """Put key `new` with a value in the place of the key at `old`; add it where `old` is not.

    Where `new` is there already, it takes the value, and `old` goes away.
    """
    override = Override((*old[:-1], new), value, f"{dotted((*old[:-1], new))}={value}")
    edit = _resolve(document.data, override)
    siblings = _get(document.data, edit.path[:-1])
    if edit.path == override.path and old[-1] in siblings:
        edit = _Edit(edit.path, value, instead=str(old[-1]))
    return _changed(document, edit, f"--set {override.text!r}").text


def _resolve(data: Any, override: Override) -> _Edit:
    """Find where a change takes hold: at a value that exists, or as a new key of a mapping."""
    path: Path = ()
    for index, part in enumerate(override.path):
        rest = override.path[index:]
        if isinstance(data, dict):
            key = str(part)
            if key not in data:
                return _Edit((*path, key), _nested(rest[1:], override.value))
            path, data = (*path, key), data[key]
        elif isinstance(data, list):
            number = _item(data, part, path, override)
            path, data = (*path, number), data[number]
        elif data is None or (isinstance(data, str) and data == part):
            return _Edit(path, _nested(rest, override.value))
        else:
            raise InputError(
                f"--set {override.text!r}: {dotted(path)} is {flow(data)}, which holds no {part!r}"
            )
    return _Edit(path, override.value)


def _item(items: list[Any], part: str | int, path: Path, override: Override) -> int:
    if isinstance(part, int) and part < len(items):
        return part
    exist = f"its items are numbered 0 to {len(items) - 1}" if items else "it is empty"
    raise InputError(
        f"--set {override.text!r}: the list {dotted(path)} has no item {part!r}; {exist}"
    )


def _nested(path: Path, value: Any) -> Any:
    for part in reversed(path):
        value = {str(part): value}
    return value


def _get(data: Any, path: Path) -> Any:
    for part in path:
        data = data[part]
    return data


def _edited(data: Any, edit: _Edit) -> Any:
    data = copy.deepcopy(data)
    parent = _get(data, edit.path[:-1])
    parent[edit.path[-1]] = edit.value
    if edit.instead is not None:
        del parent[edit.instead]
    return data


def _changed(document: Document, edit: _Edit, told_as: str) -> Document:
    """Make a change in the text; write the whole anew where that does not give the right data."""
    data = _edited(document.data, edit)
    before = len(read_document(document.text, document.name)[1])
    for text in (_edited_text(document.text, data, edit), whole(data)):
        found, problems = read_document(text, document.name)
        if found is not None and len(problems) <= before and _same(found.data, data):
            return found
    reason = problems[0].message if problems else "the value cannot be written as YAML"
    raise InputError(f"{told_as}: {reason}")


def _same(left: Any, right: Any) -> bool:
    """Compare data; 1, 1.0 and true differ, not-a-number equals itself, order does not count."""
    return json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)


def _edited_text(text: str, data: Any, edit: _Edit) -> str:
    """Edit the text at the deepest node on the way to the value that is no alias.

    What lies behind an alias, or comes from a merge, is written out in full at that place.
    """
    node: Any = compose(text)
    for index, part in enumerate(edit.path):
        here = edit.path[: index + 1]
        is_last = index == len(edit.path) - 1
        pair = _own_child(node, edit.instead if is_last and edit.instead else part)
        value = _get(data, here)
        if pair is None:
            return _with_entry(text, node, str(part), value)
        key, child = pair
        if is_last and edit.instead and key is not None:
            begin, end = key.start_mark.index, _end(text, child)
            return text[:begin] + _entry(str(part), value) + text[end:]
        if is_last or isinstance(child, AliasNode):
            return _with_value(text, pair, value, in_block=not node.flow_style)
        node = child
    return text


def _own_child(node: Node, part: str | int) -> _Pair | None:
    """Return the key and the value that a node itself has for a part of a path."""
    if isinstance(node, SequenceNode) and isinstance(part, int):
        return None, node.value[part]
    if isinstance(node, MappingNode):
        for key, value in reversed(node.value):
            if isinstance(key, ScalarNode) and key.value == part and key.tag != MERGE:
                return key, value
    return None


def _end(text: str, node: Node) -> int:
    """Return where a node's own text ends; PyYAML counts what follows a block to it."""
    is_block = isinstance(node, CollectionNode) and not node.flow_style
    if is_block and not isinstance(node, AliasNode):
        return _end(text, children(node)[-1])
    end: int = node.end_mark.index
    if isinstance(node, ScalarNode) and node.style in ("|", ">"):
        return len(text[:end].rstrip())
    return end


def _with_value(text: str, pair: _Pair, value: Any, in_block: bool) -> str:
    key, child = pair
    begin, end = child.start_mark.index, _end(text, child)
    if key is None:
        # `- Name: {…}` reads better than `- {Name: {…}}`.
        is_component = in_block and isinstance(value, dict) and len(value) == 1
        new = _entry(*next(iter(value.items()))) if is_component else flow(value)
        return text[:begin] + (" " if begin == end else "") + new + text[end:]
    # A value that began on a line of its own moves up to its key; comments in between stay.
    key_end = key.end_mark.index
    between = text[key_end:begin].lstrip().removeprefix(":").rstrip()
    return text[:key_end] + ": " + flow(value) + between + text[end:]


def _with_entry(text: str, node: Node, key: str, value: Any) -> str:
    """Add a key at the end of a mapping."""
    if not isinstance(node, MappingNode):
        return text
    entry = _entry(key, value)
    if node.flow_style or not node.value:
        end = _end(text, node.value[-1][1]) if node.value else node.end_mark.index - 1
        return text[:end] + (", " if node.value else "") + entry + text[end:]
    line_end = re.compile(r"\r?\n|\Z").search(text, _end(text, node.value[-1][1]))
    at = line_end.start() if line_end else len(text)
    newline = "\r\n" if "\r\n" in text else "\n"
    column: int = node.value[0][0].start_mark.column
    return text[:at] + newline + " " * column + entry + text[at:]


def _entry(key: str, value: Any) -> str:
    return f"{flow(key)}: {flow(value)}"
