from __future__ import annotations

import sys

import keras
import numpy as np
import pytest

from gantool.recipe.resolve import resolve
from gantool.recipe.signatures import names

VECTOR, ROWS, IMAGE, VOLUME = (6,), (8, 4), (8, 6, 4), (4, 6, 8, 2)
COLOURS = (8, 6, 3)
DENSE = {"Dense": {"units": 3}}
CONV = {"Conv2D": {"filters": 3, "kernel_size": 3}}

# Name, keywords, input, output, parameters; by hand.
TABLE = [
    ("Dense", {"units": 5}, VECTOR, (5,), 6 * 5 + 5),
    ("Dense", {"units": 5, "use_bias": "no"}, VECTOR, (5,), 6 * 5),
    ("Dense", {"units": 5}, IMAGE, (8, 6, 5), 4 * 5 + 5),
    ("EinsumDense", {"equation": "ab,bc->ac", "output_shape": [5]}, VECTOR, (5,), 6 * 5),
    ("Embedding", {"input_dim": 10, "output_dim": 3}, VECTOR, (6, 3), 10 * 3),
    # Convolutions: the kernel's places × channels in × filters, and a bias for each filter.
    ("Conv1D", {"filters": 3, "kernel_size": 3}, ROWS, (6, 3), 3 * 4 * 3 + 3),
    ("Conv2D", {"filters": 3, "kernel_size": 3}, IMAGE, (6, 4, 3), 9 * 4 * 3 + 3),
    ("Conv2D", {"filters": 3, "kernel_size": 4, "strides": 2}, IMAGE, (3, 2, 3), 16 * 4 * 3 + 3),
    (
        "Conv2D",
        {"filters": 3, "kernel_size": [5, 1], "strides": [2, 3], "padding": "same"},
        IMAGE,
        (4, 2, 3),
        5 * 4 * 3 + 3,
    ),
    ("Conv2D", {"filters": 4, "kernel_size": 3, "groups": 2}, IMAGE, (6, 4, 4), 9 * 2 * 4 + 4),
    ("Conv3D", {"filters": 3, "kernel_size": 3}, VOLUME, (2, 4, 6, 3), 27 * 2 * 3 + 3),
    ("Conv1DTranspose", {"filters": 3, "kernel_size": 3}, ROWS, (10, 3), 3 * 4 * 3 + 3),
    (
        "Conv2DTranspose",
        {"filters": 3, "kernel_size": 4, "strides": 2, "padding": "same"},
        IMAGE,
        (16, 12, 3),
        16 * 4 * 3 + 3,
    ),
    ("Conv2DTranspose", {"filters": 3, "kernel_size": 3}, IMAGE, (10, 8, 3), 9 * 4 * 3 + 3),
    ("Conv3DTranspose", {"filters": 3, "kernel_size": 3}, VOLUME, (6, 8, 10, 3), 27 * 2 * 3 + 3),
    ("Convolution2D", {"filters": 3, "kernel_size": 3}, IMAGE, (6, 4, 3), 9 * 4 * 3 + 3),
    ("DepthwiseConv1D", {"kernel_size": 3}, ROWS, (6, 4), 3 * 4 + 4),
    ("DepthwiseConv2D", {"kernel_size": 3}, IMAGE, (6, 4, 4), 9 * 4 + 4),
    ("SeparableConv1D", {"filters": 3, "kernel_size": 3}, ROWS, (6, 3), 3 * 4 + 4 * 3 + 3),
    ("SeparableConv2D", {"filters": 3, "kernel_size": 3}, IMAGE, (6, 4, 3), 9 * 4 + 4 * 3 + 3),
    # Four gates (three of a GRU) with input, recurrent and bias weights each.
    ("LSTM", {"units": 3}, ROWS, (3,), 4 * (4 * 3 + 3 * 3 + 3)),
    ("LSTM", {"units": 3, "return_sequences": "yes"}, ROWS, (8, 3), 4 * (4 * 3 + 3 * 3 + 3)),
    ("GRU", {"units": 3}, ROWS, (3,), 3 * (4 * 3 + 3 * 3 + 2 * 3)),
    ("SimpleRNN", {"units": 3}, ROWS, (3,), 4 * 3 + 3 * 3 + 3),
    ("ConvLSTM1D", {"filters": 3, "kernel_size": 3}, (2, *ROWS), (6, 3), 4 * (3 * 7 * 3 + 3)),
    ("ConvLSTM2D", {"filters": 3, "kernel_size": 3}, (2, *IMAGE), (6, 4, 3), 4 * (9 * 7 * 3 + 3)),
    (
        "ConvLSTM3D",
        {"filters": 3, "kernel_size": 3},
        (2, *VOLUME),
        (2, 4, 6, 3),
        4 * (27 * 5 * 3 + 3),
    ),
    # Normalisation: scale and shift, and for batches mean and variance.
    ("BatchNormalization", {}, IMAGE, IMAGE, 4 * 4),
    ("BatchNormalization", {"scale": "off"}, IMAGE, IMAGE, 3 * 4),
    ("LayerNormalization", {}, IMAGE, IMAGE, 2 * 4),
    ("PixelNormalization", {}, IMAGE, IMAGE, 0),
    ("GroupNormalization", {"groups": 2}, IMAGE, IMAGE, 2 * 4),
    ("RMSNormalization", {}, VECTOR, VECTOR, 6),
    ("UnitNormalization", {}, VECTOR, VECTOR, 0),
    # Layers in layers.
    ("SpectralNormalization", {"layer": CONV}, IMAGE, (6, 4, 3), 9 * 4 * 3 + 3 + 3),
    ("TimeDistributed", {"layer": DENSE}, ROWS, (8, 3), 4 * 3 + 3),
    ("Bidirectional", {"layer": {"LSTM": {"units": 3}}}, ROWS, (6,), 2 * 96),
    ("RNN", {"cell": {"GRUCell": {"units": 3}}}, ROWS, (3,), 3 * (4 * 3 + 3 * 3 + 2 * 3)),
    (
        "RNN",
        {"cell": {"StackedRNNCells": {"cells": [{"LSTMCell": {"units": 3}}] * 2}}},
        ROWS,
        (3,),
        4 * (4 * 3 + 3 * 3 + 3) + 4 * (3 * 3 + 3 * 3 + 3),
    ),
    # Activations.
    ("Activation", {"activation": "tanh"}, IMAGE, IMAGE, 0),
    ("ReLU", {}, IMAGE, IMAGE, 0),
    ("LeakyReLU", {"negative_slope": 0.2}, IMAGE, IMAGE, 0),
    ("PReLU", {}, IMAGE, IMAGE, 8 * 6 * 4),
    ("PReLU", {"shared_axes": [1, 2]}, IMAGE, IMAGE, 4),
    ("ELU", {}, VECTOR, VECTOR, 0),
    ("Softmax", {}, VECTOR, VECTOR, 0),
    # Shapes.
    ("Flatten", {}, IMAGE, (8 * 6 * 4,), 0),
    ("Reshape", {"target_shape": [4, -1]}, IMAGE, (4, 48), 0),
    ("Permute", {"dims": [2, 1]}, ROWS, (4, 8), 0),
    ("RepeatVector", {"n": 3}, VECTOR, (3, 6), 0),
    ("UpSampling1D", {}, ROWS, (16, 4), 0),
    ("UpSampling2D", {"size": [1, 3], "interpolation": "nearest"}, IMAGE, (8, 18, 4), 0),
    ("UpSampling3D", {}, VOLUME, (8, 12, 16, 2), 0),
    ("ZeroPadding1D", {}, ROWS, (10, 4), 0),
    ("ZeroPadding2D", {"padding": [[1, 0], [0, 2]]}, IMAGE, (9, 8, 4), 0),
    ("ZeroPadding3D", {}, VOLUME, (6, 8, 10, 2), 0),
    ("Cropping1D", {}, ROWS, (6, 4), 0),
    ("Cropping2D", {"cropping": [1, 2]}, IMAGE, (6, 2, 4), 0),
    ("Cropping3D", {}, VOLUME, (2, 4, 6, 2), 0),
    ("CenterCrop", {"height": 4, "width": 2}, IMAGE, (4, 2, 4), 0),
    ("Resizing", {"height": 5, "width": 7}, IMAGE, (5, 7, 4), 0),
    ("Rescaling", {"scale": 2.0, "offset": -1}, IMAGE, IMAGE, 0),
    ("Identity", {}, IMAGE, IMAGE, 0),
    ("Masking", {}, ROWS, ROWS, 0),
    # Pooling.
    *[
        (f"{name}Pooling{rank}D", {"pool_size": 2}, shape, made, 0)
        for name in ("Average", "Max")
        for rank, shape, made in (
            (1, ROWS, (4, 4)),
            (2, IMAGE, (4, 3, 4)),
            (3, VOLUME, (2, 3, 4, 2)),
        )
    ],
    *[
        (f"Global{name}Pooling{rank}D", {}, shape, shape[-1:], 0)
        for name in ("Average", "Max")
        for rank, shape in ((1, ROWS), (2, IMAGE), (3, VOLUME))
    ],
    ("MaxPool2D", {"pool_size": 3, "strides": 1}, IMAGE, (6, 4, 4), 0),
    # Noise and regularisation.
    ("Dropout", {"rate": 0.5}, VECTOR, VECTOR, 0),
    ("AlphaDropout", {"rate": 0.5}, VECTOR, VECTOR, 0),
    ("SpatialDropout1D", {"rate": 0.5}, ROWS, ROWS, 0),
    ("SpatialDropout2D", {"rate": 0.5}, IMAGE, IMAGE, 0),
    ("SpatialDropout3D", {"rate": 0.5}, VOLUME, VOLUME, 0),
    ("GaussianDropout", {"rate": 0.5}, VECTOR, VECTOR, 0),
    ("GaussianNoise", {"stddev": 0.1}, IMAGE, IMAGE, 0),
    ("ActivityRegularization", {"l2": 0.1}, VECTOR, VECTOR, 0),
    # Changes of pictures.
    ("RandomFlip", {"mode": "horizontal"}, COLOURS, COLOURS, 0),
    ("RandomBrightness", {"factor": 0.1, "value_range": [-1, 1]}, COLOURS, COLOURS, 0),
    ("RandomContrast", {"factor": 0.1}, COLOURS, COLOURS, 0),
    ("RandomCrop", {"height": 4, "width": 5}, COLOURS, (4, 5, 3), 0),
    ("RandomRotation", {"factor": 0.1}, COLOURS, COLOURS, 0),
    ("RandomTranslation", {"height_factor": 0.1, "width_factor": 0.1}, COLOURS, COLOURS, 0),
    ("RandomZoom", {"height_factor": 0.1}, COLOURS, COLOURS, 0),
]


