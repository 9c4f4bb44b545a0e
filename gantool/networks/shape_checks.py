"""Whether the shapes that the networks of a recipe end in fit the data and the loss."""

import math
from collections.abc import Iterator, Sequence

from gantool.layers.auxiliary_classifier import classifies
from gantool.networks.build import BuiltNetwork, PlacedLayer
from gantool.networks.messages import times
from gantool.recipe.document import Problem
from gantool.recipe.model import Recipe
from gantool.recipe.signatures import attributes


def generator_problems(built: BuiltNetwork, image: Sequence[int]) -> Iterator[Problem]:
    """Check that the generator makes images [H, W, C] of the data's shape."""
    made = built.layers[-1].shape
    for placed in built.layers:
        if classifies(placed.layer):
            yield Problem(placed.path, "AuxiliaryClassifier belongs to the discriminator")
    if made != tuple(image):
        culprit, reason = _culprit(built.layers, image)
        message = f"generator makes {times(made)}, the data is {times(image)}{reason}"
        yield Problem(culprit.path, message)
    for placed in _packs(built):
        yield Problem(placed.path, "Pack is for the discriminator: remove it")
    yield from _weights_problem("generator", built)


def discriminator_problems(built: BuiltNetwork, recipe: Recipe) -> Iterator[Problem]:
    """Check that the discriminator gives as many logits for an image as the loss takes."""
    last = built.layers[-1]
    loss = attributes("loss", recipe.losses.discriminator.name)  # nothing of one that is unknown
    logits = loss.get("logits")
    if classifies(last.layer):
        if logits not in (None, 1):
            name = recipe.losses.discriminator.name
            yield Problem(
                last.path, f"AuxiliaryClassifier has one logit to judge by, {name} takes {logits}"
            )
    elif logits is not None and last.shape != (logits,):
        needed = "one logit is" if logits == 1 else f"{logits} logits are"
        yield Problem(
            last.path,
            f"discriminator gives {times(last.shape)} for an image, {needed} needed:"
            f" end with Flatten and Dense: {{units: {logits}}}",
        )
    yield from _pack_problems(built, recipe)
    yield from _classifier_problems(built, recipe)
    yield from _weights_problem("discriminator", built)


def examples_in_a_pack(built: BuiltNetwork) -> int:
    """How many examples a discriminator judges together: 1 without Pack."""
    return math.prod(placed.layer.examples for placed in _packs(built))


def _packs(built: BuiltNetwork) -> list[PlacedLayer]:
    return [placed for placed in built.layers if placed.name == "Pack"]


def _pack_problems(built: BuiltNetwork, recipe: Recipe) -> Iterator[Problem]:
    packs, size, count = _packs(built), recipe.train.batch_size, examples_in_a_pack(built)
    if size % count:
        yield Problem(
            ("train", "batch_size"),
            f"batch_size {size} is no multiple of the {count} examples of a pack:"
            f" take {size // count * count or count}",
        )
    for placed in packs:
        if "/" in placed.place:
            yield Problem(placed.path, "Pack cannot be in a block: put it before or after")


def _classifier_problems(built: BuiltNetwork, recipe: Recipe) -> Iterator[Problem]:
    """An auxiliary classifier belongs at the end, beside a term that takes what it says."""
    *others, last = built.layers
    for placed in others:
        if classifies(placed.layer):
            yield Problem(placed.path, "AuxiliaryClassifier has to be the last layer")
        if placed.name == "Pack" and classifies(last.layer):
            yield Problem(
                placed.path,
                "AuxiliaryClassifier tells the class of each example, and Pack makes one of"
                " several: remove one of them",
            )
    terms = [
        (index, item.name)
        for index, item in enumerate(recipe.regularizers)
        if attributes("term", item.name).get("classifies")
    ]
    if classifies(last.layer) and not terms:
        yield Problem(
            last.path, "AuxiliaryClassifier learns nothing without ClassLoss among the regularizers"
        )
    if not classifies(last.layer):
        for index, name in terms:
            yield Problem(
                ("regularizers", index),
                f"{name} needs a discriminator that ends in AuxiliaryClassifier",
            )


def _weights_problem(network: str, built: BuiltNetwork) -> Iterator[Problem]:
    if not built.model.trainable_variables:
        yield Problem((network, "layers"), f"{network} has no weights to train", on_key=True)


def _culprit(layers: Sequence[PlacedLayer], image: Sequence[int]) -> tuple[PlacedLayer, str]:
    """The layer to look at when the generator's last shape is not the image's, and why."""
    last = layers[-1]
    if len(last.shape) != len(image):
        return last, ": end with height × width × channels"
    if last.shape[:2] == tuple(image[:2]):
        return last, ": the last layer decides the channels"
    for number, layer in enumerate(layers, start=1):
        sides = layer.shape[:2]
        if len(layer.shape) == len(image) and not _can_grow(sides, image[:2]):
            reason = f" (layer {number}, {layer.name}, is the first that no stride can mend)"
            return layer, reason
    return last, ": other strides or one layer more can mend it"


def _can_grow(sides: Sequence[int | None], wanted: Sequence[int]) -> bool:
    """Whether whole-number strides lead from these sides to the wanted ones."""
    pairs = zip(sides, wanted, strict=True)
    return all(side is not None and want % side == 0 for side, want in pairs)
