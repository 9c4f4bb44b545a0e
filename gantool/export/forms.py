"""Each of gantool's own layers by layers of Keras's that compute the same."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import layers as of_keras

from gantool.layers.basis import Basis
from gantool.layers.concat_label import ConcatLabel
from gantool.layers.conditional_batch_normalization import ConditionalBatchNormalization
from gantool.layers.downsample import Downsample
from gantool.layers.embed_label import EmbedLabel
from gantool.layers.maxout import Maxout
from gantool.layers.noise_injection import NoiseInjection
from gantool.layers.pixel_normalization import PixelNormalization
from gantool.layers.pixel_shuffle import PixelShuffle
from gantool.layers.pixel_unshuffle import PixelUnshuffle
from gantool.layers.self_attention import SelfAttention
from gantool.layers.upsample import Upsample

Values = Callable[[keras.Variable], np.ndarray]
"""What a weight holds in samples."""

_REPEATED = {1: of_keras.UpSampling1D, 2: of_keras.UpSampling2D, 3: of_keras.UpSampling3D}
"""By the number of sides."""


def with_weights(
    layer: keras.layers.Layer, weights: Sequence[np.ndarray], *inputs: Any, **keywords: Any
) -> keras.KerasTensor:
    """Apply a layer that gets these weights, in the order of its own."""
    outputs = layer(*inputs, **keywords)
    layer.set_weights(weights)
    return outputs


def _concat_label(
    layer: ConcatLabel, _: Values, inputs: keras.KerasTensor, label: keras.KerasTensor
) -> keras.KerasTensor:
    classes = layer.classes
    one_hot = of_keras.Embedding(classes, classes, trainable=False, name=f"{layer.name}-one_hot")
    rows = with_weights(one_hot, [np.eye(classes, dtype=np.float32)], label)
    return of_keras.Concatenate(name=layer.name)([inputs, _everywhere(rows, inputs)])


def _embed_label(
    layer: EmbedLabel, values: Values, inputs: keras.KerasTensor, label: keras.KerasTensor
) -> keras.KerasTensor:
    vectors = _rows(values(layer.embeddings), label, f"{layer.name}-embeddings")
    if layer.merge == "multiply":
        return of_keras.Multiply(name=layer.name)([inputs, _at_each_place(vectors, inputs)])
    return of_keras.Concatenate(name=layer.name)([inputs, _everywhere(vectors, inputs)])


def _conditional_batch_normalization(
    layer: ConditionalBatchNormalization,
    values: Values,
    inputs: keras.KerasTensor,
    label: keras.KerasTensor,
) -> keras.KerasTensor:
    normalization = of_keras.BatchNormalization(
        center=False, scale=False, epsilon=layer.epsilon, name=layer.name
    )
    moments = [values(layer.moving_mean), values(layer.moving_variance)]
    normalized = with_weights(normalization, moments, inputs)
    scale, offset = (
        _at_each_place(_rows(values(weight), label, f"{layer.name}-{weight.name}"), inputs)
        for weight in (layer.scales, layer.offsets)
    )
    return of_keras.Add()([of_keras.Multiply()([normalized, scale]), offset])


def _self_attention(
    layer: SelfAttention, values: Values, inputs: keras.KerasTensor
) -> keras.KerasTensor:
    query, key, value, output = (values(kernel) for kernel in layer.kernels)

    def convolved(maps: keras.KerasTensor, kernel: np.ndarray, name: str) -> keras.KerasTensor:
        convolution = of_keras.Conv2D(
            kernel.shape[-1], 1, use_bias=False, name=f"{layer.name}-{name}"
        )
        return with_weights(convolution, [kernel], maps)

    def places(maps: keras.KerasTensor) -> keras.KerasTensor:
        height, width, channels = maps.shape[1:]
        return of_keras.Reshape((height * width, channels))(maps)

    queries = places(convolved(inputs, query, "query"))
    keys, vectors = (
        places(of_keras.MaxPooling2D(2)(convolved(inputs, kernel, name)))
        for kernel, name in ((key, "key"), (value, "value"))
    )
    likeness = of_keras.Softmax()(of_keras.Dot(axes=(2, 2))([queries, keys]))
    looked_at = of_keras.Dot(axes=(2, 1))([likeness, vectors])
    maps = of_keras.Reshape((*inputs.shape[1:3], value.shape[-1]))(looked_at)
    scaled = convolved(maps, values(layer.gamma) * output, "output")
    return of_keras.Add(name=layer.name)([inputs, scaled])


def _basis(layer: Basis, values: Values, inputs: keras.KerasTensor) -> keras.KerasTensor:
    basis = values(layer.basis)
    pixel = of_keras.Reshape((1, 1, basis.shape[-1]))(inputs)
    maps = _repeated(pixel, basis.shape[:2])
    product = of_keras.EinsumDense("bhwc,hwc->bhwc", basis.shape, name=layer.name)
    return with_weights(product, [basis], maps)


def _noise_injection(
    layer: NoiseInjection, values: Values, inputs: keras.KerasTensor
) -> keras.KerasTensor:
    sides, shape = "hwd"[: len(inputs.shape) - 2], inputs.shape[1:]
    sum_with = of_keras.EinsumDense(
        f"b{sides}c,c->b{sides}c", shape, bias_axes=f"{sides}c", name=layer.name
    )
    noise = values(layer.noise) * values(layer.scale)
    return with_weights(sum_with, [np.ones(shape[-1:], np.float32), noise], inputs)


def _upsample(layer: Upsample, _: Values, inputs: keras.KerasTensor) -> keras.KerasTensor:
    repeated = _repeated(inputs, (2, 2))
    if layer.filter == "nearest":
        return repeated
    # [1, 3, 3, 1] is [1, 1], each pixel twice, after [1, 2, 1].
    smoothing = of_keras.DepthwiseConv2D(3, padding="same", use_bias=False, name=layer.name)
    return with_weights(smoothing, [_filter([0.25, 0.5, 0.25], inputs)], repeated)


def _downsample(layer: Downsample, _: Values, inputs: keras.KerasTensor) -> keras.KerasTensor:
    if layer.filter == "box":
        return of_keras.AveragePooling2D(2)(inputs)
    smoothing = of_keras.DepthwiseConv2D(
        4, strides=2, padding="same", use_bias=False, name=layer.name
    )
    return with_weights(smoothing, [_filter([0.125, 0.375, 0.375, 0.125], inputs)], inputs)


def _pixel_shuffle(layer: PixelShuffle, _: Values, inputs: keras.KerasTensor) -> keras.KerasTensor:
    (height, width, channels), factor = inputs.shape[1:], layer.factor
    split = of_keras.Reshape((height, width, factor, factor, channels // factor**2))(inputs)
    ordered = of_keras.Permute((1, 3, 2, 4, 5))(split)
    shape = (factor * height, factor * width, channels // factor**2)
    return of_keras.Reshape(shape, name=layer.name)(ordered)


def _pixel_unshuffle(
    layer: PixelUnshuffle, _: Values, inputs: keras.KerasTensor
) -> keras.KerasTensor:
    (height, width, channels), factor = inputs.shape[1:], layer.factor
    rows, columns = height // factor, width // factor
    split = of_keras.Reshape((rows, factor, columns, factor, channels))(inputs)
    ordered = of_keras.Permute((1, 3, 2, 4, 5))(split)
    return of_keras.Reshape((rows, columns, factor**2 * channels), name=layer.name)(ordered)


def _pixel_normalization(
    layer: PixelNormalization, _: Values, inputs: keras.KerasTensor
) -> keras.KerasTensor:
    return of_keras.RMSNormalization(epsilon=layer.epsilon, name=layer.name)(inputs)


def _maxout(layer: Maxout, values: Values, inputs: keras.KerasTensor) -> keras.KerasTensor:
    dense = of_keras.Dense(layer.units, use_bias=layer.use_bias, name=layer.name)
    functions = with_weights(dense, [values(weight) for weight in layer.weights], inputs)
    pieces = of_keras.Reshape((-1, layer.pieces))(functions)
    largest = of_keras.GlobalMaxPooling1D(data_format="channels_first")(pieces)
    return of_keras.Reshape((*inputs.shape[1:-1], layer.units // layer.pieces))(largest)


FORMS: Mapping[type[keras.layers.Layer], Callable[..., keras.KerasTensor]] = {
    Basis: _basis,
    ConcatLabel: _concat_label,
    ConditionalBatchNormalization: _conditional_batch_normalization,
    Downsample: _downsample,
    EmbedLabel: _embed_label,
    Maxout: _maxout,
    NoiseInjection: _noise_injection,
    PixelNormalization: _pixel_normalization,
    PixelShuffle: _pixel_shuffle,
    PixelUnshuffle: _pixel_unshuffle,
    SelfAttention: _self_attention,
    Upsample: _upsample,
}
"""(layer, values, inputs) or (layer, values, inputs, label) to what Keras's layers make of them."""


