from __future__ import annotations

import pytest

from gantool.networks.build import LayerError
from gantool.networks.messages import construction_message, input_message, times
from gantool.networks.shape_checks import discriminator_problems, generator_problems
from gantool.recipe.model import Recipe

CRITIC = [{"Conv2D": {"filters": 2, "kernel_size": 3}}, "Flatten", {"Dense": {"units": 1}}]


def recipe_with(loss="non-saturating", regularizers=()):
    return Recipe.model_validate(
        {
            "name": "test",
            "data": {"source": "mnist", "size": [8, 8]},
            "latent": {"size": 6},
            "generator": {"layers": ["Flatten"]},
            "discriminator": {"layers": ["Flatten"]},
            "loss": loss,
            "regularizers": list(regularizers),
            "optimizers": {"generator": "Adam", "discriminator": "Adam"},
            "train": {"steps": 1, "batch_size": 2},
        }
    )


def grown(height, width, channels, *transposed):
    """A generator from a Dense and a Reshape through transposed convolutions."""
    return [
        {"Dense": {"units": height * width * channels}},
        {"Reshape": {"target_shape": [height, width, channels]}},
        *[
            {"Conv2DTranspose": {"filters": filters, "kernel_size": 4, "strides": strides}
             | {"padding": "same"}}
            for filters, strides in transposed
        ],
    ]  # fmt: skip


def told(problems):
    return [(problem.path[2:], problem.message) for problem in problems]


class TestGenerator:
    @pytest.mark.parametrize(
        ("layers", "image", "number", "message"),
        [
            (
                # As in the design: 15 → 30 → 60, and no whole number of times 15 is 64.
                grown(15, 15, 4, (4, 2), (3, 2)),
                (64, 64, 3),
                1,
                "generator makes 60×60×3, the data is 64×64×3"
                " (layer 2, Reshape, is the first that no stride can mend)",
            ),
            (
                grown(4, 4, 4, (4, 5), (3, 3)),
                (64, 64, 3),
                2,
                "generator makes 60×60×3, the data is 64×64×3"
                " (layer 3, Conv2DTranspose, is the first that no stride can mend)",
            ),
            (
                grown(4, 4, 4, (4, 2), (3, 2)),
                (32, 32, 3),
                3,
                "generator makes 16×16×3, the data is 32×32×3:"
                " other strides or one layer more can mend it",
            ),
            (
                grown(7, 7, 4, (4, 2), (1, [2, 1])),
                (28, 28, 1),
                3,
                "generator makes 28×14×1, the data is 28×28×1:"
                " other strides or one layer more can mend it",
            ),
            (
                grown(4, 4, 4, (3, 2)),
                (8, 8, 1),
                2,
                "generator makes 8×8×3, the data is 8×8×1: the last layer decides the channels",
            ),
            (
                [{"Dense": {"units": 64}}],
                (8, 8, 1),
                0,
                "generator makes 64, the data is 8×8×1: end with height × width × channels",
            ),
        ],
        ids=["60 for 64", "later layer", "too small", "one side", "channels", "rank"],
    )
    def test_that_misses_the_size_is_told_at_the_layer_to_look_at(
        self, build, layers, image, number, message
    ):
        problems = generator_problems(build(layers, (6,)), image)
        assert told(problems) == [((number,), message)]

    def test_that_fits_has_no_problem(self, build):
        assert told(generator_problems(build(grown(4, 5, 4, (3, 2)), (6,)), (8, 10, 3))) == []

    def test_without_weights_is_told_at_its_layers(self, build):
        built = build([{"Reshape": {"target_shape": [2, 3, 1]}}], (6,))
        [problem] = generator_problems(built, (2, 3, 1))
        assert problem.path == ("generator", "layers")
        assert problem.message == "generator has no weights to train"


