"""Packs of examples."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from gantool.layers.pack import Pack


@pytest.mark.parametrize("sides", [(2,), (3, 4, 2)], ids=str)
def test_neighbours_have_their_channels_one_after_the_other(sides):
    inputs = np.random.default_rng(6).normal(size=(6, *sides)).astype(np.float32)
    found = Pack(3)(tf.constant(inputs)).numpy()
    assert found.shape == (2, *sides[:-1], 6)
    for place in range(6):
        channels = slice(place % 3 * 2, place % 3 * 2 + 2)
        np.testing.assert_array_equal(found[place // 3][..., channels], inputs[place])


def test_a_pack_of_one_is_the_example():
    inputs = tf.random.stateless_normal([3, 4], [1, 2])
    np.testing.assert_array_equal(Pack(1)(inputs), inputs)
