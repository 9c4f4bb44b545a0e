"""The components of a recipe, each name and keyword checked against the class it stands for.

A `Spec` is a component that is known to exist and knows where in the recipe it stands. Like a
compiler, `resolve` goes on after an error as if the closest right word had been written, so that
one reading tells everything: a recipe with problems still gives specs wherever it can.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import getitem
from typing import Any

from pydantic import TypeAdapter, ValidationError

from gantool.recipe.component import Component
from gantool.recipe.document import Path, Problem
from gantool.recipe.model import is_for_each
from gantool.recipe.other_names import (
    NEEDLESS_KEYWORDS,
    OTHER_KEYWORDS,
    bare,
    other_name,
    suggestion,
)
from gantool.recipe.signatures import (
    Keyword,
    Kind,
    Signature,
    activations,
    own_modules,
    refusal,
    refused_value,
    signature,
)
from gantool.recipe.spec import (
    KERNEL_INITIALIZERS,
    LAYER_KEYWORDS,
    LAYER_LIST_KEYWORDS,
    Spec,
    count_layers,
    is_own_schedule,
    kind_of_keyword,
    spectrally_normalized,
)
from gantool.recipe.suggest import closest, did_you_mean
from gantool.recipe.types import BOOLEANS, MAX_COUNT, Share
from gantool.recipe.validate import problem_of

MAX_LAYERS = 10_000
"""Of a network; far more than any that trains has."""
MAX_STEP = 2**20
"""Far more than an image has places; near 2³¹ oneDNN ends the process, or pools without end."""

_STEPS = ("dilation_rate", "pool_size", "strides")

_TITLES: dict[str, str] = {"term": "regularizer"}


@dataclass(frozen=True)
class Specs:
    """What a recipe is built from; None stands for what could not be made out."""

    generator: tuple[Spec, ...] | None
    discriminator: tuple[Spec, ...] | None
    generator_optimizer: Spec | None
    discriminator_optimizer: Spec | None


def resolve(data: dict[str, Any]) -> tuple[Specs, list[Problem]]:
    """Check every component of a recipe; see the module's text for what problems do.

    What has not even the form of a component is passed over: `gantool.recipe.validate` tells it.
    """
    resolver = _Resolver(data)
    resolver.initializer = resolver.at("initializer", "initializer")
    specs = Specs(
        generator=resolver.network("generator"),
        discriminator=resolver.network("discriminator"),
        generator_optimizer=resolver.at("optimizer", "optimizers", "generator"),
        discriminator_optimizer=resolver.at("optimizer", "optimizers", "discriminator"),
    )
    # Made from the recipe itself, which knows the ones that are there by default.
    if is_for_each(data.get("loss")):
        resolver.at("loss", "loss", "generator")
        resolver.at("loss", "loss", "discriminator")
    else:
        resolver.at("loss", "loss")
    resolver.each_at("term", "regularizers")
    resolver.at("augmentation", "augment")
    resolver.half_life("train", "average", "half_life")
    resolver.each_at("metric", "output", "metrics")
    resolver.each_at("hook", "output", "hooks")
    return specs, resolver.problems


def spec_of(component: Component, kind: Kind) -> Spec:
    """The spec that a component of a recipe without problems is."""
    spec = _Resolver({}).component(component, kind, ())
    assert spec is not None
    return spec


class _Resolver:
    """Collects the problems of one recipe on the way through its components."""

    def __init__(self, data: dict[str, Any]) -> None:
        self._data = data
        self.problems: list[Problem] = []
        self.initializer: Spec | None = None

    def _value_at(self, path: Path) -> Any:
        try:
            return reduce(getitem, path, self._data)  # type: ignore[arg-type]
        except (KeyError, TypeError):
            return None

    def at(self, kind: Kind, *path: str | int) -> Spec | None:
        """The component at a place of the recipe."""
        return self.component(self._value_at(path), kind, path, told_elsewhere=True)

    def each_at(self, kind: Kind, *path: str) -> tuple[Spec, ...] | None:
        """The components in the list at a place of the recipe."""
        values = self._value_at(path)
        if not isinstance(values, list):
            return None
        return _all_or_none(self.at(kind, *path, index) for index in range(len(values)))

    def half_life(self, *path: str) -> None:
        """The schedule at a place of the recipe where there may be one, of a number of images."""
        value = self._value_at(path)
        if isinstance(value, dict):
            self._schedule(Keyword("half_life", required=True, default=None), value, path)

    def network(self, name: str) -> tuple[Spec, ...] | None:
        """The layers of a network, if they are not too many."""
        layers = self.each_at("layer", name, "layers")
        count = 0
        for layer in layers or ():
            count += count_layers(layer)
            if count > MAX_LAYERS:
                self._tell(
                    layer.path,
                    f"with this {layer.name} the {name} has {count:,} layers, more than the"
                    f" {MAX_LAYERS:,} that a network may have",
                )
                return None
        if layers and self._data.get("spectral_normalization") in (name, "both"):
            return tuple(map(spectrally_normalized, layers))
        return layers

    def component(
        self, given: Any, kind: Kind, path: Path, told_elsewhere: bool = False
    ) -> Spec | None:
        """The spec that a value of a recipe is; None, and a problem, where it cannot be made out.

        `told_elsewhere` is whether another tells what has not even the form of a component.
        """
        try:
            component = Component.model_validate(given)
        except ValidationError as error:
            if not told_elsewhere:
                self._tell(path, str(error.errors()[0]["ctx"]["error"]))
            return None
        known = self._signature(component.name, kind, path)
        if known is None:
            return None
        inside = (*path, component.name) if component.keywords else path
        keywords = self._keywords(component.keywords, known, kind, inside)
        missing = [
            word.name
            for word in known.keywords.values()
            if word.required and word.name not in keywords
        ]
        if missing:
            needs = " and ".join(map(repr, missing))
            self._tell(path, f"{known.name} needs {needs}")
            return None
        if any(
            _is_lost(word, keywords[word], given)
            for word, given in component.keywords.items()
            if word in keywords
        ):
            return None
        return Spec(kind, known.name, self._with_initializer(kind, known) | keywords, path)

    def _with_initializer(self, kind: Kind, known: Signature) -> dict[str, Any]:
        """The recipe's own default for the kernels of a layer."""
        if self.initializer is None or kind != "layer":
            return {}
        kernels = [word for word in KERNEL_INITIALIZERS if word in known.keywords]
        return dict.fromkeys(kernels, self.initializer)

    def _signature(self, name: str, kind: Kind, path: Path) -> Signature | None:
        known = signature(kind, name)
        if known is not None:
            return known
        reason = refusal(bare(name))
        if reason is not None:
            self._tell(path, reason)
            return None
        title = _TITLES.get(kind, kind)
        self._tell(path, f"unknown {title} {name!r}{suggestion(kind, name)}")
        meant = other_name(kind, name)
        # What is only a guess would have keywords of its own missed.
        if meant is None or meant.written != meant.name:
            return None
        return signature(kind, meant.name)

    def _keywords(
        self, given: dict[str, Any], known: Signature, kind: Kind, path: Path
    ) -> dict[str, Any]:
        keywords: dict[str, Any] = {}
        for word, value in given.items():
            here = (*path, word)
            if word == "name":
                self._tell(here, "gantool names layers by their place: remove 'name'", on_key=True)
                continue
            meant: str | None = word
            if word not in known.keywords:
                meant = self._unknown_keyword(word, given, known, here)
            refused = refused_value(kind, known, word, given)
            if refused is not None:
                self._tell(here, refused)
                if not known.keywords[word].required:
                    value = known.keywords[word].default
                elif isinstance(value, dict):
                    [schedule] = value.values()
                    value = schedule["from"]
            if meant is not None:
                told = len(self.problems)
                keywords[meant] = self._value(meant, value, known, kind, here)
                if meant not in (word, OTHER_KEYWORDS.get(word)):
                    del self.problems[told:]  # of what is only a guess
        return keywords

    def _unknown_keyword(
        self, word: str, given: dict[str, Any], known: Signature, path: Path
    ) -> str | None:
        if word in NEEDLESS_KEYWORDS:
            self._tell(path, f"{known.name} needs no {word!r} here: remove it", on_key=True)
            return None
        choices = [choice for choice in known.keywords if choice not in given]
        other = OTHER_KEYWORDS.get(word)
        meant = other if other in choices else closest(word, choices)
        guess = f"; did you mean {meant!r}?" if meant else ""
        self._tell(path, f"unknown keyword {word!r} for {known.name}{guess}", on_key=True)
        return meant

    def _value(self, word: str, value: Any, known: Signature, kind: Kind, path: Path) -> Any:
        if word in LAYER_LIST_KEYWORDS:
            return self._nested_layers(word, value, path)
        nested = kind_of_keyword(known.keywords[word], kind)
        is_rate = kind == "optimizer" and word == "learning_rate"
        if nested == "schedule":
            if isinstance(value, dict) or (is_rate and isinstance(value, str)):
                return self._schedule(known.keywords[word], value, path)
            if is_rate and isinstance(value, int):
                return float(value)  # as Keras wants it
        elif nested is not None and value is not None:
            return self.component(value, nested, path)
        if word == "activation" or word.endswith("_activation"):
            value = self._activation(value, path)
        if _is_beyond(word, value):
            self._tell(path, f"{word} of {known.name} takes no number beyond {_most(word):,}")
            return None
        value = self._boolean(word, value, known, path)
        return self._typed(value, known.keywords[word].type, path) if known.is_own else value

    def _schedule(self, keyword: Keyword, value: Any, path: Path) -> Any:
        """The schedule of a number; the keyword's default where it cannot have that one."""
        word, told = keyword.name, len(self.problems)
        spec = self.component(value, "schedule", path)
        if spec is None:
            return None if word == "learning_rate" else keyword.default
        if not is_own_schedule(spec):
            if word == "learning_rate":
                return spec
            ours = ", ".join(own_modules("schedule"))
            self._tell(path, f"{spec.name} is for learning rates alone, {word} takes {ours}")
        elif len(self.problems) == told:
            self._check_schedule(spec, keyword)
        return spec if len(self.problems) == told else keyword.default

    def _check_schedule(self, spec: Spec, keyword: Keyword) -> None:
        """Tell numbers that the keyword could not have, nor be 0, and steps that do not fit."""
        inside, given = (*spec.path, spec.name), spec.keywords
        wanted = Share if keyword.name in ("beta_1", "beta_2") else keyword.type
        to, at = given["to"], given.get("at")
        numbers: list[tuple[Path, float]] = [(("from",), given["from"])]
        numbers += [(("to",), to)] if at is None else [(("to", n), it) for n, it in enumerate(to)]
        for place, number in numbers:
            if number != 0:
                self._typed(number, wanted, (*inside, *place))
        if at is not None and len(to) != len(at):
            count = f"{len(at)} for {len(to)}"
            self._tell((*inside, "at"), f"at needs a time for each number of to, not {count}")

    def _typed(self, value: Any, wanted: Any, path: Path) -> Any:
        try:
            return TypeAdapter(wanted).validate_python(value)
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                self.problems.append(problem_of(detail, path))
            return value

    def _nested_layers(self, word: str, value: Any, path: Path) -> tuple[Spec, ...] | None:
        if word == "shortcut" and not value:
            return ()
        if not isinstance(value, list) or not value:
            self._tell(path, f"{word} must be a list of layers")
            return None
        return _all_or_none(
            self.component(item, "layer", (*path, index)) for index, item in enumerate(value)
        )

    def _activation(self, value: Any, path: Path) -> Any:
        if value is None or value in activations():
            return value
        suggestion = did_you_mean(str(value), activations())
        self._tell(path, f"unknown activation {value!r}{suggestion}")
        return closest(str(value), activations())

    def _boolean(self, word: str, value: Any, known: Signature, path: Path) -> Any:
        """YAML's `no` and `on` reach us as text; where Keras has a switch, they are meant so."""
        keyword = known.keywords.get(word)
        if keyword is None or not isinstance(keyword.default, bool) or isinstance(value, bool):
            return value
        if isinstance(value, str) and value.lower() in BOOLEANS:
            return BOOLEANS[value.lower()]
        self._tell(path, f"{word} of {known.name} must be true or false, not {value!r}")
        return keyword.default

    def _tell(self, path: Path, message: str, on_key: bool = False) -> None:
        self.problems.append(Problem(path, message, on_key))


def _all_or_none(specs: Iterable[Spec | None]) -> tuple[Spec, ...] | None:
    found = list(specs)
    whole = tuple(spec for spec in found if spec is not None)
    return whole if len(whole) == len(found) else None


def _is_lost(word: str, value: Any, given: Any) -> bool:
    """Whether something was given for this keyword that could not be made out, or not be used."""
    is_needed = word in (*LAYER_KEYWORDS, *LAYER_LIST_KEYWORDS, "learning_rate")
    return value is None and given is not None and (is_needed or _is_beyond(word, given))


def _most(word: str) -> int:
    """The largest whole number that a keyword may have."""
    return MAX_STEP if word in _STEPS else MAX_COUNT


def _is_beyond(word: str, value: Any) -> bool:
    """Whether a whole number is, or is somewhere in, a value that TensorFlow could not hold."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return any(_is_beyond(word, item) for item in value)
    return isinstance(value, int) and abs(value) > _most(word)
