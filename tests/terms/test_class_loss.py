"""The auxiliary classifier and its loss, against numbers worked out in float64."""

from __future__ import annotations

import dataclasses
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from gantool.gan.network import TrainableNetwork
from gantool.gan.updates import descend_both, descend_discriminator, descend_generator
from gantool.layers.auxiliary_classifier import AuxiliaryClassifier
from gantool.losses.wasserstein import Wasserstein
from gantool.terms.class_loss import ClassLoss
from gantool.terms.gradient_penalty import GradientPenalty
from gantool.terms.r1 import R1
from tests.gan.gans import BATCH, LABELS, REAL, gan_of, given_of, weights

CLASSES = 3


def gan_with(*terms: Any) -> Any:
    layers = [keras.layers.Flatten(), AuxiliaryClassifier(CLASSES)]
    gan = gan_of(discriminator=layers, loss=Wasserstein(), regularizers=terms)
    networks = {
        name: TrainableNetwork(network.model, network.optimizer, takes_label=False)
        for name, network in (("generator", gan.generator), ("discriminator", gan.discriminator))
    }
    return dataclasses.replace(gan, **networks)


def cross_entropy(logits: np.ndarray) -> float:
    shifted = logits - logits.max(1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    return float(-logs[np.arange(BATCH), LABELS].mean())


def totals(values: list[np.ndarray], weight: float) -> dict[str, float]:
    """Totals of both networks: kernel and bias of the generator, then of the discriminator."""
    making, offset, telling, bias = values
    real = REAL.reshape(BATCH, 3).astype(np.float64) @ telling + bias
    latents = np.asarray(given_of().latents, np.float64)
    made = (latents @ making + offset) @ telling + bias
    on_real, on_made = cross_entropy(real[:, 1:]), cross_entropy(made[:, 1:])
    return {
        "discriminator": (made - real)[:, 0].mean() + weight * (on_real + on_made),
        "generator": -made[:, 0].mean() + weight * on_made,
    }


@pytest.mark.parametrize("at_once", [False, True])
@pytest.mark.parametrize("weight", [1.0, 0.25])
def test_both_networks_learn_the_classes_and_their_gradients_are_those_of_finite_differences(
    weight: float, at_once: bool
) -> None:
    gan = gan_with(ClassLoss(weight))
    if at_once:
        descents = dict.fromkeys(("generator", "discriminator"), descend_both(gan, given_of()))
    else:
        descents = {
            "generator": descend_generator(gan, given_of()),
            "discriminator": descend_discriminator(gan, given_of()),
        }
    values = [*weights(gan.generator), *weights(gan.discriminator)]
    wanted = totals(values, weight)
    for name, places in (("generator", (0, 1)), ("discriminator", (2, 3))):
        descent = descents[name]
        np.testing.assert_allclose(descent.totals[name], wanted[name], rtol=1e-5)
        for place, gradient in zip(places, descent.gradients[name], strict=True):
            differences = np.zeros_like(values[place])
            for index in np.ndindex(differences.shape):
                ends = []
                for step in (1e-5, -1e-5):
                    moved = [it.copy() for it in values]
                    moved[place][index] += step
                    ends.append(totals(moved, weight)[name])
                differences[index] = (ends[0] - ends[1]) / 2e-5
            np.testing.assert_allclose(gradient, differences, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("term", "cost"),
    [
        (R1(weight=1.0), lambda length: 0.5 * length**2),
        (GradientPenalty(1.0), lambda length: (length - 1.0) ** 2),
    ],
)
def test_penalties_take_the_gradient_of_the_logit_that_judges(term: Any, cost: Any) -> None:
    gan = gan_with(term)
    kernel = weights(gan.discriminator)[0]
    descent = descend_discriminator(gan, given_of())
    further = float(descent.totals["discriminator"] - descent.losses["discriminator"])
    np.testing.assert_allclose(further, cost(np.linalg.norm(kernel[:, 0])), rtol=1e-5)


def test_the_loss_is_that_of_the_logit_that_judges() -> None:
    descent = descend_discriminator(gan_with(ClassLoss()), given_of())
    gan = gan_with()
    wanted = totals([*weights(gan.generator), *weights(gan.discriminator)], 0.0)
    np.testing.assert_allclose(descent.losses["discriminator"], wanted["discriminator"], rtol=1e-5)


def test_it_computes_in_a_graph_that_is_compiled() -> None:
    gan = gan_with(ClassLoss())
    run = tf.function(descend_discriminator, jit_compile=True, autograph=False)
    found = run(gan, given_of()).totals["discriminator"]
    np.testing.assert_allclose(
        found, descend_discriminator(gan, given_of()).totals["discriminator"], rtol=1e-5
    )
