"""What the first layer of a generator with weights computes of the latent."""

import keras
import numpy as np
import tensorflow as tf

from gantool.errors import InputError


def first_layer_weights(model: keras.Model, latent: np.ndarray, label: int) -> np.ndarray:
    """Weights [size, units] from each number of the latent to each unit of the first such layer.

    Layers before it may put labels beside the latent, scale or reshape it: their derivative at the
    given latent, which is the same everywhere for most, is multiplied in.

    Args:
        model: Takes latents, or [latents, labels].
        latent: [size] float32.
        label: Its class.

    Raises:
        InputError: The layer is not linear in all of the latent at once.
    """
    layer = next((it for it in model.layers if _kernel_of(it) is not None), None)
    if layer is None or not _takes_all(layer):
        name = "no layer" if layer is None else type(_inner(layer)).__name__
        raise InputError(
            f"principal directions are those of a Dense layer on the latent, and here {name} comes"
            " first: name two groups of seeds with --from and --to"
        )
    before = keras.Model(model.inputs, layer.input)
    latents, labels = tf.constant(latent[None]), tf.fill([1], label)
    with tf.GradientTape() as tape:
        tape.watch(latents)
        given = before([latents, labels] if len(model.inputs) > 1 else latents, training=False)
        values = tf.reshape(tf.cast(given, tf.float32), [-1])
    to_layer = tape.jacobian(values, latents)[:, 0].numpy()  # [inputs of the layer, size]
    kernel = np.asarray(_kernel_of(layer), np.float32)
    if kernel.ndim == 4:  # [height, width, filters, inputs]
        kernel = np.moveaxis(kernel, -1, 0)
    weights: np.ndarray = to_layer.T @ kernel.reshape(len(to_layer), -1)
    return weights


def _inner(layer: keras.layers.Layer) -> keras.layers.Layer:
    """The layer that a wrapper holds, or itself."""
    return layer.layer if isinstance(layer, keras.layers.Wrapper) else layer


def _kernel_of(layer: keras.layers.Layer) -> keras.Variable | None:
    return getattr(_inner(layer), "kernel", None)


def _takes_all(layer: keras.layers.Layer) -> bool:
    """Whether each unit is a weighted sum of all that the layer is given."""
    shape, inner = layer.input.shape[1:], _inner(layer)
    if isinstance(inner, keras.layers.Dense):
        return len(shape) == 1
    # Of a single pixel it makes the whole kernel, where nothing is cut off.
    is_of_pixel = isinstance(inner, keras.layers.Conv2DTranspose) and shape[:2] == (1, 1)
    return is_of_pixel and inner.padding == "valid"
