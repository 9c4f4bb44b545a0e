from collections.abc import Sequence
from typing import Any

import keras

from gantool.recipe.types import Count


class Repeat:
    """The layers, one after the other, so many times, each time with weights of its own.

    Args:
        times: How often.
        layers: What is repeated.
    """

    def __init__(self, times: Count, layers: Sequence[Any]) -> None:
        self.times = times
        self.layers = layers

    def unroll(self, inside: Any, inputs: keras.KerasTensor, place: str) -> keras.KerasTensor:
        """Apply the block's layers; see `gantool.networks.build.Inside`."""
        for index in range(self.times):
            inputs = inside.apply_all(self.layers, inputs, f"{place}/{index:02d}/")
        return inputs
