"""The devices of a strategy of TensorFlow's: each runs a replica, and sums go over all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, TypeVar

import numpy as np
import tensorflow as tf

Result = TypeVar("Result")


class Devices:
    """Those of one worker; each has a replica of the networks.

    Args:
        strategy: Says which, and how sums go to other workers.
        worker: The number of this worker, from 0.
        workers: Number of workers.

    Attributes:
        local: Number of replicas in this process.
        count: Number of replicas on all workers.
    """

    def __init__(self, strategy: tf.distribute.Strategy, worker: int = 0, workers: int = 1) -> None:
        self.worker, self.workers = worker, workers
        self._strategy = strategy
        self._names: Sequence[str] = strategy.extended.worker_devices
        self.local = len(self._names)
        self.count: int = strategy.num_replicas_in_sync
        self._sum_of_workers = tf.function(self._summed, autograph=False)

    def at(self, own: int) -> AbstractContextManager[object]:
        """Within it, variables are made on the device of one of this process's replicas."""
        device: AbstractContextManager[object] = tf.device(self._names[own])
        return device

    def each(self, function: Callable[[int], Result]) -> list[Result]:
        """What a function gives for each replica of this process, told by its number from 0."""
        found: dict[int, Result] = {}
        first = self.worker * self.local

        def run() -> None:
            context = tf.distribute.get_replica_context()
            own = int(tf.get_static_value(context.replica_id_in_sync_group)) - first
            found[own] = function(own)

        self._strategy.run(run)
        return [found[own] for own in range(self.local)]

    def mean(self, tensors: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        """The means, over all replicas, of tensors that each of them hands in, within `each`."""
        return _reduced("MEAN", tensors)

    def sum(self, tensors: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        """The sums, as `mean` has the means."""
        return _reduced("SUM", tensors)

    def table(self, numbers: Sequence[int]) -> np.ndarray[Any, Any]:
        """The numbers of all workers, int64 [workers, N]."""
        table = np.zeros((self.workers, len(numbers)), np.int64)
        table[self.worker] = numbers
        summed: np.ndarray[Any, Any] = self._sum_of_workers(tf.constant(table)).numpy()
        return summed

    def _summed(self, numbers: tf.Tensor) -> tf.Tensor:
        def add(own: int) -> tf.Tensor:
            return self.sum([numbers if own == 0 else tf.zeros_like(numbers)])[0]

        return self.each(add)[0]


def _reduced(operation: str, tensors: Sequence[tf.Tensor]) -> list[tf.Tensor]:
    """The sum or mean of each tensor over all replicas; those of one type go together."""
    context = tf.distribute.get_replica_context()
    # A copy, because TensorFlow takes the device of the sum from the tensor, which may name none.
    dense = [tf.identity(tf.convert_to_tensor(tensor)) for tensor in tensors]
    reduced: dict[int, tf.Tensor] = {}
    for dtype in dict.fromkeys(tensor.dtype for tensor in dense):
        places = [place for place, tensor in enumerate(dense) if tensor.dtype == dtype]
        found = context.all_reduce(operation, [dense[place] for place in places])
        reduced |= zip(places, found, strict=True)
    return [reduced[place] for place in range(len(dense))]
