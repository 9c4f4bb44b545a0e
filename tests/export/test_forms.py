"""What Keras's layers compute in place of gantool's own: the same, but for rounding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from gantool.export.forms import FORMS
from gantool.export.network import own_layers, rebuilt
from gantool.layers.basis import Basis
from gantool.layers.batch_normalization import BatchNormalization
from gantool.layers.concat_label import ConcatLabel
from gantool.layers.conditional_batch_normalization import ConditionalBatchNormalization
from gantool.layers.conv2d import Conv2D
from gantool.layers.conv2d_transpose import Conv2DTranspose
from gantool.layers.dense import Dense
from gantool.layers.downsample import Downsample
from gantool.layers.embed_label import EmbedLabel
from gantool.layers.maxout import Maxout
from gantool.layers.minibatch_discrimination import MinibatchDiscrimination
from gantool.layers.noise_injection import NoiseInjection
from gantool.layers.pixel_normalization import PixelNormalization
from gantool.layers.pixel_shuffle import PixelShuffle
from gantool.layers.pixel_unshuffle import PixelUnshuffle
from gantool.layers.self_attention import SelfAttention
from gantool.layers.spectral_normalization import SpectralNormalization
from gantool.layers.upsample import Upsample

BATCH = 5

LAYERS: dict[str, tuple[Callable[[], Any], tuple[int, ...]]] = {
    "basis": (lambda: Basis(3, 5), (6,)),
    "batch normalisation": (BatchNormalization, (4, 6, 3)),
    "label beside a vector": (lambda: ConcatLabel(7), (6,)),
    "label beside a sequence": (lambda: ConcatLabel(7), (5, 6)),
    "label beside an image": (lambda: ConcatLabel(7), (4, 6, 3)),
    "conditional normalisation": (lambda: ConditionalBatchNormalization(7), (4, 6, 3)),
    "conditional of a vector": (lambda: ConditionalBatchNormalization(7, epsilon=0.1), (6,)),
    "convolution": (lambda: Conv2D(4, 3, padding="same", activation="tanh"), (5, 6, 3)),
    "grouped": (lambda: Conv2D(4, 3, groups=2, use_bias=False), (5, 6, 6)),
    "transposed": (lambda: Conv2DTranspose(4, 5, strides=2, padding="same"), (4, 6, 3)),
    "dense": (lambda: Dense(4), (6,)),
    "halved": (Downsample, (4, 6, 3)),
    "halved by boxes": (lambda: Downsample("box"), (4, 6, 3)),
    "vectors beside": (lambda: EmbedLabel(7, units=2), (4, 6, 3)),
    "vectors beside a vector": (lambda: EmbedLabel(7), (6,)),
    "vectors times": (lambda: EmbedLabel(7, merge="multiply"), (4, 6, 3)),
    "vectors times a vector": (lambda: EmbedLabel(7, merge="multiply"), (6,)),
    "maxout": (lambda: Maxout(4, 3), (6,)),
    "maxout of each pixel": (lambda: Maxout(4, 3, use_bias=False), (2, 3, 6)),
    "noise": (NoiseInjection, (4, 6, 3)),
    "noise in a vector": (NoiseInjection, (6,)),
    "pixel normalisation": (lambda: PixelNormalization(1e-2), (4, 6, 3)),
    "shuffle": (lambda: PixelShuffle(3), (2, 4, 18)),
    "unshuffle": (PixelUnshuffle, (4, 6, 3)),
    "attention": (SelfAttention, (4, 5, 16)),
    "doubled": (Upsample, (4, 6, 3)),
    "doubled, nearest": (lambda: Upsample("nearest"), (4, 6, 3)),
    "spectral": (lambda: SpectralNormalization(Conv2D(4, 3), 2), (5, 6, 3)),
    "spectral of several": (lambda: SpectralNormalization(SelfAttention()), (4, 5, 16)),
    "spectral with a label": (lambda: SpectralNormalization(EmbedLabel(7)), (4, 6, 3)),
    "spectral of Keras's": (
        lambda: SpectralNormalization(keras.layers.DepthwiseConv2D(3)),
        (5, 6, 3),
    ),
    "in a wrapper": (lambda: keras.layers.TimeDistributed(Dense(4)), (3, 6)),
    "wrapped twice": (
        lambda: SpectralNormalization(keras.layers.TimeDistributed(Conv2D(4, 3))),
        (2, 5, 6, 3),
    ),
}


def model_of(layer: keras.layers.Layer, shape: tuple[int, ...]) -> keras.Model:
    """A model of one layer, whose weights are random: no scale of 1, no bias of 0."""
    inner = layer.layer if isinstance(layer, SpectralNormalization) else layer
    takes_label = isinstance(inner, (ConcatLabel, EmbedLabel, ConditionalBatchNormalization))
    inputs = keras.Input(shape)
    label = keras.Input((), dtype="int32")
    given = (inputs, label) if takes_label else (inputs,)
    model = keras.Model(list(given) if takes_label else inputs, layer(*given))
    random = np.random.default_rng(1)
    for variable in model.weights:
        low = 0.5 if "variance" in variable.path else -1.0
        variable.assign(random.uniform(low, 1.5, variable.shape))
    return model


def outputs_of(model: keras.Model) -> np.ndarray:
    random = np.random.default_rng(2)
    inputs = random.normal(size=(BATCH, *model.inputs[0].shape[1:])).astype(np.float32)
    labels = np.array([0, 6, 3, 3, 1], np.int32)
    given = [inputs, labels] if len(model.inputs) > 1 else inputs
    return np.asarray(model(given, training=False))


@pytest.mark.parametrize(("make", "shape"), LAYERS.values(), ids=LAYERS.keys())
def test_the_outputs_are_the_same(make: Callable[[], Any], shape: tuple[int, ...]) -> None:
    model = model_of(make(), shape)
    wanted = outputs_of(model)
    assert np.ptp(wanted) > 0.1
    found = rebuilt(model, False)
    assert [it.name for it in found.inputs] == ["z", "label"][: len(model.inputs)]
    assert own_layers(found) == []
    np.testing.assert_allclose(outputs_of(found), wanted, atol=3e-6 * np.abs(wanted).max())


def test_a_grouped_convolution_is_traced_as_it_is_here() -> None:
    """Keras has it compiled by XLA, which neither ONNX nor TensorFlow Lite knows."""
    model = model_of(SpectralNormalization(Conv2D(4, 3, groups=2)), (5, 6, 6))
    found = rebuilt(model, True)
    assert own_layers(found) == ["Conv2D"]
    np.testing.assert_allclose(outputs_of(found), outputs_of(model), atol=1e-5)


def test_every_form_is_tried() -> None:
    tried = {type(make()) for make, _ in LAYERS.values()}
    assert FORMS.keys() <= tried


def test_what_keras_has_no_layers_for_stays() -> None:
    model = model_of(SpectralNormalization(MinibatchDiscrimination(3, 2)), (6,))
    found = rebuilt(model, False)
    assert own_layers(found) == ["MinibatchDiscrimination", "SpectralNormalization"]
    np.testing.assert_array_equal(outputs_of(found), outputs_of(model))


def test_the_generator_stays_as_it_was() -> None:
    model = model_of(SpectralNormalization(Dense(4)), (6,))
    before = [variable.numpy() for variable in model.weights]
    rebuilt(model, False)
    for variable, value in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), value)