@pytest.mark.parametrize(
    ("name", "keywords", "given", "made", "parameters"),
    TABLE,
    ids=[f"{number}-{row[0]}" for number, row in enumerate(TABLE)],
)
def test_layer_of_keras_is_built_from_its_name_and_keywords(
    build, name, keywords, given, made, parameters
):
    built = build([{name: keywords} if keywords else name], given)
    [placed] = built.layers
    assert placed.shape == made
    assert built.model.count_params() == parameters
    assert (placed.place, placed.name) == (f"00_{name}", name)
    outputs = built.model(np.ones((2, *given), np.float32), training=True)
    assert outputs.shape == (2, *made)


def test_every_convolution_pooling_and_normalisation_of_keras_stands_in_the_table():
    """So that a class that a new Keras brings is not forgotten; other names are for old ones."""
    old = ("Convolution", "MaxPool", "AvgPool", "GlobalMaxPool", "GlobalAvgPool", "Separable")
    wanted = {
        name
        for name in names("layer")
        if any(word in name for word in ("Conv", "Normalization", "ZeroPadding", "Cropping"))
        and not any(name.startswith(word + "ution") or word == name[:-2] for word in old)
        and "olution" not in name
    }
    assert wanted - {row[0] for row in TABLE} == {
        "Normalization",
        "ConditionalBatchNormalization",  # needs labels
    }


