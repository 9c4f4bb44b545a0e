"""The networks of the reference recipes, layer by layer, as the five systems were published.

Every shape is written out, and every number of parameters as the product that it is: a kernel's
height, width, inputs and outputs, and the biases; of a normalisation scale, offset and the two
moving statistics of each channel.
"""

from __future__ import annotations

import inspect
from typing import Any

import keras
import pytest

from gantool.networks.build import BuiltNetwork

Row = tuple[str, tuple[int, ...], int, dict[str, Any]]
"""A layer's name in recipes, its output's shape, its number of parameters, its attributes."""


def convolution(shape: tuple[int, ...], parameters: int, size: int, stride: int = 2) -> Row:
    there = {"kernel_size": (size, size), "strides": (stride, stride), "padding": "same"}
    return "Conv2D", shape, parameters, there | {"activation": "linear"}


def transposed(
    shape: tuple[int, ...],
    parameters: int,
    size: int,
    stride: int = 2,
    activation: str = "linear",
) -> Row:
    _, shape, parameters, there = convolution(shape, parameters, size, stride)
    return "Conv2DTranspose", shape, parameters, there | {"activation": activation}


def dense(units: int, parameters: int) -> Row:
    return "Dense", (units,), parameters, {"activation": "linear"}


def normalization(
    shape: tuple[int, ...],
    parameters: int,
    epsilon: float = 1e-3,
    momentum: float = 0.99,
    affine: bool = True,
) -> Row:
    """The defaults are Keras's."""
    there = {"epsilon": epsilon, "momentum": momentum, "scale": affine, "center": affine}
    return "BatchNormalization", shape, parameters, there


def relu(*shape: int) -> Row:
    return "ReLU", shape, 0, {"negative_slope": 0.0, "threshold": 0.0, "max_value": None}


def leaky(slope: float, *shape: int) -> Row:
    return "LeakyReLU", shape, 0, {"negative_slope": slope}


def reshape(*shape: int) -> Row:
    return "Reshape", shape, 0, {}


def flatten(count: int) -> Row:
    return "Flatten", (count,), 0, {}


def beside_label(*shape: int) -> Row:
    return "ConcatLabel", shape, 0, {"classes": 10}


