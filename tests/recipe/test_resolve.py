from __future__ import annotations

import pytest

from gantool.recipe.resolve import resolve
from gantool.recipe.signatures import names, refused_value, signature
from gantool.recipe.spec import Spec


def layers_of(*layers, **more):
    return resolve({"generator": {"layers": list(layers)}, **more})


def layer_of(layer, **more):
    parts, problems = layers_of(layer, **more)
    assert problems == []
    [part] = parts.generator
    return part


def messages_of(*layers, **more):
    return [problem.message for problem in layers_of(*layers, **more)[1]]


class TestComponents:
    def test_name_alone_and_with_keywords(self):
        assert layer_of("Flatten") == Spec("layer", "Flatten", {}, ("generator", "layers", 0))
        assert layer_of({"Flatten": None}).keywords == {}
        assert layer_of({"Dense": {"units": 3}}).keywords == {"units": 3}

    def test_know_where_they_stand(self):
        parts, _ = layers_of("ReLU", {"Repeat": {"times": 2, "layers": ["ReLU", "Flatten"]}})
        inner = parts.generator[1].keywords["layers"][1]
        assert inner.path == ("generator", "layers", 1, "Repeat", "layers", 1)

    def test_both_networks_and_both_optimizers_are_found(self):
        parts, problems = resolve(
            {
                "generator": {"layers": ["ReLU"]},
                "discriminator": {"layers": ["Flatten", "ReLU"]},
                "optimizers": {"generator": "Adam", "discriminator": {"SGD": {"momentum": 0.9}}},
            }
        )
        assert problems == []
        assert [part.name for part in parts.generator] == ["ReLU"]
        assert [part.name for part in parts.discriminator] == ["Flatten", "ReLU"]
        assert (parts.generator_optimizer.kind, parts.generator_optimizer.name) == (
            "optimizer",
            "Adam",
        )
        assert parts.discriminator_optimizer.keywords == {"momentum": 0.9}

    @pytest.mark.parametrize("data", [{}, {"generator": 3}, {"generator": {"layers": "ReLU"}}])
    def test_what_is_no_component_is_left_to_others_to_tell(self, data):
        parts, problems = resolve(data)
        assert parts.generator is None
        assert problems == []


class TestSwitches:
    @pytest.mark.parametrize(
        ("given", "meant"),
        [
            ("no", False),
            ("off", False),
            ("False", False),
            ("yes", True),
            ("On", True),
            (True, True),
            (False, False),
        ],
    )
    def test_words_of_yaml_are_a_switch_where_keras_has_one(self, given, meant):
        assert layer_of({"Dense": {"units": 3, "use_bias": given}}).keywords["use_bias"] is meant

    def test_the_same_words_stay_text_elsewhere(self):
        part = layer_of({"Conv2D": {"filters": 1, "kernel_size": 1, "padding": "no"}})
        assert part.keywords["padding"] == "no"

    @pytest.mark.parametrize("given", ["perhaps", 1, 0, None, [True]])
    def test_anything_else_is_no_switch(self, given):
        assert messages_of({"Dense": {"units": 3, "use_bias": given}}) == [
            f"use_bias of Dense must be true or false, not {given!r}"
        ]

    def test_switch_of_an_optimizer(self):
        parts, _ = resolve({"optimizers": {"generator": {"SGD": {"nesterov": "yes"}}}})
        assert parts.generator_optimizer.keywords == {"nesterov": True}