DIGITS = [
    {"Dense": {"units": 49 * 8, "use_bias": False}},
    "BatchNormalization",
    "ReLU",
    {"Reshape": {"target_shape": [7, 7, 8]}},
    {"Conv2DTranspose": {"filters": 1, "kernel_size": 4, "strides": 4, "padding": "same"}},
]
SIDE_BY_SIDE = {
    "Residual": {
        "body": [
            {"Conv2D": {"filters": 8, "kernel_size": 3, "padding": "same"}},
            "ReLU",
            {"Conv2D": {"filters": 8, "kernel_size": 3, "padding": "same", "use_bias": False}},
        ],
        "shortcut": [{"Conv2D": {"filters": 8, "kernel_size": 1}}],
    }
}


def test_layers_follow_one_another_and_each_has_a_place(build):
    built = build(DIGITS, (10,))
    assert [(layer.place, layer.shape) for layer in built.layers] == [
        ("00_Dense", (392,)),
        ("01_BatchNormalization", (392,)),
        ("02_ReLU", (392,)),
        ("03_Reshape", (7, 7, 8)),
        ("04_Conv2DTranspose", (28, 28, 1)),
    ]
    assert built.model.output_shape == (None, 28, 28, 1)
    assert built.layers[4].path == ("generator", "layers", 4)
    assert not built.takes_label


