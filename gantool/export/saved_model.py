"""A SavedModel: the operations of TensorFlow, from seeds or from latent vectors."""

import errno
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf

from gantool.export.formats import Format, Reader
from gantool.export.network import Network
from gantool.gan.latents import draw_each

LATENTS = "generate_latents"
"""What makes images of latent vectors."""

PIXELS = "pixels"
"""What images are called as they are stored, uint8."""


class SavedModel(Format):
    """A folder that `tf.saved_model.load` opens, with `generate` and `generate_latents`."""

    def write(self, network: Network, path: Path) -> None:
        """See `Format`."""
        generate = _function(
            lambda seed, *label: _outputs(network, draw_each(network.latent, seed), *label),
            tf.TensorSpec([None], tf.int64, name="seed"),
            network,
        )
        functions = {"generate": generate, LATENTS: latent_function(network, _outputs)}
        save(network, functions, path)

    def reader(self, network: Network, path: Path) -> Reader:
        """See `Format`."""
        loaded = tf.saved_model.load(str(path))
        if network.classes:
            return lambda seeds, _, labels: loaded.generate(seeds, labels)[network.output].numpy()
        return lambda seeds, *_: loaded.generate(seeds)[network.output].numpy()

    def loading(self, network: Network, path: Path) -> str:
        """See `Format`."""
        given = "[0, 1, 2], [0, 1, 2]" if network.classes else "[0, 1, 2]"
        output = PIXELS if network.output == "images" else network.output
        # Its variables live as long as it does, so it has to have a name.
        return (
            f"loaded = tf.saved_model.load({str(path)!r})\n"
            f"{output} = loaded.generate({given})[{output!r}]"
        )


def save(network: Network, functions: Mapping[str, Any], path: Path) -> None:
    """Write functions that go by a network's weights as a SavedModel, each with its signature.

    Raises:
        OSError: The disk is full.
    """
    module = tf.Module()
    module.weights = [variable.value for variable in network.model.variables]
    for name, function in functions.items():
        setattr(module, name, function)
    signatures = {name: each.get_concrete_function() for name, each in functions.items()}
    try:
        tf.saved_model.save(module, str(path), signatures=signatures)
    except tf.errors.ResourceExhaustedError as error:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path)) from error


def latent_function(network: Network, outputs: Callable[..., dict[str, tf.Tensor]]) -> Any:
    """What makes outputs of z [N, size] float32, and of label [N] int32 where it takes one."""
    latents = tf.TensorSpec([None, network.latent.size], tf.float32, name="z")
    return _function(lambda z, *label: outputs(network, z, *label), latents, network)


def images(network: Network, z: tf.Tensor, *label: tf.Tensor) -> dict[str, tf.Tensor]:
    """What a network makes, by name."""
    return {network.output: network.model([z, *label] if label else z, training=False)}


def _function(make: Callable[..., Any], first: tf.TensorSpec, network: Network) -> Any:
    label = [tf.TensorSpec([None], tf.int32, name="label")] if network.classes else []
    return tf.function(make, input_signature=[first, *label], autograph=False)


def _outputs(network: Network, z: tf.Tensor, *label: tf.Tensor) -> dict[str, tf.Tensor]:
    outputs = images(network, z, *label)
    if network.output == "images":
        outputs[PIXELS] = _pixels(outputs["images"], network.example.bounds)
    return outputs


def _pixels(values: tf.Tensor, bounds: tuple[float, float]) -> tf.Tensor:
    """See `gantool.data.pixels.from_range`."""
    low, high = bounds
    pixels = (tf.cast(values, tf.float64) - low) * (255.0 / (high - low))
    known = tf.where(tf.math.is_nan(pixels), tf.zeros_like(pixels), pixels)
    return tf.cast(tf.clip_by_value(tf.round(known), 0.0, 255.0), tf.uint8)
