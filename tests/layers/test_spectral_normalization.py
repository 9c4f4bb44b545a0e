from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from gantool.layers.conv2d import Conv2D
from gantool.layers.conv2d_transpose import Conv2DTranspose
from gantool.layers.dense import Dense
from gantool.layers.spectral_normalization import SpectralNormalization

K = keras.layers
IMAGES, ROWS, VOLUMES = (2, 6, 6, 3), (2, 8, 3), (2, 4, 4, 4, 3)

INSIDE = {
    "Dense": (lambda: Dense(4), (5, 3)),
    "Dense on maps": (lambda: Dense(4), IMAGES),
    "EinsumDense": (lambda: K.EinsumDense("abc,cd->abd", (None, 4)), ROWS),
    "Conv1D": (lambda: K.Conv1D(4, 3), ROWS),
    "Conv2D": (lambda: Conv2D(4, 3, padding="same"), IMAGES),
    "Conv3D": (lambda: K.Conv3D(4, 3), VOLUMES),
    "Conv1DTranspose": (lambda: K.Conv1DTranspose(4, 3), ROWS),
    "Conv2DTranspose": (lambda: Conv2DTranspose(4, 4, strides=2, padding="same"), IMAGES),
    "Conv3DTranspose": (lambda: K.Conv3DTranspose(4, 3), VOLUMES),
    "DepthwiseConv2D": (lambda: K.DepthwiseConv2D(3, depth_multiplier=2), IMAGES),
    "Embedding": (lambda: K.Embedding(7, 4), None),
    "wrapper": (lambda: K.TimeDistributed(Dense(4)), ROWS),
    "activation": (lambda: Dense(4, activation="tanh"), (5, 3)),
    "frozen": (lambda: Dense(4, trainable=False), (5, 3)),
}


def inputs_of(shape):
    if shape is None:
        return tf.constant([[0, 3], [6, 1]])
    return tf.constant(np.random.default_rng(0).normal(size=shape), tf.float32)


def normalized(make, shape, **keywords):
    keras.utils.set_random_seed(0)
    layer = SpectralNormalization(make(), **keywords)
    layer.build(() if shape is None else (None, *shape[1:]))
    return layer


def sigma_of(kernel):
    return np.linalg.svd(kernel.reshape(-1, kernel.shape[-1]), compute_uv=False)[0]


@pytest.mark.parametrize(("make", "shape"), INSIDE.values(), ids=INSIDE)
class TestEveryLayer:
    @pytest.mark.slow
    def test_computes_with_its_kernel_over_the_largest_singular_value(self, make, shape):
        layer = normalized(make, shape, power_iterations=200)
        before = layer.kernel.numpy()
        found = layer(inputs_of(shape))
        plain = make()
        plain.build(() if shape is None else (None, *shape[1:]))
        plain.set_weights([value.numpy() for value in layer.layer.weights])
        [kernel] = [it for it in plain.variables if it.shape == before.shape and len(it.shape) > 1]
        kernel.assign(before / sigma_of(before))
        np.testing.assert_allclose(found, plain(inputs_of(shape)), rtol=0, atol=1e-5)

    def test_gives_the_same_in_training_and_in_inference(self, make, shape):
        layer = normalized(make, shape)
        inference = layer(inputs_of(shape), training=False)
        training = layer(inputs_of(shape), training=True)
        # Our layers have faster ways in training; what they compute is equal to rounding.
        np.testing.assert_allclose(training, inference, rtol=0, atol=1e-5)

    def test_leaves_the_kernel_alone_and_keeps_u_of_training(self, make, shape):
        layer = normalized(make, shape)
        kernel, first = layer.kernel.numpy(), layer.vector_u.numpy()
        layer(inputs_of(shape), training=False)
        assert layer.vector_u.numpy().tobytes() == first.tobytes()
        layer(inputs_of(shape), training=True)
        assert layer.kernel.numpy().tobytes() == kernel.tobytes()
        matrix = kernel.reshape(-1, kernel.shape[-1]).astype(np.float64)
        wanted = first @ matrix.T @ matrix
        np.testing.assert_allclose(
            layer.vector_u.numpy(), wanted / np.linalg.norm(wanted), rtol=0, atol=1e-5
        )

    def test_has_the_variables_of_keras_layer(self, make, shape):
        if isinstance(make(), K.TimeDistributed):
            pytest.skip("Keras's takes no wrapper")
        ours, theirs = normalized(make, shape), K.SpectralNormalization(make())
        theirs.build((2,) if shape is None else (None, *shape[1:]))
        assert [(it.name, it.shape) for it in ours.weights] == [
            (it.name, it.shape) for it in theirs.weights
        ]


def with_kernel(kernel, **keywords):
    layer = normalized(lambda: Dense(len(kernel[0]), use_bias=False), (1, len(kernel)), **keywords)
    layer.kernel.assign(kernel)
    return layer


def test_trains_as_keras_layer_does_where_nothing_is_assigned():
    """Weights, u and gradients: a run begun with Keras's layer goes on as it was."""
    ours, theirs = SpectralNormalization(Dense(4)), K.SpectralNormalization(K.Dense(4))
    inputs = inputs_of((5, 3))
    found = []
    for layer in (ours, theirs):
        layer.build((None, 3))
        layer.layer.set_weights([np.linspace(-1, 2, 12).reshape(3, 4), np.ones(4)])
        layer.vector_u.assign([[0.1, -0.2, 0.3, 0.4]])
        trained = [item.value for item in layer.trainable_variables]
        with tf.GradientTape() as tape:
            tape.watch(trained)
            outputs, state = layer.stateless_call(
                trained,
                [item.value for item in layer.non_trainable_variables],
                inputs,
                training=True,
            )
            total = tf.reduce_sum(tf.sin(outputs))
        found.append([outputs, *state, *tape.gradient(total, trained)])
    for our, their in zip(*found, strict=True):
        np.testing.assert_allclose(our, their, rtol=0, atol=1e-6)