def _rows(table: np.ndarray, label: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """The row [B, N] of a table [classes, N] for each label."""
    return with_weights(of_keras.Embedding(*table.shape, name=name), [table], label)


def _at_each_place(vectors: keras.KerasTensor, inputs: keras.KerasTensor) -> keras.KerasTensor:
    """Vectors [B, N] as [B, 1, …, N], of the rank of [B, …, C]."""
    rank = len(inputs.shape)
    if rank == 2:
        return vectors
    return of_keras.Reshape((*([1] * (rank - 2)), vectors.shape[-1]))(vectors)


def _everywhere(vectors: keras.KerasTensor, inputs: keras.KerasTensor) -> keras.KerasTensor:
    """Vectors [B, N] as [B, …, N], the same at each place of [B, …, C]."""
    sides = inputs.shape[1:-1]
    if not sides:
        return vectors
    return _repeated(_at_each_place(vectors, inputs), sides)


def _repeated(maps: keras.KerasTensor, times: Sequence[int]) -> keras.KerasTensor:
    """Each place of [B, …, C] so many times along each side."""
    sides = [side * count for side, count in zip(maps.shape[1:-1], times, strict=True)]
    size = tuple(times) if len(times) > 1 else times[0]
    repeated = _REPEATED[len(times)](size)(maps)
    # TensorFlow Lite loses track of the sides, which its operations go by.
    return of_keras.Reshape((*sides, maps.shape[-1]))(repeated)


def _filter(taps: Sequence[float], inputs: keras.KerasTensor) -> np.ndarray:
    """The kernel [k, k, C, 1] of a filter along both axes, the same for each channel."""
    both = np.outer(taps, taps).astype(np.float32)
    return np.repeat(both[:, :, None, None], inputs.shape[-1], axis=2)
