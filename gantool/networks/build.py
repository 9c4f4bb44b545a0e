"""From the specs of a recipe to a Keras model, layer by layer, with the shape after each.

Blocks (`Residual`, `Repeat`) are unrolled here, so that a model is a plain graph of Keras layers
and every layer has a place of its own: `03_Residual/body/00_Conv2D`. Places name the layers, their
initial weights' seeds and the keys of a checkpoint; nothing depends on what else was built.
"""

import inspect
import random
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import keras

from gantool.layers.spectral_normalization import SpectralNormalization
from gantool.networks.components import class_of, make
from gantool.networks.memory_check import Budget, TooLargeError, memory_last
from gantool.networks.messages import construction_message, input_message, times
from gantool.recipe.document import Path, Problem
from gantool.recipe.load import LoadedRecipe
from gantool.recipe.randomness import key
from gantool.recipe.spec import Spec

Shape = tuple[int | None, ...]

_ONE_AT_A_TIME = threading.Lock()
"""Held while a network is built: Python has one sequence of random numbers, and one limit of calls
within calls, for all threads."""

# In a list of layers these attend to their own input (Zhang et al. 2019, self-attention GAN).
_QUERY_AND_VALUE = ("MultiHeadAttention", "GroupQueryAttention")
_QUERY_AND_VALUE_IN_A_LIST = ("Attention", "AdditiveAttention")


class LayerError(Exception):
    """A layer cannot be made or does not fit its input."""

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(message)
        self.problem = Problem(path, message)


@dataclass(frozen=True)
class PlacedLayer:
    """A layer of a network, and where it stands.

    Attributes:
        place: Unique in the network; see the module's text.
        path: Where the recipe names it.
        shape: Of its output, without the batch.
    """

    place: str
    name: str
    path: Path
    shape: Shape
    layer: keras.layers.Layer


@dataclass(frozen=True)
class BuiltNetwork:
    """A Keras model made from a recipe.

    Attributes:
        model: Takes [inputs], or [inputs, labels int32 [B]] where `takes_label`.
        takes_label: Whether any layer asked for the label.
        layers: All layers with a place, in the order in which they are applied.
    """

    model: keras.Model
    takes_label: bool
    layers: tuple[PlacedLayer, ...]

    def weights(self) -> dict[str, keras.Variable]:
        """Every weight and statistic by the key it has in a checkpoint: `00_Dense/kernel`."""
        found: dict[str, keras.Variable] = {}
        for placed in self.layers:
            for variable in placed.layer.weights:
                found[unused_key(f"{placed.place}/{variable.name}", found)] = variable
        return found


def unused_key(wanted: str, taken: dict[str, Any]) -> str:
    """`wanted`, or with a number after it where several variables would have one name."""
    candidate, number = wanted, 1
    while candidate in taken:
        number += 1
        candidate = f"{wanted}_{number}"
    return candidate


