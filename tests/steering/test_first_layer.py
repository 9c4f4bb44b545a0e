"""The weights of the first layer, whatever stands before it."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from gantool.errors import InputError
from gantool.layers.concat_label import ConcatLabel
from gantool.layers.conv2d_transpose import Conv2DTranspose
from gantool.layers.dense import Dense
from gantool.layers.embed_label import EmbedLabel
from gantool.layers.pixel_normalization import PixelNormalization
from gantool.layers.spectral_normalization import SpectralNormalization
from gantool.steering.first_layer import first_layer_weights

LATENT = np.random.default_rng(0).normal(size=4).astype(np.float32)


def model_of(*layers: keras.layers.Layer) -> keras.Model:
    latents = keras.Input((4,))
    outputs = latents
    for layer in layers:
        outputs = layer(outputs)
    return keras.Model(latents, outputs)


def test_of_a_dense_layer_they_are_its_kernel() -> None:
    dense = Dense(6, activation="relu")
    model = model_of(dense, Dense(2))
    np.testing.assert_allclose(
        first_layer_weights(model, LATENT, 0), dense.kernel.numpy(), rtol=1e-6
    )


def test_beside_a_label_they_are_the_rows_of_the_latent() -> None:
    latents, labels, dense = keras.Input((4,)), keras.Input((), dtype="int32"), Dense(6)
    model = keras.Model([latents, labels], dense(ConcatLabel(classes=3)(latents, labels)))
    found = first_layer_weights(model, LATENT, 2)
    np.testing.assert_allclose(found, dense.kernel.numpy()[:4], rtol=1e-6)


def test_times_an_embedding_they_are_scaled_by_that_of_the_class() -> None:
    latents, labels, dense = keras.Input((4,)), keras.Input((), dtype="int32"), Dense(6)
    embed = EmbedLabel(classes=3, merge="multiply")
    model = keras.Model([latents, labels], dense(embed(latents, labels)))
    expected = embed.embeddings.numpy()[2][:, None] * dense.kernel.numpy()
    np.testing.assert_allclose(first_layer_weights(model, LATENT, 2), expected, rtol=1e-5)


def test_of_a_transposed_convolution_of_one_pixel_they_are_the_whole_kernel() -> None:
    layer = Conv2DTranspose(5, 3)
    model = model_of(keras.layers.Reshape((1, 1, 4)), layer)
    found = first_layer_weights(model, LATENT, 0)
    # What the layer makes of a step along each number, without its bias
    steps = np.concatenate([np.zeros((1, 4)), np.eye(4)]).astype(np.float32)
    outputs = model(steps).numpy().reshape(5, -1)
    np.testing.assert_allclose(found, outputs[1:] - outputs[0], rtol=0, atol=1e-6)


def test_of_a_normalized_layer_they_point_the_same_way() -> None:
    dense = Dense(6)
    model = model_of(SpectralNormalization(dense))
    np.testing.assert_allclose(
        first_layer_weights(model, LATENT, 0), dense.kernel.numpy(), rtol=1e-6
    )


def test_behind_a_normalisation_of_the_latent_they_are_those_at_the_latent() -> None:
    dense = Dense(6)
    model = model_of(PixelNormalization(), dense)
    size = np.sqrt(np.mean(LATENT.astype(np.float64) ** 2) + 1e-8)
    outward = np.outer(LATENT, LATENT) / (4 * size**2)
    expected = (np.eye(4) - outward) / size @ dense.kernel.numpy()
    np.testing.assert_allclose(first_layer_weights(model, LATENT, 0), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("layers", "first"),
    [
        ([keras.layers.Reshape((2, 2, 1)), keras.layers.Conv2D(3, 2)], "Conv2D"),
        ([keras.layers.Reshape((2, 2, 1)), Conv2DTranspose(3, 2)], "Conv2DTranspose"),
        (
            [keras.layers.Reshape((1, 1, 4)), Conv2DTranspose(3, 3, padding="same")],
            "Conv2DTranspose",
        ),
        ([keras.layers.Reshape((2, 2)), Dense(3)], "Dense"),
        ([keras.layers.ReLU()], "no layer"),
    ],
)
def test_other_first_layers_are_refused(layers: list[keras.layers.Layer], first: str) -> None:
    with pytest.raises(InputError, match=rf"and here {first} comes first"):
        first_layer_weights(model_of(*layers), LATENT, 0)
