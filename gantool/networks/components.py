"""From a checked `Spec` of a recipe to the object it names."""

import inspect
import pkgutil
from dataclasses import replace
from keyword import iskeyword
from typing import Any

import keras
import tensorflow as tf

from gantool.kernels.adam import Adam
from gantool.recipe.signatures import own_modules
from gantool.recipe.spec import Spec, is_own_schedule

_MODULES = {
    "layer": keras.layers,
    "initializer": keras.initializers,
    "regularizer": keras.regularizers,
    "constraint": keras.constraints,
    "optimizer": keras.optimizers,
    "schedule": keras.optimizers.schedules,
}


def class_of(spec: Spec) -> type[Any]:
    """The class that a spec names: our own, `gantool.layers.conv2d.Conv2D`, or else Keras's."""
    if (spec.kind, spec.name) == ("optimizer", "Adam"):
        return Adam
    module = own_modules(spec.kind).get(spec.name)
    if module is None:
        cls = getattr(_MODULES[spec.kind], spec.name)
    else:
        cls = pkgutil.resolve_name(f"{module}:{spec.name}")
    assert isinstance(cls, type)
    return cls


def make(spec: Spec, offered: dict[str, Any] | None = None, **extra: Any) -> Any:
    """Construct the object that a spec names, and those its keywords name.

    The class is called directly: Keras's own deserialisation wraps every error in its own.

    Args:
        spec: Names and keywords known to exist.
        offered: Keywords for this layer, and for those inside it, as a wrapper has one, as far as
            their constructors have them; those of the recipe win.
        extra: Further keywords, for this object alone.

    Raises:
        ValueError, TypeError: Keras refuses a value; the message is Keras's.
    """
    offered = offered or {}
    cls = class_of(spec)
    taken = {word: value for word, value in offered.items() if _takes(cls, word)}
    if "dtype" in taken and ".preprocessing." in cls.__module__:
        taken["dtype"] = "float32"  # what turns, warps or blends pictures has no other operations
    given = {
        f"{word}_" if iskeyword(word) else word: _plain(value, offered)
        for word, value in spec.keywords.items()
    }
    return cls(**{**taken, **extra, **given})


def make_optimizer(spec: Spec) -> keras.optimizers.Optimizer:
    """Construct an optimizer; numbers of it that follow a schedule of ours are variables.

    Keras keeps the learning rate in a variable of its own.

    Raises:
        ValueError, TypeError: As `make`.
    """
    start = {
        word: float(value.keywords["from"])
        for word, value in spec.keywords.items()
        if is_own_schedule(value)
    }
    optimizer = make(replace(spec, keywords=spec.keywords | start))
    for word, number in start.items():
        if word != "learning_rate":
            setattr(optimizer, word, tf.Variable(number, dtype=tf.float32, trainable=False))
    return optimizer


def _takes(cls: type[Any], word: str) -> bool:
    """Whether a constructor has a keyword, or hands it on to that of a base class."""
    for base in cls.__mro__:
        init = vars(base).get("__init__")
        if init is not None:
            parameters = inspect.signature(init).parameters
            if word in parameters:
                return True
            if not any(it.kind is it.VAR_KEYWORD for it in parameters.values()):
                break
    return False


def _plain(value: Any, offered: dict[str, Any]) -> Any:
    if isinstance(value, Spec):
        return make(value, offered if value.kind == "layer" else None)
    if isinstance(value, tuple) and any(isinstance(item, Spec) for item in value):
        return [_plain(item, offered) for item in value]
    return value
