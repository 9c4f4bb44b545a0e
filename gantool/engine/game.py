"""The rules of a recipe, brought to the networks that learn by them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import keras
import tensorflow as tf

from gantool.engine.state import TrainingState
from gantool.gan.constraints import clip_weights
from gantool.gan.losses import LOSSES
from gantool.gan.network import Learner
from gantool.gan.penalties import gradient_penalty
from gantool.gan.share import WHOLE, Share
from gantool.gan.updates import Game, Penalty
from gantool.networks.build import BuiltNetwork
from gantool.recipe.model import GradientPenalty, Recipe, WeightClip, WeightDecay


def make_game(state: TrainingState, recipe: Recipe, share: Share = WHOLE) -> Game:
    """Bring the networks of a state together with the rules of a recipe, for a share of batches."""
    discriminator = _learner(state.discriminator, state.discriminator_optimizer, share)
    generator = _learner(state.generator, state.generator_optimizer, share)
    penalties = [item for item in recipe.regularizers if isinstance(item, GradientPenalty)]
    decays = [item.weight for item in recipe.regularizers if isinstance(item, WeightDecay)]
    clips = [item for item in recipe.regularizers if isinstance(item, WeightClip)]
    return Game(
        generator=generator,
        discriminator=discriminator,
        loss=LOSSES[recipe.loss],
        penalties=tuple(_penalty(item, share) for item in penalties),
        weight_decay=sum(decays),
        constraints=tuple(
            partial(clip_weights, _clipped(state.discriminator, item), item.limit) for item in clips
        ),
        seed=recipe.seed,
        share=share,
    )


def _learner(network: BuiltNetwork, optimizer: keras.optimizers.Optimizer, share: Share) -> Learner:
    return Learner(network.model, optimizer, network.takes_label, share)


def _clipped(discriminator: BuiltNetwork, item: WeightClip) -> list[keras.Variable]:
    """The variables of the discriminator that are clipped."""
    of_normalization = [
        variable
        for placed in discriminator.layers
        if isinstance(placed.layer, keras.layers.BatchNormalization)
        for variable in placed.layer.weights
    ]
    own = {id(variable) for variable in of_normalization}
    others = [item for item in discriminator.model.trainable_variables if id(item) not in own]
    if item.batch_normalization == "none":
        return others
    if item.batch_normalization == "all":
        return others + of_normalization
    return others + [variable for variable in of_normalization if variable.trainable]


def _penalty(item: GradientPenalty, share: Share) -> Penalty:
    def penalty(
        discriminate: Callable[[tf.Tensor], tf.Tensor],
        real: tf.Tensor,
        generated: tf.Tensor,
        seed: tf.Tensor,
    ) -> tf.Tensor:
        shape = [real.shape[0] * share.of, 1, 1, 1]
        mix = share.rows(tf.random.stateless_uniform(shape, seed, alg="philox"))
        return item.weight * gradient_penalty(discriminate, real, generated, mix)

    return penalty
