"""`build_gan` brings the loss, terms and constraints of a recipe to its networks."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from gantool.engine.build import build_gan
from gantool.engine.state import TrainingState
from gantool.gan.updates import SIDES, Given, descend_discriminator, descend_generator
from gantool.losses.minimax import Minimax
from gantool.losses.non_saturating import NonSaturating
from gantool.networks.build import build_network
from gantool.networks.components import make
from gantool.recipe.model import Recipe
from gantool.recipe.resolve import resolve

RATE = 0.5
BATCH = 4


def update_discriminator(gan):
    random = np.random.default_rng(0)
    images, latents = (
        tf.constant(random.normal(size=(BATCH, *shape)).astype(np.float32))
        for shape in ((1, 3, 1), (2,))
    )
    given = Given(images, tf.zeros(BATCH, tf.int32), latents, tf.constant(0, tf.int64))
    descent = descend_discriminator(gan, given)
    gradients, state = descent.gradients["discriminator"], descent.state["discriminator"]
    gan.discriminator.apply(gradients, state)


def kernel_of(gan):
    return gan.discriminator.trainable[0].numpy().astype(np.float64)


def kernel_after(*regularizers):
    _, gan = gan_with(regularizers, ["Flatten", {"Dense": {"units": 1}}])
    before = kernel_of(gan)
    update_discriminator(gan)
    return before, kernel_of(gan)


def gan_with(regularizers, discriminator, loss="wasserstein"):
    sgd = {"SGD": {"learning_rate": RATE}}
    data = {
        "name": "linear",
        "data": {"source": "mnist", "size": [1, 3], "channels": 1},
        "latent": {"size": 2},
        "generator": {
            "layers": [{"Dense": {"units": 3}}, {"Reshape": {"target_shape": [1, 3, 1]}}]
        },
        "discriminator": {"layers": discriminator},
        "loss": loss,
        "regularizers": list(regularizers),
        "optimizers": {"generator": sgd, "discriminator": sgd},
        "train": {"steps": 1, "batch_size": BATCH},
    }
    recipe = Recipe.model_validate(data)
    parts, problems = resolve(data)
    assert problems == []
    networks = [
        build_network(name, layers, shape, classes=0, seed=0, precision="float32")
        for name, layers, shape in (
            ("generator", parts.generator, (2,)),
            ("discriminator", parts.discriminator, (1, 3, 1)),
        )
    ]
    optimizers = make(parts.generator_optimizer), make(parts.discriminator_optimizer)
    state = TrainingState(*networks, None, *optimizers)
    return state, build_gan(state, recipe)


@pytest.mark.parametrize(
    ("regularizer", "weight"),
    [("GradientPenalty", 10.0), ({"GradientPenalty": {"weight": 0.5}}, 0.5)],
)
def test_gradient_penalty_has_the_weight_of_the_recipe(regularizer, weight):
    before, plain = kernel_after()
    again, penalised = kernel_after(regularizer)
    assert np.array_equal(before, again)
    length = np.linalg.norm(before)
    expected = -RATE * weight * 2.0 * (length - 1.0) * before / length
    np.testing.assert_allclose(penalised - plain, expected, rtol=0, atol=1e-5)


def test_weight_clip_has_the_limit_of_the_recipe():
    _, clipped = kernel_after({"WeightClip": {"limit": 0.125}})
    assert np.abs(clipped).max() == 0.125


def test_weight_decay_has_the_weight_of_the_recipe():
    before, plain = kernel_after()
    _, decayed = kernel_after({"WeightDecay": {"weight": 0.25}})
    np.testing.assert_allclose(decayed - plain, -RATE * 0.25 * before, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("switch", "expected"),
    [
        (None, ["gamma", "beta"]),
        ("weights", ["gamma", "beta"]),
        ("all", ["gamma", "beta", "moving_mean", "moving_variance"]),
        ("none", []),
    ],
)
@pytest.mark.parametrize(
    "layer",
    ["BatchNormalization", {"TimeDistributed": {"layer": "BatchNormalization"}}],
    ids=["alone", "wrapped"],
)
def test_weight_clip_has_a_switch_for_batch_normalization(switch, expected, layer):
    keywords = {} if switch is None else {"batch_normalization": switch}
    clip = {"WeightClip": {"limit": 0.125} | keywords}
    state, gan = gan_with([clip], [layer, "Flatten", {"Dense": {"units": 1}}])
    for network in (state.discriminator, state.generator):
        for variable in network.weights().values():
            variable.assign(tf.fill(variable.shape, 7.0))
    [constraint] = gan.discriminator.constraints
    constraint(gan.discriminator)
    weights = state.discriminator.weights()
    clipped = {key for key, variable in weights.items() if (variable.numpy() == 0.125).all()}
    place = next(iter(weights)).rpartition("/")[0]
    assert clipped == {"02_Dense/kernel", "02_Dense/bias", *(f"{place}/{it}" for it in expected)}
    for variable in state.generator.weights().values():
        assert set(np.unique(variable)) == {7.0}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("non-saturating", NonSaturating),
        ("NonSaturating", NonSaturating),
        ({"Minimax": {}}, Minimax),
    ],
)
def test_loss_is_that_of_the_recipe(written, expected):
    _, gan = gan_with([], ["Flatten", {"Dense": {"units": 1}}], written)
    assert type(gan.loss) is expected


def test_each_network_has_the_loss_that_the_recipe_gives_it():
    critic = ["Flatten", {"Dense": {"units": 1}}]
    both = {"generator": "Hinge", "discriminator": "NonSaturating"}
    found = {}
    for loss in ("Hinge", "NonSaturating", both):
        _, gan = gan_with([], critic, loss)
        random = np.random.default_rng(0)
        images, latents = (
            tf.constant(random.normal(size=(BATCH, *shape)).astype(np.float32))
            for shape in ((1, 3, 1), (2,))
        )
        given = Given(images, tf.zeros(BATCH, tf.int32), latents, tf.constant(0, tf.int64))
        parts = {sides: descend_discriminator(gan, given, sides) for sides in (("real",), SIDES)}
        values = [float(it.losses["discriminator"]) for it in parts.values()]
        values.append(float(descend_generator(gan, given).losses["generator"]))
        found[str(loss)] = values
    assert found[str(both)] == [*found["NonSaturating"][:2], found["Hinge"][2]]
    assert not np.isclose(found["Hinge"], found["NonSaturating"]).any()
