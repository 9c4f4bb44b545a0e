from collections.abc import Sequence
from typing import Any

import keras


class Repeat:
    """The layers, one after the other, so many times, each time with weights of its own.

    Args:
        times: How often.
        layers: What is repeated.
    """

    def __init__(self, times: int, layers: Sequence[Any]) -> None:
        if not isinstance(times, int) or isinstance(times, bool) or times < 1:
            raise ValueError(f"times must be a whole number of at least 1, not {times!r}", "times")
        self.times = times
        self.layers = layers

    def unroll(self, inside: Any, inputs: keras.KerasTensor, place: str) -> keras.KerasTensor:
        """Apply the block's layers; see `gantool.networks.build.Inside`."""
        for index in range(self.times):
            inputs = inside.apply_all(self.layers, inputs, f"{place}/{index:02d}/")
        return inputs
