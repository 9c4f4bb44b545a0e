from __future__ import annotations

import math

import pytest

from gantool.networks import value_checks
from gantool.recipe.model import Recipe

CRITIC = [{"Conv2D": {"filters": 2, "kernel_size": 3}}, "Flatten", {"Dense": {"units": 1}}]
GENERATOR = [{"Dense": {"units": 48}}, {"Reshape": {"target_shape": [4, 4, 3]}}]


def recipe_with(loss="wasserstein", data_range=(-1, 1), regularizers=(), batch_size=1):
    return Recipe.model_validate(
        {
            "name": "test",
            "data": {"source": "mnist", "size": [8, 8], "range": list(data_range)},
            "latent": {"size": 6},
            "generator": {"layers": ["Flatten"]},
            "discriminator": {"layers": ["Flatten"]},
            "loss": loss,
            "regularizers": list(regularizers),
            "optimizers": {"generator": "Adam", "discriminator": "Adam"},
            "train": {"steps": 1, "batch_size": batch_size},
        }
    )


def told(problems):
    return [(problem.path[2:], problem.message) for problem in problems]


INFINITE = math.inf
ENDS = {
    "linear": ([], (-INFINITE, INFINITE)),
    "keyword": ([{"Conv2D": {"filters": 3, "kernel_size": 1, "activation": "tanh"}}], (-1, 1)),
    "layer": ([{"Activation": {"activation": "sigmoid"}}], (0, 1)),
    "hard": ([{"Activation": {"activation": "hard_sigmoid"}}], (0, 1)),
    "softsign": ([{"Activation": {"activation": "softsign"}}], (-1, 1)),
    "ReLU": (["ReLU"], (0, INFINITE)),
    "ReLU that ends": ([{"ReLU": {"max_value": 6.0}}], (0, 6)),
    "LeakyReLU": (["LeakyReLU"], (-INFINITE, INFINITE)),
    "ELU": (["ELU"], (-1, INFINITE)),
    "silu": ([{"Activation": {"activation": "silu"}}], (-0.278, INFINITE)),
    "log_sigmoid": ([{"Activation": {"activation": "log_sigmoid"}}], (-INFINITE, 0)),
    "exponential": ([{"Activation": {"activation": "exponential"}}], (0, INFINITE)),
    "Softmax": (["Softmax"], (0, 1)),
    "rescaled": (
        [{"Activation": {"activation": "tanh"}}, {"Rescaling": {"scale": 127.5, "offset": 127.5}}],
        (0, 255),
    ),
    "arranged": ([{"Activation": {"activation": "tanh"}}, "Flatten"], (-1, 1)),
    "wrapped": (
        [
            {
                "SpectralNormalization": {
                    "layer": {"Conv2D": {"filters": 3, "kernel_size": 1, "activation": "tanh"}}
                }
            }
        ],
        (-1, 1),
    ),
    "normalized": ([{"Activation": {"activation": "tanh"}}, "BatchNormalization"],
                   (-INFINITE, INFINITE)),
    "residual": ([{"Residual": {"body": [{"Activation": {"activation": "tanh"}}]}}],
                 (-INFINITE, INFINITE)),
}  # fmt: skip


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize(("layers", "expected"), ENDS.values(), ids=ENDS)
def test_range_of_the_values_that_a_network_ends_in(build, layers, expected, precision):
    built = build([*GENERATOR, *layers], (6,), precision=precision)
    assert value_checks.value_range(built.layers) == pytest.approx(expected, abs=0.01)