class TestNumbers:
    """What Keras would take for a number, or use as none."""

    @pytest.mark.parametrize(
        ("layer", "message"),
        [
            ({"Dense": {"units": True}}, "units of Dense cannot be true or false"),
            (
                {"LeakyReLU": {"negative_slope": True}},
                "negative_slope of LeakyReLU must be a number, not True",
            ),
            (
                {"BatchNormalization": {"momentum": "0.9"}},
                "momentum of BatchNormalization must be a number, not '0.9'",
            ),
            (
                {"Dense": {"units": 3, "kernel_initializer": {"RandomNormal": {"stddev": False}}}},
                "stddev of RandomNormal must be a number, not False",
            ),
        ],
    )
    def test_true_and_quoted_numbers_are_none(self, layer, message):
        assert messages_of(layer) == [message]

    @pytest.mark.parametrize(
        ("word", "value"), [("beta_1", "0.5"), ("clipnorm", True), ("weight_decay", "1e-4")]
    )
    def test_of_an_optimizer(self, word, value):
        _, [problem] = resolve({"optimizers": {"generator": {"Adam": {word: value}}}})
        assert problem.path == ("optimizers", "generator", "Adam", word)
        assert problem.message == f"{word} of Adam must be a number, not {value!r}"

    def test_of_a_schedule(self):
        decay = {"initial_learning_rate": "0.1", "decay_steps": True, "decay_rate": 0.5}
        adam = {"Adam": {"learning_rate": {"ExponentialDecay": decay}}}
        _, problems = resolve({"optimizers": {"generator": adam}})
        assert [problem.message for problem in problems] == [
            "initial_learning_rate of ExponentialDecay must be a number, not '0.1'",
            "decay_steps of ExponentialDecay cannot be true or false",
        ]

    def test_a_whole_learning_rate_is_one(self):
        parts, problems = resolve({"optimizers": {"generator": {"SGD": {"learning_rate": 1}}}})
        assert problems == []
        rate = parts.generator_optimizer.keywords["learning_rate"]
        assert (rate, type(rate)) == (1.0, float)

    def test_every_default_of_keras_would_be_let_through(self):
        for kind in ("layer", "optimizer", "initializer", "regularizer", "constraint", "schedule"):
            for name in names(kind):
                known = signature(kind, name)
                for word, keyword in known.keywords.items():
                    if not keyword.required and word not in ("name", "ema_momentum"):
                        given = {word: keyword.default}
                        assert refused_value(kind, known, word, given) is None, (name, word)


class TestMovingAverageOfAnOptimizer:
    @pytest.mark.parametrize(
        ("given", "word", "needed"),
        [
            ({"use_ema": True}, "use_ema", "ema_overwrite_frequency"),
            ({"use_ema": "yes", "ema_momentum": 0.9}, "use_ema", "ema_overwrite_frequency"),
            ({"ema_momentum": 0.9}, "ema_momentum", "use_ema"),
            ({"ema_overwrite_frequency": 9}, "ema_overwrite_frequency", "use_ema"),
            ({"ema_overwrite_frequency": 9, "use_ema": False}, "ema_overwrite_frequency",
             "use_ema"),
        ],
    )  # fmt: skip
    def test_is_refused_where_it_has_no_effect(self, given, word, needed):
        _, [problem] = resolve({"optimizers": {"generator": {"Adam": given}}})
        assert problem.path == ("optimizers", "generator", "Adam", word)
        assert problem.message == (
            f"{word} of Adam has no effect without {needed}: train.average keeps a moving average"
            " of the generator"
        )

    @pytest.mark.parametrize(
        "given",
        [
            {"use_ema": False},
            {"use_ema": "no"},
            {"use_ema": True, "ema_momentum": 0.9, "ema_overwrite_frequency": 100},
        ],
    )
    def test_is_let_through_where_it_has_one_or_is_off(self, given):
        assert resolve({"optimizers": {"generator": {"Adam": given}}})[1] == []


