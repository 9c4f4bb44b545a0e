from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from gantool.data.resampling import BLOCKS, band, interleaved, lanczos

SIZES = [(108, 64), (112, 96), (28, 32), (5, 64), (1, 7), (7, 1), (64, 64), (1000, 3), (37, 41)]


def unfolded(starts, weights, source, target):
    """The matrix that a band stands for, [target, source]."""
    blocks = np.zeros((BLOCKS, weights.shape[1], source))
    for block, start, weight in zip(blocks, starts, weights, strict=True):
        block[:, start : start + weight.shape[1]] = weight
    whole = blocks.reshape(-1, source)
    assert not whole[target:].any()
    return whole[:target]


@pytest.mark.parametrize(("source", "target"), SIZES)
def test_the_weights_are_those_of_pillow(source, target):
    # Each source pixel alone, in floating point, where Pillow rounds nothing.
    expected = [
        np.asarray(Image.fromarray(row).resize((target, 1), Image.Resampling.LANCZOS))[0]
        for row in np.eye(source, dtype=np.float32)[:, np.newaxis]
    ]
    np.testing.assert_allclose(lanczos(source, target), np.transpose(expected), atol=1e-6)


@pytest.mark.parametrize(("source", "target"), SIZES)
def test_a_band_is_the_whole_matrix(source, target):
    made = band(source, target)
    assert (made.starts.dtype, made.weights.dtype) == (np.int32, np.float32)
    np.testing.assert_allclose(unfolded(*made, source, target), lanczos(source, target), atol=1e-6)


def test_a_band_leaves_most_zeros_out():
    # The scale is 27/16 and the filter reaches 3 · 27/16 to either side, so that pixels 16 to 31,
    # whose centres lie at 27.84 and 53.16, are made of the pixels 23 to 57 of the source.
    assert band(108, 64).weights.shape == (4, 16, 35)
    assert band(108, 64).starts.tolist() == [0, 23, 50, 73]


def test_interleaved_colours_do_not_mix():
    starts, weights = interleaved(108, 64, 3)
    plain = band(108, 64)
    assert starts.tolist() == [0, 69, 150, 219]
    assert weights.shape == (4, 105, 48)
    for channel in range(3):
        own = weights[:, channel::3, channel::3].transpose(0, 2, 1)
        np.testing.assert_array_equal(own, plain.weights)
        assert not weights[:, channel::3, (channel + 1) % 3 :: 3].any()