class TestAttention:
    """In a list of layers, attention is each place's to all places of the same input."""

    def test_attention_of_an_image_to_itself_keeps_its_shape(self, build):
        built = build(
            [{"MultiHeadAttention": {"num_heads": 2, "key_dim": 3, "attention_axes": [1, 2]}}],
            (4, 5, 6),
        )
        # query, key and value: 6 → 2 heads of 3, with biases; the output back to 6
        assert built.model.count_params() == 3 * (6 * 6 + 6) + (6 * 6 + 6)
        assert built.layers[0].shape == (4, 5, 6)

    def test_attention_weighs_the_input_by_itself(self, build):
        built = build(["Attention"], (2, 1))
        rows = np.array([[[1.0], [2.0]]], np.float32)
        scores = rows[0] @ rows[0].T
        weights = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
        np.testing.assert_allclose(built.model(rows)[0], weights @ rows[0], atol=1e-6)


def test_pipeline_of_keras_is_a_layer_like_others(build):
    built = build([{"Pipeline": {"layers": [{"Rescaling": {"scale": 2.0}}, "ReLU"]}}], (3,))
    np.testing.assert_array_equal(built.model(np.array([[-1.0, 0.0, 1.0]])), [[0.0, 0.0, 2.0]])


@pytest.mark.slow
def test_a_network_may_be_deeper_than_python_lets_calls_be(build):
    usual = sys.getrecursionlimit()
    built = build([{"Repeat": {"times": usual + 100, "layers": ["ReLU"]}}, DENSE], VECTOR)
    assert len(built.layers) == usual + 101
    assert built.model(np.zeros((2, 6), np.float32)).shape == (2, 3)
    assert sys.getrecursionlimit() == usual


class TestResidual:
    @pytest.mark.parametrize("shortcut", [[], None])
    def test_an_empty_shortcut_is_the_input(self, build, shortcut):
        block = {"body": [{"Rescaling": {"scale": 3.0}}], "shortcut": shortcut}
        built = build([{"Residual": block}], (2,))
        np.testing.assert_array_equal(built.model(np.array([[1.0, 2.0]])), [[4.0, 8.0]])

    def test_is_the_sum_of_body_and_shortcut(self, build):
        built = build([SIDE_BY_SIDE], IMAGE)
        assert [(layer.place, layer.shape) for layer in built.layers] == [
            ("00_Residual/body/00_Conv2D", (8, 6, 8)),
            ("00_Residual/body/01_ReLU", (8, 6, 8)),
            ("00_Residual/body/02_Conv2D", (8, 6, 8)),
            ("00_Residual/shortcut/00_Conv2D", (8, 6, 8)),
            ("00_Residual/sum", (8, 6, 8)),
        ]
        assert built.model.count_params() == (9 * 4 * 8 + 8) + 9 * 8 * 8 + (4 * 8 + 8)
        inputs = np.random.default_rng(0).normal(size=(2, *IMAGE)).astype(np.float32)
        first, _, last, shortcut, _ = (layer.layer for layer in built.layers)
        expected = last(keras.ops.relu(first(inputs))) + shortcut(inputs)
        np.testing.assert_allclose(built.model(inputs), expected, rtol=0, atol=1e-5)

    def test_without_a_shortcut_adds_the_input(self, build):
        built = build([{"Residual": {"body": [{"Rescaling": {"scale": 3.0}}]}}], IMAGE)
        outputs = built.model(np.ones((1, *IMAGE), np.float32))
        assert np.array_equal(outputs, np.full((1, *IMAGE), 4.0))

    def test_may_stand_in_residuals(self, build):
        inner = {"Residual": {"body": [{"Rescaling": {"scale": 3.0}}]}}
        built = build([{"Residual": {"body": [inner, inner]}}], VECTOR)
        assert np.array_equal(built.model(np.ones((1, 6), np.float32)), np.full((1, 6), 17.0))
        assert [layer.place for layer in built.layers] == [
            "00_Residual/body/00_Residual/body/00_Rescaling",
            "00_Residual/body/00_Residual/sum",
            "00_Residual/body/01_Residual/body/00_Rescaling",
            "00_Residual/body/01_Residual/sum",
            "00_Residual/sum",
        ]

    def test_takes_the_label_inside(self, build):
        body = ["ConcatLabel", {"Dense": {"units": 6}}]
        built = build([{"Residual": {"body": body}}], VECTOR, classes=3)
        assert built.takes_label
        assert built.model.count_params() == (6 + 3) * 6 + 6


