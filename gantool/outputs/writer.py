"""A thread that writes, so that training waits for no encoder and no disk."""

from __future__ import annotations

from collections import deque
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from types import TracebackType

from gantool.engine.hook import Job

_WAITING = 4
"""Jobs that wait at most: what one step hands over where log, grid and checkpoint are due."""


class Writer:
    """Does jobs in a thread of its own, one after the other, in the order they came.

    A context manager: on the way out, however the block ended, it waits until all jobs are done.
    Where a job fails, those behind it are not done: each may count on the ones before it. An error
    of a job is of an earlier step than one of the block, and is raised instead of it. A second
    Ctrl-C during the wait drops the jobs that have not begun.

    Attributes:
        forgiven: Errors of files that it went on after, newest last.

    Args:
        forgives: Whether to go on where a file cannot be written. What is lost stands in
            `forgiven`.
        waiting: Jobs that may wait beside the one that is being done. They hold copies of what
            they write, so that memory is bounded by making training wait.
    """

    def __init__(self, forgives: bool = False, waiting: int = _WAITING) -> None:
        self.forgiven: deque[OSError] = deque()
        self._forgives = forgives
        self._thread = ThreadPoolExecutor(1, "writer")
        self._waiting = waiting
        self._handed: deque[Future[None]] = deque()
        self._error: BaseException | None = None

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        # Not by joining the thread, which an interrupted join would take for ended (Python 3.11).
        try:
            self._wait()
        except KeyboardInterrupt:
            self._thread.shutdown(wait=False, cancel_futures=True)
            self._wait()
            raise
        self._thread.shutdown()
        if error is not self._error:
            self.raise_error()

    def hand_over(self, job: Job) -> None:
        """Have a job done after all that were handed over before; wait where too many are waiting.

        Raises:
            BaseException: What an earlier job raised.
        """
        self.raise_error()
        self._handed.append(self._thread.submit(self._do, job))
        if len(self._handed) > self._waiting + 1:
            self._handed[0].result()
            self._handed.popleft()

    def raise_error(self) -> None:
        """Raise what a job raised, if one has."""
        if self._error is not None:
            raise self._error

    def _do(self, job: Job) -> None:
        try:
            if self._error is None:
                job()
        except BaseException as error:
            if self._forgives and isinstance(error, OSError):
                self.forgiven.append(error)
            else:
                self._error = error

    def _wait(self) -> None:
        for future in self._handed:
            with suppress(CancelledError):
                future.result()
