from __future__ import annotations

from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf

from gantool.layers.batch_normalization import (
    BatchNormalization,
    batch_normalization_layers,
    measuring_statistics,
)
from gantool.terms.gradient_penalty import GradientPenalty

SHAPES = {"vector": (6, 3), "rows": (4, 5, 3), "image": (4, 5, 2, 3), "one image": (1, 5, 2, 3)}


def batch(shape, seed=0):
    """Channels with means and deviations of their own."""
    values = np.random.default_rng(seed).normal(size=shape)
    return tf.constant(values * [1.0, 3.0, 0.5] + [0.0, 2.0, -7.0], tf.float32)


def pair(shape, **keywords):
    """Our layer and Keras's, with the same weights."""
    ours, theirs = BatchNormalization(**keywords), keras.layers.BatchNormalization(**keywords)
    for layer in (ours, theirs):
        layer.build((None, *shape[1:]))
        for number, variable in enumerate(layer.trainable_variables):
            variable.assign(np.float32([0.5, -1.0, 2.0]) + number)
    return ours, theirs


def in_training(layer, inputs):
    """Outputs, statistics after it, and gradients of a sum that no symmetry makes vanish."""
    weights = tf.constant(np.random.default_rng(9).normal(size=inputs.shape), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = layer(inputs, training=True)
        total = tf.reduce_sum(tf.cast(outputs, tf.float32) * weights)
    gradients = tape.gradient(total, [inputs, *(item.value for item in layer.trainable_variables)])
    return [outputs, layer.moving_mean.value, layer.moving_variance.value, *gradients]


def assert_alike(ours, theirs, tolerance=2e-5):
    assert len(ours) == len(theirs)
    for our, their in zip(ours, theirs, strict=True):
        assert our.dtype == their.dtype
        np.testing.assert_allclose(
            tf.cast(our, tf.float32), tf.cast(their, tf.float32), rtol=0, atol=tolerance
        )


class TestBatchNormalization:
    def test_synchronized_is_the_same_where_there_is_one_replica(self):
        alone, _ = pair((4, 5, 2, 3))
        together, _ = pair((4, 5, 2, 3), synchronized=True)
        inputs = batch((4, 5, 2, 3))
        for one, two in zip(in_training(alone, inputs), in_training(together, inputs), strict=True):
            assert one.numpy().tobytes() == two.numpy().tobytes()

    @pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
    @pytest.mark.parametrize(
        "keywords",
        [
            {},
            {"scale": False},
            {"center": False},
            {"scale": False, "center": False},
            {"momentum": 0.5, "epsilon": 0.1},
            {"axis": 3},
        ],
        ids=str,
    )
    def test_trains_as_that_of_keras_does(self, shape, keywords):
        if keywords.get("axis", -1) >= len(shape):
            keywords = {"axis": len(shape) - 1}
        ours, theirs = pair(shape, **keywords)
        inputs = batch(shape)
        assert_alike(in_training(ours, inputs), in_training(theirs, inputs))

    @pytest.mark.parametrize("count", [1, 2])
    def test_trains_as_that_of_keras_does_on_very_small_batches(self, count):
        ours, theirs = pair((count, 3), epsilon=0.01)
        inputs = batch((count, 3))
        assert_alike(in_training(ours, inputs), in_training(theirs, inputs), 1e-4)

    @pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
    def test_draws_as_that_of_keras_does(self, shape):
        layers = pair(shape)
        for layer in layers:
            layer.moving_mean.assign([1.0, 2.0, 3.0])
            layer.moving_variance.assign([4.0, 9.0, 0.25])
        inputs = batch(shape)
        ours, theirs = (layer(inputs, training=False) for layer in layers)
        assert_alike([ours], [theirs], 1e-6)

    def test_is_the_formula(self):
        layer = BatchNormalization(momentum=0.75, epsilon=0.5)
        layer.build((None, 1))
        outputs = layer(tf.constant([[1.0], [3.0]]), training=True)
        # mean 2, variance 1 (of the batch, not 2 as of a sample)
        expected = np.array([[-1.0], [1.0]]) / np.sqrt(1.5)
        np.testing.assert_allclose(outputs, expected, rtol=0, atol=1e-6)
        np.testing.assert_allclose(layer.moving_mean.numpy(), [0.5], rtol=0, atol=1e-6)
        np.testing.assert_allclose(layer.moving_variance.numpy(), [1.0], rtol=0, atol=1e-6)
        layer(tf.constant([[0.0], [0.0]]), training=True)
        np.testing.assert_allclose(layer.moving_mean.numpy(), [0.375], rtol=0, atol=1e-6)
        np.testing.assert_allclose(layer.moving_variance.numpy(), [0.75], rtol=0, atol=1e-6)

    @pytest.mark.parametrize("shape", [(6, 1, 1, 3), (4, 5, 2, 3)], ids=str)
    def test_second_derivative_is_that_of_keras(self, shape):
        """Through a gradient penalty, as a Wasserstein critic with normalisation has it."""
        kernel = tf.constant(
            np.random.default_rng(3).normal(size=(np.prod(shape[1:]), 1)), tf.float32
        )
        examples = {"real": batch(shape, 1), "generated": batch(shape, 2)}
        mix = tf.fill([shape[0], 1, 1, 1], 0.3)
        found = []
        for layer in pair(shape, epsilon=0.1):
            weights = [item.value for item in layer.trainable_variables]

            def discriminate(images, layer=layer):
                flat = tf.reshape(layer(images, training=True), [shape[0], -1])
                return tf.tanh(0.1 * flat @ kernel)

            with tf.GradientTape() as tape:
                tape.watch([kernel, *weights])
                seen = SimpleNamespace(
                    examples=examples.get,
                    logits=lambda _: tf.zeros([shape[0], 1]),
                    uniform=lambda _: mix,
                    discriminate=discriminate,
                    now=lambda number: number,
                )
                penalty = GradientPenalty(1.0)(seen, None)
            found.append([penalty, *tape.gradient(penalty, [kernel, *weights])])
        ours, theirs = found
        assert np.abs(theirs[1]).max() > 1e-3
        assert_alike(ours[:3], theirs[:3], 1e-4)

    @pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
    def test_second_derivative_by_the_input_is_that_of_keras(self, shape):
        found = []
        for layer in pair(shape, epsilon=0.1):
            inputs = batch(shape)
            with tf.GradientTape() as outer:
                outer.watch(inputs)
                with tf.GradientTape() as inner:
                    inner.watch(inputs)
                    total = tf.reduce_sum(tf.sin(layer(inputs, training=True)))
                slope = tf.reduce_sum(tf.square(inner.gradient(total, inputs)))
            found.append([slope, outer.gradient(slope, inputs)])
        assert_alike(found[0], found[1], 1e-3)

    @pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
    def test_in_bfloat16_stays_within_its_rounding(self, shape):
        layers = pair(shape, dtype="mixed_bfloat16")
        inputs = tf.cast(batch(shape), tf.bfloat16)
        ours, theirs = (layer(inputs, training=True) for layer in layers)
        assert ours.dtype == theirs.dtype == tf.bfloat16
        # bfloat16 has 8 bits: 2⁻⁸ of values up to about 6
        assert_alike([ours], [theirs], 0.03)
        for name in ("moving_mean", "moving_variance"):
            our, their = (getattr(layer, name).value for layer in layers)
            assert our.dtype == tf.float32
            np.testing.assert_allclose(our, their, rtol=0, atol=2e-3)

    def test_another_axis_is_left_to_keras(self):
        inputs = tf.constant(np.random.default_rng(0).normal(size=(4, 3, 5, 2)), tf.float32)
        layers = BatchNormalization(axis=1), keras.layers.BatchNormalization(axis=1)
        ours, theirs = (layer(inputs, training=True) for layer in layers)
        assert layers[0].moving_mean.shape == (3,)
        assert_alike([ours], [theirs], 1e-5)
        assert_alike([layers[0].moving_mean.value], [layers[1].moving_mean.value], 1e-6)

    @pytest.mark.skipif(
        not hasattr(keras.layers.BatchNormalization(), "renorm"), reason="this Keras has none"
    )
    def test_renormalisation_is_left_to_keras(self):
        inputs = batch((6, 3))
        layers = BatchNormalization(renorm=True), keras.layers.BatchNormalization(renorm=True)
        ours, theirs = (layer(inputs, training=True) for layer in layers)
        assert_alike([ours], [theirs], 1e-5)

    def test_gives_the_same_inside_a_compiled_function(self):
        inputs = batch((4, 5, 2, 3))
        eager, _ = pair(inputs.shape)
        compiled, _ = pair(inputs.shape)
        outputs = eager(inputs, training=True)
        run = tf.function(lambda images: compiled(images, training=True))
        assert_alike([run(inputs)], [outputs], 1e-5)
        assert_alike([compiled.moving_mean.value], [eager.moving_mean.value], 1e-6)


class TestMeasuringStatistics:
    def rows(self):
        """[2, 3, 1]: two examples of three places, each place with statistics of its own."""
        return tf.constant([[[0.0], [10.0], [1.0]], [[2.0], [14.0], [1.0]]])

    def model(self, layer):
        return keras.Sequential([keras.Input((3, 1)), layer])

    @pytest.mark.parametrize(
        ("wrap", "mean", "variance"),
        [
            # all six values; then the mean of each place's: means 1, 12, 1, variances 1, 4, 0
            (lambda layer: layer, 28 / 6, 302 / 6 - (28 / 6) ** 2),
            (keras.layers.TimeDistributed, 14 / 3, 5 / 3),
        ],
        ids=["alone", "wrapped"],
    )
    def test_keeps_the_statistics_of_the_batch_and_of_nothing_before(self, wrap, mean, variance):
        layer = BatchNormalization(momentum=0.9)
        model = self.model(wrap(layer))
        layer.moving_mean.assign([100.0])
        with measuring_statistics(model):
            model(self.rows(), training=False)
        np.testing.assert_allclose(layer.moving_mean.numpy(), [mean], rtol=1e-5)
        np.testing.assert_allclose(layer.moving_variance.numpy(), [variance], rtol=1e-5)
        assert layer.momentum == 0.9
        before = layer.moving_mean.numpy()
        model(self.rows() + 1.0, training=False)
        assert layer.moving_mean.numpy() == before

    def test_layers_are_found_wherever_they_are(self):
        alone, wrapped = BatchNormalization(), BatchNormalization()
        inner = keras.Sequential([keras.Input((3, 1)), keras.layers.TimeDistributed(wrapped)])
        model = keras.Sequential([keras.Input((3, 1)), alone, inner, keras.layers.ReLU()])
        assert batch_normalization_layers(model) == [alone, wrapped]
        assert batch_normalization_layers(alone) == [alone]
