"""The JSON Schema of a recipe, with the layers and keywords of the Keras that is installed."""

from importlib.metadata import version
from typing import Any

from pydantic import TypeAdapter

from gantool.recipe.component import COMPONENT
from gantool.recipe.model import Recipe
from gantool.recipe.signatures import (
    KINDS,
    Keyword,
    Kind,
    Signature,
    activations,
    aliases,
    names,
    signature,
)
from gantool.recipe.spec import LAYER_LIST_KEYWORDS, kind_of_keyword

Schema = dict[str, Any]

_TITLES: dict[Kind, str] = {kind: kind.title() for kind in KINDS} | {
    "regularizer": "KerasRegularizer",
    "constraint": "KerasConstraint",
}


def recipe_schema() -> Schema:
    """The schema (JSON Schema 2020-12) that `gantool schema` prints."""
    schema: Schema = _linked(Recipe.model_json_schema())
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["$comment"] = f"keras {version('keras')}"
    schema["title"] = "gantool recipe"
    definitions: Schema = schema["$defs"]
    for kind in KINDS:
        definitions[_TITLES[kind]] = _components(kind)
    definitions["Activation"] = {"enum": [*activations(), None]}
    return schema


def _linked(schema: Any) -> Any:
    """Put a reference wherever the models marked a component."""
    if isinstance(schema, list):
        return [_linked(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    linked = {key: _linked(value) for key, value in schema.items() if key != COMPONENT}
    if COMPONENT in schema:
        linked["$ref"] = f"#/$defs/{schema[COMPONENT]}"
    return linked


def _components(kind: Kind) -> Schema:
    """`Name` where nothing is required, or `Name: {keywords}`."""
    known = [signature(kind, name) for name in names(kind)]
    signatures = [item for item in known if item is not None]
    alone = [item.name for item in signatures if not _required(item)]
    lower_case = [alias for alias, name in aliases(kind).items() if name in alone]
    with_keywords = {
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
        "properties": {
            item.name: {**_keywords(item, kind), "description": item.summary} for item in signatures
        },
    }
    return {"anyOf": [{"enum": alone + lower_case}, with_keywords]}


def _keywords(item: Signature, kind: Kind) -> Schema:
    schema: Schema = {
        "type": ["object", "null"] if not _required(item) else "object",
        "properties": {
            keyword.name: _keyword(keyword, kind)
            for keyword in item.keywords.values()
            if keyword.name != "name"
        },
        "additionalProperties": False,
    }
    if _required(item):
        schema["required"] = _required(item)
    return schema


def _required(item: Signature) -> list[str]:
    return [keyword.name for keyword in item.keywords.values() if keyword.required]


def _keyword(keyword: Keyword, kind: Kind) -> Schema:
    schema: Schema = {}
    nested = kind_of_keyword(keyword, kind)
    if keyword.name in LAYER_LIST_KEYWORDS:
        schema = {"type": "array", "items": {"$ref": "#/$defs/Layer"}}
    elif nested == "schedule":
        number = {"type": "number"}
        if keyword.type is not Any:
            number = TypeAdapter(keyword.type).json_schema()
        schema = {"anyOf": [number, {"$ref": f"#/$defs/{_TITLES[nested]}"}]}
    elif nested is not None:
        schema = {"anyOf": [{"$ref": f"#/$defs/{_TITLES[nested]}"}, {"type": "null"}]}
    elif keyword.name == "activation" or keyword.name.endswith("_activation"):
        schema = {"$ref": "#/$defs/Activation"}
    elif keyword.type is not Any:
        schema = TypeAdapter(keyword.type).json_schema()
    elif isinstance(keyword.default, bool):
        schema = {"type": "boolean"}
    if isinstance(keyword.default, (bool, int, float, str)):
        schema["default"] = keyword.default
    if keyword.description:
        schema["description"] = keyword.description
    return schema
