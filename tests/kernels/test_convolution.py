from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from gantool.kernels import convolution, convolution_ways
from gantool.kernels.patches import Patches, patches
from gantool.kernels.stride import Shapes
from gantool.kernels.switch import plain_kernels
from gantool.kernels.winograd import LONGEST, Winograd
from gantool.layers.conv2d import Conv2D
from gantool.layers.conv2d_transpose import Conv2DTranspose

LARGE = (16, 16, 16, 64)
"""Images that the faster way is chosen for where there are 64 filters."""


@pytest.fixture
def taken(monkeypatch):
    """Which ways of Winograd's filtering have been taken."""
    names: list[str] = []
    for name in ("convolve", "transpose"):
        plain = getattr(Winograd, name)

        def spy(self, *inputs, name=name, plain=plain):
            names.append(name)
            return plain(self, *inputs)

        monkeypatch.setattr(Winograd, name, spy)
    return names


@pytest.fixture(autouse=True)
def unmeasured(monkeypatch):
    """Have the way taken that is expected to be the fastest."""
    monkeypatch.setattr(convolution_ways, "fastest", lambda _what, _ways, expected: expected)


def expected(*shapes, dtype: tf.DType = tf.float32) -> str:
    return convolution_ways._expected(Shapes(*shapes), dtype)


def drawn(*shape: int, dtype: str = "float32") -> tf.Tensor:
    numbers = np.random.default_rng(len(shape)).normal(size=shape)
    return tf.constant(numbers, tf.float32) if dtype == "float32" else tf.cast(numbers, dtype)


def near(found: tf.Tensor, expected: tf.Tensor) -> bool:
    difference = np.linalg.norm(np.subtract(found, expected))
    return bool(difference <= 1e-5 * np.linalg.norm(expected))