class TestDiscriminator:
    @pytest.mark.parametrize(
        ("layers", "given"),
        [(CRITIC[:1], "6×6×2"), (CRITIC[:2], "72"), ([*CRITIC[:2], {"Dense": {"units": 2}}], "2")],
    )
    def test_gives_one_logit(self, build, layers, given):
        built = build(layers, (8, 8, 3), network="discriminator")
        assert told(discriminator_problems(built, recipe_with())) == [
            (
                (len(layers) - 1,),
                f"discriminator gives {given} for an image, one logit is needed:"
                " end with Flatten and Dense: {units: 1}",
            )
        ]

    def test_gives_two_logits_to_a_softmax(self, build):
        two = build([*CRITIC[:2], {"Dense": {"units": 2}}], (8, 8, 3), network="discriminator")
        assert told(discriminator_problems(two, recipe_with("softmax"))) == []
        one = build(CRITIC, (8, 8, 3), network="discriminator")
        assert told(discriminator_problems(one, recipe_with("softmax"))) == [
            (
                (2,),
                "discriminator gives 1 for an image, 2 logits are needed:"
                " end with Flatten and Dense: {units: 2}",
            )
        ]

    def test_that_fits_has_no_problem(self, build):
        built = build(CRITIC, (8, 8, 3), network="discriminator")
        assert told(discriminator_problems(built, recipe_with())) == []

    def test_without_weights_is_told(self, build):
        built = build(["GlobalMaxPooling2D"], (8, 8, 1), network="discriminator")
        [(_, message)] = told(discriminator_problems(built, recipe_with()))
        assert message == "discriminator has no weights to train"


class TestAuxiliaryClassifier:
    HEAD = ("Flatten", "AuxiliaryClassifier")

    @pytest.mark.parametrize("last", ["AuxiliaryClassifier", "wrapped"])
    def test_beside_its_loss_has_no_problem(self, build, last):
        if last == "wrapped":
            last = {"SpectralNormalization": {"layer": "AuxiliaryClassifier"}}
        built = build(["Flatten", last], (8, 8, 1), network="discriminator", classes=10)
        assert built.layers[-1].shape == (11,)
        assert told(discriminator_problems(built, recipe_with("hinge", ["ClassLoss"]))) == []

    @pytest.mark.parametrize(
        ("layers", "loss", "regularizers", "path", "message"),
        [
            (
                HEAD,
                "softmax",
                ["ClassLoss"],
                (1,),
                "AuxiliaryClassifier has one logit to judge by, Softmax takes 2",
            ),
            (
                HEAD,
                "hinge",
                [],
                (1,),
                "AuxiliaryClassifier learns nothing without ClassLoss among the regularizers",
            ),
            (
                [*HEAD, {"Dense": {"units": 1}}],
                "hinge",
                [],
                (1,),
                "AuxiliaryClassifier has to be the last layer",
            ),
            (
                ["Pack", *HEAD],
                "hinge",
                ["ClassLoss"],
                (0,),
                "AuxiliaryClassifier tells the class of each example, and Pack makes one of"
                " several: remove one of them",
            ),
            (
                CRITIC,
                "hinge",
                ["R1", "ClassLoss"],
                (),
                "ClassLoss needs a discriminator that ends in AuxiliaryClassifier",
            ),
        ],
    )
    def test_that_does_not_fit_is_refused(self, build, layers, loss, regularizers, path, message):
        built = build(layers, (8, 8, 1), network="discriminator", classes=10)
        found = list(discriminator_problems(built, recipe_with(loss, regularizers)))
        assert [(it.path[2:], it.message) for it in found] == [(path, message)]

    def test_needs_labels(self, build):
        with pytest.raises(LayerError) as error:
            build(self.HEAD, (8, 8, 1), network="discriminator")
        assert error.value.problem.message == (
            "AuxiliaryClassifier cannot be made: it needs labels: set data.labels to true"
        )

    def test_is_no_layer_of_a_generator(self, build):
        layers = ["AuxiliaryClassifier", {"Reshape": {"target_shape": [4, 1, 1]}}]
        [problem] = generator_problems(build(layers, (6,), classes=3), (4, 1, 1))
        assert problem.message == "AuxiliaryClassifier belongs to the discriminator"


CONV = {"Conv2D": {"filters": 5, "kernel_size": 3}}


