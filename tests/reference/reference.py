"""Networks that learn, in NumPy and float64: passes, gradients, optimizers.

A variable is held as three of them, [3, …]: as it is, and as it would be had every gradient been a
little smaller or larger, by what float32 may lose of it. So each comparison has the tolerance that
belongs to it: Adam's first step is nearly the gradient's sign, which near 0 no float32 can tell,
and is exact elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np

from .reference_layers import Array, Layer, Passed

GRADIENT_NOISE = 3e-4
"""What float32 may lose of a gradient, for the largest one of its layer.

A roundoff of 6e-8 in each of some hundred operations, of which some magnify it: the division by the
spread of a batch whose values hardly differ, and the sum of a bias's gradient over all places, in
which everything cancels before a normalisation.
"""
STATISTICS_NOISE = 5e-5
"""What float32 may lose of a moving statistic, for the largest of its vector.

More than its own roundoff: a bias before a normalisation has the gradient 0, and Adam moves it by
what rounding left of it, which the mean of the next update sees.
"""
STORAGE_NOISE = 5e-7
"""What float32 may lose of a variable, for itself, while it is moved a few times."""
CHANGE_NOISE = 2e-4
"""What float32 may lose of an optimizer's change, for itself: Adam's 1 − 0.999 is off by 5e-5."""


SLOT_NOISE = 1.5e-5
"""What float32 may lose of an optimizer's slot, for itself: 0.999 is held as 0.99900001, so that
Adam's 1 − 0.999 is off by 1.3e-5."""


class Through(NamedTuple):
    """What a network gives for a batch.

    Attributes:
        outputs: [B, …].
        backward: From the gradient by the outputs to that by the inputs, and those by the weights.
        statistics: The moving statistics after this pass.
    """

    outputs: Array
    backward: Callable[[Array], tuple[Array, dict[str, Array]]]
    statistics: dict[str, Array]


class Optimizer(Protocol):
    """`change` moves the slots, and gives what an update number `count`, from 1, takes away."""

    @property
    def slots(self) -> tuple[str, ...]: ...

    def change(self, gradient: Array, slots: dict[str, Array], count: int, /) -> Array: ...


@dataclass(frozen=True)
class Adam:
    """Kingma and Ba 2015, with ε where section 2 puts it for efficiency ("ε̂"), as Keras does."""

    rate: float = 1e-3
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7
    slots = ("momentum", "velocity")

    def change(self, gradient: Array, slots: dict[str, Array], count: int) -> Array:
        m = self.beta_1 * slots["momentum"] + (1 - self.beta_1) * gradient
        v = self.beta_2 * slots["velocity"] + (1 - self.beta_2) * gradient**2
        slots.update(momentum=m, velocity=v)
        rate = self.rate * np.sqrt(1 - self.beta_2**count) / (1 - self.beta_1**count)
        change: Array = rate * m / (np.sqrt(v) + self.epsilon)
        return change


@dataclass(frozen=True)
class RMSprop:
    """Tieleman and Hinton 2012, with ε under the root, as Keras does."""

    rate: float = 1e-3
    rho: float = 0.9
    epsilon: float = 1e-7
    slots = ("velocity",)

    def change(self, gradient: Array, slots: dict[str, Array], _count: int) -> Array:
        v = self.rho * slots["velocity"] + (1 - self.rho) * gradient**2
        slots.update(velocity=v)
        return self.rate * gradient / np.sqrt(v + self.epsilon)


@dataclass
class ReferenceNetwork:
    """A network and its optimizer.

    Attributes:
        layers: From inputs to outputs.
        optimizer: Moves what is trainable.
        variables: Weights and moving statistics [3, …], in the order of the layers.
        slots: Of each weight, [3, …].
        updates: How many there were.
    """

    layers: Sequence[Layer]
    optimizer: Optimizer
    variables: dict[str, Array]
    slots: dict[str, dict[str, Array]] = field(default_factory=dict)
    updates: int = 0

    @classmethod
    def of(
        cls, layers: Sequence[Layer], optimizer: Optimizer, variables: dict[str, Array]
    ) -> ReferenceNetwork:
        """Start from these variables; their names and order must be those of the layers."""
        names = [name for layer in layers for name in layer.names]
        assert [key.rpartition("/")[2] for key in variables] == names
        return cls(layers, optimizer, {key: np.stack([it] * 3) for key, it in variables.items()})

    def forward(
        self, inputs: Array, labels: Array, statistics: dict[str, Array] | None = None
    ) -> Through:
        """A pass in training mode, from other moving statistics if given; it changes nothing."""
        keys = iter(self.variables)
        now = {key: value[0] for key, value in self.variables.items()} | (statistics or {})
        passed: list[tuple[list[str], Passed]] = []
        for layer in self.layers:
            own = [next(keys) for _ in layer.names]
            passed.append((own, layer(inputs, labels, *(now[key] for key in own))))
            inputs = passed[-1][1].outputs
        after: dict[str, Array] = {}
        for own, there in passed:
            if there.statistics:
                after.update(zip(own[-len(there.statistics) :], there.statistics, strict=True))

        def backward(dy: Array) -> tuple[Array, dict[str, Array]]:
            gradients: dict[str, Array] = {}
            for own, there in reversed(passed):
                dy, by_weights = there.backward(dy)
                gradients.update(zip(own, by_weights, strict=False))  # statistics have none
            return dy, gradients

        return Through(inputs, backward, after)

    def move(
        self, gradients: dict[str, Array], statistics: dict[str, Array], decay: float = 0.0
    ) -> None:
        """One step of the optimizer down gradients + decay · weights; the statistics are kept."""
        self.updates += 1
        for key, gradient in gradients.items():
            noise = GRADIENT_NOISE * _largest_of_layer(gradients, key)
            gradient = gradient + decay * self.variables[key][0]
            band = np.stack([gradient, gradient - noise, gradient + noise])
            slots = self.slots.setdefault(key, dict.fromkeys(self.optimizer.slots, 0.0 * band))
            change = self.optimizer.change(band, slots, self.updates)
            lost = CHANGE_NOISE * np.abs(change[0])
            self.variables[key] = self.variables[key] - change - np.stack([0 * lost, -lost, lost])
        for key, value in statistics.items():
            noise = STATISTICS_NOISE * float(np.abs(value).max())
            self.variables[key] = np.stack([value, value - noise, value + noise])

    def clip(self, limit: float) -> None:
        """Bring every variable, moving statistics too, into ±limit."""
        for key, value in self.variables.items():
            self.variables[key] = np.clip(value, -limit, limit)

    def expected(self) -> dict[str, tuple[Array, Array]]:
        """Weights, statistics and slots (`key/slot`), each with the noise of its elements."""
        slots = {
            f"{key}/{slot}": value
            for key, slots in self.slots.items()
            for slot, value in slots.items()
        }
        return {
            key: (value, np.abs(band - value).max(axis=0) + own_noise * np.abs(value))
            for items, own_noise in ((self.variables, STORAGE_NOISE), (slots, SLOT_NOISE))
            for key, (value, *band) in items.items()
        }


def _largest_of_layer(gradients: dict[str, Array], key: str) -> float:
    """The largest size of a gradient by any weight of the layer that `key` is a weight of."""
    layer = key.rpartition("/")[0]
    sizes = (np.abs(it).max() for own, it in gradients.items() if own.rpartition("/")[0] == layer)
    return float(max(sizes))
