"""A component of a recipe that is known to exist, and what its keywords say of it."""

from dataclasses import dataclass, replace
from typing import Any

from gantool.recipe.document import Path
from gantool.recipe.signatures import SCHEDULED, Keyword, Kind, own_modules, signature

KERNEL_INITIALIZERS = ("kernel_initializer", "depthwise_initializer", "pointwise_initializer")
"""The keywords that the recipe's `initializer` is the default of."""

BLOCK_KEYWORDS = ("body", "shortcut", "layers")
LAYER_LIST_KEYWORDS = (*BLOCK_KEYWORDS, "cells")
"""The keywords, of our blocks and of Keras's, that hold lists of layers."""
LAYER_KEYWORDS = ("layer", "backward_layer", "cell")
"""Those that hold one."""


@dataclass(frozen=True)
class Spec:
    """A component of a recipe, checked: a class of Keras or gantool, and where it stands.

    The values of `keywords` are plain data, specs, or tuples of specs.
    """

    kind: Kind
    name: str
    keywords: dict[str, Any]
    path: Path


def count_layers(spec: Spec) -> int:
    """How many layers a spec stands for once blocks are unrolled."""
    inside = sum(
        count_layers(inner)
        for word in LAYER_LIST_KEYWORDS
        for inner in spec.keywords.get(word) or ()
        if isinstance(inner, Spec)
    )
    if spec.name != "Repeat":
        return 1 + inside
    times = spec.keywords["times"]
    return inside * times if isinstance(times, int) else inside


def spectrally_normalized(spec: Spec) -> Spec:
    """A layer in SpectralNormalization, or a block whose layers are."""
    inside = {
        word: tuple(map(spectrally_normalized, spec.keywords[word]))
        for word in BLOCK_KEYWORDS
        if spec.keywords.get(word)
    }
    if inside or not _has_kernel(spec):
        return replace(spec, keywords=spec.keywords | inside)
    return Spec("layer", "SpectralNormalization", {"layer": spec}, spec.path)


def _has_kernel(spec: Spec) -> bool:
    """Whether a layer, or one in it, has a kernel or embeddings that are not normalised yet."""
    if spec.name == "SpectralNormalization":
        return False
    known = signature("layer", spec.name)
    words = known.keywords if known else {}
    inner = [it for it in spec.keywords.values() if isinstance(it, Spec) and it.kind == "layer"]
    cells = spec.keywords.get("cells") or ()
    return any(word in words for word in (*KERNEL_INITIALIZERS, "embeddings_initializer")) or any(
        map(_has_kernel, (*inner, *cells))
    )


def is_own_schedule(value: Any) -> bool:
    """Whether the value of a keyword is one of gantool's schedules."""
    return (
        isinstance(value, Spec)
        and value.kind == "schedule"
        and value.name in own_modules("schedule")
    )


def kind_of_keyword(keyword: Keyword, kind: Kind) -> Kind | None:
    """What the value of a keyword is a component of, or None where it is plain data.

    `kind` is that of the class that takes it; what follows a schedule may be a number too.
    """
    word = keyword.name
    if word in LAYER_KEYWORDS:
        return "layer"
    if keyword.scheduled or (kind == "optimizer" and word in SCHEDULED):
        return "schedule"
    for ending in ("initializer", "regularizer", "constraint"):
        if word.endswith(f"_{ending}"):
            return ending
    return None
