"""Layers that a penalty on the gradient cannot be trained through are told, and no others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gantool.networks.derivative_checks import discriminator_problems
from gantool.recipe.signatures import names

from .test_every_layer import CLASSES, REFUSED, layer_of, shape_for
from .test_value_checks import recipe_with

OF_LABELS = {
    *("AuxiliaryClassifier", "ConcatLabel", "ConditionalBatchNormalization", "EmbedLabel"),
    "Projection",
}
LAYERS = {
    name: (layer_of(name), (6,) if name == "Projection" else shape_for(name))
    for name in sorted(set(CLASSES.values()) - (REFUSED - OF_LABELS))
}
"""Every layer that a list can hold, by name, with an input's shape."""

NONE, NO_SECOND = "lets no gradient through", "has no second derivative in TensorFlow"
APPROXIMATE = "has an approximate gradient in TensorFlow"
FAULTS = {
    "AugMix": APPROXIMATE,
    "ContrastLimitedAdaptiveHistogramEqualization": NONE,
    "Embedding": NONE,  # of whole numbers
    "RandAugment": APPROXIMATE,
    "RandomCrop": NO_SECOND,
    "RandomHue": NONE,
    "RandomPerspective": APPROXIMATE,
    "RandomPosterization": NONE,
    "RandomRotation": APPROXIMATE,
    "RandomSaturation": NONE,
    "RandomShear": APPROXIMATE,
    "RandomTranslation": APPROXIMATE,
    "RandomZoom": APPROXIMATE,
    "Resizing": NO_SECOND,
    "ReversibleEmbedding": NONE,
}
KEYWORDS = {
    "Activation": [{"activation": "softsign"}],
    "CenterCrop": [{"height": 10, "width": 9}],  # which enlarges
    "Conv2D": [{"filters": 3, "kernel_size": 3, "activation": "softsign"}],  # one of ours
    "Resizing": [
        {"height": 5, "width": 7, "interpolation": kind}
        for kind in ("area", "bicubic", "lanczos3", "nearest")
    ],
    "UpSampling2D": [{"interpolation": kind} for kind in ("bilinear", "bicubic", "lanczos5")],
}
FAULTY = {
    **{name: (name, *LAYERS[name], fault) for name, fault in FAULTS.items()},
    **{
        f"{name} {' '.join(map(str, keywords.values()))}": (
            name,
            {name: keywords},
            (8, 8, 3),
            NO_SECOND,
        )
        for name, several in KEYWORDS.items()
        for keywords in several
    },
}
IN_LOOPS = ("ConvLSTM", "GRU", "LSTM", "RNN", "Bidirectional")


def told(build: Callable[..., Any], layer: Any, shape: tuple[int, ...], term: str = "R1") -> Any:
    built = build([layer], shape, network="discriminator", classes=3)
    recipe = recipe_with(regularizers=[term], batch_size=4)
    return [(it.path[2:], it.message) for it in discriminator_problems(built, recipe)]


@pytest.mark.parametrize("case", FAULTY)
def test_a_layer_without_the_derivatives_is_told(build: Callable[..., Any], case: str) -> None:
    name, layer, shape, fault = FAULTY[case]
    mend = ""
    if name == "UpSampling2D":
        mend = "set interpolation to nearest, or "
    elif name in ("Activation", "Conv2D"):
        mend = "take another activation, or "
    assert told(build, layer, shape) == [
        (
            (0,),
            f"{name} {fault}, and R1 is a penalty on the gradient: {mend}remove one of them",
        )
    ]


# Quick ones all, but of some 150 layers.
@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] if name.startswith(IN_LOOPS) else [])
        for name in LAYERS
        if name not in FAULTS
    ],
)
def test_no_other_is(build: Callable[..., Any], name: str) -> None:
    assert told(build, *LAYERS[name]) == []


@pytest.mark.parametrize(
    "term", ["GradientPenalty", "R1", "R2", "WassersteinDivergence", "WeightDecay"]
)
def test_it_is_told_where_a_term_needs_them(build: Callable[..., Any], term: str) -> None:
    assert term in names("term")
    found = told(build, {"RandomHue": {"factor": 0.1}}, (8, 8, 3), term)
    assert len(found) == (term != "WeightDecay")


def test_a_layer_inside_another_is_found(build: Callable[..., Any]) -> None:
    layer = {"TimeDistributed": {"layer": {"Resizing": {"height": 5, "width": 7}}}}
    [(_, message)] = told(build, layer, (2, 8, 8, 3))
    assert message.startswith("TimeDistributed has no second derivative")


def test_only_the_layer_at_fault_is_told(build: Callable[..., Any]) -> None:
    built = build(
        [
            {
                "Residual": {
                    "body": [{"Conv2D": {"filters": 3, "kernel_size": 3, "padding": "same"}}]
                }
            },
            {"Discretization": {"bin_boundaries": [0.0]}},
            "Flatten",
        ],
        (8, 8, 3),
        network="discriminator",
    )
    problems = discriminator_problems(built, recipe_with(regularizers=["R1"]))
    assert [problem.path[2:] for problem in problems] == [(1,)]
