"""What networks ask for, by hand, beside what Keras really makes of them."""

from __future__ import annotations

import math

import keras
import numpy as np
import pytest

from gantool.networks.build import LayerError
from gantool.networks.memory_check import Budget

VECTOR, ROWS, IMAGE = (6,), (8, 4), (8, 6, 4)
DENSE = {"Dense": {"units": 3}}
CONV = {"Conv2D": {"filters": 3, "kernel_size": 3}}

# Layer, input, numbers in its weights; by hand.
WEIGHTS = [
    ({"Dense": {"units": 5}}, VECTOR, 6 * 5 + 5),
    ({"Embedding": {"input_dim": 10, "output_dim": 3}}, VECTOR, 10 * 3),
    (CONV, IMAGE, 9 * 4 * 3 + 3),
    ({"Conv2DTranspose": {"filters": 2, "kernel_size": 5}}, IMAGE, 25 * 4 * 2 + 2),
    ({"SeparableConv2D": {"filters": 3, "kernel_size": 3}}, IMAGE, 9 * 4 + 4 * 3 + 3),
    ("BatchNormalization", IMAGE, 4 * 4),
    ("PReLU", IMAGE, 8 * 6 * 4),
    ({"LSTM": {"units": 3}}, ROWS, 4 * (4 * 3 + 3 * 3 + 3)),
    ({"Bidirectional": {"layer": {"LSTM": {"units": 3}}}}, ROWS, 2 * 4 * (4 * 3 + 3 * 3 + 3)),
    ({"SpectralNormalization": {"layer": CONV}}, IMAGE, 9 * 4 * 3 + 3 + 3),
    ({"TimeDistributed": {"layer": DENSE}}, ROWS, 4 * 3 + 3),
    (
        {"MultiHeadAttention": {"num_heads": 2, "key_dim": 5}},
        ROWS,
        3 * (4 * 2 * 5 + 2 * 5) + 2 * 5 * 4 + 4,
    ),
    ({"RNN": {"cell": {"GRUCell": {"units": 3}}}}, ROWS, 3 * (4 * 3 + 3 * 3 + 2 * 3)),
    ({"Residual": {"body": [{"Dense": {"units": 6}}]}}, VECTOR, 6 * 6 + 6),
    ({"Repeat": {"times": 3, "layers": [{"Dense": {"units": 6}}]}}, VECTOR, 3 * (6 * 6 + 6)),
    ("ReLU", VECTOR, 0),
]


def refusal(build, layers, shape, budget, **more):
    with pytest.raises(LayerError) as raised:
        build(layers, shape, budget=budget, **more)
    return raised.value.problem


@pytest.mark.parametrize(("layer", "shape", "numbers"), WEIGHTS)
def test_the_sum_of_the_weights_is_what_keras_makes(build, layer, shape, numbers):
    budget = Budget()
    built = build([layer], shape, budget=budget)
    assert budget.taken == 4 * numbers
    made = [variable.value for variable in built.weights().values()]
    assert sum(math.prod(value.shape) * value.dtype.size for value in made) == 4 * numbers


@pytest.mark.parametrize(("layer", "shape", "numbers"), [row for row in WEIGHTS if row[2]])
def test_the_weights_may_fill_the_memory_and_no_more(build, layer, shape, numbers):
    build([layer], shape, budget=Budget(4 * numbers, trains=False, batch=0))
    problem = refusal(build, [layer], shape, Budget(4 * numbers - 1, trains=False, batch=0))
    assert problem.path[:3] == ("generator", "layers", 0)
    assert " needs 0 MB for " in problem.message


def test_a_weight_that_is_too_much_is_never_made(build, monkeypatch):
    made = []
    monkeypatch.setattr(
        keras.initializers.GlorotUniform, "__call__", lambda *_, **__: made.append(1) or 1 / 0
    )
    problem = refusal(build, [{"Dense": {"units": 10**12}}], VECTOR, Budget(8 * 10**9))
    assert problem.message == (
        "Dense needs 28.0 TB for 7,000,000,000,000 weights of 4 bytes, and this machine has 8.0 GB:"
        " make its units or filters, or its input, smaller"
    )
    with keras.StatelessScope():  # at whose end Keras makes what is still to be made
        pass
    assert made == []
    refused = refusal(build, [DENSE], VECTOR, Budget())  # and is, where there is no bound
    assert (made, "division by zero" in refused.message) == ([1], True)


def test_a_refusal_leaves_other_networks_and_settings_as_they_were(build):
    built = build([DENSE, {"Dropout": {"rate": 0.5}}], VECTOR)
    weights = [variable.numpy() for variable in built.model.weights]
    before = built.model(np.ones((2, *VECTOR)))
    floatx, layout = keras.config.floatx(), keras.config.image_data_format()
    refusal(build, [DENSE], VECTOR, Budget(10))
    assert (keras.config.floatx(), keras.config.image_data_format()) == (floatx, layout)
    np.testing.assert_array_equal(built.model(np.ones((2, *VECTOR))), before)
    for variable, value in zip(built.model.weights, weights, strict=True):
        np.testing.assert_array_equal(variable.numpy(), value)
    assert built.model(np.ones((2, *VECTOR)), training=True).shape == (2, 3)


