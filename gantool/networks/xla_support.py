"""Which layers of Keras XLA cannot compile, and what becomes of a recipe that has them."""

from collections.abc import Iterable, Iterator

from gantool.networks.devices import Device, compiles
from gantool.recipe.document import Problem
from gantool.recipe.load import LoadedRecipe
from gantool.recipe.parts import Part

WITHOUT_XLA = (
    *("AugMix", "CutMix", "MixUp", "RandAugment", "RandomElasticTransform", "RandomPerspective"),
    *("RandomRotation", "RandomShear", "RandomTranslation", "RandomZoom"),
)
"""They turn and warp pictures, or draw from a gamma distribution."""


def stating_compilation(loaded: LoadedRecipe, device: Device) -> LoadedRecipe:
    """The recipe with `train.jit_compile: false` in it where `auto` would compile such a layer."""
    train = loaded.recipe.train
    if train.jit_compile != "auto" or not compiles(train, device) or not _found(loaded):
        return loaded
    return loaded.stating(("train", "jit_compile"), False)


def compilation_problems(loaded: LoadedRecipe, device: Device, replicas: int) -> Iterator[Problem]:
    """Tell the layers that XLA cannot compile where it is to compile the updates."""
    if compiles(loaded.recipe.train, device, replicas):
        for part in _found(loaded):
            yield Problem(
                part.path,
                f"{part.name} cannot be compiled by XLA: set train.jit_compile to false, or"
                f" remove the {part.name}",
            )


def _found(loaded: LoadedRecipe) -> list[Part]:
    parts = loaded.parts
    return list(_without_xla([*(parts.generator or ()), *(parts.discriminator or ())]))


def _without_xla(parts: Iterable[object]) -> Iterator[Part]:
    for part in parts:
        if isinstance(part, Part):
            if part.name in WITHOUT_XLA:
                yield part
            for value in part.keywords.values():
                yield from _without_xla(value if isinstance(value, tuple) else (value,))