class TestRepeat:
    def test_applies_its_layers_so_many_times_with_weights_of_their_own(self, build):
        half = [
            {"Conv2D": {"filters": 8, "kernel_size": 3, "strides": 2, "padding": "same"}},
            "LeakyReLU",
        ]
        built = build([{"Repeat": {"times": 3, "layers": half}}], (32, 32, 3))
        assert [(layer.place, layer.shape) for layer in built.layers] == [
            ("00_Repeat/00/00_Conv2D", (16, 16, 8)),
            ("00_Repeat/00/01_LeakyReLU", (16, 16, 8)),
            ("00_Repeat/01/00_Conv2D", (8, 8, 8)),
            ("00_Repeat/01/01_LeakyReLU", (8, 8, 8)),
            ("00_Repeat/02/00_Conv2D", (4, 4, 8)),
            ("00_Repeat/02/01_LeakyReLU", (4, 4, 8)),
        ]
        assert built.model.count_params() == (9 * 3 * 8 + 8) + 2 * (9 * 8 * 8 + 8)
        weights = built.weights()
        one, other = (weights[f"00_Repeat/{time}/00_Conv2D/kernel"] for time in ("01", "02"))
        assert not np.array_equal(one, other)

    def test_once_is_the_layers_themselves(self, build):
        built = build([{"Repeat": {"times": 1, "layers": [DENSE]}}], VECTOR)
        assert [layer.place for layer in built.layers] == ["00_Repeat/00/00_Dense"]

    def test_of_residuals_in_a_repeat(self, build):
        block = {"Residual": {"body": ["ReLU", {"Dense": {"units": 6}}]}}
        twice = {"Repeat": {"times": 2, "layers": [block]}}
        built = build([DENSE, {"Dense": {"units": 6}}, {"Repeat": {"times": 2, "layers": [twice]}}],
                      VECTOR)  # fmt: skip
        assert built.model.count_params() == (6 * 3 + 3) + (3 * 6 + 6) + 4 * (6 * 6 + 6)
        assert built.layers[-1].place == "02_Repeat/01/00_Repeat/01/00_Residual/sum"
        assert "02_Repeat/01/00_Repeat/00/00_Residual/body/01_Dense/kernel" in built.weights()

    @pytest.mark.parametrize(
        ("times", "wanted"),
        [
            (0, "greater than 0, not 0"),
            (-1, "greater than 0, not -1"),
            (1.5, "a whole number, not 1.5"),
            ("two", "a whole number, not 'two'"),
            (True, "a whole number, not True"),
            (None, "a whole number, not empty"),
        ],
    )
    def test_takes_a_whole_number_of_times(self, times, wanted):
        layer = {"Repeat": {"times": times, "layers": [DENSE]}}
        _, [problem] = resolve({"generator": {"layers": [layer]}})
        assert problem.path == ("generator", "layers", 0, "Repeat", "times")
        assert problem.message == f"generator.layers.0.Repeat.times must be {wanted}"


