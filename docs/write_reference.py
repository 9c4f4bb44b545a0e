"""Write the tables of recipe.md, which lies beside this file, from gantool's own descriptions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from gantool.recipe.class_source import exports
from gantool.recipe.component import COMPONENT
from gantool.recipe.model import Recipe
from gantool.recipe.signatures import NO_LITERAL, Keyword, Kind, own_modules, signature

REFERENCE = Path(__file__).parent / "recipe.md"

Schema = dict[str, Any]

_TYPES = {
    "integer": "whole number",
    "number": "number",
    "boolean": "`true`, `false`",
    "string": "text",
}


def written(text: str) -> str:
    """The reference with its tables as they should be: of keys, and of components by their kind."""
    text = _replaced(text, "keys", _keys())
    for kind in ("layer", "loss", "term", "augmentation", "schedule", "metric", "hook"):
        text = _replaced(text, kind, _components(kind))
    return text


def _replaced(text: str, name: str, lines: Iterable[str]) -> str:
    """The text with other lines between `<!-- name -->` and `<!-- end -->`."""
    between = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
    table = "\n".join(lines)
    replaced, count = between.subn(lambda found: f"{found[1]}\n{table}\n\n{found[2]}", text)
    assert count == 1, name
    return replaced


def _keys() -> Iterator[str]:
    schema = Recipe.model_json_schema()
    sections = schema["$defs"]
    plain = {key: it for key, it in schema["properties"].items() if "$ref" not in it}
    yield from _table(
        ("key", "value", "default", "meaning"), _rows({**schema, "properties": plain}, sections)
    )
    for key, field in schema["properties"].items():
        if key not in plain:
            section = _section(field, sections)
            assert section is not None
            lead = section["description"].partition("\n")[0]
            yield from ("", f"**{key}**: {lead}", "")
            yield from _table(
                ("key", "value", "default", "meaning"), _rows(section, sections, f"{key}.")
            )


def _rows(section: Schema, sections: Schema, prefix: str = "") -> Iterator[tuple[str, ...]]:
    for key, field in section["properties"].items():
        inner = _section(field, sections)
        if inner is None or "$ref" not in field:
            needed = key in section.get("required", ())
            default = "required" if needed else _yaml(field.get("default"))
            value = "" if inner else _value(field)
            yield f"`{prefix}{key}`", value, default, field.get("description", "")
        if inner is not None:
            yield from _rows(inner, sections, f"{prefix}{key}.")


def _section(field: Schema, sections: Schema) -> Schema | None:
    """The section that a key holds, if it does."""
    links = [
        it["$ref"] for it in [field, *field.get("anyOf", field.get("oneOf", []))] if "$ref" in it
    ]
    return sections[links[0].rpartition("/")[2]] if links else None


def _value(field: Schema) -> str:
    """What may be given for a key, in words."""
    match field:
        case {"anyOf": choices}:
            return " or ".join(_value(it) for it in choices if it.get("type") != "null")
        case {"enum": choices}:
            return ", ".join(f"`{it}`" for it in choices)
        case {"const": value}:
            return f"`{value}`"
        case {"prefixItems": items}:
            return f"[{', '.join(map(_value, items))}]"
        case {"items": item}:
            return f"list of {_value(item)}{'s' if COMPONENT in item else ''}"
        case {"pattern": pattern} if "epoch" not in pattern and "images" in pattern:
            return "`N images`"
        case {"pattern": pattern} if "epoch" in pattern:
            return "`N epochs` or `N images`"
    return str(field[COMPONENT]).lower() if COMPONENT in field else _TYPES[field["type"]]


def _components(kind: Kind) -> Iterator[str]:
    """Those of gantool alone: not the layers that take the place of Keras's of the same name."""
    of_keras, any_layer = exports("keras.layers"), signature("layer", "Identity")
    assert any_layer is not None
    rows = []
    for name in sorted(own_modules(kind)):
        known = signature(kind, name)
        assert known is not None
        words = [it for it in known.keywords.values() if it.name not in any_layer.keywords]
        keywords = ", ".join(f"`{_keyword(it)}`" for it in words)
        if kind != "layer" or name not in of_keras:
            rows.append((f"`{name}`", keywords, known.summary))
    yield from _table(("name", "keywords", "what it is"), rows)


def _keyword(keyword: Keyword) -> str:
    if keyword.required or keyword.default in (None, NO_LITERAL, ()):
        return keyword.name
    return f"{keyword.name}: {_yaml(keyword.default)}"


def _yaml(value: Any) -> str:
    """A default as a recipe would say it."""
    match value:
        case None:
            return "none"
        case bool():
            return str(value).lower()
        case float():
            return f"{value:g}"
        case list():
            return f"[{', '.join(map(_yaml, value))}]"
    return str(value)


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        cells = (cell.replace("|", "\\|").replace("\n", " ") for cell in row)
        yield f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    REFERENCE.write_text(written(REFERENCE.read_text(encoding="utf-8")), encoding="utf-8")