class TestNestedComponents:
    @pytest.mark.parametrize(
        ("word", "given", "kind", "name", "keywords"),
        [
            ("kernel_initializer", "he_normal", "initializer", "HeNormal", {}),
            ("kernel_initializer", "zeros", "initializer", "Zeros", {}),
            ("kernel_initializer", "HeNormal", "initializer", "HeNormal", {}),
            (
                "bias_initializer",
                {"Constant": {"value": 2}},
                "initializer",
                "Constant",
                {"value": 2},
            ),
            ("kernel_regularizer", "l2", "regularizer", "L2", {}),
            ("kernel_regularizer", {"L1": {"l1": 0.1}}, "regularizer", "L1", {"l1": 0.1}),
            (
                "kernel_constraint",
                {"MaxNorm": {"max_value": 2}},
                "constraint",
                "MaxNorm",
                {"max_value": 2},
            ),
        ],
    )
    def test_of_a_layer(self, word, given, kind, name, keywords):
        part = layer_of({"Dense": {"units": 3, word: given}}).keywords[word]
        assert (part.kind, part.name, part.keywords) == (kind, name, keywords)

    def test_none_stays_none(self):
        part = layer_of({"Dense": {"units": 3, "kernel_regularizer": None, "activation": None}})
        assert part.keywords == {"units": 3, "kernel_regularizer": None, "activation": None}

    def test_layer_in_a_wrapper(self):
        inner = {"Conv2D": {"filters": 3, "kernel_size": 3, "use_bias": "no"}}
        part = layer_of({"SpectralNormalization": {"layer": inner}}).keywords["layer"]
        assert (part.kind, part.name) == ("layer", "Conv2D")
        assert part.keywords == {"filters": 3, "kernel_size": 3, "use_bias": False}

    def test_cell_and_cells_of_recurrent_layers(self):
        cells = [{"LSTMCell": {"units": 3}}, {"GRUCell": {"units": 2}}]
        part = layer_of({"RNN": {"cell": {"StackedRNNCells": {"cells": cells}}}})
        stacked = part.keywords["cell"]
        assert [cell.name for cell in stacked.keywords["cells"]] == ["LSTMCell", "GRUCell"]

    def test_schedule_as_learning_rate(self):
        schedule = {"CosineDecay": {"initial_learning_rate": 0.1, "decay_steps": 10}}
        parts, problems = resolve({"optimizers": {"generator": {"Adam": {
            "learning_rate": schedule
        }}}})  # fmt: skip
        assert problems == []
        rate = parts.generator_optimizer.keywords["learning_rate"]
        assert (rate.kind, rate.name) == ("schedule", "CosineDecay")
        assert rate.keywords == {"initial_learning_rate": 0.1, "decay_steps": 10}

    def test_number_as_learning_rate(self):
        parts, _ = resolve({"optimizers": {"generator": {"Adam": {"learning_rate": 1e-3}}}})
        assert parts.generator_optimizer.keywords == {"learning_rate": 1e-3}

    def test_lists_of_layers_in_blocks(self):
        part = layer_of({"Residual": {"body": ["ReLU", "Flatten"], "shortcut": ["Flatten"]}})
        assert [inner.name for inner in part.keywords["body"]] == ["ReLU", "Flatten"]
        assert [inner.name for inner in part.keywords["shortcut"]] == ["Flatten"]

    @pytest.mark.parametrize("given", [[], "ReLU", None, {"ReLU": {}}])
    def test_block_takes_a_list(self, given):
        assert messages_of({"Residual": {"body": given}}) == ["body must be a list of layers"]


class TestDefaultInitializer:
    INITIALIZER = {"RandomNormal": {"stddev": 0.02}}  # noqa: RUF012

    def test_is_that_of_every_kernel(self):
        words = {
            "Dense": ({"units": 1}, ["kernel_initializer"]),
            "DepthwiseConv2D": ({"kernel_size": 1}, ["depthwise_initializer"]),
            "SeparableConv2D": (
                {"filters": 1, "kernel_size": 1},
                ["depthwise_initializer", "pointwise_initializer"],
            ),
            "BatchNormalization": ({}, []),
            "ReLU": ({}, []),
        }
        for name, (keywords, reached) in words.items():
            part = layer_of({name: keywords}, initializer=self.INITIALIZER)
            found = {word: item for word, item in part.keywords.items() if word not in keywords}
            assert sorted(found) == reached
            assert all(item.name == "RandomNormal" for item in found.values())

    def test_gives_way_to_that_of_the_layer(self):
        layer = {"Dense": {"units": 1, "kernel_initializer": "zeros"}}
        part = layer_of(layer, initializer=self.INITIALIZER)
        assert part.keywords["kernel_initializer"].name == "Zeros"

    def test_may_be_an_alias(self):
        part = layer_of({"Dense": {"units": 1}}, initializer="he_normal")
        assert part.keywords["kernel_initializer"].name == "HeNormal"