class TestLayersThatDoNotFit:
    @pytest.mark.parametrize(
        ("layers", "given", "path", "message"),
        [
            (
                ["ReLU", CONV],
                (6,),
                (1,),
                "Conv2D takes an image (height × width × channels), its input is 6:"
                " reshape it before",
            ),
            (
                [{"Conv3D": {"filters": 5, "kernel_size": 3}}],
                (8, 8, 3),
                (0,),
                "Conv3D takes a volume (depth × height × width × channels), its input is 8×8×3:"
                " reshape it before",
            ),
            (
                ["ConcatLabel"],
                (6,),
                (0,),
                "ConcatLabel needs labels: set data.labels to true, or remove it",
            ),
            (
                [{"Residual": {"body": [CONV]}}],
                (8, 8, 3),
                (0,),
                "the body of Residual makes 6×6×5, its shortcut 8×8×3:"
                " give `shortcut` layers that make the same",
            ),
            (
                ["ReLU", {"Repeat": {"times": 2, "layers": ["Flatten", CONV]}}],
                (8, 8, 3),
                (1, "Repeat", "layers", 1),
                "Conv2D takes an image (height × width × channels), its input is 192:"
                " reshape it before",
            ),
            (
                [{"LSTM": {"units": 5, "return_state": True}}],
                (8, 3),
                (0,),
                "LSTM gives several outputs; one is needed here",
            ),
            (["Equalization"], (8, 8, 3), (0,), "Equalization cannot be part of a network"),
            (
                [{"CenterCrop": {"height": 0, "width": 4}}],
                (8, 8, 3),
                (0,),
                "CenterCrop makes 0×4×3 of its input of 8×8×3",
            ),
        ],
    )
    def test_are_told_in_our_words(self, build, layers, given, path, message):
        with pytest.raises(LayerError) as error:
            build(layers, given)
        assert error.value.problem.path == ("generator", "layers", *path)
        assert error.value.problem.message == message

    @pytest.mark.parametrize(
        ("layer", "beginning"),
        [
            ({"Conv2D": {"filters": -1, "kernel_size": 3}}, "Conv2D cannot be made: "),
            ({"Conv2D": {"filters": 3, "kernel_size": "a"}}, "Conv2D cannot be made: "),
            ({"Dropout": {"rate": 2}}, "Dropout cannot be made: "),
            ({"Reshape": {"target_shape": [7, 7]}}, "Reshape does not fit its input of 8×8×3: "),
            # Keras says this itself, or lets it pass, by its version.
            ({"Dense": {"units": 0}}, "Dense "),
            ({"MaxPooling2D": {"pool_size": 9}}, "MaxPooling2D "),
            ({"UpSampling2D": {"size": 0}}, "UpSampling2D "),
            ({"Conv2D": {"filters": 3, "kernel_size": 9}}, "Conv2D "),
        ],
    )
    def test_that_keras_refuses_are_told_in_one_line(self, build, layer, beginning):
        with pytest.raises(LayerError) as error:
            build(["ReLU", layer], (8, 8, 3))
        message = error.value.problem.message
        assert error.value.problem.path == ("generator", "layers", 1)
        assert message.startswith(beginning)
        assert len(message) > len(beginning)
        assert "\n" not in message
        assert "\x1b" not in message
        assert "Traceback" not in message


class TestMessages:
    @pytest.mark.parametrize(
        ("shape", "text"), [((28, 28, 1), "28×28×1"), ((100,), "100"), ((None, 3), "?×3")]
    )
    def test_shapes_are_written_as_people_do(self, shape, text):
        assert times(shape) == text

    def test_short_sentences_of_keras_are_told_on_one_line(self):
        error = ValueError("The `x` argument\n is wrong (1.5 is not). Received: x=1.5.")
        assert construction_message("Dense", error) == (
            "Dense cannot be made: The `x` argument is wrong (1.5 is not). Received: x=1.5"
        )

    def test_long_explanations_of_keras_end_with_their_first_sentence(self):
        error = ValueError("The `x` argument is wrong. It was " + "very " * 40 + "wrong.")
        assert construction_message("Dense", error) == (
            "Dense cannot be made: The `x` argument is wrong"
        )

    def test_where_keras_was_when_it_failed_is_left_out(self):
        error = ValueError(
            "Exception encountered when calling Foo.call().\n\n\x1b[1mToo wide.\x1b[0m\n\n"
            "Arguments received by Foo.call():\n  • args=('<KerasTensor>',)"
        )
        assert input_message("Foo", (8, 3), error) == "Foo does not fit its input of 8×3: Too wide"

    def test_error_without_words_is_told_by_its_class(self):
        assert construction_message("Dense", KeyError()) == "Dense cannot be made: KeyError"
