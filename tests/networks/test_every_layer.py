"""Every layer of Keras's that a network can hold, in a small discriminator.

What `check` passes trains its first step, and what is drawn is what was trained.
"""

from __future__ import annotations

import os

import keras
import numpy as np
import pytest
import tensorflow as tf

from gantool.engine.smoke_test import train_once
from gantool.networks.build import LayerError
from gantool.networks.devices import WITHOUT_XLA
from gantool.networks.value_checks import WITHOUT_GRADIENT
from gantool.recipe.signatures import names, signature

ROWS, IMAGE, VOLUME = (8, 4), (8, 8, 3), (4, 4, 4, 2)
DENSE = {"Dense": {"units": 3}}

KEYWORDS = {
    "Activation": {"activation": "tanh"},
    "ActivityRegularization": {"l2": 0.1},
    "Bidirectional": {"layer": {"LSTM": {"units": 3}}},
    "CategoryEncoding": {"num_tokens": 10},
    "CenterCrop": {"height": 4, "width": 2},
    "Discretization": {"bin_boundaries": [0.0, 0.5]},
    "EinsumDense": {"equation": "abcd,de->abce", "output_shape": [8, 8, 5]},
    "Embedding": {"input_dim": 10, "output_dim": 3},
    "GaussianNoise": {"stddev": 0.1},
    "GroupNormalization": {"groups": 3},
    "GroupQueryAttention": {"head_dim": 3, "num_query_heads": 2, "num_key_value_heads": 1},
    "IntegerLookup": {"vocabulary": [1, 2]},
    "Maxout": {"units": 3, "pieces": 2},
    "MultiHeadAttention": {"num_heads": 2, "key_dim": 3},
    "Normalization": {"mean": 0.0, "variance": 1.0},
    "Permute": {"dims": [2, 1, 3]},
    "Pipeline": {"layers": ["ReLU"]},
    "RandomBrightness": {"factor": 0.1},
    "RandomColorDegeneration": {"factor": 0.5},
    "RandomContrast": {"factor": 0.1},
    "RandomCrop": {"height": 4, "width": 5},
    "RandomHue": {"factor": 0.1},
    "RandomPosterization": {"factor": 4},
    "RandomRotation": {"factor": 0.1},
    "RandomSaturation": {"factor": 0.5},
    "RandomSharpness": {"factor": 0.5},
    "RandomShear": {"x_factor": 0.1, "y_factor": 0.1},
    "RandomTranslation": {"height_factor": 0.1, "width_factor": 0.1},
    "RandomZoom": {"height_factor": 0.1},
    "RepeatVector": {"n": 3},
    "Repeat": {"times": 2, "layers": ["ReLU"]},
    "Rescaling": {"scale": 2.0},
    "Residual": {"body": ["ReLU"]},
    "Reshape": {"target_shape": [4, -1]},
    "Resizing": {"height": 5, "width": 7},
    "ReversibleEmbedding": {"input_dim": 10, "output_dim": 3},
    "RNN": {"cell": {"GRUCell": {"units": 3}}},
    "SpectralNormalization": {"layer": {"Conv2D": {"filters": 3, "kernel_size": 3}}},
    "StringLookup": {"vocabulary": ["a"]},
    "TimeDistributed": {"layer": DENSE},
}
USUAL = {"filters": 3, "units": 3, "kernel_size": 3, "pool_size": 2, "output_size": 2, "rate": 0.5}
SHAPES = {
    **dict.fromkeys(("Bidirectional", "GRU", "LSTM", "RNN", "SimpleRNN"), ROWS),
    **dict.fromkeys(("Attention", "AdditiveAttention"), ROWS),
    **dict.fromkeys(("GroupQueryAttention", "MultiHeadAttention"), ROWS),
    **dict.fromkeys(("Embedding", "ReversibleEmbedding", "RepeatVector"), (6,)),
    **dict.fromkeys(("Basis", "MinibatchDiscrimination"), (6,)),
    "PixelShuffle": (4, 4, 8),
    "SelfAttention": (4, 4, 8),
    "ConvLSTM1D": (2, *ROWS),
    "ConvLSTM2D": (2, *IMAGE),
    "ConvLSTM3D": (2, *VOLUME),
    "MelSpectrogram": (2048,),
    "STFTSpectrogram": (512, 1),
}

