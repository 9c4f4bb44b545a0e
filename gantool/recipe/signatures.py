"""What can stand in a recipe: the classes of Keras and gantool and the keywords that each takes.

Read from their source instead of imported, so that a recipe is checked in a fraction of the time
that TensorFlow takes to start.
"""

import ast
import inspect
import re
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Literal, get_args

from gantool.recipe.class_source import (
    ClassSource,
    exports,
    find_class,
    module_tree,
    modules_in,
)
from gantool.recipe.types import is_scheduled, type_of

Kind = Literal[
    "layer",
    "optimizer",
    "initializer",
    "regularizer",
    "constraint",
    "schedule",
    "loss",
    "term",
    "augmentation",
    "metric",
    "hook",
]
KINDS: tuple[Kind, ...] = get_args(Kind)


_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", re.IGNORECASE)
"""What stands in quotes where a number is meant."""

NO_LITERAL = object()
"""The default of a keyword that has none, or one that is more than a plain value."""

_MODULES: dict[Kind, str] = {
    "layer": "keras.layers",
    "optimizer": "keras.optimizers",
    "initializer": "keras.initializers",
    "regularizer": "keras.regularizers",
    "constraint": "keras.constraints",
    "schedule": "keras.optimizers.schedules",
}
_OWN_PACKAGES: dict[Kind, str] = {
    "layer": "gantool.layers",
    "loss": "gantool.losses",
    "term": "gantool.terms",
    "augmentation": "gantool.augmentations",
    "schedule": "gantool.schedules",
    "metric": "gantool.metrics",
    "hook": "gantool.hooks",
}
"""Each class in a module of its name: NonSaturating in non_saturating."""
_BY_IDENTIFIER: dict[Kind, dict[str, str]] = {
    "initializer": {
        "normal": "RandomNormal",
        "one": "Ones",
        "uniform": "RandomUniform",
        "zero": "Zeros",
    },
    "regularizer": {"l1_l2": "L1L2"},
    "constraint": {},
}
"""Kinds that Keras takes in snake case too, and the identifiers that are something else."""

_RUNS_CODE = "{} runs Python code, which a recipe may not"
_GIVEN = ("classes",)
"""Keywords that are given to a class by what builds it."""
_BASE_CLASS = "{} is what other classes build on, and does nothing by itself"
_INPUT = "{} is left out of a recipe: the input of a network is known from latent and data"
_BASE_CLASSES = (
    *("Constraint", "Initializer", "Layer", "LearningRateSchedule"),
    *("Optimizer", "Regularizer", "Wrapper"),
)
_REFUSED = {
    "Lambda": _RUNS_CODE,
    "TFSMLayer": "{} runs a saved TensorFlow graph, which a recipe may not",
    "TorchModuleWrapper": _RUNS_CODE,
    "FlaxLayer": _RUNS_CODE,
    "JaxLayer": _RUNS_CODE,
    "Input": _INPUT,
    "InputLayer": _INPUT,
    "InputSpec": "{} is no layer",
    "LossScaleOptimizer": "{} is left out of a recipe: train.precision: mixed_float16 does it",
    "MultiOptimizer": "{} is left out of a recipe: each network has one optimizer",
    "OptimizerMap": "{} is no optimizer",
    **dict.fromkeys(_BASE_CLASSES, _BASE_CLASS),
}

_OF_NUMBERS: tuple[Kind, ...] = ("optimizer", "schedule")
"""Kinds of which no keyword takes text, whatever its default."""
SCHEDULED = ("learning_rate", "beta_1", "beta_2")
"""Keywords of optimizers that may follow a schedule."""
_MOVING_AVERAGE = {
    "use_ema": "ema_overwrite_frequency",
    "ema_momentum": "use_ema",
    "ema_overwrite_frequency": "use_ema",
}
"""Keywords of optimizers, and what they do nothing without: the call that would put the average
into the weights in the end, `finalize_variable_values`, is not made here."""


@dataclass(frozen=True)
class Keyword:
    """A keyword of a class.

    `default` is NO_LITERAL where there is none that could stand in YAML; `description` is that of
    the class's docstring; `type` is known of gantool's own classes; `scheduled` is whether the
    number may follow one of gantool's schedules.
    """

    name: str
    required: bool
    default: Any
    description: str = ""
    type: Any = Any
    scheduled: bool = False


