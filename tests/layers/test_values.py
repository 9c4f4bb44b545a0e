"""What layers compute, against their articles' formulas in NumPy in float64."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from gantool.engine.smoke_test import train_once
from gantool.networks.build import LayerError

RANDOM = np.random.default_rng(4)


def built(build, layer, inputs, labels=None):
    """The layer with random weights, which are given by name, and what it makes."""
    model = build([layer], inputs.shape[1:], network="discriminator", classes=3).model
    weights = {}
    for variable in model.trainable_weights:
        variable.assign(0.5 * RANDOM.normal(size=variable.shape))
        weights[variable.name] = variable.numpy().astype(np.float64)
    given = tf.constant(inputs, tf.float32)
    return weights, model([given, tf.constant(labels)] if labels is not None else given).numpy()


def test_maxout_is_the_largest_of_its_pieces(build):
    inputs = RANDOM.normal(size=(5, 4))
    weights, found = built(build, {"Maxout": {"units": 3, "pieces": 2}}, inputs)
    kernel, bias = weights["kernel"].reshape(4, 3, 2), weights["bias"].reshape(3, 2)
    pieces = [inputs @ kernel[:, :, piece] + bias[:, piece] for piece in range(2)]
    np.testing.assert_allclose(found, np.maximum(*pieces), atol=1e-6)


def test_a_basis_is_a_map_for_each_number(build):
    inputs = RANDOM.normal(size=(2, 3))
    weights, found = built(build, {"Basis": {"width": 5}}, inputs)
    assert found.shape == (2, 4, 5, 3)
    for channel in range(3):
        expected = weights["basis"][..., channel] * inputs[1, channel]
        np.testing.assert_allclose(found[1, ..., channel], expected, atol=1e-6)


def test_pixels_are_normalised_by_their_channels(build):
    model = build(["PixelNormalization"], (1, 1, 2)).model
    np.testing.assert_allclose(
        model(tf.constant([[[[3.0, 4.0]]]])).numpy().ravel(),
        [3 / np.sqrt(12.5), 4 / np.sqrt(12.5)],
        rtol=1e-6,
    )


def test_attention_is_over_all_places(build):
    inputs = RANDOM.normal(size=(2, 4, 6, 8))
    weights, found = built(build, "SelfAttention", inputs)
    query, key, value, output = (
        weights[f"{name}_kernel"][0, 0] for name in ("query", "key", "value", "output")
    )
    for image in range(2):
        queries = (inputs[image] @ query).reshape(24, 1)
        pooled = [
            (inputs[image] @ kernel).reshape(2, 2, 3, 2, -1).max(axis=(1, 3)).reshape(6, -1)
            for kernel in (key, value)
        ]
        likeness = np.exp(queries @ pooled[0].T)
        shares = likeness / likeness.sum(axis=1, keepdims=True)
        attended = (shares @ pooled[1] @ output).reshape(4, 6, 8)
        expected = inputs[image] + weights["gamma"] * attended
        np.testing.assert_allclose(found[image], expected, atol=1e-5)


def test_attention_begins_with_nothing_and_four_different_kernels(build):
    model = build(["SelfAttention"], (4, 4, 8)).model
    inputs = tf.constant(RANDOM.normal(size=(1, 4, 4, 8)), tf.float32)
    np.testing.assert_array_equal(model(inputs), inputs)
    query, key, *_ = (item.numpy() for item in model.trainable_weights)
    assert not np.array_equal(query, key)


def test_minibatch_discrimination_sums_over_the_batch(build):
    inputs = RANDOM.normal(size=(4, 5))
    layer = {"MinibatchDiscrimination": {"features": 3, "dimensions": 2}}
    weights, found = built(build, layer, inputs)
    rows = (inputs @ weights["kernel"]).reshape(4, 3, 2)
    for i in range(4):
        near = [
            sum(np.exp(-np.abs(rows[i, b] - rows[j, b]).sum()) for j in range(4)) for b in range(3)
        ]
        np.testing.assert_allclose(found[i], [*inputs[i], *near], atol=1e-5)


def test_noise_is_the_same_in_all_samples_and_another_for_each_example_in_training(build):
    network = build(["NoiseInjection"], (3, 4, 2))
    model, weights = network.model, network.weights()
    weights["00_NoiseInjection/scale"].assign([1.0, -2.0])
    inputs = tf.zeros([2, 3, 4, 2])
    first, second = model(inputs, training=False).numpy()
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first[..., 0], weights["00_NoiseInjection/noise"][..., 0])
    first, second = model(inputs, training=True).numpy()
    assert not np.allclose(first, second)
    np.testing.assert_allclose(first[..., 1], -2.0 * first[..., 0])


def test_noise_is_normal_in_training_and_off_at_first(build):
    model = build(["NoiseInjection"], (50, 40, 1)).model
    np.testing.assert_array_equal(model(tf.ones([2, 50, 40, 1]), training=True), 1.0)
    model.trainable_weights[0].assign([1.0])
    noise = model(tf.zeros([5, 50, 40, 1]), training=True).numpy()
    assert abs(noise.mean()) < 0.05
    assert abs(noise.std() - 1.0) < 0.05


def test_a_label_has_a_vector_beside_the_input_or_times_it(build):
    inputs, labels = RANDOM.normal(size=(2, 4, 4, 5)), [2, 0]
    weights, found = built(build, {"EmbedLabel": {"units": 2}}, inputs, labels)
    assert found.shape == (2, 4, 4, 7)
    np.testing.assert_allclose(found[..., :5], inputs, atol=1e-6)
    for image, label in enumerate(labels):
        np.testing.assert_allclose(found[image, 1, 3, 5:], weights["embeddings"][label], atol=1e-6)
    weights, found = built(build, {"EmbedLabel": {"merge": "multiply"}}, inputs, labels)
    expected = inputs * weights["embeddings"][labels][:, None, None]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_vectors_that_cannot_be_multiplied_are_refused(build):
    layer = {"EmbedLabel": {"units": 3, "merge": "multiply"}}
    with pytest.raises(LayerError, match="units=3 cannot be multiplied with 4 channels"):
        build([layer], (4,), classes=2)


@pytest.mark.parametrize("training", [False, True])
def test_conditional_batch_normalisation_has_scale_and_offset_of_each_class(build, training):
    inputs, labels = RANDOM.normal(2.0, 3.0, size=(6, 2, 2, 4)), [0, 2, 1, 1, 0, 2]
    network = build(["ConditionalBatchNormalization"], (2, 2, 4), classes=3)
    own = "00_ConditionalBatchNormalization/"
    weights = {name.removeprefix(own): it for name, it in network.weights().items()}
    assert sorted(weights) == ["moving_mean", "moving_variance", "offsets", "scales"]
    for name in ("scales", "offsets"):
        weights[name].assign(RANDOM.normal(size=(3, 4)))
    given = [tf.constant(inputs, tf.float32), tf.constant(labels)]
    found = network.model(given, training=training)
    mean = inputs.mean(axis=(0, 1, 2)) if training else 0.0
    variance = inputs.var(axis=(0, 1, 2)) if training else 1.0
    scales, offsets = (weights[it].numpy()[labels][:, None, None] for it in ("scales", "offsets"))
    expected = (inputs - mean) / np.sqrt(variance + 1e-3) * scales + offsets
    np.testing.assert_allclose(found, expected, atol=1e-4)
    moved = weights["moving_mean"].numpy()
    np.testing.assert_allclose(moved, 0.01 * mean * np.ones(4), atol=1e-6)


def test_conditional_batch_normalisation_takes_what_is_told_of_gamma_and_beta(build):
    told = {
        "gamma_initializer": {"Constant": {"value": 3.0}},
        "beta_initializer": {"Constant": {"value": -2.0}},
        "gamma_regularizer": {"L1": {"l1": 0.5}},
        "beta_constraint": "NonNeg",
    }
    network = build([{"ConditionalBatchNormalization": told}], (2, 2, 4), classes=3)
    weights = {name.split("/")[1]: it for name, it in network.weights().items()}
    np.testing.assert_array_equal(weights["scales"], np.full((3, 4), 3.0))
    np.testing.assert_array_equal(weights["offsets"], np.full((3, 4), -2.0))
    assert float(sum(network.model.losses)) == pytest.approx(0.5 * 3.0 * 12)
    assert type(weights["offsets"].constraint).__name__ == "NonNeg"


def test_a_projection_adds_the_product_with_the_vector_of_the_class(build):
    inputs, labels = RANDOM.normal(size=(3, 5)), [1, 1, 2]
    weights, found = built(build, "Projection", inputs, labels)
    for row, label in enumerate(labels):
        psi = inputs[row] @ weights["kernel"] + weights["bias"]
        expected = psi + weights["embeddings"][label] @ inputs[row]
        np.testing.assert_allclose(found[row], expected, atol=1e-5)


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize("name", ["ConditionalBatchNormalization", "EmbedLabel", "Projection"])
def test_layers_with_labels_train_in_every_precision(build, name, precision):
    layers = [{"Dense": {"units": 3}}, name, {"Dense": {"units": 1}}]
    model = build(layers, (4,), classes=3, precision=precision).model
    inputs = [tf.constant(RANDOM.normal(size=(4, 4)), tf.float32), tf.constant([0, 1, 2, 0])]
    with tf.GradientTape() as tape:
        outputs = tf.cast(model(inputs, training=True), tf.float32)
        loss = tf.reduce_sum(tf.square(outputs - 1.0))
    gradients = tape.gradient(loss, model.trainable_variables)
    assert np.isfinite(outputs).all()
    for gradient in gradients:
        values = tf.convert_to_tensor(gradient).numpy()
        assert np.isfinite(values).all()
    embedded = next(
        tf.convert_to_tensor(gradient)
        for gradient, variable in zip(gradients, model.trainable_variables, strict=True)
        if variable.name in ("embeddings", "offsets")
    )
    assert np.any(embedded)


def test_spectral_normalization_divides_each_kernel_of_a_layer_with_labels(build):
    layer = {"SpectralNormalization": {"layer": "Projection", "power_iterations": 50}}
    network = build([layer], (5,), network="discriminator", classes=3)
    weights = {name.split("/")[1]: it.numpy() for name, it in network.weights().items()}
    assert sorted(weights) == ["bias", "embeddings", "kernel", "vector_u", "vector_u_2"]
    inputs, labels = RANDOM.normal(size=(3, 5)), [1, 0, 2]
    kernel, vectors = (
        weights[name] / np.linalg.svd(weights[name], compute_uv=False)[0]
        for name in ("kernel", "embeddings")
    )
    expected = inputs @ kernel + (vectors[labels] * inputs).sum(axis=1, keepdims=True)
    found = network.model([tf.constant(inputs, tf.float32), tf.constant(labels)])
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize(
    "keywords",
    [
        {"filters": 6, "groups": 2},
        {"filters": 8, "groups": 4, "strides": 2, "padding": "same"},
        {"filters": 8, "groups": 2, "dilation_rate": 2},
        {"filters": 16, "groups": 8},
        {"filters": 8, "groups": 8, "strides": 2},
        {"filters": 8, "groups": 8, "dilation_rate": 2, "padding": "same"},
    ],
    ids=str,
)
def test_a_convolution_in_groups_is_one_of_each_group(build, keywords):
    inputs = RANDOM.normal(size=(2, 7, 6, 8)).astype(np.float32)
    layer = {"Conv2D": {"kernel_size": 3, **keywords}}
    weights, found = built(build, layer, inputs)
    groups = keywords["groups"]
    share, filters = 8 // groups, keywords["filters"] // groups
    for group in range(groups):
        own = slice(group * filters, (group + 1) * filters)
        expected = tf.nn.conv2d(
            inputs[..., group * share : (group + 1) * share],
            tf.constant(weights["kernel"][..., own], tf.float32),
            keywords.get("strides", 1),
            keywords.get("padding", "valid").upper(),
            dilations=keywords.get("dilation_rate", 1),
        )
        np.testing.assert_allclose(
            found[..., own], expected + weights["bias"][own], rtol=0, atol=1e-5
        )


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16", "mixed_float16"])
def test_kernels_of_all_these_layers_can_be_normalised_in_every_precision(build, precision):
    layers = [
        {"Conv2D": {"filters": 8, "kernel_size": 3, "groups": 2}},
        "SelfAttention",
        "Flatten",
        {"Maxout": {"units": 4, "pieces": 2}},
        {"MinibatchDiscrimination": {"features": 2}},
        "EmbedLabel",
        "Projection",
    ]
    plain = [layer for layer in layers if layer == "Flatten"]
    normalized = [
        layer if layer in plain else {"SpectralNormalization": {"layer": layer}} for layer in layers
    ]
    network = build(normalized, (4, 4, 4), network="discriminator", classes=3, precision=precision)
    assert sum("vector_u" in name for name in network.weights()) == 1 + 4 + 1 + 1 + 1 + 2
    images = tf.constant(RANDOM.normal(size=(2, 4, 4, 4)), tf.float32)
    outputs = train_once(network.model, images, [images, tf.constant([0, 2])])
    assert outputs.shape == (2, 1)
    assert np.isfinite(tf.cast(outputs, tf.float32)).all()
