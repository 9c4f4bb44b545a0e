"""Maps made larger and smaller, against SciPy and NumPy in float64."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from scipy.signal import convolve2d

from gantool.layers.downsample import Downsample
from gantool.layers.pixel_shuffle import PixelShuffle
from gantool.layers.pixel_unshuffle import PixelUnshuffle
from gantool.layers.upsample import Upsample

MAPS = np.random.default_rng(2).normal(size=(2, 4, 6, 3))
TAPS = np.outer([1, 3, 3, 1], [1, 3, 3, 1])


def each_map(function, maps):
    planes = [[function(maps[i, ..., c]) for c in range(maps.shape[-1])] for i in range(len(maps))]
    return np.moveaxis(np.array(planes), 1, -1)


def upsampled(plane):
    """As StyleGAN2's `upfirdn2d`: a zero after each pixel, 2 before and 1 behind, the filter."""
    wide = np.zeros((2 * plane.shape[0], 2 * plane.shape[1]))
    wide[::2, ::2] = plane
    return convolve2d(np.pad(wide, ((2, 1), (2, 1))), TAPS / 16, mode="valid")


def downsampled(plane):
    """As StyleGAN2's `upfirdn2d`: 1 zero around, the filter, every second pixel."""
    return convolve2d(np.pad(plane, 1), TAPS / 64, mode="valid")[::2, ::2]


def test_bilinear_is_the_filter_of_stylegan2():
    inputs = tf.constant(MAPS, tf.float32)
    np.testing.assert_allclose(Upsample()(inputs), each_map(upsampled, MAPS), atol=1e-6)
    np.testing.assert_allclose(Downsample()(inputs), each_map(downsampled, MAPS), atol=1e-6)


def test_nearest_repeats_and_box_averages():
    inputs = tf.constant(MAPS, tf.float32)
    larger = Upsample(filter="nearest")(inputs)
    np.testing.assert_array_equal(larger, np.repeat(np.repeat(inputs, 2, 1), 2, 2))
    means = MAPS.reshape(2, 2, 2, 3, 2, 3).mean(axis=(2, 4))
    np.testing.assert_allclose(Downsample(filter="box")(inputs), means, atol=1e-6)
    np.testing.assert_allclose(Downsample(filter="box")(larger), inputs, atol=1e-6)


def test_a_constant_stays_constant_inside():
    inputs = tf.ones([1, 6, 6, 1])
    np.testing.assert_allclose(Upsample()(inputs)[:, 1:-1, 1:-1], 1.0)
    np.testing.assert_allclose(Downsample()(inputs)[:, 1:-1, 1:-1], 1.0)


@pytest.mark.parametrize("factor", [1, 2, 3])
def test_shuffled_channels_become_pixels_and_come_back(factor):
    inputs = np.random.default_rng(3).normal(size=(2, 3, 5, 2 * factor**2)).astype(np.float32)
    parts = inputs.reshape(2, 3, 5, factor, factor, 2).transpose(0, 1, 3, 2, 4, 5)
    larger = PixelShuffle(factor)(tf.constant(inputs))
    np.testing.assert_array_equal(larger, parts.reshape(2, 3 * factor, 5 * factor, 2))
    np.testing.assert_array_equal(PixelUnshuffle(factor)(larger), inputs)


@pytest.mark.parametrize(
    ("layer", "reason"),
    [
        ("Downsample", "height and width have to be even"),
        ("PixelShuffle", "4 does not divide 3 channels"),
        ("PixelUnshuffle", "2 does not divide both height and width"),
    ],
)
def test_maps_that_do_not_fit_are_refused(build, layer, reason):
    from gantool.networks.build import LayerError

    with pytest.raises(LayerError) as raised:
        build([layer], (5, 4, 3))
    assert str(raised.value) == f"{layer} does not fit its input of 5×4×3: {reason}"