@dataclass(frozen=True)
class Signature:
    """What a class takes.

    `name` is an attribute of its module in Keras; `summary` its docstring's first sentence;
    `text` the whole of it; `attributes` are what the body of gantool's own class, told by `is_own`,
    gives plain values to.
    """

    name: str
    keywords: dict[str, Keyword]
    summary: str
    text: str = ""
    attributes: dict[str, Any] = field(default_factory=dict)
    is_own: bool = False


@cache
def names(kind: Kind) -> tuple[str, ...]:
    """Return the names of the classes that a recipe may use, sorted."""
    exported = exports(_MODULES[kind]) if kind in _MODULES else {}
    of_keras = {name for name in exported if name[0].isupper() and name not in _REFUSED}
    return tuple(sorted(of_keras | own_modules(kind).keys()))


@cache
def own_modules(kind: Kind) -> dict[str, str]:
    """Return gantool's own classes of a kind, each with the module that it stands in."""
    package = _OWN_PACKAGES.get(kind)
    if package is None:
        return {}
    modules = {name: f"{package}.{name}" for name in modules_in(package)}
    return {
        statement.name: module
        for name, module in modules.items()
        for statement in module_tree(module).body
        if isinstance(statement, ast.ClassDef) and _snake_case(statement.name) == name
    }


@cache
def aliases(kind: Kind) -> dict[str, str]:
    """Return other names of classes (`zeros`, `he_normal`, `non-saturating`), and their own."""
    if kind == "loss":
        return {_snake_case(name).replace("_", "-"): name for name in names(kind)}
    if kind not in _BY_IDENTIFIER:
        return {}
    # OrthogonalInitializer is another name of Orthogonal.
    first_names = (name for name in names(kind) if not name.endswith("Initializer"))
    in_snake_case = {_snake_case(name): name for name in first_names}
    return dict(sorted((in_snake_case | _BY_IDENTIFIER[kind]).items()))


@cache
def activations() -> tuple[str, ...]:
    """Return the names of Keras's activation functions, sorted."""
    helpers = {"serialize", "deserialize", "get"}
    return tuple(sorted(set(exports("keras.activations")) - helpers))


def refusal(name: str) -> str | None:
    """Say why a recipe may not use a class that Keras has; None where it may, or has not."""
    reason = _REFUSED.get(name)
    return None if reason is None else reason.format(name)


def refused_value(kind: Kind, known: Signature, word: str, given: dict[str, Any]) -> str | None:
    """Say why a keyword, of all those given, cannot have its value, where Keras would take it."""
    value, keyword = given[word], known.keywords.get(word)
    needed = _MOVING_AVERAGE.get(word) if kind == "optimizer" else None
    if needed is not None and _is_on(value) and not _is_on(given.get(needed)):
        return (
            f"{word} of {known.name} has no effect without {needed}: train.average keeps a moving"
            " average of the generator"
        )
    is_typed = known.is_own and keyword is not None and keyword.type is not Any
    if keyword is None or is_typed or isinstance(keyword.default, bool):
        return None
    if word == "padding" and keyword.default == "valid" and not isinstance(value, str):
        return f"padding of {known.name} must be same or valid, not {value!r}"
    if isinstance(value, bool) and keyword.required:
        return f"{word} of {known.name} cannot be true or false"
    if keyword.required and isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return f"{word} of {known.name} must be a number, not {value!r}"
    is_number = kind in _OF_NUMBERS or isinstance(keyword.default, (int, float))
    if _is_schedule(value) and not (kind == "optimizer" and word in SCHEDULED):
        return f"{word} of {known.name} must be a number: it follows no schedule"
    names_schedule = word == "learning_rate" and isinstance(value, str)
    if is_number and isinstance(value, (bool, str)) and not names_schedule:
        return f"{word} of {known.name} must be a number, not {value!r}"
    return None


def _is_schedule(value: Any) -> bool:
    """Whether a value is one of gantool's schedules, and no layer that others call Linear."""
    if not isinstance(value, dict) or len(value) != 1:
        return False
    [(name, keywords)] = value.items()
    return name in own_modules("schedule") and isinstance(keywords, dict) and "from" in keywords


def _is_on(value: Any) -> bool:
    return bool(value) and str(value).lower() not in ("no", "off", "false")