def test_what_is_kept_beside_the_weights_counts(build):
    budget = Budget(slots=2, averaged=True)
    build([DENSE, "BatchNormalization"], VECTOR, budget=budget)
    # The moving statistics are averaged, too, but no optimizer has them.
    assert budget.taken == 4 * ((21 + 6) * (1 + 2 + 1) + 6 * (1 + 1))


def test_weights_that_are_not_trained_have_no_slots(build):
    budget = Budget(slots=2)
    fixed = {"Dense": {"units": 3, "trainable": False}}
    build([fixed, {"SpectralNormalization": {"layer": DENSE, "trainable": False}}], VECTOR,
          budget=budget)  # fmt: skip
    assert budget.taken == 4 * (21 + (12 + 3))
    assert budget.kept == 0


def test_the_line_has_the_sum_of_all_copies(build):
    layers = [{"Dense": {"units": 2_500_000_000}}]
    cases = {
        "": Budget(10**9),
        ", times 3 with the optimizer's": Budget(10**9, slots=2),
        ", times 2 with the moving average's": Budget(10**9, averaged=True),
        ", times 4 with the optimizer's and the moving average's": Budget(
            10**9, slots=2, averaged=True
        ),
    }
    for (words, budget), needed in zip(
        cases.items(), ("70.0 GB", "210.0 GB", "140.0 GB", "280.0 GB"), strict=True
    ):
        assert refusal(build, layers, VECTOR, budget).message == (
            f"Dense needs {needed} for 17,500,000,000 weights of 4 bytes{words}, and this machine"
            " has 1.0 GB: make its units or filters, or its input, smaller"
        )


def test_layers_that_fit_alone_may_be_too_much_together(build):
    wide = {"Dense": {"units": 1000}}
    layers = [wide, wide, DENSE]
    whole = 4 * (7 * 1000 + 1001 * 1000 + 1001 * 3)
    build(layers, VECTOR, budget=Budget(whole))
    problem = refusal(build, layers, VECTOR, Budget(whole - 1))
    assert problem.path == ("generator", "layers", 2)
    assert problem.message == (
        "Dense needs 0 MB for 3,003 weights of 4 bytes, 4 MB for the layers before it, and this"
        " machine has 4 MB: make its units or filters, or its input, smaller"
    )


def test_one_network_may_take_what_the_other_left(build):
    budget = Budget(4 * 41, taken=4 * 20, batch=0)
    build([DENSE], VECTOR, budget=budget)
    assert budget.taken == 4 * 41
    refusal(build, [DENSE], VECTOR, Budget(4 * 41, taken=4 * 21, batch=0))


def test_a_refused_network_leaves_the_other_its_memory(build):
    budget = Budget(4 * 21)
    refusal(build, [{"Dense": {"units": 10**9}}], VECTOR, budget)
    assert budget.taken == 0


class TestBatch:
    UPSAMPLED = ({"UpSampling2D": {"size": 100}}, "GlobalAveragePooling2D")

    def test_an_output_may_fill_the_memory_and_no_more(self, build):
        needed = 8 * (800 * 600 * 4) * 4
        build(self.UPSAMPLED, IMAGE, budget=Budget(needed, batch=8))
        problem = refusal(build, self.UPSAMPLED, IMAGE, Budget(needed - 1, batch=8))
        assert problem.path == ("generator", "layers", 0)
        assert problem.message == (
            "UpSampling2D makes 800×600×4 of a batch of 8, 61 MB in float32, and this machine has"
            " 61 MB: make its output or train.batch_size smaller"
        )

    def test_half_precision_takes_half(self, build):
        needed = 8 * (800 * 600 * 4) * 2
        build(self.UPSAMPLED, IMAGE, budget=Budget(needed, batch=8), precision="mixed_bfloat16")

    def test_training_keeps_what_trained_layers_were_given(self, build):
        layers = [CONV, "BatchNormalization", "ReLU", CONV, "Flatten", DENSE]
        budget = Budget(batch=10)
        build(layers, IMAGE, budget=budget)
        # Convolution, normalisation, convolution, and the dense layer behind Flatten.
        kept = 10 * 4 * (8 * 6 * 4 + 6 * 4 * 3 + 6 * 4 * 3 + 4 * 2 * 3)
        assert budget.kept == kept
        build(layers, IMAGE, budget=Budget(kept, batch=10))
        problem = refusal(build, layers, IMAGE, Budget(kept - 1, batch=10))
        assert problem.path == ("generator", "layers", 5)
        assert problem.message == (
            "Dense brings what training keeps of a batch of 10 to 0 MB, what each trained layer so"
            " far was given, and this machine has 0 MB: make that or train.batch_size smaller"
        )

    def test_drawing_keeps_nothing(self, build):
        budget = Budget(batch=10, trains=False)
        build([CONV, CONV], IMAGE, budget=budget)
        assert budget.kept == 0

    def test_what_two_layers_share_is_kept_once(self, build):
        once = {"Dense": {"units": 192}}
        shortcut = [{"Reshape": {"target_shape": [192]}}, once]
        layers = [{"Residual": {"body": ["Flatten", once], "shortcut": shortcut}}]
        budget = Budget()
        build(layers, IMAGE, budget=budget)
        assert budget.kept == 4 * 192
