"""Plain data to YAML text that reads back as the same data, here and in other YAML readers."""

import math
import re
from typing import Any

import yaml

from gantool.recipe.yaml_nodes import add_plain_words


class _Dumper(yaml.SafeDumper):
    """Quotes whatever YAML 1.1 or 1.2 takes for something else than text; writes no aliases."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        return True

    def serialize(self, node: yaml.Node) -> None:
        """Write the nodes; a mapping on top as a block, whatever stands in it."""
        if isinstance(node, yaml.MappingNode):
            node.flow_style = False
        super().serialize(node)


def _represent_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    # Escapes instead of line breaks, so that a value can stand at any indentation.
    style = '"' if re.search("[\n\r\x85\u2028\u2029]", text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)
add_plain_words(_Dumper)


def whole(data: Any) -> str:
    """Write a document, the innermost lists and mappings on one line each."""
    return _dump(data, None)


def flow(value: Any) -> str:
    """Write a value on one line, such that it can stand anywhere in a document."""
    return _dump([value], True).strip()[1:-1]


def _dump(data: Any, flow_style: bool | None) -> str:
    text: str = yaml.dump(
        data,
        Dumper=_Dumper,
        default_flow_style=flow_style,
        sort_keys=False,
        allow_unicode=True,
        width=math.inf,
    )
    return text
