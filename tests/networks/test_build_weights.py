"""The weights of built networks: their keys, and the numbers that they start with."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest

VECTOR, IMAGE = (6,), (8, 6, 4)
DENSE = {"Dense": {"units": 3}}
CONV = {"Conv2D": {"filters": 3, "kernel_size": 3}}


class TestWeights:
    LAYERS = (
        {"Conv2D": {"filters": 4, "kernel_size": 3, "padding": "same"}},
        "BatchNormalization",
        {"Residual": {"body": [{"Conv2D": {"filters": 4, "kernel_size": 1}}]}},
        {"SpectralNormalization": {"layer": CONV}},
        {"Dropout": {"rate": 0.5}},
        {"Reshape": {"target_shape": [24, 3]}},
        {"Bidirectional": {"layer": {"LSTM": {"units": 2}}}},
    )
    KEYS = (
        "00_Conv2D/kernel",
        "00_Conv2D/bias",
        "01_BatchNormalization/gamma",
        "01_BatchNormalization/beta",
        "01_BatchNormalization/moving_mean",
        "01_BatchNormalization/moving_variance",
        "02_Residual/body/00_Conv2D/kernel",
        "02_Residual/body/00_Conv2D/bias",
    )

    def test_are_keyed_by_place_and_name(self, build):
        keys = list(build(self.LAYERS, IMAGE).weights())
        assert tuple(keys[:8]) == self.KEYS
        assert len(keys) == 8 + 3 + 6  # u of the normalisation; two directions of three weights

    def test_are_all_variables_but_the_seeds_of_random_layers(self, build):
        built = build(self.LAYERS, IMAGE)
        found = [id(variable) for variable in built.weights().values()]
        assert len(set(found)) == len(found)
        assert set(found) == {id(variable) for variable in built.model.weights}
        assert {
            variable.name
            for variable in built.model.variables
            if id(variable) not in found
        } == {"seed_generator_state"}  # fmt: skip

    def test_have_the_same_keys_and_values_whatever_was_built_before(self, build):
        first = build(self.LAYERS, IMAGE).weights()
        build([DENSE, "BatchNormalization", DENSE], VECTOR, seed=7)
        keras.layers.Dense(3).build((None, 3))
        again = build(self.LAYERS, IMAGE).weights()
        assert list(first) == list(again)
        for key, variable in first.items():
            assert variable.numpy().tobytes() == again[key].numpy().tobytes(), key

    def test_have_the_same_values_whatever_is_built_in_other_threads(self, build):
        layers = [{"Dense": {"units": 2}}] * 20
        meant = [variable.numpy() for variable in build(layers, (2,)).weights().values()]
        with ThreadPoolExecutor(4) as threads:
            for built in threads.map(lambda _: build(layers, (2,)), range(40)):
                np.testing.assert_array_equal(
                    [variable.numpy() for variable in built.weights().values()][::2], meant[::2]
                )

    def test_leave_the_random_numbers_of_a_program_as_they_were(self, build):
        random.seed(5)
        meant = random.random()
        random.seed(5)
        build([DENSE], VECTOR)
        assert random.random() == meant

    def test_start_elsewhere_for_another_seed_network_or_place(self, build):
        def kernel(layers, key="00_Dense/kernel", **more):
            return build(layers, VECTOR, **more).weights()[key].numpy().tobytes()

        square = {"Dense": {"units": 6}}
        found = [
            kernel([square]),
            kernel([square], seed=1),
            kernel([square], network="discriminator"),
            kernel([square, square], "01_Dense/kernel"),
        ]
        assert len(set(found)) == 4
        assert kernel([square, square]) == found[0]  # what comes after does not matter

    def test_of_a_changed_layer_leave_the_others_alone(self, build):
        wide, narrow = (
            build([DENSE, {"Dense": {"units": units}}, "ReLU", DENSE], VECTOR).weights()
            for units in (9, 4)
        )
        for key in ("00_Dense/kernel", "00_Dense/bias"):
            assert np.array_equal(wide[key], narrow[key])


class TestDefaultInitializer:
    LAYERS = (
        {"Conv2D": {"filters": 2, "kernel_size": 3}},
        {"DepthwiseConv2D": {"kernel_size": 2}},
        {"SeparableConv2D": {"filters": 2, "kernel_size": 1}},
        {"Residual": {"body": [{"Conv2D": {"filters": 2, "kernel_size": 1}}]}},
        {"SpectralNormalization": {"layer": {"Conv2D": {"filters": 2, "kernel_size": 1}}}},
        {"Conv2D": {"filters": 2, "kernel_size": 1, "kernel_initializer": "zeros"}},
        "BatchNormalization",
        "Flatten",
        {"Dense": {"units": 2, "bias_initializer": {"Constant": {"value": 3.0}}}},
    )

    @pytest.fixture
    def weights(self, build):
        built = build(self.LAYERS, IMAGE, initializer={"Constant": {"value": 0.5}})
        return {key: variable.numpy() for key, variable in built.weights().items()}

    @pytest.mark.parametrize(
        "key",
        [
            "00_Conv2D/kernel",
            "01_DepthwiseConv2D/kernel",
            "02_SeparableConv2D/depthwise_kernel",
            "02_SeparableConv2D/pointwise_kernel",
            "03_Residual/body/00_Conv2D/kernel",
            "04_SpectralNormalization/kernel",
            "08_Dense/kernel",
        ],
    )
    def test_reaches_every_kernel(self, weights, key):
        assert (weights[key] == 0.5).all()

    def test_leaves_a_layer_that_names_its_own(self, weights):
        assert (weights["05_Conv2D/kernel"] == 0.0).all()

    def test_leaves_what_is_no_kernel(self, weights):
        assert (weights["00_Conv2D/bias"] == 0.0).all()
        assert (weights["06_BatchNormalization/gamma"] == 1.0).all()
        assert (weights["08_Dense/bias"] == 3.0).all()

    def test_draws_other_numbers_for_every_layer(self, build):
        square = {"Dense": {"units": 6}}
        built = build(
            [square, square], VECTOR, initializer={"RandomNormal": {"mean": 9.0, "stddev": 0.02}}
        )
        first, second = (built.weights()[f"0{place}_Dense/kernel"].numpy() for place in (0, 1))
        assert (np.abs(first - 9.0) < 0.2).all()
        assert first.std() > 0.01
        assert not (first == second).any()
