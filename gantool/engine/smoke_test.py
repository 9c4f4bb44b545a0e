"""A real batch through both networks: what building them alone does not show."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from gantool.engine.plan import Plan
from gantool.gan.latents import draw_each
from gantool.networks.build import BuiltNetwork
from gantool.networks.messages import running_message
from gantool.recipe.document import Problem

BATCH = 2


class Trace(NamedTuple):
    """What came out of the untrained networks.

    Attributes:
        images: [B, H, W, C] float32, of the generator.
        logits: [B, 1 or 2] float32, of the discriminator for these images.
    """

    images: np.ndarray
    logits: np.ndarray


def trace(plan: Plan) -> Trace:
    """Run two latent vectors through the generator, and what it makes through the discriminator.

    Raises:
        RecipeError: A network can be built, but not run, as one with a layer for text.
    """
    latents = draw_each(plan.recipe.latent, tf.range(BATCH, dtype=tf.int64))
    images = _run("generator", plan.state.generator, latents, plan)
    logits = _run("discriminator", plan.state.discriminator, tf.constant(images), plan)
    return Trace(images, logits)


def _run(network: str, built: BuiltNetwork, inputs: Any, plan: Plan) -> np.ndarray:
    labels = tf.range(BATCH) % max(plan.classes, 1)
    try:
        outputs = built.model([inputs, labels] if built.takes_label else inputs, training=False)
        found: np.ndarray = tf.cast(outputs, tf.float32).numpy()
    except Exception as error:
        message = running_message(network, error)
        plan.loaded.raise_problems([Problem((network, "layers"), message, on_key=True)])
        raise
    return found
