"""The replicas of the networks that share each batch.

`gantool.distribute.distribution` makes those that are on several devices or machines.
"""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext

from gantool.engine.state import TrainingState
from gantool.engine.step import TrainingStep
from gantool.errors import LostWorkerError
from gantool.recipe.model import Recipe


class Replicas:
    """One replica that takes every batch whole; the base of those that share it.

    A process with replicas is a worker. What is asked for here, all workers ask for, in the same
    order: they wait for each other.

    Attributes:
        count: Number of replicas on all workers.
        local: Number of replicas in this process.
        worker: The number of this worker, from 0. Worker 0 alone writes.
        workers: Number of workers.
    """

    count: int = 1
    local: int = 1
    worker: int = 0
    workers: int = 1

    def at(self, own: int) -> AbstractContextManager[object]:  # noqa: ARG002 - one replica is anywhere
        """Within it, variables are made for a replica of this process."""
        return nullcontext()

    def step(
        self, states: Sequence[TrainingState], recipe: Recipe, batches_per_epoch: int = 1
    ) -> TrainingStep:
        """The step that moves the states of this process's replicas alike."""
        return TrainingStep(states[0], recipe, batches_per_epoch=batches_per_epoch)

    def agree(self, seconds: float, wish: int) -> tuple[float, int]:
        """The seconds of worker 0, and the wish to stop of the first worker that has one, or 0."""
        return seconds, wish

    def begin(self, facts: Iterable[tuple[str, object]], states: Sequence[TrainingState]) -> None:
        """See that all workers are about to do the same, and give all replicas the same weights.

        Args:
            facts: What has to be alike on all workers, each with its name.
            states: Of the replicas of this process.

        Raises:
            InputError: A fact of another worker differs from worker 0's.
        """

    def end(self) -> None:
        """Wait until all workers have come to the end."""

    def lost(self, error: Exception) -> LostWorkerError | None:  # noqa: ARG002 - there is nobody
        """What is to be reported where an error came of a worker that is gone; None for others."""
        return None


ALONE = Replicas()
"""What trains where nothing is said of devices and workers."""
