from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from gantool.gan.network import TrainableNetwork
from gantool.layers.batch_normalization import BatchNormalization
from gantool.layers.concat_label import ConcatLabel

LABELS = tf.constant([0, 1, 0, 1])
SEED = tf.constant([1, 2], tf.int64)
OTHER_SEED = tf.constant([1, 3], tf.int64)
INPUTS = np.random.default_rng(0).normal(2.0, 3.0, size=(4, 3)).astype(np.float32)
OTHER_INPUTS = np.random.default_rng(1).normal(-5.0, 0.5, size=(4, 3)).astype(np.float32)


def network_of(*layers, optimizer=None):
    model = keras.Sequential([keras.Input((3,)), *layers])
    return TrainableNetwork(model, optimizer or keras.optimizers.SGD(0.1), takes_label=False)


def values(variables):
    return [variable.numpy().copy() for variable in variables]


def bytes_of(model):
    return [variable.numpy().tobytes() for variable in model.variables]


def descend_on_mean(network, inputs=INPUTS):
    """Take one step down the mean of the outputs and what regularizers add."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        network.watch(tape)
        made = network.forward(tf.constant(inputs), LABELS, SEED)
        loss = tf.reduce_mean(made.outputs) + made.activity + network.regularization()
    network.apply(network.gradients(tape, loss), made.state)
    return made


@pytest.fixture(params=[keras.layers.BatchNormalization, BatchNormalization])
def normalization(request):
    return request.param


class TestForward:
    def test_changes_no_variable(self, normalization):
        network = network_of(
            keras.layers.Dense(4), normalization(), keras.layers.Dropout(0.5), keras.layers.Dense(1)
        )
        before = bytes_of(network.model)
        network.forward(tf.constant(INPUTS), LABELS, SEED)
        assert bytes_of(network.model) == before

    def test_gives_what_a_training_call_of_keras_gives_and_leaves(self, normalization):
        network = network_of(normalization(momentum=0.9), keras.layers.Dense(2))
        plain = keras.Sequential(
            [
                keras.Input((3,)),
                keras.layers.BatchNormalization(momentum=0.9),
                keras.layers.Dense(2),
            ]
        )
        plain.set_weights(network.model.get_weights())
        made = network.forward(tf.constant(INPUTS), LABELS, SEED)
        outputs = plain(INPUTS, training=True)
        np.testing.assert_allclose(made.outputs, outputs, rtol=0, atol=1e-5)
        left = plain.layers[0].non_trainable_variables
        assert len(left) == len(made.state) == 2
        for state, variable in zip(made.state, left, strict=True):
            np.testing.assert_allclose(state, variable, rtol=0, atol=1e-5)

    def test_goes_on_from_the_state_that_it_is_given(self, normalization):
        network = network_of(normalization(momentum=0.9), keras.layers.Dense(1))
        first = network.forward(tf.constant(INPUTS), LABELS, SEED)
        second = network.forward(tf.constant(OTHER_INPUTS), LABELS, SEED, first.state)
        # Moving mean and variance start at 0 and 1.
        batches = [batch.astype(np.float64) for batch in (INPUTS, OTHER_INPUTS)]
        mean, variance = np.zeros(3), np.ones(3)
        for batch in batches:
            mean = 0.9 * mean + 0.1 * batch.mean(0)
            variance = 0.9 * variance + 0.1 * batch.var(0)
        np.testing.assert_allclose(second.state[0], mean, rtol=0, atol=1e-5)
        np.testing.assert_allclose(second.state[1], variance, rtol=0, atol=1e-5)

    def test_dropout_is_a_function_of_the_seed(self):
        network = network_of(keras.layers.Dense(200, use_bias=False), keras.layers.Dropout(0.5))
        inputs = tf.ones([4, 3])
        first, again, other = (
            network.forward(inputs, LABELS, seed).outputs.numpy()
            for seed in (SEED, SEED, OTHER_SEED)
        )
        assert first.tobytes() == again.tobytes()
        assert ((first == 0) != (other == 0)).any()
        assert 0.4 < (first == 0).mean() < 0.6

    def test_two_dropout_layers_drop_different_places(self):
        ones = keras.initializers.Ones
        first, second = keras.layers.Dropout(0.5), keras.layers.Dropout(0.5)
        inputs = keras.Input((3,))
        wide = keras.layers.Dense(500, kernel_initializer=ones)(inputs)
        model = keras.Model(inputs, keras.layers.Concatenate()([first(wide), second(wide)]))
        network = TrainableNetwork(model, keras.optimizers.SGD(), takes_label=False)
        outputs = network.forward(tf.ones([1, 3]), LABELS[:1], SEED).outputs.numpy() == 0
        assert (outputs[:, :500] != outputs[:, 500:]).any()

    def test_seeds_of_random_layers_are_no_state(self):
        network = network_of(
            keras.layers.Dropout(0.5), keras.layers.BatchNormalization(), keras.layers.Dense(1)
        )
        assert [variable.name for variable in network.state] == ["moving_mean", "moving_variance"]

    def test_frozen_batch_normalization_uses_and_keeps_its_statistics(self, normalization):
        frozen = normalization(trainable=False, epsilon=1e-3)
        network = network_of(frozen, keras.layers.Dense(1, kernel_initializer="ones"))
        frozen.moving_mean.assign([1.0, 2.0, 3.0])
        made = network.forward(tf.constant(INPUTS), LABELS, SEED)
        expected = ((INPUTS - [1.0, 2.0, 3.0]) / np.sqrt(1.001)).sum(1, keepdims=True)
        np.testing.assert_allclose(made.outputs, expected, rtol=0, atol=1e-4)
        for state, variable in zip(made.state, network.state, strict=True):
            assert np.array_equal(state, variable)

    def test_activity_regularizers_are_a_value_of_the_pass(self):
        network = network_of(
            keras.layers.Dense(
                4,
                kernel_regularizer=keras.regularizers.L2(0.5),
                activity_regularizer=keras.regularizers.L1(0.25),
            ),
            keras.layers.ActivityRegularization(l2=2.0),
            keras.layers.Dense(1, bias_regularizer=keras.regularizers.L2(1.0)),
        )
        kernel, bias, *_ = values(network.trainable)
        for inputs in (INPUTS, OTHER_INPUTS):  # nothing gathers over passes
            made = network.forward(tf.constant(inputs), LABELS, SEED)
            activations = inputs.astype(np.float64) @ kernel + bias
            # Keras takes the mean over the batch.
            expected = (0.25 * np.abs(activations) + 2.0 * activations**2).sum() / len(inputs)
            assert made.activity.shape == []
            np.testing.assert_allclose(made.activity, expected, rtol=1e-5)

    def test_activity_is_zero_where_nothing_regularizes_it(self):
        network = network_of(keras.layers.Dense(1, kernel_regularizer="l2"))
        made = network.forward(tf.constant(INPUTS), LABELS, SEED)
        assert made.activity.numpy() == 0.0

    def test_hands_the_labels_to_a_network_that_takes_them(self):
        inputs, label = keras.Input((3,)), keras.Input((), dtype="int32")
        model = keras.Model([inputs, label], ConcatLabel(classes=2)(inputs, label))
        network = TrainableNetwork(model, keras.optimizers.SGD(), takes_label=True)
        outputs = network.forward(tf.constant(INPUTS), LABELS, SEED).outputs
        assert np.array_equal(outputs[:, 3:], np.eye(2)[LABELS])

    @pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
    def test_gives_float32_in_every_precision(self, precision):
        network = network_of(
            keras.layers.Dense(
                1, dtype=precision, kernel_regularizer="l2", activity_regularizer="l2"
            )
        )
        assert network.model.layers[-1].compute_dtype == precision.removeprefix("mixed_")
        made = network.forward(tf.constant(INPUTS), LABELS, SEED)
        assert made.outputs.dtype == tf.float32
        assert made.activity.dtype == network.regularization().dtype == tf.float32


class TestRegularization:
    def test_adds_up_the_regularizers_of_the_weights_that_learn(self):
        network = network_of(
            keras.layers.Dense(
                4,
                kernel_regularizer=keras.regularizers.L2(0.5),
                activity_regularizer=keras.regularizers.L2(100.0),
            ),
            keras.layers.Dense(4, kernel_regularizer="l2", trainable=False),
            keras.layers.Dense(
                1,
                kernel_regularizer=keras.regularizers.L1(0.25),
                bias_regularizer=keras.regularizers.L2(1.0),
                bias_initializer=keras.initializers.Constant(3.0),
            ),
        )
        kernel, _, last, _ = values(network.trainable)
        expected = 0.5 * (kernel**2).sum() + 0.25 * np.abs(last).sum() + 9.0
        found = network.regularization()
        assert found.shape == []
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)

    def test_is_zero_where_there_is_none(self):
        assert network_of(keras.layers.Dense(1)).regularization().numpy() == 0.0

    def test_its_gradient_is_that_of_the_weights(self):
        network = network_of(keras.layers.Dense(2, kernel_regularizer=keras.regularizers.L2(0.5)))
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            network.watch(tape)
            loss = network.regularization()
        of_kernel, of_bias = network.gradients(tape, loss)
        kernel, _ = values(network.trainable)
        np.testing.assert_allclose(of_kernel, kernel, rtol=1e-6)
        assert np.array_equal(of_bias, [0.0, 0.0])


class TestGradientsAndApply:
    def test_gradient_descent_moves_the_weights_by_the_learning_rate_times_the_gradient(self):
        network = network_of(keras.layers.Dense(2))
        kernel, bias = values(network.trainable)
        descend_on_mean(network)
        # The mean over 4 × 2 outputs.
        slope = INPUTS.astype(np.float64).sum(0)[:, None] / 8 * np.ones((1, 2))
        moved = values(network.trainable)
        np.testing.assert_allclose(moved[0], kernel - 0.1 * slope, rtol=0, atol=1e-6)
        np.testing.assert_allclose(moved[1], bias - 0.1 * 0.5, rtol=0, atol=1e-6)

    def test_moves_the_weights_and_keeps_the_state_and_nothing_else(self, normalization):
        frozen = keras.layers.Dense(3, trainable=False)
        network = network_of(frozen, normalization(momentum=0.9), keras.layers.Dense(1))
        still = bytes_of(frozen)
        made = descend_on_mean(network)
        assert bytes_of(frozen) == still
        for state, variable in zip(made.state, network.state, strict=True):
            assert np.array_equal(state, variable)
        inputs = INPUTS @ frozen.kernel.numpy() + frozen.bias.numpy()
        moving_mean = network.model.layers[1].moving_mean
        np.testing.assert_allclose(moving_mean, 0.1 * inputs.mean(0), rtol=0, atol=1e-5)

    def test_weight_that_the_loss_does_not_see_stays(self):
        network = network_of(keras.layers.Dense(2), keras.layers.Dense(1))
        before = values(network.trainable)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            network.watch(tape)
            loss = tf.reduce_sum(network.trainable[0].value)
        network.apply(network.gradients(tape, loss), [])
        after = values(network.trainable)
        np.testing.assert_allclose(after[0], before[0] - 0.1, rtol=0, atol=1e-6)
        for old, new in zip(before[1:], after[1:], strict=True):
            assert np.array_equal(old, new)

    def test_loss_that_sees_no_weight_moves_nothing(self):
        network = network_of(keras.layers.Dense(2))
        before = bytes_of(network.model)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            network.watch(tape)
            loss = tf.constant(3.0)
        network.apply(network.gradients(tape, loss), [])
        assert bytes_of(network.model) == before
        assert int(network.optimizer.iterations) == 1

    def test_adam_takes_the_steps_of_the_paper(self):
        adam = keras.optimizers.Adam(0.01, beta_1=0.5, beta_2=0.99, epsilon=1e-8)
        network = network_of(keras.layers.Dense(1), optimizer=adam)
        weight = np.concatenate([value.ravel() for value in values(network.trainable)])
        weight = weight.astype(np.float64)
        moment, second = np.zeros(4), np.zeros(4)
        for step, inputs in enumerate((INPUTS, OTHER_INPUTS, INPUTS), start=1):
            descend_on_mean(network, inputs)
            gradient = np.append(inputs.astype(np.float64).mean(0), 1.0)
            # Kingma and Ba 2015, algorithm 1.
            moment = 0.5 * moment + 0.5 * gradient
            second = 0.99 * second + 0.01 * gradient**2
            mean, spread = moment / (1 - 0.5**step), second / (1 - 0.99**step)
            weight -= 0.01 * mean / (np.sqrt(spread) + 1e-8)
        found = np.concatenate([value.ravel() for value in values(network.trainable)])
        np.testing.assert_allclose(found, weight, rtol=0, atol=1e-6)

    def test_learning_rate_schedule_is_obeyed(self):
        schedule = keras.optimizers.schedules.PiecewiseConstantDecay([0], [0.5, 0.125])
        network = network_of(keras.layers.Dense(1), optimizer=keras.optimizers.SGD(schedule))
        steps = []
        for _ in range(2):
            before = float(network.trainable[1].numpy()[0])
            descend_on_mean(network)
            steps.append(before - float(network.trainable[1].numpy()[0]))
        np.testing.assert_allclose(steps, [0.5, 0.125], rtol=0, atol=1e-6)

    def test_constraint_of_a_layer_holds_after_the_update(self):
        layer = keras.layers.Dense(2, kernel_constraint=keras.constraints.MaxNorm(0.01))
        network = network_of(layer)
        descend_on_mean(network)
        lengths = np.linalg.norm(layer.kernel.numpy(), axis=0)
        assert (lengths <= 0.01 + 1e-6).all()

    def test_loss_scaling_takes_the_step_of_float32(self):
        moved = {}
        for precision in ("float32", "mixed_float16"):
            inner = keras.optimizers.SGD(0.1)
            scaled = keras.optimizers.LossScaleOptimizer(inner)
            network = network_of(
                keras.layers.Dense(
                    4, dtype=precision, kernel_initializer=keras.initializers.GlorotNormal(3)
                ),
                keras.layers.LeakyReLU(dtype=precision),
                keras.layers.Dense(
                    1, dtype=precision, kernel_initializer=keras.initializers.GlorotNormal(4)
                ),
                optimizer=inner if precision == "float32" else scaled,
            )
            before = values(network.trainable)
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                network.watch(tape)
                made = network.forward(tf.constant(INPUTS), LABELS, SEED)
                # Per weight about 1e-6, which float16 would round to multiples of 6e-8.
                loss = 1e-6 * tf.reduce_mean(tf.nn.softplus(made.outputs))
            network.apply(network.gradients(tape, loss), made.state)
            after = values(network.trainable)
            moved[precision] = [new - old for old, new in zip(before, after, strict=True)]
        for half, single in zip(moved["mixed_float16"], moved["float32"], strict=True):
            assert np.isfinite(half).all()
            assert np.abs(single).max() > 0
            np.testing.assert_allclose(half, single, rtol=0, atol=3e-8)

    def test_loss_scaling_skips_an_update_that_is_not_finite(self):
        optimizer = keras.optimizers.LossScaleOptimizer(
            keras.optimizers.SGD(0.1), initial_scale=2.0**15
        )
        network = network_of(keras.layers.Dense(1, dtype="mixed_float16"), optimizer=optimizer)
        before = bytes_of(network.model)
        descend_on_mean(network, INPUTS * 1e4)  # × 2¹⁵ is more than float16 holds
        assert bytes_of(network.model) == before
        assert float(optimizer.dynamic_scale) == 2.0**14
        descend_on_mean(network)
        assert bytes_of(network.model) != before

    @pytest.mark.slow
    def test_compiled_update_is_the_eager_one(self, normalization):
        made = {}
        for compiled in (False, True):
            keras.utils.set_random_seed(5)
            network = network_of(
                keras.layers.Dense(4), normalization(), keras.layers.Dense(1, activation="tanh")
            )
            update = tf.function(lambda network=network: descend_on_mean(network).outputs)
            outputs = update() if compiled else descend_on_mean(network).outputs
            made[compiled] = [outputs.numpy(), *values(network.model.variables)]
        for eager, graph in zip(made[False], made[True], strict=True):
            np.testing.assert_allclose(eager, graph, rtol=0, atol=1e-6)


def test_trainable_and_state_share_no_variable(normalization):
    network = network_of(keras.layers.Dense(2), normalization(), keras.layers.Dense(1))
    names = [variable.name for variable in network.trainable]
    assert names == ["kernel", "bias", "gamma", "beta", "kernel", "bias"]
    assert [variable.name for variable in network.state] == ["moving_mean", "moving_variance"]


def test_rows_that_are_drawn_for_a_batch_decide_what_is_dropped():
    """As two replicas do, each of which takes its half of the rows."""
    layers = [keras.layers.Dense(200, use_bias=False), keras.layers.Dropout(0.5)]
    model = keras.Sequential([keras.Input((3,)), *layers])
    asked = []

    def half(number):
        def rows(draw, count):
            asked.append(count)
            return draw(2 * count)[number * count : (number + 1) * count]

        return rows

    dropped = [
        TrainableNetwork(model, keras.optimizers.SGD(), False, half(number))
        .forward(tf.ones([4, 3]), LABELS, SEED)
        .outputs.numpy()
        == 0
        for number in (0, 1)
    ]
    assert asked == [1, 1]  # a seed for each random layer
    assert 0.4 < (dropped[0] != dropped[1]).mean() < 0.6
