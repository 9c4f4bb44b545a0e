from typing import Literal

import keras
import tensorflow as tf

from gantool.gan.network import TrainableNetwork
from gantool.gan.objective import Constraint
from gantool.layers.batch_normalization import batch_normalization_layers
from gantool.recipe.types import Positive


class WeightClip(Constraint):
    """Every weight of the discriminator to ±limit after each update (Arjovsky et al. 2017, WGAN).

    Algorithm 1, line 7.

    Args:
        limit: Largest absolute value of a weight.
        batch_normalization: weights: scale and offset of BatchNormalization are clipped like other
            weights; all: its moving statistics too; none: nothing of it.
    """

    def __init__(
        self, limit: Positive, batch_normalization: Literal["weights", "all", "none"] = "weights"
    ) -> None:
        self.limit = limit
        self.batch_normalization = batch_normalization

    def __call__(self, network: TrainableNetwork) -> None:
        for variable in self._clipped(network):
            variable.assign(tf.clip_by_value(variable.value, -self.limit, self.limit))

    def _clipped(self, network: TrainableNetwork) -> list[keras.Variable]:
        of_normalization = [
            variable
            for layer in batch_normalization_layers(network.model)
            for variable in layer.weights
        ]
        own = {id(variable) for variable in of_normalization}
        others = [item for item in network.trainable if id(item) not in own]
        if self.batch_normalization == "none":
            return others
        if self.batch_normalization == "all":
            return others + of_normalization
        return others + [variable for variable in of_normalization if variable.trainable]