class TestAfterAProblem:
    def test_a_guess_has_no_problems_of_its_own(self):
        assert messages_of({"Dens": {"unitz": 3, "use_bias": "perhaps"}}) == [
            "unknown layer 'Dens'; did you mean 'Dense'?",
        ]
        assert messages_of({"Dense": {"units": 3, "use_bia": "perhaps"}}) == [
            "unknown keyword 'use_bia' for Dense; did you mean 'use_bias'?",
        ]

    def test_reading_goes_on_with_the_word_that_was_meant(self):
        parts, problems = layers_of({"nn.Linear": {"unitz": 3, "use_bias": "perhaps"}})
        assert [problem.message for problem in problems] == [
            "unknown layer 'nn.Linear'; here it is Dense",
            "unknown keyword 'unitz' for Dense; did you mean 'units'?",
            "use_bias of Dense must be true or false, not 'perhaps'",
        ]
        [part] = parts.generator
        assert (part.name, part.keywords) == ("Dense", {"units": 3, "use_bias": True})

    def test_unknown_keyword_is_told_at_the_key(self):
        _, [problem] = layers_of({"Dense": {"units": 3, "unitz": 3}})
        assert problem.path == ("generator", "layers", 0, "Dense", "unitz")
        assert problem.on_key

    def test_keyword_that_is_given_already_is_not_suggested(self):
        assert messages_of({"Dense": {"units": 3, "unitz": 3}}) == [
            "unknown keyword 'unitz' for Dense"
        ]

    @pytest.mark.parametrize(
        "layer",
        [
            "Qqqqq",
            "Dense",
            {"Lambda": {"function": "x"}},
            {"Residual": {"body": ["Qqqqq"]}},
            {"TimeDistributed": {"layer": "Qqqqq"}},
        ],
    )
    def test_network_is_none_where_a_layer_could_not_be_made_out(self, layer):
        parts, problems = layers_of("ReLU", layer)
        assert parts.generator is None
        assert len(problems) == 1

    def test_name_is_refused_and_left_out(self):
        parts, problems = layers_of({"Dense": {"units": 3, "name": "first"}})
        assert len(problems) == 1
        assert parts.generator[0].keywords == {"units": 3}

    @pytest.mark.parametrize("name", ["Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer"])
    def test_layer_that_runs_code_is_refused_wherever_it_stands(self, name):
        given = {name: {"function": "x"}}
        for layer in (name, given, {"TimeDistributed": {"layer": given}}):
            [message] = messages_of(layer)
            assert message.startswith(f"{name} runs ")
            assert message.endswith("which a recipe may not")

    @pytest.mark.parametrize(
        "text", ["__import__('os')", "relu()", "Relu", "keras.activations.relu"]
    )
    def test_activation_is_one_of_keras_by_name(self, text):
        [message] = messages_of({"Activation": {"activation": text}})
        assert message.startswith(f"unknown activation {text!r}")


class TestLimits:
    @pytest.mark.parametrize(
        ("layer", "message"),
        [
            (
                {"Dense": {"units": 10**30}},
                "units of Dense takes no number beyond 9,223,372,036,854,775,807",
            ),
            (
                {"Reshape": {"target_shape": [4, -(10**30)]}},
                "target_shape of Reshape takes no number beyond 9,223,372,036,854,775,807",
            ),
            (
                {"Conv2D": {"filters": 2, "kernel_size": 3, "strides": [1, 2**20 + 1]}},
                "strides of Conv2D takes no number beyond 1,048,576",
            ),
            (
                {"MaxPooling2D": {"pool_size": 2**20 + 1}},
                "pool_size of MaxPooling2D takes no number beyond 1,048,576",
            ),
        ],
    )
    def test_numbers_that_tensorflow_cannot_hold(self, layer, message):
        parts, problems = layers_of(layer)
        assert parts.generator is None
        assert [problem.message for problem in problems] == [message]

    def test_the_largest_numbers_are_let_through(self):
        units = {"Dense": {"units": 2**63 - 1}}
        pool = {"MaxPooling2D": {"pool_size": 2**20, "strides": 2**20}}
        parts, problems = layers_of(units, pool)
        assert problems == []
        assert len(parts.generator) == 2

    def test_what_an_optimizer_is_given_has_limits_too(self):
        given = {"Adam": {"gradient_accumulation_steps": 10**30}}
        parts, [problem] = resolve({"optimizers": {"generator": given}})
        assert parts.generator_optimizer is None
        assert problem.message == (
            "gradient_accumulation_steps of Adam takes no number beyond 9,223,372,036,854,775,807"
        )

    def test_a_network_has_at_most_ten_thousand_layers(self):
        block = {"Residual": {"body": ["ReLU", {"Dense": {"units": 3}}, "ReLU"]}}
        most = {"Repeat": {"times": 50, "layers": [{"Repeat": {"times": 50, "layers": [block]}}]}}
        parts, problems = layers_of(most)  # 50 · 50 · (3 + the sum)
        assert problems == []
        assert parts.generator is not None
        parts, [problem] = layers_of(most, "Flatten")
        assert parts.generator is None
        assert problem.path == ("generator", "layers", 1)
        assert problem.message == (
            "with this Flatten the generator has 10,001 layers, more than the 10,000 that a network"
            " may have"
        )

    def test_repeats_in_repeats_are_counted_and_not_unrolled(self):
        nested = ["ReLU"]
        for _ in range(20):
            nested = [{"Repeat": {"times": 10**9, "layers": nested}}]
        parts, [problem] = resolve({"discriminator": {"layers": nested}})
        assert parts.discriminator is None
        assert problem.path == ("discriminator", "layers", 0)
        assert problem.message == (
            f"with this Repeat the discriminator has {10**180:,} layers, more than the 10,000 that"
            " a network may have"
        )