class TestGenerator:
    @pytest.mark.parametrize(
        ("activation", "data_range", "message"),
        [
            (
                "sigmoid",
                (-1, 1),
                "generator makes values of 0 to 1, the data is -1 to 1: end in tanh,"
                " or set data.range to [0, 1]",
            ),
            ("relu", (-1, 1), "generator makes values of 0 and more, the data is -1 to 1:"
             " end in tanh"),
            (
                "tanh",
                (0, 255),
                "generator makes values of -1 to 1, the data is 0 to 255: end in tanh and"
                " Rescaling: {scale: 127.5, offset: 127.5}, or set data.range to [-1, 1]",
            ),
        ],
    )  # fmt: skip
    def test_that_cannot_reach_the_data_is_refused(self, build, activation, data_range, message):
        built = build([*GENERATOR, {"Activation": {"activation": activation}}], (6,))
        recipe = recipe_with(data_range=data_range)
        assert told(value_checks.generator_problems(built, recipe)) == [((2,), message)]
        assert told(value_checks.generator_warnings(built, recipe)) == []

    @pytest.mark.parametrize(
        ("data_range", "message"),
        [
            (
                (-0.5, 0.5),
                "generator makes values of -1 to 1, the data is -0.5 to 0.5: end in tanh and"
                " Rescaling: {scale: 0.5, offset: 0}, or set data.range to [-1, 1]",
            ),
            (
                (0, 1),
                "generator makes values of -1 to 1, the data is 0 to 1: end in sigmoid,"
                " or set data.range to [-1, 1]",
            ),
        ],
    )
    def test_that_goes_beyond_the_data_is_warned_of(self, build, data_range, message):
        built = build([*GENERATOR, {"Activation": {"activation": "tanh"}}, "Identity"], (6,))
        recipe = recipe_with(data_range=data_range)
        assert told(value_checks.generator_problems(built, recipe)) == []
        assert told(value_checks.generator_warnings(built, recipe)) == [((2,), message)]

    @pytest.mark.parametrize(
        ("activation", "data_range"),
        [
            ("tanh", (-1, 1)),
            ("sigmoid", (0, 1)),
            ("linear", (0, 255)),
            ("relu", (0, 1)),
            ("elu", (-1, 1)),
        ],
    )
    def test_that_suits_the_data_is_left_alone(self, build, activation, data_range):
        built = build([*GENERATOR, {"Activation": {"activation": activation}}], (6,))
        recipe = recipe_with(data_range=data_range)
        assert told(value_checks.generator_problems(built, recipe)) == []
        assert told(value_checks.generator_warnings(built, recipe)) == []


def ending(build, *last, units=1):
    layers = [*CRITIC[:2], {"Dense": {"units": units}}, *last]
    return build(layers, (8, 8, 3), network="discriminator")