WGAN_GENERATOR = [
    dense(8192, 100 * 8192 + 8192),
    normalization((8192,), 4 * 8192),
    relu(8192),
    reshape(4, 4, 512),
    transposed((8, 8, 256), 4 * 4 * 512 * 256 + 256, size=4),
    normalization((8, 8, 256), 4 * 256),
    relu(8, 8, 256),
    transposed((16, 16, 128), 4 * 4 * 256 * 128 + 128, size=4),
    normalization((16, 16, 128), 4 * 128),
    relu(16, 16, 128),
    transposed((32, 32, 64), 4 * 4 * 128 * 64 + 64, size=4),
    normalization((32, 32, 64), 4 * 64),
    relu(32, 32, 64),
    transposed((64, 64, 3), 4 * 4 * 64 * 3 + 3, size=4, activation="tanh"),
]
WGAN_CRITIC = [
    convolution((32, 32, 64), 4 * 4 * 3 * 64 + 64, size=4),
    leaky(0.2, 32, 32, 64),
    convolution((16, 16, 128), 4 * 4 * 64 * 128 + 128, size=4),
    normalization((16, 16, 128), 4 * 128),
    leaky(0.2, 16, 16, 128),
    convolution((8, 8, 256), 4 * 4 * 128 * 256 + 256, size=4),
    normalization((8, 8, 256), 4 * 256),
    leaky(0.2, 8, 8, 256),
    convolution((4, 4, 512), 4 * 4 * 256 * 512 + 512, size=4),
    normalization((4, 4, 512), 4 * 512),
    leaky(0.2, 4, 4, 512),
    flatten(4 * 4 * 512),
    dense(1, 4 * 4 * 512 * 1 + 1),
]
DCGAN_GENERATOR = [
    dense(12544, 100 * 7 * 7 * 256 + 7 * 7 * 256),
    reshape(7, 7, 256),
    transposed((14, 14, 128), 3 * 3 * 256 * 128 + 128, size=3),
    normalization((14, 14, 128), 4 * 128),
    leaky(0.01, 14, 14, 128),
    transposed((14, 14, 64), 3 * 3 * 128 * 64 + 64, size=3, stride=1),
    normalization((14, 14, 64), 4 * 64),
    leaky(0.01, 14, 14, 64),
    transposed((28, 28, 1), 3 * 3 * 64 * 1 + 1, size=3, activation="tanh"),
]
DCGAN_DISCRIMINATOR = [
    convolution((14, 14, 32), 3 * 3 * 1 * 32 + 32, size=3),
    leaky(0.01, 14, 14, 32),
    convolution((7, 7, 64), 3 * 3 * 32 * 64 + 64, size=3),
    normalization((7, 7, 64), 4 * 64),
    leaky(0.01, 7, 7, 64),
    convolution((4, 4, 128), 3 * 3 * 64 * 128 + 128, size=3),
    normalization((4, 4, 128), 4 * 128),
    leaky(0.01, 4, 4, 128),
    flatten(4 * 4 * 128),
    dense(1, 4 * 4 * 128 * 1 + 1),
]
SIGMOID_GENERATOR = [
    dense(1024, 62 * 1024 + 1024),
    normalization((1024,), 4 * 1024),
    relu(1024),
    dense(6272, 1024 * 6272 + 6272),
    normalization((6272,), 4 * 6272),
    relu(6272),
    reshape(7, 7, 128),
    transposed((14, 14, 64), 4 * 4 * 128 * 64 + 64, size=4),
    normalization((14, 14, 64), 4 * 64),
    relu(14, 14, 64),
    transposed((28, 28, 1), 4 * 4 * 64 * 1 + 1, size=4, activation="sigmoid"),
]
SIGMOID_DISCRIMINATOR = [
    convolution((14, 14, 64), 4 * 4 * 1 * 64 + 64, size=4),
    leaky(0.2, 14, 14, 64),
    convolution((7, 7, 128), 4 * 4 * 64 * 128 + 128, size=4),
    normalization((7, 7, 128), 4 * 128),
    leaky(0.2, 7, 7, 128),
    flatten(7 * 7 * 128),
    dense(1024, 7 * 7 * 128 * 1024 + 1024),
    normalization((1024,), 4 * 1024),
    leaky(0.2, 1024),
    dense(1, 1024 * 1 + 1),
]
CGAN_GENERATOR = [
    beside_label(110),
    dense(4096, 110 * 4096 + 4096),
    relu(4096),
    reshape(4, 4, 256),
    transposed((7, 7, 128), 5 * 5 * 256 * 128 + 128, size=5),
    normalization((7, 7, 128), 4 * 128, epsilon=1e-5, momentum=0.9),
    relu(7, 7, 128),
    transposed((14, 14, 64), 5 * 5 * 128 * 64 + 64, size=5),
    normalization((14, 14, 64), 4 * 64, epsilon=1e-5, momentum=0.9),
    relu(14, 14, 64),
    transposed((28, 28, 3), 5 * 5 * 64 * 3 + 3, size=5, activation="tanh"),
]
CGAN_DISCRIMINATOR = [
    beside_label(28, 28, 13),
    convolution((14, 14, 64), 5 * 5 * 13 * 64 + 64, size=5),
    normalization((14, 14, 64), 4 * 64, epsilon=1e-5, momentum=0.9),
    leaky(0.1, 14, 14, 64),
    convolution((7, 7, 128), 5 * 5 * 64 * 128 + 128, size=5),
    normalization((7, 7, 128), 4 * 128, epsilon=1e-5, momentum=0.9),
    leaky(0.1, 7, 7, 128),
    convolution((4, 4, 256), 5 * 5 * 128 * 256 + 256, size=5),
    normalization((4, 4, 256), 4 * 256, epsilon=1e-5, momentum=0.9),
    leaky(0.1, 4, 4, 256),
    flatten(4 * 4 * 256),
    dense(1, 4 * 4 * 256 * 1 + 1),
]
FACES_GENERATOR = [
    dense(9000, 100 * 6 * 6 * 250 + 6 * 6 * 250),
    reshape(6, 6, 250),
    normalization((6, 6, 250), 2 * 250, epsilon=1e-5, affine=False),
    relu(6, 6, 250),
    transposed((12, 12, 150), 5 * 5 * 250 * 150 + 150, size=5),
    normalization((12, 12, 150), 2 * 150, epsilon=1e-5, affine=False),
    relu(12, 12, 150),
    transposed((24, 24, 90), 5 * 5 * 150 * 90 + 90, size=5),
    normalization((24, 24, 90), 2 * 90, epsilon=1e-5, affine=False),
    relu(24, 24, 90),
    transposed((48, 48, 54), 5 * 5 * 90 * 54 + 54, size=5),
    normalization((48, 48, 54), 2 * 54, epsilon=1e-5, affine=False),
    relu(48, 48, 54),
    transposed((96, 96, 3), 5 * 5 * 54 * 3 + 3, size=5, activation="tanh"),
]
FACES_DISCRIMINATOR = [
    convolution((48, 48, 54), 5 * 5 * 3 * 54 + 54, size=5),
    normalization((48, 48, 54), 2 * 54, epsilon=1e-5, affine=False),
    leaky(0.2, 48, 48, 54),
    convolution((24, 24, 90), 5 * 5 * 54 * 90 + 90, size=5),
    normalization((24, 24, 90), 2 * 90, epsilon=1e-5, affine=False),
    leaky(0.2, 24, 24, 90),
    convolution((12, 12, 150), 5 * 5 * 90 * 150 + 150, size=5),
    normalization((12, 12, 150), 2 * 150, epsilon=1e-5, affine=False),
    leaky(0.2, 12, 12, 150),
    convolution((6, 6, 250), 5 * 5 * 150 * 250 + 250, size=5),
    normalization((6, 6, 250), 2 * 250, epsilon=1e-5, affine=False),
    leaky(0.2, 6, 6, 250),
    flatten(6 * 6 * 250),
    dense(2, 6 * 6 * 250 * 2 + 2),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "network", "rows", "total", "statistics"),
    [
        ("wgan-celeba", "generator", WGAN_GENERATOR, 3_617_987, 2 * (8192 + 256 + 128 + 64)),
        ("wgan-celeba", "discriminator", WGAN_CRITIC, 2_768_321, 2 * (128 + 256 + 512)),
        ("dcgan-mnist", "generator", DCGAN_GENERATOR, 1_637_121, 2 * (128 + 64)),
        ("dcgan-mnist", "discriminator", DCGAN_DISCRIMINATOR, 95_489, 2 * (64 + 128)),
        ("dcgan-mnist-sigmoid", "generator", SIGMOID_GENERATOR, 6_654_913, 2 * (1024 + 6272 + 64)),
        (
            "dcgan-mnist-sigmoid",
            "discriminator",
            SIGMOID_DISCRIMINATOR,
            6_561_473,
            2 * (128 + 1024),
        ),
        ("cgan-mnist", "generator", CGAN_GENERATOR, 1_484_419, 2 * (128 + 64)),
        ("cgan-mnist", "discriminator", CGAN_DISCRIMINATOR, 1_051_137, 2 * (64 + 128 + 256)),
        ("dcgan-faces-96", "generator", FACES_GENERATOR, 2_310_935, 2 * (250 + 150 + 90 + 54)),
        (
            "dcgan-faces-96",
            "discriminator",
            FACES_DISCRIMINATOR,
            1_420_184,
            2 * (54 + 90 + 150 + 250),
        ),
    ],
)
def test_every_layer_has_its_published_shape_and_parameters(
    name, network, rows, total, statistics, full_size
):
    built: BuiltNetwork = getattr(full_size(name).state, network)
    made = [(it.name, it.shape, it.layer.count_params()) for it in built.layers]
    assert made == [row[:3] for row in rows]
    assert built.model.count_params() == total
    assert sum(row[2] for row in rows) == total
    assert sum(it.value.shape.num_elements() for it in built.model.non_trainable_variables) == (
        statistics
    )
    for placed, (*_, attributes) in zip(built.layers, rows, strict=True):
        found = {key: attribute(placed.layer, key) for key in attributes}
        assert found == attributes, placed.place


def attribute(layer: keras.layers.Layer, key: str) -> Any:
    value = getattr(layer, key)
    return value.__name__ if inspect.isfunction(value) else value


def test_the_label_goes_into_both_networks_of_cgan_mnist_alone(full_size):
    for name in ("wgan-celeba", "dcgan-mnist", "dcgan-mnist-sigmoid", "cgan-mnist"):
        state = full_size(name).state
        asked = state.generator.takes_label, state.discriminator.takes_label
        assert asked == (name == "cgan-mnist",) * 2