class TestPrecision:
    @pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
    def test_reaches_every_layer_also_inside_others(self, build, precision):
        layers = [
            {"Residual": {"body": [{"Conv2D": {"filters": 4, "kernel_size": 1}}]}},
            "BatchNormalization",
            {"SpectralNormalization": {"layer": CONV}},
            {"Reshape": {"target_shape": [24, 3]}},
            {"RNN": {"cell": {"LSTMCell": {"units": 2}}}},
        ]
        built = build(layers, IMAGE, precision=precision)
        spectral, rnn = built.layers[3].layer, built.layers[5].layer
        for placed in built.layers:
            # σ is found in float32, and the layer that is normalised computes as others do
            own = "float32" if placed.layer is spectral else precision
            assert placed.layer.dtype_policy.name == own, placed.place
        assert spectral.output.dtype == precision.removeprefix("mixed_")
        for inside in (spectral.layer, rnn.cell):
            assert inside.dtype_policy.name == precision
        for key, variable in built.weights().items():
            assert variable.dtype == "float32", key
        outputs = built.model(np.zeros((1, *IMAGE), np.float32))
        assert outputs.dtype.name == precision.removeprefix("mixed_")

    def test_of_a_layer_wins_over_that_of_the_recipe(self, build):
        last = {"Dense": {"units": 1, "dtype": "float32"}}
        built = build([DENSE, last], VECTOR, precision="mixed_bfloat16")
        assert built.model(np.zeros((1, 6), np.float32)).dtype.name == "float32"


class TestConcatLabel:
    def test_gets_the_number_of_classes_and_the_label(self, build):
        built = build(["ConcatLabel", DENSE], VECTOR, classes=4)
        assert built.takes_label
        assert [layer.shape for layer in built.layers] == [(10,), (3,)]
        latents, label = np.zeros((2, 6), np.float32), np.array([0, 3])
        outputs = built.model([latents, label]).numpy()
        kernel = built.weights()["01_Dense/kernel"].numpy()
        np.testing.assert_allclose(outputs, kernel[[6, 9]], rtol=0, atol=1e-6)

    def test_may_stand_anywhere_and_more_than_once(self, build):
        layers = ["ConcatLabel", CONV, "ConcatLabel", "Flatten", "ConcatLabel", DENSE]
        built = build(layers, IMAGE, network="discriminator", classes=5)
        assert [layer.shape for layer in built.layers][:3] == [(8, 6, 9), (6, 4, 3), (6, 4, 8)]
        assert built.model.output_shape == (None, 3)


class TestPreprocessing:
    """Keras's layers that change pictures."""

    def test_value_range_is_that_of_the_data_where_the_recipe_names_none(self, build):
        layers = [
            {"RandomBrightness": {"factor": 0.2}},
            {"RandomContrast": {"factor": 0.2, "value_range": [0, 1]}},
            {"Pipeline": {"layers": [{"RandomColorJitter": {"brightness_factor": 0.1}}]}},
        ]
        built = build(layers, COLOURS, value_range=(-1.0, 1.0))
        brightness, contrast, pipeline = (placed.layer for placed in built.layers)
        assert tuple(brightness.value_range) == (-1.0, 1.0)
        assert list(contrast.value_range) == [0, 1]
        assert tuple(pipeline.layers[0].value_range) == (-1.0, 1.0)

    def test_pictures_on_the_data_range_keep_their_contrast(self, build):
        built = build([{"RandomBrightness": {"factor": 0.1}}], COLOURS, value_range=(-1.0, 1.0))
        images = np.linspace(-0.8, 0.8, 144, dtype=np.float32).reshape(1, *COLOURS)
        moved = built.model(images, training=True) - images
        # one shift of at most a tenth of the range, where on [0, 255] it was up to 25
        assert np.ptp(moved) < 1e-5
        assert 0 < np.abs(moved).max() <= 0.2

    def test_computes_in_float32_and_what_follows_does_not(self, build):
        layers = [{"RandomZoom": {"height_factor": 0.1}}, CONV]
        built = build(layers, COLOURS, precision="mixed_bfloat16")
        assert [placed.layer.compute_dtype for placed in built.layers] == ["float32", "bfloat16"]
