"""A generator as it leaves gantool: of Keras's own layers, with what samples have."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from gantool.data.example import Example
from gantool.export.forms import FORMS, Values, with_weights
from gantool.layers.batch_normalization import BatchNormalization
from gantool.layers.conv2d import Conv2D
from gantool.layers.conv2d_transpose import Conv2DTranspose
from gantool.layers.dense import Dense
from gantool.layers.minibatch_discrimination import MinibatchDiscrimination
from gantool.layers.minibatch_std_dev import MinibatchStdDev
from gantool.layers.spectral_normalization import SpectralNormalization
from gantool.recipe.model import Latent
from gantool.sampling.model import Model

_FASTER = (BatchNormalization, Conv2D, Conv2DTranspose, Dense)
"""Layers that compute what Keras's of the same name do."""

_COMPARING = (MinibatchDiscrimination, MinibatchStdDev)
"""Layers that look at all examples of a batch."""


@dataclass(frozen=True)
class Network:
    """A generator for another program.

    Attributes:
        model: Takes z [B, size] float32, or [z, label] with label int32 [B], and gives
            [B, H, W, C] float32 in the recipe's range, or points [B, 2]. Computes in float32.
        latent: The distribution of z.
        classes: How many there are to be told; 0 where it takes no label.
        example: What it makes.
    """

    model: keras.Model
    latent: Latent
    classes: int
    example: Example

    @property
    def output(self) -> str:
        """What it makes, in a word."""
        return "images" if len(self.example.shape) == 3 else "points"

    @property
    def taken(self) -> str:
        """What it takes, as a comment in code has it."""
        label = f", label int32 [N] of 0 to {self.classes - 1}" if self.classes else ""
        return f"z float32 [N, {self.latent.size}]{label}"

    def inputs(self, latents: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
        """What it takes, by name."""
        return {"z": latents, "label": labels} if self.classes else {"z": latents}


def called(
    network: Network, model: keras.Model, latents: np.ndarray, labels: np.ndarray
) -> np.ndarray:
    """What a model of a network's inputs makes of them."""
    given = network.inputs(latents, labels).values()
    return np.asarray(model(list(given) if network.classes else latents, training=False))


def network_of(sampler: Model, traced: bool) -> Network:
    """The generator that a sampler of float32 draws from.

    Args:
        sampler: Its model takes the statistics that samples are normalised by.
        traced: Whether only the operations of the layers leave gantool, not the layers.
    """
    sampler.keep_statistics()
    classes = sampler.header.classes if sampler.takes_label else 0
    model = rebuilt(sampler.generator, traced)
    return Network(model, sampler.recipe.latent, classes, sampler.example)


def rebuilt(generator: keras.Model, traced: bool) -> keras.Model:
    """A generator of Keras's own layers, with the inputs `z` and, where it takes one, `label`.

    Layers that Keras has none for stay as they are.
    """
    names = ("z", "label")
    inputs = [
        keras.Input(given.shape[1:], dtype=given.dtype, name=name)
        for given, name in zip(generator.inputs, names, strict=False)
    ]
    # Each layer is taken as it is; what is called in its place is decided by `_rebuilt`.
    return keras.models.clone_model(
        generator,
        input_tensors=inputs if len(inputs) > 1 else inputs[0],
        clone_function=lambda layer: layer,
        call_function=lambda layer, *given, **keywords: _rebuilt(
            layer, _kept, traced, *given, **keywords
        ),
    )


def own_layers(model: keras.Model) -> list[str]:
    """The names of classes of gantool's that a model holds, sorted."""
    return sorted({type(it).__name__ for it in model._flatten_layers() if _is_own(it)})


def comparing_layers(model: keras.Model) -> list[str]:
    """The names of layers in a model by which an image depends on those beside it, sorted."""
    found = {type(it).__name__ for it in model._flatten_layers() if isinstance(it, _COMPARING)}
    return sorted(found)


def _is_own(layer: keras.layers.Layer) -> bool:
    return type(layer).__module__.startswith("gantool.")


def _kept(variable: keras.Variable) -> np.ndarray:
    value: np.ndarray = variable.numpy()
    return value


def _rebuilt(
    layer: keras.layers.Layer, values: Values, traced: bool, *given: Any, **keywords: Any
) -> Any:
    """Apply what computes in Keras's layers what a layer does; itself where nothing does."""
    if isinstance(layer, SpectralNormalization) and _is_known(layer.layer):
        divided = {id(kernel): value.numpy() for kernel, value in layer.divided()}
        return _rebuilt(
            layer.layer, lambda it: divided.get(id(it), _kept(it)), traced, *given, **keywords
        )
    if form := FORMS.get(type(layer)):
        return form(layer, values, *given, **keywords)
    if _is_known(layer):
        copy = _as_traced(layer) if traced and _is_grouped(layer) else _as_keras(layer)
        return with_weights(copy, [values(it) for it in layer.weights], *given, **keywords)
    return layer(*given, **keywords)


def _is_known(layer: keras.layers.Layer) -> bool:
    """Whether Keras has layers for a layer and all that it wraps."""
    return type(layer) in FORMS or all(
        type(it) in _FASTER for it in layer._flatten_layers() if _is_own(it)
    )


def _is_grouped(layer: keras.layers.Layer) -> bool:
    """Whether Keras has a layer's convolution compiled by XLA, which no other program reads."""
    return type(layer) is Conv2D and layer.groups > 1


def _as_traced(layer: keras.layers.Layer) -> keras.layers.Layer:
    return type(layer).from_config(layer.get_config())


def _as_keras(layer: keras.layers.Layer) -> keras.layers.Layer:
    return keras.saving.deserialize_keras_object(
        _of_keras(keras.saving.serialize_keras_object(layer))
    )


def _of_keras(config: Any) -> Any:
    """A layer's description with the classes of Keras for those that are faster here."""
    if isinstance(config, (list, tuple)):
        return type(config)(_of_keras(item) for item in config)
    if not isinstance(config, Mapping):
        return config
    described = {key: _of_keras(value) for key, value in config.items()}
    if str(described.get("module")).startswith("gantool."):
        described |= {"module": "keras.layers", "registered_name": None}
    return described
