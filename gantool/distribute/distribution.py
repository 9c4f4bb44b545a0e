"""Several devices, or several machines, that train together: replicas by `tf.distribute`.

The variables of each replica are its own, and made as those of a single one are; what TensorFlow's
strategies bring is the workers' way to each other, and the sums over all replicas. Replicas start
alike, and each is moved by the mean of what all of them compute of their own rows of a batch: the
same for all, and what one would compute of the whole batch.
"""

import hashlib
import re
import signal
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, TypeVar

import numpy as np
import tensorflow as tf

from gantool.distribute.cluster import Cluster
from gantool.distribute.rendezvous import meet
from gantool.distribute.replicas import ALONE, Replicas
from gantool.engine.refusal import Made, make_update
from gantool.engine.state import TrainingState
from gantool.engine.step import TrainingStep, build_gan, follow
from gantool.errors import GantoolError, InputError, LostWorkerError
from gantool.gan.latents import Rows
from gantool.gan.network import TrainableNetwork
from gantool.gan.updates import Descent, Given, Update
from gantool.kernels.gpu import has_gpu
from gantool.recipe.model import Recipe

Result = TypeVar("Result")

_OF_OTHERS = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
)
"""What TensorFlow raises in a sum over workers when one of them does not answer any more."""

_ABORTED = "Collective ops is aborted"
"""It says so in any other error that a lost worker leads to."""

_TASK = re.compile(r"/job:(chief|worker)/replica:\d+/task:(\d+)")


def mirrored() -> Replicas:
    """One replica for each GPU of this machine; without any, for each of TensorFlow's CPUs.

    One by itself is `ALONE`.
    """
    devices = tf.config.list_logical_devices("GPU" if has_gpu() else "CPU")
    if len(devices) == 1:
        return ALONE
    return Distributed(tf.distribute.MirroredStrategy([device.name for device in devices]))


def among(cluster: Cluster) -> Replicas:
    """Those of this worker: one for each GPU of its machine, or one on its processor.

    Waits for all workers, and comes before all else that TensorFlow does in a process.

    Raises:
        InputError: This worker cannot listen at its address.
        GantoolError: Another one does not come.
    """
    meet(cluster)
    try:
        strategy = tf.distribute.MultiWorkerMirroredStrategy()
    except tf.errors.OpError as error:
        raise GantoolError(
            f"{cluster.workers[cluster.own]}: TensorFlow has not met the other workers:"
            f" {error.message.splitlines()[0]}"
        ) from error
    # TensorFlow listens for SIGTERM from now on, and does nothing when it comes.
    signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGTERM) or signal.SIG_DFL)
    return Distributed(strategy, cluster)


