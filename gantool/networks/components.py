"""From a checked `Part` of a recipe to the Keras object it names."""

from __future__ import annotations

from typing import Any

import keras

from gantool.networks.layers import OWN_LAYER_CLASSES
from gantool.recipe.parts import Part

_MODULES = {
    "layer": keras.layers,
    "initializer": keras.initializers,
    "regularizer": keras.regularizers,
    "constraint": keras.constraints,
    "optimizer": keras.optimizers,
    "schedule": keras.optimizers.schedules,
}


def make(part: Part, **extra: Any) -> Any:
    """Construct the object that a part names, and those its keywords name.

    The class is called directly: Keras's own deserialisation wraps every error in its own.

    Args:
        part: Names and keywords known to exist.
        extra: Keywords that the builder adds; those of the recipe win. Layers inside the part, as
            a wrapper has one, get the `dtype` among them.

    Raises:
        ValueError, TypeError: Keras refuses a value; the message is Keras's.
    """
    own = OWN_LAYER_CLASSES if part.kind == "layer" else {}
    cls = own.get(part.name) or getattr(_MODULES[part.kind], part.name)
    inside = {word: value for word, value in extra.items() if word == "dtype"}
    given = {word: _plain(value, inside) for word, value in part.keywords.items()}
    return cls(**{**extra, **given})


def _plain(value: Any, inside: dict[str, Any]) -> Any:
    if isinstance(value, Part):
        return make(value, **inside) if value.kind == "layer" else make(value)
    if isinstance(value, tuple) and any(isinstance(item, Part) for item in value):
        return [_plain(item, inside) for item in value]
    return value
