"""Names of PyTorch and of older releases of Keras."""

from __future__ import annotations

import pytest

from gantool.recipe.other_names import _NAMES
from gantool.recipe.resolve import resolve
from gantool.recipe.signatures import signature


def messages_of(layer: object) -> list[str]:
    return [problem.message for problem in resolve({"generator": {"layers": [layer]}})[1]]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("ConvTranspose2d", "Conv2DTranspose"),
        ("ConvTranspose1d", "Conv1DTranspose"),
        ("nn.ConvTranspose2d", "Conv2DTranspose"),
        ("torch.nn.Conv2d", "Conv2D"),
        ("tf.keras.layers.Dense", "Dense"),
        ("keras.layers.BatchNormalization", "BatchNormalization"),
        ("layers.Flatten", "Flatten"),
        ("Linear", "Dense"),
        ("BatchNorm2d", "BatchNormalization"),
        ("BatchNorm1d", "BatchNormalization"),
        ("InstanceNorm2d", "GroupNormalization: {groups: -1}"),
        ("ReLU6", "ReLU: {max_value: 6}"),
        ("Tanh", "Activation: {activation: tanh}"),
        ("nn.Sigmoid", "Activation: {activation: sigmoid}"),
        ("SiLU", "Activation: {activation: silu}"),
        ("UpSample", "did you mean 'Upsample'?"),
        ("Dropout2d", "SpatialDropout2D"),
        ("AvgPool2d", "AveragePooling2D"),
        ("Conv2d", "did you mean 'Conv2D'?"),
        ("batch_normalization", "here it is BatchNormalization"),
        ("Deconvolution2D", "Conv2DTranspose"),
    ],
)
def test_a_layer_is_known_for_what_it_is(name: str, meant: str) -> None:
    told = meant if "it is" in meant or "mean" in meant else f"here it is {meant}"
    assert messages_of({name: {}})[0] == f"unknown layer {name!r}; {told}"


def test_keywords_are_read_as_those_of_the_class_that_is_meant() -> None:
    keywords = {
        "in_channels": 64,
        "out_channels": 32,
        "kernel_size": 4,
        "stride": 2,
        "bias": False,
    }
    assert messages_of({"nn.ConvTranspose2d": keywords}) == [
        "unknown layer 'nn.ConvTranspose2d'; here it is Conv2DTranspose",
        "Conv2DTranspose needs no 'in_channels' here: remove it",
        "unknown keyword 'out_channels' for Conv2DTranspose; did you mean 'filters'?",
        "unknown keyword 'stride' for Conv2DTranspose; did you mean 'strides'?",
        "unknown keyword 'bias' for Conv2DTranspose; did you mean 'use_bias'?",
    ]
    assert messages_of({"Linear": {"in_features": 8, "out_features": "3136"}}) == [
        "unknown layer 'Linear'; here it is Dense",
        "Dense needs no 'in_features' here: remove it",
        "unknown keyword 'out_features' for Dense; did you mean 'units'?",
    ]
    assert messages_of({"LeakyReLU": {"negative_slope": 0.2, "inplace": True}}) == [
        "LeakyReLU needs no 'inplace' here: remove it"
    ]


def test_a_quoted_number_shows_its_quotes() -> None:
    for value in ("3136", "-1", "1e3", " 0.5 "):
        assert messages_of({"Dense": {"units": value}}) == [
            f"units of Dense must be a number, not {value!r}"
        ]


def test_a_padding_in_pixels_is_told() -> None:
    for layer in ("Conv2D", "Conv2DTranspose"):
        assert messages_of({layer: {"filters": 8, "kernel_size": 4, "padding": 1}}) == [
            f"padding of {layer} must be same or valid, not 1"
        ]
    assert messages_of({"ZeroPadding2D": {"padding": 1}}) == []


def test_what_is_only_a_guess_has_no_problems_of_its_own() -> None:
    # It may not be a layer of convolutions at all.
    assert messages_of({"ConvTransposed": {"out_channels": 3}}) == [
        "unknown layer 'ConvTransposed'; did you mean 'Conv3DTranspose'?"
    ]


def test_no_code_comes_in_by_a_module() -> None:
    assert messages_of({"keras.layers.Lambda": {}}) == [
        "Lambda runs Python code, which a recipe may not"
    ]
    assert messages_of("os.system") == ["unknown layer 'os.system'"]


def test_every_name_leads_to_a_class_and_keywords_that_it_has() -> None:
    from gantool.recipe.document import read_value

    for kind, table in _NAMES.items():
        for written in table.values():
            value, problems = read_value(written)
            assert problems == []
            name, keywords = (value, {}) if isinstance(value, str) else next(iter(value.items()))
            known = signature(kind, name)
            assert known is not None, written
            assert keywords.keys() <= known.keywords.keys(), written