class TestChoice:
    @pytest.mark.parametrize(
        ("sides", "channels", "filters", "kernel", "stride"),
        [
            (32, 64, 128, 4, 2),  # of wgan-celeba
            (16, 128, 256, 4, 2),
            (8, 256, 512, 4, 2),
            (24, 90, 150, 5, 2),  # of dcgan-faces-96
            (14, 64, 128, 3, 1),  # of dcgan-mnist
        ],
    )
    def test_deep_layers_take_tiles(self, sides, channels, filters, kernel, stride):
        found = expected(64, (sides, sides), channels, filters, kernel, stride)
        assert found in ("tiles of 2", "tiles of 4")

    @pytest.mark.parametrize(("channels", "filters"), [(3, 64), (1, 64), (64, 3), (8, 8)])
    def test_layers_next_to_the_image_do_not(self, channels, filters):
        assert not expected(64, (64, 64), channels, filters, 4, 2).startswith("tiles")

    def test_nor_do_kernels_no_larger_than_their_stride(self):
        assert expected(64, (32, 32), 256, 256, 1, 1) == "plain"
        assert expected(64, (32, 32), 256, 256, 2, 2) == "plain"

    @pytest.mark.parametrize("kernel", range(1, 13))
    @pytest.mark.parametrize("stride", [1, 2])
    def test_tiles_are_as_large_as_there_are_points_for(self, kernel, stride):
        taps = -(-kernel // stride)
        name = expected(64, (32, 32), 256, 256, kernel, stride)
        if name == "plain":
            assert not 1 < taps <= 5
        else:
            assert int(name.removeprefix("tiles of ")) + taps - 1 <= LONGEST

    def test_nor_do_layers_with_little_to_save(self):
        assert expected(64, (4, 4), 16, 16, 3, 2) == "plain"


class TestMeasuring:
    """What is measured, and taken."""

    deep = Shapes(64, (16, 16), 128, 256, 4, 2)
    image = Shapes(64, (64, 64), 3, 64, 4, 2)

    @pytest.fixture
    def asked(self, monkeypatch):
        """What was to be measured; the last way is said to be the fastest."""
        found = {}

        def last(what, ways, _expected):
            found[what] = list(ways)
            return found[what][-1]

        monkeypatch.setattr(convolution_ways, "fastest", last)
        return found

    def test_of_deep_layers_are_tiles(self, asked):
        assert isinstance(convolution_ways.way_of(self.deep, tf.float32), Winograd)
        [(what, ways)] = asked.items()
        assert what == "convolution of 64: 16×16, 128 and 256 channels, 4×4 by 2×2, float32"
        assert ways in (["plain", "tiles of 2"], ["plain", "tiles of 4"])

    def test_of_deep_layers_in_bfloat16_are_patches_to_the_kernel(self, asked):
        assert convolution_ways.way_of(self.deep, tf.bfloat16) is patches(self.deep, "kernel")
        assert list(asked.values()) == [["plain", "patches to the kernel"]]

    @pytest.mark.parametrize("dtype", [tf.float32, tf.bfloat16])
    def test_of_layers_next_to_the_image_are_both_ways_to_it(self, asked, dtype):
        assert convolution_ways.way_of(self.image, dtype) is patches(self.image, "cells")
        assert list(asked.values()) == [["plain", "patches to the image", "cells to the image"]]

    def test_of_labels_beside_an_image_are_cells(self, asked):
        image = Shapes(64, (28, 28), 13, 64, 5, 2)
        assert convolution_ways.way_of(image, tf.float32) is patches(image, "cells")
        assert list(asked.values()) == [["plain", "cells to the image"]]

    def test_nothing_is_where_there_is_little_to_compute(self, asked):
        assert convolution_ways.way_of(Shapes(8, (14, 14), 4, 4, 4, 2), tf.float32) is not None
        assert asked == {}

    def test_nothing_is_where_faster_ways_are_switched_off(self, asked):
        with plain_kernels():
            assert convolution_ways.way_of(self.deep, tf.float32) is None
        assert asked == {}

    def test_what_is_timed_are_the_three_passes(self, monkeypatch):
        timed = {}
        monkeypatch.setattr(
            convolution_ways, "fastest", lambda _, ways, expected: timed.update(ways) or expected
        )
        shapes = Shapes(4, (8, 8), 3, 64, 4, 2)
        monkeypatch.setattr(convolution_ways, "_WORTH_MEASURING", 0)
        convolution_ways.way_of(shapes, tf.float32)
        for way in timed.values():
            assert [it.shape for it in way()] == [(4, 4, 4, 64), (4, 8, 8, 3), (4, 4, 3, 64)]


class TestWay:
    def test_layers_next_to_the_image_go_by_patches(self):
        image = Shapes(64, (64, 64), 3, 64, 4, 2)
        assert isinstance(convolution_ways.way_of(image, tf.float32), Patches)

    def test_labels_beside_an_image_make_too_many_channels_for_patches(self):
        assert convolution_ways.way_of(Shapes(64, (28, 28), 13, 64, 5, 2), tf.float32) is None

    @pytest.mark.parametrize(
        ("side", "channels", "by_patches"),
        [(8, 256, True), (16, 128, True), (32, 64, False), (8, 3, False)],
    )
    def test_kernels_of_small_deep_layers_go_by_patches_in_bfloat16(
        self, side, channels, by_patches
    ):
        shapes = Shapes(64, (side, side), channels, 2 * channels, 4, 2)
        way = convolution_ways.way_of(shapes, tf.bfloat16)
        assert (way is patches(shapes, "kernel")) if by_patches else (way is None)

    def test_a_gpu_is_left_to_its_own_library(self, monkeypatch):
        deep, image = Shapes(64, (16, 16), 128, 256, 4, 2), Shapes(64, (64, 64), 3, 64, 4, 2)
        assert isinstance(convolution_ways.way_of(deep, tf.float32), Winograd)
        for module in (convolution, convolution_ways):
            monkeypatch.setattr(module, "has_gpu", lambda: True)
        assert convolution_ways.way_of(deep, tf.float32) is None
        assert convolution_ways.way_of(image, tf.float32) is None
        bfloat16 = tf.zeros([1], tf.bfloat16)
        assert convolution._as_multiplied(bfloat16).dtype == tf.bfloat16

    @pytest.mark.slow
    def test_large_kernels_go_by_small_tiles(self, taken):
        images, kernel = drawn(64, 8, 8, 64), drawn(5, 5, 64, 64)
        found = convolution.convolve(images, kernel, 1)
        assert taken == ["convolve"]
        assert near(found, tf.nn.conv2d(images, kernel, 1, "SAME"))


class TestTypes:
    @pytest.mark.parametrize("channels", [4, 64])  # the plain way and the faster one
    def test_sums_of_bfloat16_are_made_in_float32(self, monkeypatch, channels):
        monkeypatch.setattr(convolution, "has_bfloat16", lambda: False)
        images = drawn(4, 16, 16, channels, dtype="bfloat16")
        kernel = drawn(4, 4, channels, 64, dtype="bfloat16")
        with tf.GradientTape() as tape:
            tape.watch([images, kernel])
            found = convolution.convolve(images, kernel, 2)
        gradients = tape.gradient(found, [images, kernel])
        assert [it.dtype for it in (found, *gradients)] == [tf.bfloat16] * 3
        wide = tf.nn.conv2d(tf.cast(images, tf.float32), tf.cast(kernel, tf.float32), 2, "SAME")
        # Nothing but the rounding of the sums to eight bits.
        np.testing.assert_allclose(
            tf.cast(found, tf.float32), wide, rtol=2.0**-8, atol=1e-5 * np.abs(wide).max()
        )

    def test_where_there_are_products_of_bfloat16_they_are_used(self, monkeypatch, taken):
        monkeypatch.setattr(convolution, "has_bfloat16", lambda: True)
        seen = []
        plain = tf.nn.conv2d
        monkeypatch.setattr(tf.nn, "conv2d", lambda *a: seen.append(a[0].dtype) or plain(*a))
        images = drawn(*LARGE, dtype="bfloat16")
        kernel = drawn(4, 4, 64, 64, dtype="bfloat16")
        with tf.GradientTape() as tape:
            tape.watch([images, kernel])
            found = convolution.convolve(images, kernel, 2)
        assert seen == [tf.bfloat16]
        assert taken == []
        gradients = tape.gradient(found, [images, kernel])
        assert [it.dtype for it in (found, *gradients)] == [tf.bfloat16] * 3


def pair(ours: type, keras_s: type, **keywords) -> tuple[keras.layers.Layer, keras.layers.Layer]:
    """A layer of ours and Keras's with the same weights, off 0."""
    layers = [kind(padding="same", **keywords) for kind in (ours, keras_s)]
    for layer in layers:
        layer.build(LARGE)
    for mine, theirs in zip(*(layer.weights for layer in layers), strict=True):
        values = drawn(*theirs.shape)
        mine.assign(values)
        theirs.assign(values)
    return layers[0], layers[1]


@pytest.mark.parametrize(
    ("ours", "keras_s"),
    [(Conv2D, keras.layers.Conv2D), (Conv2DTranspose, keras.layers.Conv2DTranspose)],
)
class TestLayers:
    @pytest.mark.slow
    @pytest.mark.parametrize(("kernel", "strides"), [(4, 2), (5, 2), (3, 1)])
    @pytest.mark.parametrize("use_bias", [True, False])
    def test_training_takes_the_faster_way_to_the_same(
        self, taken, ours, keras_s, kernel, strides, use_bias
    ):
        settings = {"kernel_size": kernel, "strides": strides, "use_bias": use_bias}
        mine, theirs = pair(ours, keras_s, filters=64, activation="tanh", **settings)
        images = 0.01 * drawn(*LARGE)
        assert near(mine(images, training=True), theirs(images))
        assert taken == ["convolve" if ours is Conv2D else "transpose"]

    def test_inference_is_keras_s_own(self, taken, ours, keras_s):
        mine, theirs = pair(ours, keras_s, filters=64, kernel_size=4, strides=2)
        images = drawn(*LARGE)
        assert np.array_equal(mine(images, training=False), theirs(images))
        assert taken == []

    @pytest.mark.parametrize(
        "keywords",
        [
            {"kernel_size": (3, 5)},
            {"kernel_size": 3, "strides": 3},
            {"kernel_size": 3, "dilation_rate": 2},
        ],
    )
    def test_other_kinds_are_keras_s_own(self, taken, ours, keras_s, keywords):
        mine, theirs = pair(ours, keras_s, filters=64, **keywords)
        images = drawn(*LARGE)
        assert np.array_equal(mine(images, training=True), theirs(images))
        assert taken == []


@pytest.mark.parametrize(("size", "output_padding"), [(4, 0), (4, 1)])
def test_output_padding_decides_the_size(size, output_padding):
    keywords = {"filters": 64, "kernel_size": 5, "strides": 2, "output_padding": output_padding}
    mine, theirs = pair(Conv2DTranspose, keras.layers.Conv2DTranspose, **keywords)
    images = drawn(4, size, size, 64)
    expected = theirs(images)
    assert expected.shape[1] == 7 + output_padding
    assert near(mine(images, training=True), expected)


def test_padding_valid_is_keras_s_own(taken):
    layers = [kind(64, 4, padding="valid") for kind in (Conv2D, keras.layers.Conv2D)]
    images = drawn(*LARGE)
    for layer in layers:
        layer.build(LARGE)
        layer.set_weights([drawn(*weight.shape) for weight in layer.weights])
    assert np.array_equal(layers[0](images, training=True), layers[1](images))
    assert taken == []
