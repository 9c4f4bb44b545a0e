"""A real batch through both networks: what building them alone does not show."""

from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from gantool.engine.plan import Plan
from gantool.gan.latents import draw_each
from gantool.kernels.switch import plain_kernels
from gantool.networks.build import BuiltNetwork
from gantool.networks.messages import running_message
from gantool.networks.shape_checks import examples_in_a_pack
from gantool.recipe.document import Problem

BATCH = 2


class Trace(NamedTuple):
    """What came out of the untrained networks."""

    images: np.ndarray
    """[B, H, W, C] float32."""
    logits: np.ndarray
    """[B, 1 or 2] float32, for these images."""


def trace(plan: Plan) -> Trace:
    """Run a few latent vectors through the generator, and what it makes through the discriminator.

    In inference, which the trace is of, and in training with its gradients, for what fails there
    alone. Plain kernels do for that: the faster ones would be compiled for one batch.

    Raises:
        RecipeError: A network can be built, but not run, as one with a layer for text.
    """
    count = BATCH * examples_in_a_pack(plan.state.discriminator)
    latents = draw_each(plan.recipe.latent, tf.range(count, dtype=tf.int64))
    with plain_kernels():
        images = _run("generator", plan.state.generator, latents, plan)
        logits = _run("discriminator", plan.state.discriminator, tf.constant(images), plan)
    return Trace(images, logits)


def _run(network: str, built: BuiltNetwork, inputs: Any, plan: Plan) -> np.ndarray:
    labels = tf.range(len(inputs)) % max(plan.classes, 1)
    try:
        given = [inputs, labels] if built.takes_label else inputs
        outputs = built.model(given, training=False)
        found: np.ndarray = tf.cast(outputs, tf.float32).numpy()
        train_once(built.model, inputs, given)
    except Exception as error:
        message = running_message(network, error)
        plan.loaded.raise_problems([Problem((network, "layers"), message, on_key=True)])
        raise
    return found


def train_once(model: keras.Model, inputs: tf.Tensor, given: Any) -> tf.Tensor:
    """What a pass in training mode gives; its gradients are taken, and the model stays as it was.

    It is called with what is `given`: the inputs, or with labels beside them.
    """
    weights = [variable.value for variable in model.trainable_variables]
    state = [variable.value for variable in model.non_trainable_variables]
    with tf.GradientTape() as tape:
        tape.watch([inputs, *weights])
        outputs, _ = model.stateless_call(weights, state, given, training=True)
    tape.gradient(outputs, [inputs, *weights])
    return outputs