class Distributed(Replicas):
    """Replicas on the devices of a strategy.

    Args:
        strategy: Its devices are those of this process.
        cluster: The workers, where the strategy is one of several.
    """

    def __init__(self, strategy: tf.distribute.Strategy, cluster: Cluster | None = None) -> None:
        if cluster is not None:
            self.worker, self.workers = cluster.own, len(cluster.workers)
        self._cluster = cluster
        self._strategy = strategy
        self._devices: Sequence[str] = strategy.extended.worker_devices
        self.local = len(self._devices)
        self.count = strategy.num_replicas_in_sync
        self._sum_of_workers = tf.function(self._summed, autograph=False)

    def at(self, own: int) -> AbstractContextManager[object]:
        device: AbstractContextManager[object] = tf.device(self._devices[own])
        return device

    def step(self, states: Sequence[TrainingState], recipe: Recipe) -> TrainingStep:
        return DistributedStep(states, recipe, self)

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

    def agree(self, seconds: float, wish: int) -> tuple[float, int]:
        if self._cluster is None:
            return seconds, wish
        table = self._table([round(1e6 * seconds), wish])
        return float(table[0, 0]) / 1e6, int(next(filter(None, table[:, 1]), 0))

    def begin(self, facts: Iterable[tuple[str, object]], states: Sequence[TrainingState]) -> None:
        if self._cluster is not None:
            self._refuse_others(self._cluster, dict(facts))
        tf.function(lambda: self._spread(states), autograph=False)()

    def end(self) -> None:
        if self._cluster is not None:
            self._table([0])

    def lost(self, error: Exception) -> LostWorkerError | None:
        is_of_others = isinstance(error, _OF_OTHERS) or _ABORTED in str(error)
        if self._cluster is None or not is_of_others:
            return None
        others = {worker.name: worker for worker in self._cluster.workers}
        del others[self._cluster.workers[self.worker].name]
        told = (f"{kind} {index}" for kind, index in _TASK.findall(str(error)))
        # The first that TensorFlow names: others failed because of it. It may have itself.
        gone = next((others[name] for name in told if name in others), "another worker")
        return LostWorkerError(f"{gone} is gone; its last lines may tell why")

    def _refuse_others(self, cluster: Cluster, facts: Mapping[str, object]) -> None:
        """Raise InputError where the facts of a worker differ from those of the first."""
        table = self._table([_digest(value) for value in facts.values()])
        lines = []
        for worker, same in zip(cluster.workers, table == table[0], strict=True):
            differing = [name for name, is_same in zip(facts, same, strict=True) if not is_same]
            if differing:
                lines.append(f"{worker} and {cluster.workers[0]} differ in {', '.join(differing)}")
        if lines:
            lines.append("start all workers with the same gantool, command, recipe and data")
            raise InputError("\n".join(lines))

    def _spread(self, states: Sequence[TrainingState]) -> None:
        """Give the variables of all replicas the values that the first one's have."""

        def receive(own: int) -> None:
            variables = [
                variable
                for group in states[own].variables().values()
                for variable in group.values()
            ]
            is_first = self.worker == own == 0
            values = [
                variable.value if is_first else tf.zeros_like(variable.value)
                for variable in variables
            ]
            for variable, value in zip(variables, _reduced("SUM", values), strict=True):
                variable.assign(value)

        self.each(receive)

    def _table(self, numbers: Sequence[int]) -> np.ndarray[Any, Any]:
        """The numbers of all workers, int64 [workers, N]."""
        table = np.zeros((self.workers, len(numbers)), np.int64)
        table[self.worker] = numbers
        summed: np.ndarray[Any, Any] = self._sum_of_workers(tf.constant(table)).numpy()
        return summed

    def _summed(self, numbers: tf.Tensor) -> tf.Tensor:
        def add(own: int) -> tf.Tensor:
            return _reduced("SUM", [numbers if own == 0 else tf.zeros_like(numbers)])[0]

        return self.each(add)[0]


class DistributedStep(TrainingStep):
    """Makes each update on all replicas, each from its own rows of the batch."""

    def __init__(
        self, states: Sequence[TrainingState], recipe: Recipe, replicas: Distributed
    ) -> None:
        self._states, self._replicas = states, replicas
        first = replicas.worker * replicas.local
        self.gans = [
            build_gan(state, recipe, _rows(first + own, replicas.count), _ReplicaNetwork)
            for own, state in enumerate(states)
        ]
        rows = _rows(replicas.worker, replicas.workers)
        super().__init__(states[0], recipe, self.gans[0], rows)

    def make(self, update: Update, given: Given, allowed: tf.Tensor) -> Made:
        parts = self.shares(given)

        def one(own: int) -> Made:
            return make_update(self.gans[own], update, parts[own], allowed, _mean)

        return self._replicas.each(one)[0]

    def follow(self, step: tf.Tensor) -> None:
        self._replicas.each(lambda own: follow(self._states[own], self._recipe, step))

    def shares(self, given: Given) -> list[Given]:
        """What each replica of this process is given."""
        count = self._replicas.local
        real, labels, latents = (tf.split(column, count) for column in given[:-1])
        parts = zip(real, labels, latents, strict=True)
        return [Given(*rows, index=given.index) for rows in parts]


class _ReplicaNetwork(TrainableNetwork):
    """A network whose optimizer is handed means over all replicas."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._outside = tf.distribute.get_replica_context()

    def _apply_gradients(self, gradients: list[tf.Tensor]) -> None:
        # Within a replica's context Keras's optimizers would sum them over replicas.
        with self._outside:
            super()._apply_gradients(gradients)


def _rows(number: int, of: int) -> Rows:
    """Draws the numbers of one of several equal parts of a batch: its rows of the whole's."""

    def rows(draw: Callable[[int], tf.Tensor], count: int) -> tf.Tensor:
        return draw(count * of)[number * count : (number + 1) * count]

    return rows


def _mean(descent: Descent) -> Descent:
    """The mean over all replicas; what is counted rather than measured is alike on all."""
    leaves = tf.nest.flatten(descent)
    places = [place for place, leaf in enumerate(leaves) if leaf.dtype.is_floating]
    means = _reduced("MEAN", [leaves[place] for place in places])
    for place, mean in zip(places, means, strict=True):
        leaves[place] = mean
    averaged: Descent = tf.nest.pack_sequence_as(descent, leaves)
    return averaged


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


def _digest(value: object) -> int:
    """63 bits that are the same for values that are written the same."""
    digest = hashlib.blake2b(repr(value).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1