def build_network(
    network: str,
    specs: Sequence[Spec],
    input_shape: Sequence[int],
    *,
    classes: int,
    seed: int,
    precision: str,
    value_range: tuple[float, float] = (-1.0, 1.0),
    budget: Budget | None = None,
) -> BuiltNetwork:
    """Build one network of a recipe, "generator" or "discriminator".

    The shape is without the batch: (size,) of a latent vector, (H, W, C) of an image. The recipe's
    seed decides the initial weights together with each layer's place, and the range of images is
    for layers that change brightness, contrast and the like. The budget is what memory the network
    may take, and is counted in; None where that has been done before.

    Raises:
        LayerError: A layer cannot be made, does not fit its input or is too much for the budget.
    """
    inputs = keras.Input(tuple(input_shape), name="inputs")
    label = keras.Input((), dtype="int32", name="labels")
    offered = {"dtype": precision, "classes": classes, "value_range": value_range}
    builder = _Builder(network, seed, precision, label, classes, budget or Budget(), offered)
    with _ONE_AT_A_TIME:
        outputs = builder.apply_all(specs, inputs, "")
        with _recursion(len(builder.placed)):
            model = keras.Model(
                [inputs, label] if builder.used_label else inputs, outputs, name=network
            )
    return BuiltNetwork(model, builder.used_label, tuple(builder.placed))


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Within, Keras draws the seeds that a recipe leaves open from a sequence of its own.

    They are seeds of initializers and dropout. Keras's own function would seed TensorFlow as well,
    which then forgets the kernels it has made.
    """
    usual = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(usual)


@contextmanager
def _recursion(layers: int) -> Iterator[None]:
    """Within, Python lets Keras walk back through so many layers, a call in a call for each."""
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(usual + layers)
    try:
        yield
    finally:
        sys.setrecursionlimit(usual)


def _check_output(spec: Spec, inputs: keras.KerasTensor, outputs: Any) -> None:
    """Refuse what another layer could not go on from."""
    if not isinstance(outputs, keras.KerasTensor):
        raise LayerError(spec.path, f"{spec.name} gives several outputs; one is needed here")
    if outputs is inputs:  # Keras would take such a layer for a cycle in the network
        raise LayerError(spec.path, f"{spec.name} cannot be part of a network")
    made, given = outputs.shape[1:], inputs.shape[1:]
    if any(side is not None and side < 1 for side in made):  # not every Keras says so itself
        raise LayerError(
            spec.path, f"{spec.name} makes {times(made)} of its input of {times(given)}"
        )


@dataclass
class _Builder:
    """Applies specs to a symbolic tensor and remembers every layer on the way."""

    network: str
    seed: int
    precision: str
    label: keras.KerasTensor
    classes: int
    budget: Budget
    offered: dict[str, Any]
    placed: list[PlacedLayer] = field(default_factory=list)
    used_label: bool = False

    def apply_all(
        self, specs: Sequence[Spec], inputs: keras.KerasTensor, prefix: str
    ) -> keras.KerasTensor:
        for index, spec in enumerate(specs):
            inputs = self.apply(spec, inputs, f"{prefix}{index:02d}_{spec.name}")
        return inputs

    def apply(self, spec: Spec, inputs: keras.KerasTensor, place: str) -> keras.KerasTensor:
        cls = class_of(spec)
        try:
            if not hasattr(cls, "unroll"):
                return self._layer(spec, inputs, place)
            return cls(**spec.keywords).unroll(Inside(self, spec), inputs, place)
        except TooLargeError as error:
            raise LayerError(spec.path, f"{spec.name} {error}") from error
        except ValueError as error:
            message, *keyword = error.args
            path = (*spec.path, spec.name, *keyword) if keyword else spec.path
            raise LayerError(path, message) from error

    def _layer(self, spec: Spec, inputs: keras.KerasTensor, place: str) -> keras.KerasTensor:
        with _seeded(key(self.seed, f"weights/{self.network}/{place}") % 2**32):
            layer, outputs = self._made(spec, inputs, place)
        _check_output(spec, inputs, outputs)
        self.remember(place, spec, inputs, outputs, layer)
        return outputs

    def _made(
        self, spec: Spec, inputs: keras.KerasTensor, place: str
    ) -> tuple[keras.layers.Layer, Any]:
        """A layer, and what it makes of its input."""
        try:
            layer = make(spec, self.offered, name=place.replace("/", "-"))
        except Exception as error:
            raise LayerError(spec.path, construction_message(spec.name, error)) from error
        arguments = self._arguments(spec, layer, inputs)
        try:
            with memory_last():
                outputs = layer(*arguments)
                self.budget.count_weights(layer, inputs)
        except TooLargeError:
            raise
        except Exception as error:
            message = input_message(spec.name, inputs.shape[1:], error)
            raise LayerError(spec.path, message) from error
        return layer, outputs

    def _arguments(
        self, spec: Spec, layer: keras.layers.Layer, inputs: keras.KerasTensor
    ) -> tuple[Any, ...]:
        """What the layer is called with: its input, and what else it asks for."""
        if spec.name in _QUERY_AND_VALUE:
            return inputs, inputs
        if spec.name in _QUERY_AND_VALUE_IN_A_LIST:
            return ([inputs, inputs],)
        asking = layer.layer if isinstance(layer, SpectralNormalization) else layer
        if "label" not in inspect.signature(asking.call).parameters:
            return (inputs,)
        if any(placed.name == "Pack" for placed in self.placed):
            raise LayerError(
                spec.path,
                f"{spec.name} takes a label for each example, and Pack makes one of"
                " several: put it before Pack",
            )
        if not self.classes:
            raise LayerError(
                spec.path, f"{spec.name} needs labels: set data.labels to true, or remove it"
            )
        self.used_label = True
        return inputs, self.label

    def remember(
        self,
        place: str,
        spec: Spec,
        inputs: keras.KerasTensor,
        outputs: keras.KerasTensor,
        layer: keras.layers.Layer,
    ) -> None:
        """Give a layer that has been applied its place, and count its output."""
        self.budget.count_output(spec.name, inputs, outputs)
        shape = tuple(outputs.shape[1:])
        self.placed.append(PlacedLayer(place, spec.name, spec.path, shape, layer))


@dataclass(frozen=True)
class Inside:
    """What a block applies its layers with.

    A block is a class with a method `unroll(inside, inputs, place)` that gives the block's output.
    ValueErrors of its constructor and of that method are told at the block, or with a keyword as
    second argument, there.
    """

    _builder: _Builder
    _block: Spec

    def apply_all(
        self, specs: Sequence[Spec], inputs: keras.KerasTensor, prefix: str
    ) -> keras.KerasTensor:
        """Apply layers of the recipe, whose places begin with `prefix`."""
        return self._builder.apply_all(specs, inputs, prefix)

    def apply_layer(
        self, cls: type[keras.layers.Layer], inputs: Sequence[keras.KerasTensor], place: str
    ) -> keras.KerasTensor:
        """Apply a layer of the block's own, which has no keywords, to several tensors."""
        layer = cls(name=place.replace("/", "-"), dtype=self._builder.precision)
        outputs = layer(inputs)
        self._builder.remember(place, self._block, inputs[0], outputs, layer)
        return outputs


def network_of(
    network: str,
    loaded: LoadedRecipe,
    classes: int,
    problems: list[Problem],
    budget: Budget | None = None,
) -> BuiltNetwork | None:
    """One network of a recipe that states its precision; None where it cannot be built.

    What is wrong is added to `problems`; see `build_network` for the rest.
    """
    recipe, specs = loaded.recipe, getattr(loaded.specs, network)
    if specs is None:
        return None
    try:
        return build_network(
            network,
            specs,
            (recipe.latent.size,) if network == "generator" else recipe.data.shape,
            classes=classes,
            seed=recipe.seed,
            precision=recipe.train.precision,
            value_range=recipe.data.range,
            budget=budget,
        )
    except LayerError as error:
        problems.append(error.problem)
        return None