@cache
def signature(kind: Kind, name: str) -> Signature | None:
    """Return what the class `name` (or alias) takes; None where a recipe cannot use such a name."""
    name = aliases(kind).get(name, name)
    if name not in names(kind):
        return None
    module = own_modules(kind).get(name)
    found = find_class(module or _MODULES[kind], name)
    if found is None:
        return None
    text = ast.get_docstring(_described(found).tree) or ""
    return Signature(
        name,
        {word: keyword for word, keyword in _keywords(found).items() if word not in _GIVEN},
        _first_sentence(text),
        text,
        found.attributes() if module else {},
        module is not None,
    )


def attributes(kind: Kind, name: str) -> dict[str, Any]:
    """Return what the class of a component says of itself; nothing of one that is unknown."""
    known = signature(kind, name)
    return {} if known is None else known.attributes


def _described(source: ClassSource) -> ClassSource:
    """The class whose docstring tells a recipe's author what it is.

    A layer of ours that takes what Keras's of the same name takes is told in Keras's words.
    """
    namesakes = [base for base in source.bases() if base.tree.name == source.tree.name]
    return namesakes[0] if namesakes and source.method("__init__") is None else source


def _keywords(source: ClassSource) -> dict[str, Keyword]:
    """Return the keywords of a class and of those it hands `**kwargs` on to."""
    inherited = next((_keywords(base) for base in source.bases() if _has_init(base)), {})
    init = source.method("__init__")
    if init is None:
        return inherited
    described = _descriptions(ast.get_docstring(source.tree) or "")
    found = {
        keyword.name.rstrip("_"): replace(
            keyword,
            name=keyword.name.rstrip("_"),  # what Python has a use for itself is `from_` there
            description=described.get(keyword.name, ""),
        )
        for keyword in _parameters(init.args)
    }
    call = None if init.args.kwarg is None else _handing_on(init, init.args.kwarg.arg)
    if call is None:
        return found  # a class with **kwargs looks into them itself and refuses what is left
    # What the call gives by itself cannot be given again: Conv2D(rank=3) is an error.
    positional = sum(not isinstance(argument, ast.Starred) for argument in call.args)
    given = {keyword.arg for keyword in call.keywords} | {*list(inherited)[:positional]}
    for word, keyword in inherited.items():
        if word not in given and word not in found:
            description = described.get(word, keyword.description)
            found[word] = replace(keyword, description=description)
    return found


def _has_init(source: ClassSource) -> bool:
    return source.method("__init__") is not None or any(map(_has_init, source.bases()))


def _parameters(arguments: ast.arguments) -> list[Keyword]:
    positional = [*arguments.posonlyargs, *arguments.args]
    missing = [None] * (len(positional) - len(arguments.defaults))
    defaults = [*missing, *arguments.defaults, *arguments.kw_defaults]
    parameters = zip([*positional, *arguments.kwonlyargs], defaults, strict=True)
    return [
        Keyword(
            parameter.arg,
            required=default is None,
            default=_literal(default),
            type=type_of(parameter.annotation),
            scheduled=is_scheduled(parameter.annotation),
        )
        for parameter, default in list(parameters)[1:]  # without self
    ]


def _literal(default: ast.expr | None) -> Any:
    if default is None:
        return NO_LITERAL
    try:
        return ast.literal_eval(default)
    except ValueError:
        return NO_LITERAL


def _handing_on(init: ast.FunctionDef, kwargs: str) -> ast.Call | None:
    """Find the call of a base's `__init__` that gets `**kwargs`."""
    for node in ast.walk(init):
        match node:
            case ast.Call(ast.Attribute(attr="__init__"), keywords=keywords):
                handed_on = [ast.unparse(word.value) for word in keywords if word.arg is None]
                if kwargs in handed_on:
                    return node
    return None


def _snake_case(name: str) -> str:
    """Do as `keras.src.utils.naming.to_snake_case`."""
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def _first_sentence(docstring: str) -> str:
    paragraph = " ".join(docstring.split("\n\n")[0].split())
    return re.split(r"(?<=[.!?])(?<!a\.k\.a\.)\s(?=[A-Z`])", paragraph, maxsplit=1)[0]


def _descriptions(docstring: str) -> dict[str, str]:
    """Read the `Args:` block of a docstring."""
    block = re.search(r"^(?:Args|Arguments):\n((?:[ \t]+.*\n?|\n)+)", docstring, re.MULTILINE)
    if block is None:
        return {}
    entries = re.split(r"^(\w+): ", inspect.cleandoc("\n" + block[1]), flags=re.MULTILINE)
    words, texts = entries[1::2], entries[2::2]
    return {word: " ".join(text.split()) for word, text in zip(words, texts, strict=True)}