class TestDiscriminator:
    @pytest.mark.parametrize("loss", ["NonSaturating", "Minimax"])
    @pytest.mark.parametrize(
        ("last", "name", "had"),
        [
            ({"Activation": {"activation": "sigmoid"}}, "sigmoid", "it"),
            ({"Activation": {"activation": "hard_sigmoid"}}, "hard_sigmoid", "a sigmoid"),
            ({"Dense": {"units": 1, "activation": "sigmoid"}}, "sigmoid", "it"),
            ("Softmax", "Softmax", "a sigmoid"),
        ],
    )
    def test_that_ends_in_what_the_loss_has_is_refused(self, build, last, name, had, loss):
        message = (
            f"discriminator ends in a {name}, and {loss} takes logits:"
            f" remove the {name}, the loss has {had}"
        )
        problems = value_checks.discriminator_problems(ending(build, last), recipe_with(loss))
        assert told(problems) == [((3,), message)]

    @pytest.mark.parametrize(
        ("last", "name"),
        [("Softmax", "Softmax"), ({"Activation": {"activation": "softmax"}}, "softmax")],
    )
    def test_that_ends_in_a_softmax_before_its_loss_is_refused(self, build, last, name):
        built = ending(build, last, "Identity", units=2)
        assert told(value_checks.discriminator_problems(built, recipe_with("softmax"))) == [
            (
                (3,),
                f"discriminator ends in a {name}, and Softmax takes logits:"
                f" remove the {name}, the loss has it",
            )
        ]

    @pytest.mark.parametrize("loss", ["LeastSquares", "Hinge", "Wasserstein"])
    @pytest.mark.parametrize(
        ("activation", "span"),
        [
            ("sigmoid", "0 to 1"),
            ("hard_sigmoid", "0 to 1"),
            ("tanh", "-1 to 1"),
            ("relu", "0 and more"),
        ],
    )
    def test_whose_logits_are_bounded_is_warned_of(self, build, loss, activation, span):
        built = ending(build, {"Activation": {"activation": activation}})
        assert told(value_checks.discriminator_problems(built, recipe_with(loss))) == []
        assert told(value_checks.discriminator_warnings(built, recipe_with(loss))) == [
            (
                (3,),
                f"discriminator gives numbers of {span}, and {loss} takes logits, which may be any"
                f" number: remove the {activation}",
            )
        ]

    def test_that_gives_logits_is_left_alone(self, build):
        for loss in ("non-saturating", "minimax", "least-squares", "hinge", "wasserstein"):
            built = ending(build, "LeakyReLU")
            assert told(value_checks.discriminator_problems(built, recipe_with(loss))) == []
            assert told(value_checks.discriminator_warnings(built, recipe_with(loss))) == []

    @pytest.mark.parametrize(
        "layer",
        [
            "BatchNormalization",
            {"TimeDistributed": {"layer": "BatchNormalization"}},
            {"Residual": {"body": ["BatchNormalization"]}},
        ],
        ids=["alone", "wrapped", "block"],
    )
    def test_with_batch_normalization_under_a_gradient_penalty_is_warned_of(self, build, layer):
        built = build([layer, *CRITIC], (8, 8, 3), network="discriminator")
        [problem] = value_checks.discriminator_warnings(
            built, recipe_with(regularizers=[{"GradientPenalty": {"weight": 10}}])
        )
        assert problem.path[:3] == ("discriminator", "layers", 0)
        assert problem.message == (
            "BatchNormalization mixes the images of a batch, and GradientPenalty takes the"
            " gradient of each by itself: use LayerNormalization or GroupNormalization"
        )
        clip = recipe_with(regularizers=[{"WeightClip": {"limit": 0.01}}])
        assert told(value_checks.discriminator_warnings(built, clip)) == []


@pytest.mark.parametrize("name", ["Attention", "AdditiveAttention"])
def test_attention_on_maps_is_warned_of_in_both_networks(build, name):
    message = (
        f"{name} on 4×4×3 attends within each row alone: put Reshape to places × channels before"
        " it, or use MultiHeadAttention"
    )
    generator = build([*GENERATOR, name], (6,))
    assert told(value_checks.generator_warnings(generator, recipe_with())) == [((2,), message)]
    discriminator = build([name, *CRITIC], (4, 4, 3), network="discriminator")
    assert told(value_checks.discriminator_warnings(discriminator, recipe_with())) == [
        ((0,), message)
    ]


def test_attention_on_rows_and_multi_head_attention_are_left_alone(build):
    rows = [*GENERATOR, {"Reshape": {"target_shape": [16, 3]}}, "Attention"]
    maps = [*GENERATOR, {"MultiHeadAttention": {"num_heads": 1, "key_dim": 2}}]
    for layers in (rows, maps):
        built = build(layers, (6,))
        assert told(value_checks.generator_warnings(built, recipe_with())) == []


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (
            {"RandomHue": {"factor": 0.1}},
            "RandomHue lets no gradient through, and without one the generator learns nothing:"
            " remove it",
        ),
        (
            "RandomInvert",
            "RandomInvert takes black for 0, the data is -1 to 1: set data.range to [0, 1], or"
            " remove it",
        ),
    ],
    ids=["gradient", "black"],
)
def test_augmentation_that_does_not_suit_a_discriminator_is_warned_of(build, layer, message):
    built = build([layer, *CRITIC], (8, 8, 3), network="discriminator")
    assert told(value_checks.discriminator_warnings(built, recipe_with())) == [((0,), message)]
    brightness = build([{"RandomBrightness": {"factor": 0.1}}, *CRITIC], (8, 8, 3))
    assert told(value_checks.discriminator_warnings(brightness, recipe_with())) == []
