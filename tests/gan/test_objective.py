"""A term that is taken every n updates: when, how strong, and with which gradients."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from gantool.gan.network import TrainableNetwork
from gantool.gan.objective import Term, value_of
from gantool.gan.seen import Seen

RANDOM = np.random.default_rng(5)
EXAMPLES = {"real": RANDOM.normal(size=(4, 3)), "generated": RANDOM.normal(size=(4, 3))}
WEIGHTS = RANDOM.normal(size=(3, 1))
WAYS = pytest.mark.parametrize("way", ["eager", "graph", "xla"])


class Slope(Term):
    """Mean over each side of ½ ‖∇D‖²."""

    needs = differentiates = ("real", "generated")

    def __init__(self, every):
        self.every = every

    def __call__(self, seen, _network):
        return tf.add_n([tf.nn.l2_loss(seen.gradient(side)) / 4.0 for side in self.needs])


class Between(Term):
    """Mean logit half way between real and generated examples, from a pass of its own."""

    needs = ("real", "generated")

    def __init__(self, every):
        self.every = every

    def __call__(self, seen, _network):
        between = 0.5 * (seen.examples("real") + seen.examples("generated"))
        return tf.reduce_mean(seen.discriminate(between))


def of_slope(w):
    """For D(x) = tanh(w·x), s = 1 − tanh²: ½ s² ‖w‖² and its gradient by w, in float64."""
    value, gradient = 0.0, np.zeros(3)
    for examples in EXAMPLES.values():
        tanh = np.tanh(examples @ w)
        s = 1.0 - tanh**2
        value += (0.5 * s**2 * (w @ w)).mean()
        by_w = (-2.0 * tanh * s**2 * (w @ w))[:, None] * examples + (s**2)[:, None] * w
        gradient += by_w.mean(0)
    return value, gradient


def of_between(w):
    between = 0.5 * (EXAMPLES["real"] + EXAMPLES["generated"])
    tanh = np.tanh(between @ w)
    return tanh.mean(), ((1.0 - tanh**2)[:, None] * between).mean(0)


def run(term, way):
    """A function of an update's number: the term's value, the mean logit, the gradient of both."""
    model = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(1, use_bias=False, activation="tanh")]
    )
    network = TrainableNetwork(model, keras.optimizers.SGD(), False)
    model.set_weights([WEIGHTS])

    def update(index):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            network.watch(tape)
            real, generated = (tf.constant(it, tf.float32) for it in EXAMPLES.values())
            seen = Seen(
                network,
                real,
                lambda: generated,
                tf.zeros([4], tf.int32),
                index,
                lambda _: tf.constant([0, 0], tf.int64),
                {"real": "real", "generated": "generated"},
                term.differentiates,
            )
            value = value_of(term, seen, network)
            logit = tf.reduce_mean(seen.logits("generated"))  # the loss comes after the term here
            total = value + logit
        [gradient] = network.gradients(tape, total)
        return value, logit, gradient

    if way == "eager":
        return update
    return tf.function(update, autograph=False, jit_compile=way == "xla")


@pytest.mark.slow
@WAYS
@pytest.mark.parametrize(("kind", "expected"), [(Slope, of_slope), (Between, of_between)])
@pytest.mark.parametrize("every", [1, 2, 3])
def test_term_joins_each_update_whose_number_every_divides_so_many_times_as_strong(
    kind, expected, every, way
):
    update = run(kind(every), way)
    w = WEIGHTS[:, 0]
    one, by_w = expected(w)
    tanh = np.tanh(EXAMPLES["generated"] @ w)
    of_logit = ((1.0 - tanh**2)[:, None] * EXAMPLES["generated"]).mean(0)
    for index in range(5):
        value, logit, gradient = update(tf.constant(index, tf.int64))
        strength = every if index % every == 0 else 0
        np.testing.assert_allclose(value, strength * one, rtol=2e-6, atol=1e-7)
        np.testing.assert_allclose(logit, tanh.mean(), rtol=0, atol=1e-6)
        np.testing.assert_allclose(gradient[:, 0], strength * by_w + of_logit, rtol=0, atol=2e-6)


def test_term_that_is_not_due_is_not_computed():
    calls = []

    class Counted(Between):
        def __call__(self, seen, network):
            calls.append(int(seen.index))
            return super().__call__(seen, network)

    update = run(Counted(3), "eager")
    for index in range(7):
        update(tf.constant(index, tf.int64))
    assert calls == [0, 3, 6]