def test_gradient_is_that_of_the_paper():
    """(G − (G·W/σ) vuᵀ) / σ for an upstream gradient G; Miyato et al. 2018, equation 12."""
    matrix = np.float64([[1.0, 2.0], [0.5, -1.0], [3.0, 0.0]])
    layer = with_kernel(matrix, power_iterations=200)
    upstream = np.float64([[0.3, -0.1], [1.0, 2.0], [-0.5, 0.25]])
    with tf.GradientTape() as tape:
        outputs = layer(tf.eye(3), training=True)
        total = tf.reduce_sum(outputs * upstream)
    left, values, right = np.linalg.svd(matrix)
    top = np.outer(left[:, 0], right[0])
    expected = (upstream - np.sum(upstream * matrix) / values[0] * top) / values[0]
    np.testing.assert_allclose(
        tape.gradient(total, layer.kernel.value), expected, rtol=0, atol=1e-5
    )


@pytest.mark.slow
def test_gradient_penalty_has_the_gradient_of_finite_differences():
    matrix = np.float64([[1.0, 2.0], [0.5, -1.0], [3.0, 0.0]])
    inputs = inputs_of((4, 3))

    def penalty(layer):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            total = tf.reduce_sum(tf.sin(layer(inputs)))
        return tf.reduce_sum(tf.square(tape.gradient(total, inputs)))

    layer = with_kernel(matrix, power_iterations=200)
    with tf.GradientTape() as tape:
        value = penalty(layer)
    found = tape.gradient(value, layer.kernel.value).numpy()
    for index in np.ndindex(matrix.shape):
        moved = []
        for step in (1e-2, -1e-2):
            changed = matrix.copy()
            changed[index] += step
            moved.append(penalty(with_kernel(changed, power_iterations=200)))
        assert found[index] == pytest.approx(float(moved[0] - moved[1]) / 2e-2, abs=2e-3)


def test_kernel_of_zeros_stays_and_so_does_u():
    layer = with_kernel(np.zeros((3, 2)))
    first = layer.vector_u.numpy()
    with tf.GradientTape() as tape:
        outputs = layer(tf.ones([1, 3]), training=True)
        total = tf.reduce_sum(outputs)
    assert outputs.numpy().tolist() == [[0.0, 0.0]]
    assert layer.vector_u.numpy().tobytes() == first.tobytes()
    assert np.isfinite(tape.gradient(total, layer.kernel.value)).all()


def test_very_small_kernels_are_normalized_too():
    kernel = np.float32([[1.0, 2.0], [0.5, -1.0]])
    small, usual = (with_kernel(kernel * scale, power_iterations=200) for scale in (1e-9, 1.0))
    np.testing.assert_allclose(small(tf.eye(2)), usual(tf.eye(2)), rtol=0, atol=1e-5)


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_finds_sigma_in_float32_where_the_layer_computes_in_less(precision):
    kernel = np.random.default_rng(0).normal(size=(3, 2)).astype(np.float32)
    layer = SpectralNormalization(Dense(2, use_bias=False, dtype=precision), 60, dtype=precision)
    model = keras.Sequential([keras.Input((3,)), layer])
    assert model.outputs[0].dtype == layer.layer.compute_dtype
    layer.kernel.assign(kernel)
    wanted = tf.cast(kernel / sigma_of(kernel), layer.layer.compute_dtype)
    found, _ = model.stateless_call([layer.kernel.value], [layer.vector_u.value], tf.eye(3))
    assert found.dtype == wanted.dtype
    assert np.array_equal(tf.cast(found, tf.float32), tf.cast(wanted, tf.float32))


@pytest.mark.parametrize("training", [True, False])
def test_is_the_same_compiled(training):
    layer = normalized(lambda: Conv2D(4, 3), IMAGES)
    values = [[item.value for item in layer.trainable_variables]]
    values.append([item.value for item in layer.non_trainable_variables])

    def run(trained, state, images):
        return layer.stateless_call(trained, state, images, training=training)

    wanted, (vector_u,) = run(*values, inputs_of(IMAGES))
    found, (compiled,) = tf.function(run, jit_compile=True)(*values, inputs_of(IMAGES))
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-5)
    np.testing.assert_allclose(compiled, vector_u, rtol=0, atol=1e-6)


def test_losses_of_the_layer_inside_count_once_and_of_the_weights_as_they_are():
    inside = Dense(2, activity_regularizer=keras.regularizers.L1(1.0), kernel_regularizer="l2")
    model = keras.Sequential([keras.Input((3,)), SpectralNormalization(inside)])
    inputs = inputs_of((1, 3))
    outputs, _, losses = model.stateless_call(
        [item.value for item in model.trainable_variables],
        [item.value for item in model.non_trainable_variables],
        inputs,
        training=True,
        return_losses=True,
    )
    expected = np.abs(outputs).sum() + 0.01 * np.square(inside.kernel.numpy()).sum()
    assert sum(map(float, losses)) == pytest.approx(expected, rel=1e-5)


def test_inside_another_the_inner_u_is_kept_too():
    layer = normalized(lambda: SpectralNormalization(Dense(2)), (1, 3))
    first = layer.layer.vector_u.numpy()
    layer(inputs_of((1, 3)), training=True)
    assert layer.layer.vector_u.numpy().tobytes() != first.tobytes()


def test_layer_without_a_kernel_is_refused():
    with pytest.raises(ValueError, match=r"^ReLU has no kernel and no embeddings$"):
        normalized(keras.layers.ReLU, (1, 3))