REFUSED = {
    *("Add", "Average", "Concatenate", "Dot", "Maximum", "Minimum", "Multiply", "Subtract"),
    *("GRUCell", "LSTMCell", "SimpleRNNCell", "StackedRNNCells"),  # a part of RNN
    *("CategoryEncoding", "Discretization", "Hashing", "HashedCrossing", "TextVectorization"),
    *("IntegerLookup", "StringLookup", "Equalization", "MaxNumBoundingBoxes"),
    *("AuxiliaryClassifier", "ConcatLabel", "ConditionalBatchNormalization", "EmbedLabel"),
    "Projection",
}
"""Of no use in a list of layers: they take several inputs or labels, or give no numbers."""

NOT_AS_DRAWN = (
    "Dropout",
    "Noise",
    "Random",
    "Aug",
    "BatchNormalization",
    "CutMix",
    "MixUp",
    "Solarization",
)
"""Parts of the names of layers that are meant to do something else in training."""

PRECISIONS = ["float32", "mixed_bfloat16"]
COMPILED = [False]
if os.environ.get("GANTOOL_EVERY_LAYER"):  # takes a quarter of an hour
    PRECISIONS, COMPILED = [*PRECISIONS, "mixed_float16"], [False, True]


CLASSES = {getattr(keras.layers, name, name): name for name in reversed(names("layer"))}
LAYERS = sorted(set(CLASSES.values()) - REFUSED)
"""Each class by the first of its names."""


def shape_for(name):
    rank = next((letter for letter in name if letter in "123"), "2")
    return SHAPES.get(name, {"1": ROWS, "2": IMAGE, "3": VOLUME}[rank])


def layer_of(name):
    known = signature("layer", name).keywords
    usual = {word: value for word, value in USUAL.items() if word in known}
    keywords = KEYWORDS.get(name, usual)
    return {name: keywords} if keywords else name


def built_with(build, name, precision):
    """A discriminator that begins with the layer, and a batch for it."""
    shape = shape_for(name)
    layers = [layer_of(name), "Flatten", {"Dense": {"units": 1}}]
    built = build(layers, shape, network="discriminator", precision=precision)
    values = np.random.default_rng(0).uniform(-1, 1, (2, *shape))
    return built.model, tf.constant(values, tf.float32)


@pytest.mark.slow
@pytest.mark.parametrize("compiled", COMPILED)
@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("name", LAYERS)
def test_trains_its_first_step_where_check_passes_it(build, name, precision, compiled):
    model, images = built_with(build, name, precision)
    pools = "Pool" in name and name.endswith("3D") and "Global" not in name
    if pools and precision == "mixed_float16" and not tf.config.list_physical_devices("GPU"):
        with pytest.raises(tf.errors.NotFoundError):  # which `check` tells
            train_once(model, images, images)
        return
    outputs = train_once(model, images, images)  # as `check` does
    if not (compiled and name in WITHOUT_XLA):
        run = tf.function(train_once, jit_compile=compiled, autograph=False)
        assert run(model, images, images).shape == outputs.shape


@pytest.mark.parametrize("name", sorted(REFUSED & set(names("layer"))))
def test_is_refused_where_it_is_of_no_use(build, name):
    with pytest.raises((LayerError, AssertionError, TypeError, ValueError)):
        train_once(*built_with(build, name, "float32"), None)


@pytest.mark.slow
@pytest.mark.parametrize("name", LAYERS)
def test_is_drawn_as_it_is_trained(build, name):
    """No weight is assigned in a pass, and both modes give the same but where they should not."""
    if name == "RandomCrop":
        pytest.skip("gives another shape in inference, which `check` tells")
    model, images = built_with(build, name, "float32")
    values = [(variable, tf.convert_to_tensor(variable)) for variable in model.variables]
    passes = []
    for training in (False, True):
        with keras.StatelessScope(values) as scope, tf.GradientTape() as tape:
            tape.watch(images)
            passes.append(model(images, training=training))
        for variable, value in values:
            if variable.trainable:
                assert scope.get_current_value(variable) is value
    if not any(word in name for word in NOT_AS_DRAWN):
        np.testing.assert_allclose(*passes, rtol=0, atol=1e-5)
    gradient = tape.gradient(passes[1], images, unconnected_gradients="zero")
    if "Embedding" not in name:  # of whole numbers
        assert bool(tf.reduce_any(gradient != 0)) == (name not in WITHOUT_GRADIENT)
