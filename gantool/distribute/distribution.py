"""Several devices, or several machines, that train together: replicas by `tf.distribute`.

The variables of each replica are its own, and made as those of a single one are; what TensorFlow's
strategies bring is the workers' way to each other, and the sums over all replicas.
"""

import hashlib
import re
import signal
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager

import tensorflow as tf

from gantool.distribute.cluster import Cluster
from gantool.distribute.devices import Devices
from gantool.distribute.rendezvous import meet
from gantool.distribute.replicas import ALONE, Replicas
from gantool.distribute.step import DistributedStep
from gantool.engine.state import TrainingState
from gantool.engine.step import TrainingStep
from gantool.errors import GantoolError, InputError, LostWorkerError
from gantool.kernels.gpu import has_gpu
from gantool.recipe.model import Recipe

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
        self._devices = Devices(strategy, self.worker, self.workers)
        self.local, self.count = self._devices.local, self._devices.count

    def at(self, own: int) -> AbstractContextManager[object]:
        return self._devices.at(own)

    def step(
        self, states: Sequence[TrainingState], recipe: Recipe, batches_per_epoch: int = 1
    ) -> TrainingStep:
        return DistributedStep(states, recipe, self._devices, batches_per_epoch)

    def agree(self, seconds: float, wish: int) -> tuple[float, int]:
        if self._cluster is None:
            return seconds, wish
        table = self._devices.table([round(1e6 * seconds), wish])
        return float(table[0, 0]) / 1e6, int(next(filter(None, table[:, 1]), 0))

    def begin(self, facts: Iterable[tuple[str, object]], states: Sequence[TrainingState]) -> None:
        if self._cluster is not None:
            self._refuse_others(self._cluster, dict(facts))
        tf.function(lambda: self._spread(states), autograph=False)()

    def end(self) -> None:
        if self._cluster is not None:
            self._devices.table([0])

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
        table = self._devices.table([_digest(value) for value in facts.values()])
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
            for variable, value in zip(variables, self._devices.sum(values), strict=True):
                variable.assign(value)

        self._devices.each(receive)


def _digest(value: object) -> int:
    """63 bits that are the same for values that are written the same."""
    digest = hashlib.blake2b(repr(value).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1
