from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from gantool.layers.concat_label import ConcatLabel


class TestConcatLabel:
    def test_puts_the_one_hot_label_after_a_vector(self):
        outputs = ConcatLabel(classes=3)(tf.constant([[5.0, 6.0], [7.0, 8.0]]), tf.constant([2, 0]))
        assert np.array_equal(outputs, [[5, 6, 0, 0, 1], [7, 8, 1, 0, 0]])

    def test_puts_one_plane_a_class_after_an_image(self):
        images = tf.reshape(tf.range(12.0), [2, 3, 2, 1])
        outputs = ConcatLabel(classes=2)(images, tf.constant([1, 0])).numpy()
        assert outputs.shape == (2, 3, 2, 3)
        assert np.array_equal(outputs[..., :1], images)
        assert (outputs[0, ..., 1:] == [0, 1]).all()
        assert (outputs[1, ..., 1:] == [1, 0]).all()

    @pytest.mark.parametrize("shape", [(5,), (4, 5), (4, 6, 5), (2, 4, 6, 5)])
    def test_tells_its_shape_before_it_is_called(self, shape):
        layer = ConcatLabel(classes=10)
        symbolic = layer(keras.Input(shape), keras.Input((), dtype="int32"))
        assert symbolic.shape == (None, *shape[:-1], 15)
        outputs = layer(tf.zeros([3, *shape]), tf.constant([0, 1, 9]))
        assert outputs.shape == (3, *shape[:-1], 15)

    def test_takes_the_dtype_of_the_policy(self):
        layer = ConcatLabel(classes=2, dtype="mixed_bfloat16")
        outputs = layer(tf.zeros([1, 3]), tf.constant([1]))
        assert outputs.dtype == tf.bfloat16
        assert np.array_equal(tf.cast(outputs, tf.float32), [[0, 0, 0, 0, 1]])

    def test_has_no_weights(self):
        layer = ConcatLabel(classes=2)
        layer(tf.zeros([1, 3]), tf.constant([1]))
        assert layer.weights == []
