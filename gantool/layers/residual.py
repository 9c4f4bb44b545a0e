from collections.abc import Sequence
from typing import Any

import keras


class Residual:
    """The sum of what `body` and `shortcut` make of the input; no shortcut is the input.

    Args:
        body: Layers, one after the other.
        shortcut: Layers, one after the other, that make the shape that `body` makes.
    """

    def __init__(self, body: Sequence[Any], shortcut: Sequence[Any] = ()) -> None:
        self.body = body
        self.shortcut = shortcut

    def unroll(self, inside: Any, inputs: keras.KerasTensor, place: str) -> keras.KerasTensor:
        """Apply the block's layers; see `gantool.networks.build.Inside`."""
        body = inside.apply_all(self.body, inputs, f"{place}/body/")
        shortcut = inside.apply_all(self.shortcut, inputs, f"{place}/shortcut/")
        if body.shape != shortcut.shape:
            made, kept = (
                "×".join(str(side or "?") for side in it.shape[1:]) for it in (body, shortcut)
            )
            raise ValueError(
                f"the body of Residual makes {made}, its shortcut {kept}:"
                " give `shortcut` layers that make the same"
            )
        return inside.apply_layer(keras.layers.Add, [body, shortcut], f"{place}/sum")
