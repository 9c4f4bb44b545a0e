"""The memory that networks ask for, counted while they are built and before they have it.

A recipe that fits must never be refused, so what is counted is certainly needed: every weight and
what is kept beside it, and, of a batch, what a pass cannot do without. Copies for a moment, as
gradients are, are left out.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import keras
import numpy as np
import tensorflow as tf

from gantool.memory import amount
from gantool.networks.components import make_optimizer
from gantool.networks.messages import times
from gantool.recipe.spec import Spec

_SAME_MEMORY = ("Flatten", "Identity", "Reshape")
"""Layers whose output is their input by another name."""


class TooLargeError(Exception):
    """More memory is asked for than there is; the text is the rest of a sentence about a layer."""


@dataclass
class Budget:
    """What there is for networks, and what they have taken of it.

    Attributes:
        memory: In all, in bytes.
        batch: How many images pass through a network at once.
        trains: Whether gradients are taken, for which a pass keeps what trained layers were given.
        slots: The numbers that the optimizer keeps for each weight that it trains.
        averaged: Whether a moving average of the network is kept.
        taken: Bytes of all weights counted so far and of what is kept beside them.
        kept: Bytes that a pass of a batch through this network keeps for its gradients, so far.
    """

    memory: float = math.inf
    batch: int = 1
    trains: bool = True
    slots: int = 0
    averaged: bool = False
    taken: int = 0
    kept: int = field(default=0, init=False)
    _same: dict[int, int] = field(default_factory=dict, init=False, repr=False)
    _kept: set[int] = field(default_factory=set, init=False, repr=False)

    def count_weights(self, layer: keras.layers.Layer, given: keras.KerasTensor) -> None:
        """Count the weights of a layer and of those inside it.

        With them its input is counted, if any is trained: gradients are taken by it.

        Raises:
            TooLargeError: They are too much.
        """
        if not layer.weights:
            return
        trained = {id(variable) for variable in layer.trainable_weights}
        numbers = needed = copies = 0
        for variable in layer.weights:
            count = math.prod(variable.shape)
            kept = 1 + self.averaged + (self.slots if id(variable) in trained else 0)
            numbers, copies = numbers + count, max(copies, kept)
            needed += count * _size(variable.dtype) * kept
        if self.taken + needed > self.memory:
            raise TooLargeError(
                f"needs {amount(needed)} for {numbers:,} weights of"
                f" {_size(layer.weights[0].dtype)} bytes{self._beside(copies)}"
                f"{self._after(needed)}, {self._has()} its units or filters, or its input, smaller"
            )
        self.taken += needed
        if trained and self.trains:
            self._keep(given)

    def count_output(self, name: str, given: keras.KerasTensor, made: keras.KerasTensor) -> None:
        """Count what a layer makes of a batch.

        Raises:
            TooLargeError: It is too much.
        """
        if self._bytes(made) > self.memory:
            raise TooLargeError(
                f"makes {times(made.shape[1:])} of {self._images()}, {amount(self._bytes(made))}"
                f" in {made.dtype}, {self._has()} its output or train.batch_size smaller"
            )
        if name in _SAME_MEMORY:
            self._same[id(made)] = self._same.get(id(given), id(given))

    def _keep(self, given: keras.KerasTensor) -> None:
        """Count what a layer was given, if nothing before it has been counted for that."""
        # Keras keeps every tensor of a network, so that no two have the same id.
        source = self._same.get(id(given), id(given))
        if source in self._kept:
            return
        self._kept.add(source)
        self.kept += self._bytes(given)
        if self.kept > self.memory:
            raise TooLargeError(
                f"brings what training keeps of {self._images()} to {amount(self.kept)}, what each"
                f" trained layer so far was given, {self._has()} that or train.batch_size smaller"
            )

    def _bytes(self, tensor: keras.KerasTensor) -> int:
        known = (side for side in tensor.shape[1:] if side is not None)
        return int(self.batch * math.prod(known) * _size(tensor.dtype))

    def _images(self) -> str:
        return f"a batch of {self.batch:,}"

    def _has(self) -> str:
        return f"and this machine has {amount(int(self.memory))}: make"

    def _beside(self, copies: int) -> str:
        """What the bytes of a weight are multiplied by, and why."""
        reasons = []
        if copies > 1 + self.averaged:
            reasons.append("the optimizer's")
        if self.averaged:
            reasons.append("the moving average's")
        return f", times {copies} with {' and '.join(reasons)}" if reasons else ""

    def _after(self, needed: int) -> str:
        """What other layers take, where a layer would fit without them."""
        return "" if needed > self.memory else f", {amount(self.taken)} for the layers before it"


def _size(dtype: str) -> int:
    """Bytes of a number."""
    return int(tf.as_dtype(dtype).size)


@contextmanager
def memory_last() -> Iterator[None]:
    """Within, variables have a shape and no memory; they get it at the end of the block.

    Where the block raises, they never do.
    """
    try:
        with keras.StatelessScope(initialize_variables=False):
            yield
    except BaseException:
        # Keras would give it at the end of the next scope, whoever's.
        keras.utils.clear_session(free_memory=False)
        raise
    with keras.StatelessScope():
        pass


def slots_of(spec: Spec) -> int:
    """How many numbers an optimizer keeps for each number of a matrix of weights, at least.

    Two for Adam, none for plain SGD. What it keeps a row or a column is not counted.

    Raises:
        ValueError, TypeError: Keras refuses a value of the optimizer.
    """
    optimizer = make_optimizer(spec)
    without = {id(variable) for variable in optimizer.variables}
    side = 64
    optimizer.build([keras.Variable(np.zeros((side, side), np.float32), name="kernel")])
    kept = (variable for variable in optimizer.variables if id(variable) not in without)
    return int(sum(math.prod(variable.shape) for variable in kept)) // side**2
