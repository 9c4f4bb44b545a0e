"""An update that was not made, because its loss or its gradients were no finite numbers."""

from __future__ import annotations

from dataclasses import dataclass

import tensorflow as tf

from gantool.errors import DivergedError

NONE = 0
"""The code of no fault."""

_UPDATES = ("discriminator", "generator", "both")


@dataclass(frozen=True)
class Fault:
    """Which update it was. Everything is still as it was before it.

    Attributes:
        update: Of which network, or `both`.
        index: Its number, by which it draws its random numbers.
        step: The number of its step, from 1.
        generator_loss: Of that step; an update that came before the fault may have given it.
        discriminator_loss: Likewise.
    """

    update: str
    index: int
    step: int
    generator_loss: float
    discriminator_loss: float

    def __str__(self) -> str:
        """What is known without a look at the layers."""
        names = ("generator", "discriminator") if self.update == "both" else (self.update,)
        losses = {"generator": self.generator_loss, "discriminator": self.discriminator_loss}
        told = " and ".join(f"the {name}'s loss is {losses[name]:.6g}" for name in names)
        return f"training diverged at step {self.step}: {told}"


class NotFiniteError(DivergedError):
    """An update was not made; `fault` tells which."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


def code_of(update: str, index: tf.Tensor | int) -> tf.Tensor:
    """A fault as one number, int64, that the compiled step can carry; never `NONE`."""
    return tf.cast(index, tf.int64) * 4 + 1 + _UPDATES.index(update)


def read_code(code: int) -> tuple[str, int]:
    """The update and the index of `code_of`."""
    index, which = divmod(code, 4)
    return _UPDATES[which - 1], index
