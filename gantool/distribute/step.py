"""The training step of replicas that share each batch.

Replicas start alike, and each is moved by the mean of what all of them compute of their own rows.
That is what one replica would compute of the whole batch, but for layers that mix the examples of a
batch: batch statistics are per replica unless a layer is `synchronized`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from gantool.distribute.devices import Devices
from gantool.engine.build import build_gan
from gantool.engine.state import TrainingState
from gantool.engine.step import TrainingStep
from gantool.gan.latents import Rows
from gantool.gan.network import TrainableNetwork
from gantool.gan.schedule import Progress
from gantool.gan.updates import Descent, Given, Update
from gantool.recipe.model import Recipe


class DistributedStep(TrainingStep):
    """Makes each update on all replicas, each from its own rows of the batch.

    Args:
        states: Of the replicas of this process; are moved alike.
        recipe: Says how.
        devices: Of the replicas.
        batches_per_epoch: See `TrainingStep`.
    """

    def __init__(
        self,
        states: Sequence[TrainingState],
        recipe: Recipe,
        devices: Devices,
        batches_per_epoch: int = 1,
    ) -> None:
        first = devices.worker * devices.local
        self._devices = devices
        self.steps = [
            _ReplicaStep(state, recipe, _rows(first + own, devices.count), devices)
            for own, state in enumerate(states)
        ]
        rows = _rows(devices.worker, devices.workers)
        super().__init__(
            states[0], recipe, self.steps[0].gan, rows, devices.count, batches_per_epoch
        )
        self._refusal = self.steps[0]._refusal

    def make(self, update: Update, given: Given) -> dict[str, tf.Tensor]:
        parts = self.shares(given)
        return self._devices.each(lambda own: self.steps[own].make(update, parts[own]))[0]

    def follow(self, progress: Progress, batches: tf.Tensor | int) -> None:
        self._devices.each(lambda own: self.steps[own].follow(progress, batches))

    def begin(self, progress: Progress) -> None:
        self._devices.each(lambda own: self.steps[own].begin(progress))

    def shares(self, given: Given) -> list[Given]:
        """What each replica of this process is given."""
        count = self._devices.local
        real, labels, latents = (tf.split(column, count) for column in given[:3])
        parts = zip(real, labels, latents, strict=True)
        return [Given(*rows, given.index, given.progress) for rows in parts]


class _ReplicaStep(TrainingStep):
    """Takes the mean, over all replicas, of what each computes of its rows."""

    def __init__(self, state: TrainingState, recipe: Recipe, rows: Rows, devices: Devices) -> None:
        gan = build_gan(state, recipe, rows, _ReplicaNetwork)
        super().__init__(state, recipe, gan, replicas=devices.count)
        self._mean = devices.mean

    def agreed(self, descent: Descent) -> Descent:
        """See `TrainingStep`; what is counted rather than measured is alike on all replicas."""
        leaves = tf.nest.flatten(descent)
        places = [place for place, leaf in enumerate(leaves) if leaf.dtype.is_floating]
        means = self._mean([leaves[place] for place in places])
        for place, mean in zip(places, means, strict=True):
            leaves[place] = mean
        averaged: Descent = tf.nest.pack_sequence_as(descent, leaves)
        return averaged


class _ReplicaNetwork(TrainableNetwork):
    """A network whose optimizer is handed means over all replicas."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._outside = tf.distribute.get_replica_context()

    def apply(self, *arguments: Any) -> None:
        # Within a replica's context Keras's optimizers would sum them over replicas.
        with self._outside:
            super().apply(*arguments)


def _rows(number: int, of: int) -> Rows:
    """Draws the numbers of one of several equal parts of a batch: its rows of the whole's."""

    def rows(draw: Callable[[int], tf.Tensor], count: int) -> tf.Tensor:
        return draw(count * of)[number * count : (number + 1) * count]

    return rows
