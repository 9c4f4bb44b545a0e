"""The memory that networks ask for, counted while they are built and before it is given.

A recipe that fits must never be refused, so what is counted is certainly needed: every weight and
what is kept beside it, and, of a batch, what a pass cannot do without. Copies for a moment, as
gradients are, are left out.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import keras
import tensorflow as tf

from gantool.memory import amount
from gantool.networks.messages import times

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

    @contextmanager
    def counting(self, layer: keras.layers.Layer, given: keras.KerasTensor) -> Iterator[None]:
        """Within, weights that a layer and those inside it create are counted first.

        With them its input is, if any is trained: gradients are taken by it.

        Raises:
            TooLargeError: In place of the weight that is too much.
        """
        before, own = self.taken, 0

        def count(shape: Sequence[int], size: int, trainable: bool) -> None:
            nonlocal own
            own += math.prod(shape)
            trained = trainable and layer.trainable
            copies = 1 + self.averaged + (self.slots if trained else 0)
            self.taken += math.prod(shape) * size * copies
            if self.taken > self.memory:
                needed = self.taken - before
                self.taken = before  # the other network is to be judged by itself
                raise TooLargeError(
                    f"needs {amount(needed)} for {own:,} weights of {size} bytes"
                    f"{self._beside(copies)}{self._after(needed)}, {self._has()} its units or"
                    " filters, or its input, smaller"
                )
            if trained and self.trains:
                self._keep(given)

        with _before_each_weight(count):
            yield

    def count_output(self, name: str, given: keras.KerasTensor, made: keras.KerasTensor) -> None:
        """Count what a layer makes of a batch.

        Args:
            name: The class of the layer.
            given: Its input.
            made: Its output.

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
def _before_each_weight(count: Callable[[Sequence[int], int, bool], None]) -> Iterator[None]:
    """Within, each weight of a layer of Keras's is told before it is created.

    All of them come by `Layer.add_weight`, also those of layers inside others.

    Args:
        count: Takes the shape, the bytes of a number, and whether the weight is trained.
    """
    original = keras.layers.Layer.add_weight

    @functools.wraps(original)
    def add_weight(
        layer: keras.layers.Layer, shape: Any = None, *more: Any, **keywords: Any
    ) -> keras.Variable:
        dtype = more[1] if len(more) > 1 else keywords.get("dtype")
        sides = tuple(shape or ())
        if all(isinstance(side, int) and side > 0 for side in sides):  # others Keras refuses
            size = _size(keras.backend.standardize_dtype(dtype or layer.variable_dtype))
            count(sides, size, keywords.get("trainable", True) and layer.trainable)
        return original(layer, shape, *more, **keywords)

    keras.layers.Layer.add_weight = add_weight
    try:
        yield
    finally:
        keras.layers.Layer.add_weight = original
